"""Run in a library's own environment: make the calls, and write the spans that the library makes of them.

python scripts.py LIBRARY INSTRUMENTOR ADDRESS FILE
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path

MACHINE = ("exception.stacktrace", "server.address", "server.port", "gen_ai.openai.api_base")
"""Attributes that say where a library ran."""


def exporter(path: Path):
    """Return an exporter that writes OTLP's JSON to a file, an envelope a line, without what differs by machine."""
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class File(SpanExporter):
        def export(self, spans):
            envelope = MessageToDict(encode_spans(spans))
            for resource in envelope["resourceSpans"]:
                resource.pop("resource", None)
                for span in [span for scope in resource["scopeSpans"] for span in scope["spans"]]:
                    for one in [span, *span.get("events", [])]:
                        one["attributes"] = [pair for pair in one.get("attributes", []) if pair["key"] not in MACHINE]
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(envelope, sort_keys=True) + "\n")
            return SpanExportResult.SUCCESS

    return File()


def provider(path: Path):
    """Return a tracer provider that writes each span as it ends."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    found = TracerProvider()
    found.add_span_processor(SimpleSpanProcessor(exporter(path)))
    return found


def calls(address: str) -> None:
    """Make each call once by OpenAI's own client."""
    import openai

    client = openai.OpenAI(base_url=address, api_key="none", max_retries=0)

    def ask(name: str, **more: object):
        message = {"role": "user", "content": f"say: {name}"}
        return client.chat.completions.create(model="kitten-1", messages=[message], **more)

    ask("plain")
    for _ in ask("streamed", stream=True, stream_options={"include_usage": True}):
        pass
    with contextlib.suppress(openai.RateLimitError):
        ask("refused")


def logfire(address: str, path: Path) -> None:
    """Logfire brings a provider of its own."""
    import logfire as library
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    library.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter(path))]
    )
    library.instrument_openai()
    calls(address)
    library.force_flush()


def pydantic_ai(address: str, path: Path) -> None:
    """Three runs of an agent, each a trace of its own."""
    from pydantic_ai import Agent, InstrumentationSettings
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("kitten-1", provider=OpenAIProvider(base_url=address, api_key="none"))
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider(path)))
    agent = Agent(model)
    agent.run_sync("say: plain")

    async def stream() -> None:
        async with agent.run_stream("say: streamed") as reply:
            async for _ in reply.stream_text():
                pass

    import asyncio

    asyncio.run(stream())
    with contextlib.suppress(Exception):
        agent.run_sync("say: refused")


def main(library: str, instrumentor: str, address: str, file: str) -> None:
    """Run the function of the library's name, or patch OpenAI's client with its instrumentor."""
    if not instrumentor:
        globals()[library](address, Path(file))
        return
    module, _, name = instrumentor.partition(":")
    getattr(importlib.import_module(module), name)().instrument(tracer_provider=provider(Path(file)))
    calls(address)


if __name__ == "__main__":
    main(*sys.argv[1:])
