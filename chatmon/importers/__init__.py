"""Exported logs of other tools, read into turns by one call: ``open_logs``."""

from chatmon.importers import _anthropic as anthropic
from chatmon.importers import _azure as azure
from chatmon.importers import _bedrock as bedrock
from chatmon.importers import _braintrust as braintrust
from chatmon.importers import _chats as chats
from chatmon.importers import _claude_code as claude_code
from chatmon.importers import _codex as codex
from chatmon.importers import _helicone as helicone
from chatmon.importers import _jaeger as jaeger
from chatmon.importers import _langfuse as langfuse
from chatmon.importers import _langsmith as langsmith
from chatmon.importers import _litellm as litellm
from chatmon.importers import _logfire as logfire
from chatmon.importers import _mlflow as mlflow
from chatmon.importers import _openai as openai
from chatmon.importers import _openrouter as openrouter
from chatmon.importers import _opik as opik
from chatmon.importers import _otlp as otlp
from chatmon.importers import _otlp_logs as otlp_logs
from chatmon.importers import _own as own
from chatmon.importers import _phoenix as phoenix
from chatmon.importers import _sentry as sentry
from chatmon.importers import _weave as weave
from chatmon.importers._draft import draft_map
from chatmon.importers._map_options import map_schema
from chatmon.importers.logs import Logs, open_logs
from chatmon.importers.report import ImportReport

ALL = (
    *langsmith.DIALECTS,
    *langfuse.DIALECTS,
    *otlp.DIALECTS,
    *otlp_logs.DIALECTS,
    *jaeger.DIALECTS,
    *phoenix.DIALECTS,
    *logfire.DIALECTS,
    *sentry.DIALECTS,
    *mlflow.DIALECTS,
    *helicone.DIALECTS,
    *litellm.DIALECTS,
    *openai.DIALECTS,
    *openrouter.DIALECTS,
    *anthropic.DIALECTS,
    *bedrock.DIALECTS,
    *claude_code.DIALECTS,
    *codex.DIALECTS,
    *opik.DIALECTS,
    *weave.DIALECTS,
    *braintrust.DIALECTS,
    *chats.DIALECTS,
    *azure.DIALECTS,
    *own.DIALECTS,
)
"""Every dialect, in the order in which a record is held against them."""

__all__ = ["ALL", "ImportReport", "Logs", "draft_map", "map_schema", "open_logs"]
