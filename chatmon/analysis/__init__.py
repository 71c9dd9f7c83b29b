"""Questions asked of turns in SQL, wherever the turns come from: a list, a frame, a Parquet file, imported logs.

What it adds up to: ``summary``, ``segments``, ``percentiles``. Money: ``cost_by``, ``concentration``. Failures:
``errors``, ``error_trend``. Users: ``conversations``, ``satisfaction``. Load: ``capacity``. Change: ``trend`` over
time, ``compare`` between two periods, which ``between`` cuts. All of it in sentences: ``findings``; for a picture:
``prepare_dashboard_data``.

The SQL is the part of DuckDB's that Spark accepts too: see ``source``.
"""

from chatmon.analysis.capacity import Capacity, capacity
from chatmon.analysis.compare import compare
from chatmon.analysis.comparison import Comparison
from chatmon.analysis.concentration import Concentration, concentration
from chatmon.analysis.conversations import Conversations, conversations
from chatmon.analysis.cost_by import cost_by
from chatmon.analysis.dashboard import DashboardData, prepare_dashboard_data
from chatmon.analysis.errors import ERROR_CLASSES, error_trend, errors
from chatmon.analysis.finding import Finding
from chatmon.analysis.findings import findings
from chatmon.analysis.percentiles import percentiles
from chatmon.analysis.satisfaction import Satisfaction, satisfaction
from chatmon.analysis.segments import segments
from chatmon.analysis.source import between, relation
from chatmon.analysis.summary import summary
from chatmon.analysis.trend import trend

__all__ = [
    "ERROR_CLASSES",
    "Capacity",
    "Comparison",
    "Concentration",
    "Conversations",
    "DashboardData",
    "Finding",
    "Satisfaction",
    "between",
    "capacity",
    "compare",
    "concentration",
    "conversations",
    "cost_by",
    "error_trend",
    "errors",
    "findings",
    "percentiles",
    "prepare_dashboard_data",
    "relation",
    "satisfaction",
    "segments",
    "summary",
    "trend",
]
