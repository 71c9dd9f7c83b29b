"""How spans are kept: as OTLP's JSON, an envelope a line, without what differs by machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = ("exception.stacktrace", "server.", "url.", "http.url", "host.", "process.", "os.", "telemetry.distro",
           "service.instance.id", "code.", "thread.", "langsmith.metadata.LANGSMITH_", "langsmith.metadata.revision_id",
           "gen_ai.openai.api_base", "gen_ai.server.address")  # fmt: skip
"""Beginnings of attributes that say where a library ran."""


def exporter(path: Path):
    """Return an exporter that writes to a file."""
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class File(SpanExporter):
        def export(self, spans):
            envelope = MessageToDict(encode_spans(spans))
            for resource in envelope["resourceSpans"]:
                keep(resource.get("resource", {}), only=("telemetry.sdk.name",))
                for span in [span for scope in resource["scopeSpans"] for span in scope["spans"]]:
                    for one in [span, *span.get("events", [])]:
                        keep(one)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(envelope, sort_keys=True) + "\n")
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            """Nothing is open."""

    return File()


def keep(holder, only=("",)) -> None:
    """Leave the attributes that begin so and are not the machine's."""
    holder["attributes"] = [
        pair
        for pair in holder.get("attributes", [])
        if pair["key"].startswith(only) and not pair["key"].startswith(MACHINE)
    ]


def provider(path: Path):
    """Return a tracer provider that writes each span as it ends, and is the one of the process."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    found = TracerProvider()
    found.add_span_processor(SimpleSpanProcessor(exporter(path)))
    trace.set_tracer_provider(found)
    return found
