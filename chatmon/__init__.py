"""Monitor and optimise an LLM chatbot: what a user needs, each name imported when it is first asked for.

A room more is one name further: ``from chatmon import analysis, plots, cost, alerts``. What begins with an underscore
is a room's own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.faces import lazy

if TYPE_CHECKING:
    from chatmon._tools.errors import Error as Error
    from chatmon.analysis import segments as segments
    from chatmon.analysis import summary as summary
    from chatmon.cost.usage import Usage as Usage
    from chatmon.experiment import Experiment as Experiment
    from chatmon.importers.logs import open_logs as open_logs
    from chatmon.live.monitor import ChatMonitor as ChatMonitor
    from chatmon.optimizer import recommend as recommend
    from chatmon.report import write_report as write_report
    from chatmon.store import Store as Store
    from chatmon.store.privacy import Protection as Protection
    from chatmon.turns import Turn as Turn

__version__ = "0.1.0"

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ChatMonitor": "chatmon.live.monitor",
        "Error": "chatmon._tools.errors",
        "Experiment": "chatmon.experiment",
        "Protection": "chatmon.store.privacy",
        "Store": "chatmon.store",
        "Turn": "chatmon.turns",
        "Usage": "chatmon.cost.usage",
        "open_logs": "chatmon.importers.logs",
        "recommend": "chatmon.optimizer",
        "segments": "chatmon.analysis",
        "summary": "chatmon.analysis",
        "write_report": "chatmon.report",
    },
)
