"""How things are all along, and what a log does not say: findings that claim no change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon._tools.outcomes import CANCELLED, FAILED
from chatmon.analysis._concentration import concentration
from chatmon.analysis._errors import errors
from chatmon.analysis._satisfaction import satisfaction
from chatmon.analysis.conversations import RESOLVED, conversations
from chatmon.analysis.findings.finding import Finding, per_cent
from chatmon.analysis.source import query
from chatmon.turns import NEEDED

if TYPE_CHECKING:
    import duckdb

    from chatmon.estimates import Estimate

_UNTOLD: Final = f"CASE WHEN ({FAILED}) IS NULL AND coalesce(finish_reason, '') <> '{CANCELLED}' THEN 1 END"
"""The SQL of 1 for a turn that does not say whether it failed."""


def states(turns: duckdb.DuckDBPyRelation, number: int) -> list[Finding]:
    """Return how things are all along, as far as the log knows.

    Args:
        turns: At least one.
        number: How many there are.
    """
    found = (_failures(turns, number), _abandonment(turns), _silence(turns), _dearest(turns))
    return [one for one in found if one is not None]


def gaps(turns: duckdb.DuckDBPyRelation, number: int) -> list[Finding]:
    """Return what the log does not say, and so what cannot be found in it.

    Args:
        turns: At least one.
        number: How many there are.
    """
    columns = sorted({name for names in NEEDED.values() for name in names})
    counts = ", ".join(f"count({sql})" for sql in (*columns, _UNTOLD))
    *filled, untold = query(turns, f"SELECT {counts} FROM turns")[0]  # noqa: S608 - our own names
    known = dict(zip(columns, filled, strict=True))
    found = []
    if untold:
        silent = f"{untold:,} of {number:,}"
        whose = "" if untold < number else ": no error rate is known"
        found.append(
            _gap(
                f"{silent} turns do not say whether they failed{whose}",
                ("unknown", silent),
                f"SELECT count({_UNTOLD}) AS n FROM turns",  # noqa: S608 - our own
            )
        )
    if 0 < known["cost"] < number:
        unpriced = f"{number - known['cost']:,} of {number:,}"
        found.append(
            _gap(
                f"{unpriced} turns have no price, so the cost is a lower bound",
                ("unpriced", unpriced),
                "SELECT model, count(*) AS n FROM turns WHERE cost IS NULL GROUP BY model ORDER BY n DESC",
            )
        )
    for name, needed in NEEDED.items():
        if not any(known[column] for column in needed):
            columns_said, asked = " and ".join(needed), ", ".join(f"count({column})" for column in needed)
            found.append(
                _gap(
                    f"This log says nothing of {name}: no turn has {columns_said}",
                    (columns_said, f"0 of {number:,} turns"),
                    f"SELECT {asked} FROM turns",  # noqa: S608 - our own names
                )
            )
    return found


def _failures(turns: duckdb.DuckDBPyRelation, number: int) -> Finding | None:
    failed = errors(turns)
    if not len(failed):
        return None
    telling = query(turns, f"SELECT count({FAILED}) FROM turns")[0][0]  # noqa: S608 - our own
    share = estimates.rate(int(failed["turns"].sum()), telling)
    whose = "turns" if telling == number else f"the {telling:,} turns that say"
    named = zip(failed["error_class"], failed["turns"], strict=True)
    return _state(
        f"{per_cent(share.value or 0)} of {whose} failed, most often by {failed['error_class'].iloc[0]}",
        (("failed turns", _share(share)), ("classes", ", ".join(f"{name} {count:,}" for name, count in named))),
        "SELECT error_type, count(*) AS n FROM turns WHERE error_type IS NOT NULL GROUP BY error_type ORDER BY n DESC",
    )


def _abandonment(turns: duckdb.DuckDBPyRelation) -> Finding | None:
    found = conversations(turns)
    if found.abandonment.value is None:
        return None
    whose, others = "conversations", ""
    if found.unknown:
        whose = f"the {found.abandonment.n:,} conversations that say how they ended"
        others = f"; {found.unknown:,} do not say"
    return _state(
        f"{per_cent(found.abandonment.value, 0)} of {whose} were abandoned{others}",
        (("abandoned", _share(found.abandonment)), ("where", found.definition)),
        f"SELECT resolved, count(*) AS conversations FROM (SELECT {RESOLVED} AS resolved, row_number() OVER "  # noqa: S608
        "(PARTITION BY conversation_id ORDER BY timestamp DESC, turn_id DESC) AS place FROM turns) AS placed "
        "WHERE place = 1 GROUP BY resolved ORDER BY resolved",
    )


def _silence(turns: duckdb.DuckDBPyRelation) -> Finding | None:
    found = satisfaction(turns)
    if found.score.value is None:
        return None
    silent = per_cent(1 - (found.response_rate.value or 0), 0)
    return _state(
        f"Rated turns average {found.score.value:.1f} of 5, and {silent} of turns were not rated",
        (
            ("rating", found.score.text("points")),
            ("rated", _share(found.response_rate)),
            ("rated turns that failed", _share(found.error_rate_rated)),
            ("others that failed", _share(found.error_rate_silent)),
        ),
        "SELECT avg(user_satisfaction) AS mean, count(user_satisfaction) AS n, count(*) AS turns FROM turns",
    )


def _dearest(turns: duckdb.DuckDBPyRelation) -> Finding | None:
    spread = concentration(turns)
    top = spread.share_of_top(0.01) if spread.units >= 100 else None
    if top is None or spread.gini is None:
        return None
    return _state(
        f"The dearest 1 % of conversations cause {per_cent(top, 0)} of the cost",
        (
            ("cost", f"${spread.cost:,.2f} of {spread.units:,} conversations"),
            ("Gini coefficient", f"{spread.gini:.2f}: 0 where each costs the same, near 1 where one costs all"),
        ),
        "SELECT conversation_id, sum(cost) AS cost FROM turns GROUP BY conversation_id ORDER BY cost DESC NULLS LAST",
    )


def _state(title: str, evidence: tuple[tuple[str, str], ...], sql: str) -> Finding:
    return Finding("state", title, evidence, "all turns", "the whole log", "intervals are 95 %", sql)


def _gap(title: str, evidence: tuple[str, str], sql: str) -> Finding:
    return Finding("gap", title, (evidence,), "all turns", "the whole log", "counted, not estimated", sql)


def _share(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return f"unknown (n = {share.n:,})"
    return f"{per_cent(share.value)} ({100 * share.low:.1f} to {100 * share.high:.1f}, n = {share.n:,})"
