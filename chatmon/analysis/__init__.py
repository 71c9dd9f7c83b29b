"""Questions asked of turns in SQL, wherever the turns come from: a list, a frame, a Parquet file, imported logs.

The SQL is DuckDB's and keeps to the standard where it can: aggregates with FILTER and WITHIN GROUP, window functions.
"""

from chatmon.analysis.concentration import Concentration, concentration
from chatmon.analysis.errors import ERROR_CLASSES, errors
from chatmon.analysis.percentiles import percentiles
from chatmon.analysis.segments import segments
from chatmon.analysis.source import relation
from chatmon.analysis.summary import summary

__all__ = [
    "ERROR_CLASSES",
    "Concentration",
    "concentration",
    "errors",
    "percentiles",
    "relation",
    "segments",
    "summary",
]
