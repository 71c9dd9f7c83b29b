"""Alerts: rules, their one decision, live and over history, and the way of a notification to where it rings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.faces import lazy

if TYPE_CHECKING:
    from chatmon.alerts._defaults import default_rules as default_rules
    from chatmon.alerts._replay import Firing as Firing
    from chatmon.alerts._replay import History as History
    from chatmon.alerts._replay import Replay as Replay
    from chatmon.alerts._replay import replay as replay
    from chatmon.alerts._suggest import suggest as suggest
    from chatmon.alerts.live._dispatch import Dispatcher as Dispatcher
    from chatmon.alerts.live._engine import AlertEngine as AlertEngine
    from chatmon.alerts.live._outbox import Outbox as Outbox
    from chatmon.alerts.live._start import AlertStatus as AlertStatus
    from chatmon.alerts.live._start import LiveAlerts as LiveAlerts
    from chatmon.alerts.live._start import start as start
    from chatmon.alerts.live.policy import Policy as Policy
    from chatmon.alerts.live.policy import Route as Route
    from chatmon.alerts.notification import Notification as Notification
    from chatmon.alerts.rules import Rule as Rule
    from chatmon.alerts.rules_file import load_rules as load_rules
    from chatmon.alerts.rules_file import parse_rules as parse_rules

__getattr__, __dir__ = lazy(
    __name__,
    {
        "AlertStatus": "chatmon.alerts.live._start",
        "LiveAlerts": "chatmon.alerts.live._start",
        "start": "chatmon.alerts.live._start",
        "AlertEngine": "chatmon.alerts.live._engine",
        "Dispatcher": "chatmon.alerts.live._dispatch",
        "Firing": "chatmon.alerts._replay",
        "History": "chatmon.alerts._replay",
        "Notification": "chatmon.alerts.notification",
        "Outbox": "chatmon.alerts.live._outbox",
        "Policy": "chatmon.alerts.live.policy",
        "Replay": "chatmon.alerts._replay",
        "Route": "chatmon.alerts.live.policy",
        "Rule": "chatmon.alerts.rules",
        "default_rules": "chatmon.alerts._defaults",
        "load_rules": "chatmon.alerts.rules_file",
        "parse_rules": "chatmon.alerts.rules_file",
        "replay": "chatmon.alerts._replay",
        "suggest": "chatmon.alerts._suggest",
    },
)
