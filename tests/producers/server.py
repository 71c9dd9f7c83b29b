"""A server that speaks OpenAI's chat completions on loopback, and whose counts are known: ``CALLS``."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "kitten-1-2026-11-01"
CALLS = {
    "plain": {"input_tokens": 203, "cached_tokens": 64, "output_tokens": 23, "reasoning_tokens": 8},
    "streamed": {"input_tokens": 607, "cached_tokens": 512, "output_tokens": 61, "reasoning_tokens": 20},
    "refused": None,
}
"""What is asked, which is a call's name, and what answering it uses; None is refused with 429."""


def usage_of(name: str) -> dict[str, object]:
    """Return what a call used, as OpenAI says it."""
    counts = CALLS[name]
    return {
        "prompt_tokens": counts["input_tokens"],
        "completion_tokens": counts["output_tokens"],
        "total_tokens": counts["input_tokens"] + counts["output_tokens"],
        "prompt_tokens_details": {"cached_tokens": counts["cached_tokens"]},
        "completion_tokens_details": {"reasoning_tokens": counts["reasoning_tokens"]},
    }


class Handler(BaseHTTPRequestHandler):
    """Answers by the name that the last message holds."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = json.dumps(asked["messages"][-1]["content"])
        name = next(name for name in CALLS if name in said)
        if CALLS[name] is None:
            error = {"message": "slow down", "type": "rate_limit_error", "code": "rate_limit_exceeded"}
            self._send(429, "application/json", json.dumps({"error": error}))
        elif asked.get("stream"):
            self._send(200, "text/event-stream", "".join(f"data: {piece}\n\n" for piece in pieces(name)))
        else:
            message = {"role": "assistant", "content": "Near."}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            self._send(
                200, "application/json", json.dumps(whole("chat.completion", [choice]) | {"usage": usage_of(name)})
            )

    def _send(self, status: int, kind: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def whole(kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    """Return a completion, or a piece of one, without what it used."""
    return {"id": "chatcmpl-1", "object": kind, "created": 1791190800, "model": MODEL, "choices": choices}


def pieces(name: str) -> list[str]:
    """Return what a stream sends: the reply in two pieces, its end, and what it used."""
    deltas = [{"role": "assistant", "content": "Ne"}, {"content": "ar."}]
    said = [whole("chat.completion.chunk", [{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    said.append(whole("chat.completion.chunk", [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    said.append(whole("chat.completion.chunk", []) | {"usage": usage_of(name)})
    return [*map(json.dumps, said), "[DONE]"]


def serve() -> tuple[ThreadingHTTPServer, str]:
    """Start the server, and return it with its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/v1"
