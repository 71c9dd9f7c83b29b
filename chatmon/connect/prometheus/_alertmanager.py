"""The policy as a configuration of Alertmanager, for those who let Prometheus do the alerting.

Alertmanager does not escalate: that is left to what it tells, such as PagerDuty. Silences are set while it runs.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chatmon.connect.prometheus._rules import duration
from chatmon.connect.prometheus._yaml import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.alerts.live.policy import Match, Policy


def alertmanager_config(
    policy: Policy,
    receivers: Mapping[str, Mapping[str, Any]],
    *,
    wait: timedelta = timedelta(seconds=1),
    repeat: timedelta = timedelta(hours=4),
) -> str:
    """Return a policy as a configuration file for Alertmanager (0.22 or later), in YAML.

    Args:
        policy: Who is told of what.
        receivers: For each channel that a route names, what Alertmanager needs to reach it, such as
            ``{"pager": {"pagerduty_configs": [{"routing_key_file": "/etc/alertmanager/pagerduty"}]}}``; an empty one
            for a channel that Alertmanager does not have. Keep secrets in files of their own.
        wait: How long to gather alerts of a group before the first message, and before the next one.
        repeat: How often to say again that something still fires.

    Raises:
        ValueError: A channel has no receiver.
    """
    missing = {name for route in policy.routes for name in route.channels} - receivers.keys()
    if missing:
        raise ValueError(f"no receiver for {', '.join(sorted(missing))}: give one for each channel of a route")
    routes = [
        {
            "receiver": _receiver(route.channels),
            **({"matchers": _matchers(route.match)} if route.match else {}),
            "group_by": [_label(name) for name in route.group_by],
        }
        for route in policy.routes
    ]
    *special, usual = routes
    names = dict.fromkeys(route.channels for route in policy.routes)
    escalating = [route.escalate_to for route in policy.routes if route.escalate_to]
    note = "# left out: escalation, which Alertmanager does not have\n" if escalating else ""
    return note + to_yaml(
        {
            "route": {
                **usual,
                "group_wait": duration(wait),
                "group_interval": duration(max(wait, timedelta(seconds=1))),
                "repeat_interval": duration(repeat),
                "routes": special,
            },
            "receivers": [{"name": _receiver(channels), **_merged(channels, receivers)} for channels in names],
            "inhibit_rules": [
                {
                    "source_matchers": _matchers(inhibition.source),
                    # What fits both sides is not muted by its like: Alertmanager has the same rule.
                    "target_matchers": _matchers(inhibition.target),
                    "equal": [_label(name) for name in inhibition.equal],
                }
                for inhibition in policy.inhibitions
            ],
        }
    )


def _receiver(channels: Sequence[str]) -> str:
    return " and ".join(channels)


def _merged(channels: Sequence[str], receivers: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    merged: dict[str, list[Any]] = {}
    for channel in channels:
        for kind, configs in receivers[channel].items():
            merged.setdefault(kind, []).extend(configs)
    return merged


def _matchers(match: Match) -> list[str]:
    return [
        f"{_label(name)}={json.dumps(wanted, ensure_ascii=False)}"
        if isinstance(wanted, str)
        else f"{_label(name)}=~{json.dumps('|'.join(re.escape(one) for one in wanted), ensure_ascii=False)}"
        for name, wanted in match.items()
    ]


def _label(name: str) -> str:
    return "alertname" if name == "rule" else name
