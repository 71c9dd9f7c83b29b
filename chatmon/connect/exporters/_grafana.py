"""A dashboard for Grafana over the metrics of the monitor, live or filled in from a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.paths import whole_file
from chatmon.connect.prometheus.metrics import DURATION, FIRST_CHUNK, LABELS, TOKENS

if TYPE_CHECKING:
    from pathlib import Path

_MODEL: Final = LABELS["model"]
_OF: Final = f'{{{_MODEL}=~"$model"}}'
_BY: Final = f"by ({_MODEL})"


def _grown(counter: str, of: str = _OF) -> str:
    return f"increase({counter}{of}[$__rate_interval])"


def _ratio(part: str, whole: str, of: str = _OF) -> str:
    """Return a ratio of two counters by model; of those that have no labels, with ``of`` empty, of all."""
    by = f"{_BY} " if of else ""
    return f"sum {by}({_grown(part, of)}) / sum {by}({_grown(whole, of)})"


def _quantile(q: float, histogram: str) -> str:
    return f"histogram_quantile({q:g}, sum by (le) ({_grown(f'{histogram}_bucket')}))"


PANELS: Final[tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]] = (
    ("Turns per second", "reqps", (("{{%s}}", f"sum {_BY} (rate(chatmon_turns_total{_OF}[$__rate_interval]))"),)),
    ("Share of turns that failed", "percentunit",
        (("{{%s}}", _ratio("chatmon_failed_turns_total", "chatmon_outcomes_total")),)),
    ("Response time", "s", tuple((f"{q:.0%}", _quantile(q, DURATION)) for q in (0.5, 0.95, 0.99))),
    ("Time to the first token", "s", tuple((f"{q:.0%}", _quantile(q, FIRST_CHUNK)) for q in (0.5, 0.95))),
    ("Tokens per second", "short",
        (("{{gen_ai_token_type}}", f"sum by (gen_ai_token_type) (rate({TOKENS}_sum{_OF}[$__rate_interval]))"),)),
    ("Cost per hour, of turns whose cost is known", "currencyUSD",
        (("{{%s}}", f"3600 * sum {_BY} (rate(chatmon_cost_usd_total{_OF}[$__rate_interval]))"),)),
    ("Share of turns whose cost is known", "percentunit",
        (("{{%s}}", _ratio("chatmon_priced_turns_total", "chatmon_turns_total")),)),
    ("Share of tasks not completed", "percentunit",
        (("{{%s}}", _ratio("chatmon_incomplete_tasks_total", "chatmon_tasks_total")),)),
    ("Context relevance, mean", "none",
        (("{{%s}}", _ratio("chatmon_context_relevance_sum", "chatmon_context_relevance_count")),)),
    ("User satisfaction, mean, all models", "none",
        (("1 to 5", _ratio("chatmon_user_satisfaction_sum", "chatmon_user_satisfaction_count", "")),)),
)  # fmt: skip
"""Title, unit, and the legend and expression of each line."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana 8 or later imports it; it asks which Prometheus to read.

    Example:
        >>> dashboard()["panels"][0]["title"]
        'Turns per second'
    """
    return {
        "uid": "chatmon",
        "title": "chatmon",
        "schemaVersion": 30,
        "timezone": "utc",
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "1m",
        "templating": {
            "list": [
                {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                {
                    "name": "model",
                    "label": "Model",
                    "type": "query",
                    "datasource": {"type": "prometheus", "uid": "${source}"},
                    "query": f"label_values(chatmon_turns_total, {_MODEL})",
                    "refresh": 2,  # whenever the time range changes
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".*",
                    "current": {"text": "All", "value": "$__all"},
                },
            ]
        },
        "panels": [_panel(place, *panel) for place, panel in enumerate(PANELS)],
    }


def write_grafana(path: Path) -> None:
    """Write the dashboard as a file to import in Grafana.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    with whole_file(path, private=False) as unfinished:  # questions only: Grafana reads it as a user of its own
        unfinished.write_text(json.dumps(dashboard(), indent=2) + "\n", encoding="utf-8", newline="\n")


def _panel(place: int, title: str, unit: str, queries: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": place % 2 * 12, "y": place // 2 * 8, "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": expression, "legendFormat": legend.replace("%s", _MODEL)}
            for at, (legend, expression) in enumerate(queries)
        ],
    }
