"""A bot measured while it runs: the monitor, the turn that is under way, health, and what it adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.faces import lazy

if TYPE_CHECKING:
    from chatmon.live._health import HealthMeter as HealthMeter
    from chatmon.live.clock import ManualClock as ManualClock
    from chatmon.live.monitor import ChatMonitor as ChatMonitor
    from chatmon.live.summary import Summary as Summary
    from chatmon.live.summary import summarise as summarise
    from chatmon.live.tracing import TurnTrace as TurnTrace
    from chatmon.live.turn import LiveTurn as LiveTurn

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ChatMonitor": "chatmon.live.monitor",
        "HealthMeter": "chatmon.live._health",
        "LiveTurn": "chatmon.live.turn",
        "ManualClock": "chatmon.live.clock",
        "Summary": "chatmon.live.summary",
        "TurnTrace": "chatmon.live.tracing",
        "summarise": "chatmon.live.summary",
    },
)
