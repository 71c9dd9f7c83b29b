"""Questions asked of turns in SQL, wherever the turns come from: a list, a frame, a Parquet file, imported logs.

What it adds up to: ``summary``, ``segments``, ``percentiles``. Money: ``cost_by``, ``concentration``. Failures:
``errors``. Users: ``conversations``, ``satisfaction``. Replies: ``quality``. Load: ``capacity``. Change: ``trend`` over
time, ``compare`` between two periods, which ``between`` cuts. All of it in sentences: ``findings``; for a picture:
``prepare_dashboard_data``.

The SQL is the part of DuckDB's that Spark accepts too: see ``source``.
"""

from chatmon.analysis._capacity import Capacity, capacity
from chatmon.analysis._concentration import Concentration, concentration
from chatmon.analysis._cost_by import cost_by
from chatmon.analysis._errors import ERROR_CLASSES, errors
from chatmon.analysis._percentiles import percentiles
from chatmon.analysis._quality import QualityRate, quality, rubrics
from chatmon.analysis._satisfaction import Satisfaction, satisfaction
from chatmon.analysis._segments import segments
from chatmon.analysis._summary import summary
from chatmon.analysis._trend import trend
from chatmon.analysis.change._compare import compare
from chatmon.analysis.change._comparison import Comparison
from chatmon.analysis.conversations import Conversations, conversations
from chatmon.analysis.dashboard import DashboardData, prepare_dashboard_data
from chatmon.analysis.findings import findings
from chatmon.analysis.findings.finding import Finding
from chatmon.analysis.source import between, relation

__all__ = [
    "ERROR_CLASSES",
    "Capacity",
    "Comparison",
    "Concentration",
    "Conversations",
    "DashboardData",
    "Finding",
    "QualityRate",
    "Satisfaction",
    "between",
    "capacity",
    "compare",
    "concentration",
    "conversations",
    "cost_by",
    "errors",
    "findings",
    "percentiles",
    "prepare_dashboard_data",
    "quality",
    "relation",
    "rubrics",
    "satisfaction",
    "segments",
    "summary",
    "trend",
]
