#!/usr/bin/env bash
# LiteLLM 1.110.2 (OpenTelemetry callback): of two calls made inside one span, only the last one's tokens stay on a span.
#
# Where no span is active, LiteLLM makes a span `litellm_request` for each call, with gen_ai.usage.*. Where one is, such
# as an application's span around its turn, it makes none and writes the call's attributes on that span; a second call
# in the same span writes over the first. The attributes of OpenTelemetry's conventions then say 43 input tokens where
# 101 + 43 were used. What each call used stands only in text on `raw_gen_ai_request`, which is not there where
# content is not captured. USE_OTEL_LITELLM_REQUEST_SPAN=true gives each call its span.
# Seen: one span with gen_ai.usage.input_tokens, 43; with the variable, two with 101 and 43.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check litellm==1.110.2 opentelemetry-sdk==1.45.2 2>/dev/null
cat > calls.py <<'PYTHON'
import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import litellm
from litellm.integrations.opentelemetry import OpenTelemetry, OpenTelemetryConfig
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

COUNTS = [101, 43]


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        used = COUNTS.pop(0)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Near."}}
        usage = {"prompt_tokens": used, "completion_tokens": 5, "total_tokens": used + 5}
        said = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
litellm.callbacks = [OpenTelemetry(config=OpenTelemetryConfig(exporter="none"), tracer_provider=provider)]


async def turn():
    with provider.get_tracer("application").start_as_current_span("turn"):
        for _ in range(2):
            await litellm.acompletion(
                model="openai/m",
                api_base=f"http://127.0.0.1:{server.server_port}/v1",
                api_key="none",
                messages=[{"role": "user", "content": "Where is it?"}],
            )
            await asyncio.sleep(1)  # it writes from a task of its own


asyncio.run(turn())
name = "gen_ai.usage.input_tokens"
print(sorted(span.attributes[name] for span in kept.get_finished_spans() if name in span.attributes))
PYTHON
export LITELLM_LOCAL_MODEL_COST_MAP=True
env/bin/python calls.py 2>/dev/null | tail -1 > seen.txt
USE_OTEL_LITELLM_REQUEST_SPAN=true env/bin/python calls.py 2>/dev/null | tail -1 >> seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
[43]
[43, 101]
SEEN
