"""A server that speaks OpenAI's chat completions on loopback, and whose counts are known: ``CALLS``."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODEL = "kitten-1-2026-11-01"
COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
CALLS: dict[str, tuple[tuple[int, ...], ...]] = {
    "plain": ((203, 64, 23, 8),),
    "streamed": ((607, 512, 61, 20),),
    "uncounted": ((),),
    "refused": (),
    "retried": ((311, 128, 37, 12),),
    "tooled": ((401, 0, 31, 16), (443, 384, 47, 4)),
    "grounded": ((709, 0, 53, 24),),
}
"""What a turn asks, in the order that turns are asked in, and what each answer to it used, in the order of ``COUNTS``.

``uncounted`` is a stream of which nobody asks what it used, ``refused`` ends in 429, ``retried`` begins with it,
``tooled`` calls a tool and asks again, ``grounded`` embeds something before it asks.
"""
EMBEDDED = 17
"""Tokens of what is embedded."""
BEFORE_FIRST, AFTER_FIRST = 0.1, 0.2
"""Seconds before the first piece of a stream, and from there to its end."""


def used(name: str) -> dict[str, int | None]:
    """Return what all calls of a turn used: None for what no answer says."""
    answers = CALLS[name]
    known = answers and all(answers)
    return {unit: sum(one[at] for one in answers) if known else None for at, unit in enumerate(COUNTS)}


class Handler(BaseHTTPRequestHandler):
    """Answers by the name that the messages hold."""

    protocol_version = "HTTP/1.1"
    refused: set[str]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/embeddings"):
            self._send(200, embedded())
            return
        said = json.dumps(asked["messages"])
        name = next(name for name in CALLS if f"say: {name}" in said)
        if name == "refused" or (name == "retried" and name not in self.refused):
            self.refused.add(name)
            error = {"message": "slow down", "type": "rate_limit_error", "code": "rate_limit_exceeded"}
            self._send(429, {"error": error})
            return
        told = any(message["role"] == "tool" for message in asked["messages"])
        counts = next(iter(CALLS[name][int(told) :]))
        calls_tool = name == "tooled" and not told
        if asked.get("stream"):
            counted = (asked.get("stream_options") or {}).get("include_usage")
            self._stream(pieces(calls_tool, counts if counted else ()))
        else:
            message = {"role": "assistant", "content": None if calls_tool else "Near."}
            message |= {"tool_calls": [TOOL_CALL]} if calls_tool else {}
            choice = {"index": 0, "finish_reason": "tool_calls" if calls_tool else "stop", "message": message}
            usage = {"usage": usage_of(counts)} if counts else {}
            self._send(200, whole("chat.completion", [choice]) | usage)

    def _send(self, status: int, said: Mapping[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After-Ms", "10")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, parts: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for part in parts:
            self.wfile.write(f"data: {part}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"where": "shelf"}'}}


def usage_of(counts: tuple[int, ...]) -> dict[str, object]:
    """Return what a call used, as OpenAI says it."""
    counted = dict(zip(COUNTS, counts, strict=True))
    return {
        "prompt_tokens": counted["input_tokens"],
        "completion_tokens": counted["output_tokens"],
        "total_tokens": counted["input_tokens"] + counted["output_tokens"],
        "prompt_tokens_details": {"cached_tokens": counted["cached_tokens"]},
        "completion_tokens_details": {"reasoning_tokens": counted["reasoning_tokens"]},
    }


def embedded() -> dict[str, object]:
    """Return one short vector."""
    vector = {"object": "embedding", "index": 0, "embedding": [0.25, 0.5]}
    usage = {"prompt_tokens": EMBEDDED, "total_tokens": EMBEDDED}
    return {"object": "list", "model": "vector-1", "data": [vector], "usage": usage}


def whole(kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    """Return a completion, or a piece of one, without what it used."""
    return {"id": "chatcmpl-1", "object": kind, "created": 1791190800, "model": MODEL, "choices": choices}


def pieces(calls_tool: bool, counts: tuple[int, ...]) -> Iterator[str]:
    """Yield what a stream sends: the reply in two pieces or a tool's call, its end, and if asked what it used."""
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": "Ne"}, {"content": "ar."}]
    if calls_tool:
        deltas = [{"role": "assistant", "content": None, "tool_calls": [TOOL_CALL | {"index": 0}]}]
    for number, delta in enumerate(deltas):
        time.sleep((BEFORE_FIRST, AFTER_FIRST)[number])
        yield json.dumps(whole("chat.completion.chunk", [{"index": 0, "delta": delta, "finish_reason": None}]))
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls_tool else "stop"}
    yield json.dumps(whole("chat.completion.chunk", [end]))
    if counts:
        yield json.dumps(whole("chat.completion.chunk", []) | {"usage": usage_of(counts)})
    yield "[DONE]"


def serve() -> tuple[ThreadingHTTPServer, str]:
    """Start the server, and return it with its address."""
    handler = type("Handler", (Handler,), {"refused": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/v1"
