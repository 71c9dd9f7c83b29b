"""Libraries that patch OpenAI's own client, by which each turn is asked."""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING

from spans import exporter, provider

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "kitten-1"
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def calls(address: str, around=contextlib.nullcontext, openai=None) -> None:
    """Ask each turn once, each in a span of ``around``."""
    if openai is None:
        import openai
    from openai import RateLimitError

    client = openai.OpenAI(base_url=address, api_key="none", max_retries=0)

    def ask(name: str, *messages, by=client, **more):
        said = [{"role": "user", "content": f"say: {name}"}, *messages]
        return by.chat.completions.create(model=MODEL, messages=said, **more)

    with around():
        ask("plain")
    with around():
        for _ in ask("streamed", stream=True, stream_options={"include_usage": True}):
            pass
    with around():
        for _ in ask("uncounted", stream=True):
            pass
    with contextlib.suppress(RateLimitError), around():
        ask("refused")
    with around():
        ask("retried", by=client.with_options(max_retries=1))
    with around():
        called = ask("tooled", tools=[TOOL]).choices[0].message
        result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "It is there."}
        ask("tooled", called.model_dump(exclude_none=True), result, tools=[TOOL])
    with around():
        client.embeddings.create(model="vector-1", input="near")
        ask("grounded")


def patched(instrumentor: str, address: str, path: Path) -> None:
    """Calls in spans of an application's own, with the client patched by an instrumentor, as ``module:class``."""
    module, _, name = instrumentor.partition(":")
    spans = provider(path)
    getattr(importlib.import_module(module), name)().instrument(tracer_provider=spans)
    calls(address, lambda: spans.get_tracer("application").start_as_current_span("turn"))


def openinference(address: str, path: Path) -> None:
    """Its own context managers say whose a call is; no span is around."""
    from openinference.instrumentation import using_attributes
    from openinference.instrumentation.openai import OpenAIInstrumentor

    spans = provider(path)
    OpenAIInstrumentor().instrument(tracer_provider=spans)

    @contextlib.contextmanager
    def around():
        with (
            using_attributes(session_id="c-1", user_id="u-1"),
            spans.get_tracer("application").start_as_current_span("turn"),
        ):
            yield

    calls(address, around)


def logfire(address: str, path: Path) -> None:
    """Logfire brings a provider of its own."""
    import logfire as library
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    library.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter(path))]
    )
    library.instrument_openai()
    calls(address, lambda: library.span("turn", **{"user.id": "u-1"}))
    library.force_flush()


def openlit(address: str, path: Path) -> None:
    """OpenLIT brings a provider of its own too, which prints where it has no address."""
    with contextlib.redirect_stdout(None):
        import openlit as library
        from opentelemetry import trace
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        library.init(disable_metrics=True, disable_batch=True)
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter(path)))
        calls(address, lambda: trace.get_tracer("application").start_as_current_span("turn"))


def traceloop(address: str, path: Path) -> None:
    """OpenLLMetry's SDK, whose workflows are the turns."""
    from traceloop.sdk import Traceloop
    from traceloop.sdk.tracing.context_manager import get_tracer

    Traceloop.init(exporter=exporter(path), disable_batch=True, telemetry_enabled=False)

    @contextlib.contextmanager
    def around():
        from traceloop.sdk.tracing.tracing import set_workflow_name

        set_workflow_name("turn")
        Traceloop.set_association_properties({"session_id": "c-1", "user_id": "u-1"})
        with get_tracer() as tracer, tracer.start_as_current_span("turn.workflow"):
            yield

    calls(address, around)


def langfuse(address: str, path: Path) -> None:
    """Langfuse's SDK and its drop-in client."""
    from langfuse import Langfuse, openai, propagate_attributes

    library = Langfuse(
        public_key="pk-lf-none", secret_key="none", base_url="http://127.0.0.1:9", span_exporter=exporter(path)
    )

    @contextlib.contextmanager
    def around():
        with (
            library.start_as_current_observation(name="turn"),
            propagate_attributes(session_id="c-1", user_id="u-1"),
        ):
            yield

    calls(address, around, openai)
    library.flush()
