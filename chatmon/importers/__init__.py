"""Exported logs of other tools, read into turns by one call: ``open_logs``."""

from chatmon.importers import helicone, langfuse, langsmith, openai, otlp, own, phoenix
from chatmon.importers.logs import Logs, open_logs
from chatmon.importers.report import ImportReport

ALL = (
    *langsmith.DIALECTS,
    *langfuse.DIALECTS,
    *otlp.DIALECTS,
    *phoenix.DIALECTS,
    *helicone.DIALECTS,
    *openai.DIALECTS,
    *own.DIALECTS,
)
"""Every dialect, in the order in which a record is held against them."""

__all__ = ["ALL", "ImportReport", "Logs", "open_logs"]
