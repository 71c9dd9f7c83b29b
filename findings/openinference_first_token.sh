#!/usr/bin/env bash
# openinference-instrumentation-openai 0.1.66: the "First Token Stream Event" of a response is no token.
#
# OpenAI's responses stream begins with `response.created`, sent before the model has said anything; text comes with
# `response.output_text.delta`. The instrumentation adds its event, which dashboards take for the time to the first
# token, at the first piece of the stream of any type: here at once, where the first text comes half a second later.
# Of chat completions, whose stream begins with the reply, the same event is the first token.
# Seen: the event comes less than 0.25 s after the span began, though no text was sent before 0.5 s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check openai==2.30.0 \
    openinference-instrumentation-openai==0.1.66 opentelemetry-sdk==1.45.2 2>/dev/null
cat > stream.py <<'PYTHON'
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
TEXT = {"type": "output_text", "text": "Near.", "annotations": []}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [TEXT]}


def response(status, output):
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m", "output": output,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "metadata": {}, "usage": None,
    }


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.say(0, "response.created", response=response("in_progress", []))
        time.sleep(0.5)
        started = ITEM | {"status": "in_progress", "content": []}
        self.say(1, "response.output_item.added", output_index=0, item=started)
        self.say(2, "response.content_part.added", **PLACE, part=TEXT | {"text": ""})
        self.say(3, "response.output_text.delta", **PLACE, delta="Near.", logprobs=[])
        self.say(4, "response.completed", response=response("completed", [ITEM]))

    def say(self, number, kind, **more):
        said = json.dumps({"type": kind, "sequence_number": number} | more)
        self.wfile.write(f"event: {kind}\ndata: {said}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="none")
for piece in client.responses.create(model="m", input="Where is it?", stream=True):
    if piece.type == "response.output_text.delta":
        text = time.time_ns()
(span,) = kept.get_finished_spans()
(event,) = [one for one in span.events if one.name == "First Token Stream Event"]
print("event before 0.25 s:", event.timestamp - span.start_time < 0.25e9)
print("text after 0.5 s:", text - span.start_time >= 0.5e9)
PYTHON
env/bin/python stream.py > seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
event before 0.25 s: True
text after 0.5 s: True
SEEN
