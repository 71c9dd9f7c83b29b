"""Run where opentelemetry-exporter-otlp-proto-http and LangSmith's client with its OTel mode are: both send a trace."""

import sys
from contextlib import suppress

from langsmith import Client, traceable
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

client = Client()


@traceable(run_type="llm", metadata={"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"})
def model(question):
    return {"answer": "soon", "usage_metadata": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}}


@traceable(run_type="tool")
def look():
    raise KeyError("no order")


@traceable(metadata={"thread_id": "t1"})
def desk(question):
    try:
        look()
    except KeyError:
        return model(question)


desk("where?", langsmith_extra={"client": client})
client.flush()
client.cleanup()

url, key = sys.argv[1:3]
headers = {"x-api-key": key, "Langsmith-Project": "plain"}
exporter = OTLPSpanExporter(f"{url}/otel/v1/traces", headers=headers, compression=Compression.Gzip)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("desk")
operation, usage = "gen_ai.operation.name", "gen_ai.usage"
with tracer.start_as_current_span("desk", attributes={operation: "invoke_agent", "gen_ai.conversation.id": "t2"}):
    chat = {operation: "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": "gpt-4.1-mini"}
    with tracer.start_as_current_span(
        "chat", attributes=chat | {f"{usage}.input_tokens": 1000, f"{usage}.output_tokens": 100}
    ):
        pass
    with suppress(KeyError), tracer.start_as_current_span("look", attributes={operation: "execute_tool"}):
        {}["no order"]
provider.shutdown()
