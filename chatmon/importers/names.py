"""What tools call the same thing on a span: one table of attribute names, the standard's own first.

"Since" is the release or date at which a name came into use, as far as it is known; a name that was replaced stays,
because exports are read for years. Those of token counts are in the table of shapes of usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._spans import TOKENS


@dataclass(frozen=True, slots=True)
class Alias:
    """One attribute's name.

    Attributes:
        column: The column of spans it fills.
        attribute: The name on the span.
        convention: Who calls it so.
        since: From when on; None where it is not known.
    """

    column: str
    attribute: str
    convention: str
    since: str | None = None


OTEL, OLD, INFERENCE, LLMETRY, LIT, LOGFIRE, PYDANTIC, LITELLM, LANGFUSE, LANGSMITH, VERCEL, KERNEL = (
    "OTel GenAI", "OTel GenAI, replaced", "OpenInference", "OpenLLMetry", "OpenLIT", "Logfire", "pydantic-ai",
    "LiteLLM", "Langfuse's SDK", "LangSmith's OTel mode", "Vercel's AI SDK", "Semantic Kernel",
)  # fmt: skip

ALIASES: Final = (
    # A prompt's span of LangSmith says that its operation is a chat: its own name of kinds comes first.
    Alias("operation", "langsmith.span.kind", LANGSMITH),
    Alias("operation", "langfuse.observation.type", LANGFUSE),
    Alias("operation", "gen_ai.operation.name", OTEL, "1.27"),
    Alias("operation", "openinference.span.kind", INFERENCE),
    Alias("operation", "llm.request.type", LLMETRY),
    Alias("operation", "traceloop.span.kind", LLMETRY),
    Alias("operation", "ai.operationId", VERCEL),
    Alias("provider", "gen_ai.provider.name", OTEL, "1.37"),
    Alias("provider", "gen_ai.system", OLD, "1.27"),
    Alias("provider", "llm.provider", INFERENCE),
    Alias("provider", "llm.system", INFERENCE),
    Alias("model", "gen_ai.response.model", OTEL, "1.27"),
    Alias("model", "gen_ai.request.model", OTEL, "1.27"),
    Alias("model", "llm.model_name", INFERENCE),
    Alias("model", "langfuse.observation.model.name", LANGFUSE),
    *(Alias(unit, name, "usage") for unit in TOKENS for name in SHAPES["opentelemetry"].names(unit)),
    Alias("cost", "gen_ai.usage.cost", LIT),
    Alias("cost", "operation.cost", LOGFIRE),
    Alias("cost", "llm.cost.total", INFERENCE),
    Alias("cost", "gen_ai.cost.total_cost", LITELLM),
    Alias("first_chunk", "gen_ai.response.time_to_first_chunk", OTEL, "2026"),
    Alias("first_chunk", "gen_ai.client.operation.time_to_first_chunk", PYDANTIC),
    Alias("first_chunk", "gen_ai.response.time_to_first_token", "Sentry"),
    Alias("finish_reason", "gen_ai.response.finish_reasons", OTEL, "1.27"),
    Alias("finish_reason", "gen_ai.response.finish_reason", KERNEL),
    Alias("finish_reason", "llm.finish_reason", INFERENCE),
    Alias("finish_reason", "langfuse.observation.metadata.finish_reason", LANGFUSE),
    Alias("error_type", "error.type", "OTel", "1.21"),
    Alias("conversation_id", "gen_ai.conversation.id", OTEL, "1.36"),
    Alias("conversation_id", "session.id", f"{INFERENCE}, {LOGFIRE}"),
    Alias("conversation_id", "langfuse.session.id", "Langfuse"),
    Alias("conversation_id", "traceloop.association.properties.session_id", LLMETRY),
    Alias("conversation_id", "ai.telemetry.metadata.sessionId", VERCEL),
    Alias("conversation_id", "ai.settings.context.sessionId", VERCEL),
    Alias("conversation_id", "group_id", LOGFIRE),
    Alias("conversation_id", "langsmith.metadata.thread_id", LANGSMITH),
    Alias("conversation_id", "langsmith.metadata.session_id", LANGSMITH),
    Alias("user_id", "user.id", INFERENCE),
    Alias("user_id", "enduser.id", "OTel", "1.0"),
    Alias("user_id", "ai.telemetry.metadata.userId", VERCEL),
    Alias("user_id", "ai.settings.context.userId", VERCEL),
    Alias("user_id", "mastra.metadata.userId", "Mastra"),
    Alias("user_id", "langfuse.user.id", "Langfuse"),
    Alias("user_id", "traceloop.association.properties.user_id", LLMETRY),
    Alias("user_id", "langsmith.metadata.user_id", LANGSMITH),
    Alias("user_id", "llm.user", LITELLM),
    Alias("question", "input.value", INFERENCE),
    Alias("answer", "output.value", INFERENCE),
)
OF_LITELLM: Final = (
    "completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses", "anthropic_messages",
    "generate_content", "agenerate_content",
)  # fmt: skip
"""Types of LiteLLM's calls in which a model answers; others, such as moderations and pictures, are billed apart."""
MODEL_CALLS: Final = (
    *OF_LITELLM, "chat", "llm", "generation", "chat_model",
    "ai.generatetext.dogenerate", "ai.streamtext.dostream", "ai.generateobject.dogenerate", "ai.streamobject.dostream",
)  # fmt: skip
"""Operations that are model calls, in small letters; tools, agents, embeddings and retrieval are none."""
OTHER_CALLS: Final = (
    "embedding", "embeddings", "aembedding", "reranker", "rerank", "arerank", "ai.embed", "ai.embed.doembed",
    "ai.embedmany", "ai.embedmany.doembed", "other call",
)  # fmt: skip
"""Operations that are billed calls of another kind: they count apart."""
AROUND: Final = (
    "agent", "invoke_agent", "agent_step", "chain", "workflow", "invoke_workflow", "task", "session",
    "model_generation", "model_step", "ai.generatetext", "ai.streamtext", "ai.generateobject", "ai.streamobject",
)  # fmt: skip
"""Operations that ask a model by others below them, and may repeat what those used."""
NO_TURN: Final = (
    *OTHER_CALLS, "tool", "execute_tool", "retriever", "retrieval", "prompt", "parser", "guardrail", "evaluator",
    "span", "event", "unknown", "log", "create_agent", "raw call", "raw embedding",
)  # fmt: skip
"""Kinds of spans that make no turn of a trace by themselves."""
RAW: Final = "raw call"
RAW_EMBEDDING: Final = "raw embedding"
"""The kinds of LiteLLM's spans of a request, each of which the span around it tells of too, unless it has several."""
STREAM: Final = "stream"
"""The kind of a log that has what a streamed reply used, whose request ended before."""
LEAVES_ZEROS_OUT: Final = (
    "pydantic-ai", "logfire", "opentelemetry.instrumentation.genai", "opentelemetry.util.genai",
    "@arizeai/openinference-instrumentation-langchain", "openinference.instrumentation.agno",
)  # fmt: skip
"""Beginnings of the scopes that leave a count out where it is 0."""
FIRST_TOKEN_EVENTS: Final = ("First Token Stream Event", "gen_ai.content.completion.chunk", "mlflow.chunk.item.0")
"""Events of a span of which the first one is the first piece of the reply."""
SAYS_OK: Final = ("langsmith", "openinference.instrumentation.openai_agents")
"""Scopes that say OK of what failed: their OK is no more than an end, and what lies below, or an exception, decides."""
OWN: Final = "chatmon.attributes."
"""What stands before a free dimension that our exporter writes, which has passed by ``DIMENSIONS`` before."""
DIMENSIONS: Final = (
    "service.", "deployment.", "telemetry.sdk.", "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.workflow.name",
    "http.route", "http.request.method", "http.response.status_code", "server.address", "chatmon.", "metadata.",
    "traceloop.association.properties.", "traceloop.workflow.name", "langfuse.trace.metadata.", "langfuse.release",
    "langfuse.environment", "langfuse.version", "langsmith.metadata.", "langsmith.trace.name", "ai.telemetry.metadata.",
    "ai.settings.context.",
)  # fmt: skip
"""Beginnings of the attributes that a turn keeps as free dimensions; any other one may hold texts, and stays out."""


def attributes_of(column: str) -> list[str]:
    """Return the attribute names of a column, the first that is there counts.

    Example:
        >>> attributes_of("cost")
        ['gen_ai.usage.cost', 'operation.cost', 'llm.cost.total', 'gen_ai.cost.total_cost']
    """
    return [alias.attribute for alias in ALIASES if alias.column == column]
