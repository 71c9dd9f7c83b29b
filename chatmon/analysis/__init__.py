"""Questions asked of turns in SQL, wherever the turns come from: a list, a frame, a Parquet file, imported logs.

The SQL keeps to what DuckDB and Spark both accept, so that the same text runs on a cluster.
"""

from chatmon.analysis.errors import ERROR_CLASSES, errors
from chatmon.analysis.segments import segments
from chatmon.analysis.source import relation
from chatmon.analysis.summary import summary

__all__ = ["ERROR_CLASSES", "errors", "relation", "segments", "summary"]
