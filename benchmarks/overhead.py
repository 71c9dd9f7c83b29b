"""What tracking a turn costs: ``track()`` against an empty call, an OpenTelemetry span and LangSmith's decorator.

Every contender does what it does in production, without the network: ``track()`` keeps its windows and its full ring
buffer, the span goes through a batch processor, the traced call through LangSmith's client to a sink that discards.
Rounds are interleaved, so that a busy moment of the machine hits all alike; the figure is the median of the rounds.

    python benchmarks/overhead.py [--rounds 15] [--turns 5000]
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import statistics
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import requests
from langsmith import Client, traceable, tracing_context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from chatmon._tools.models import course_models
from chatmon.cost import Usage
from chatmon.live.monitor import ChatMonitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

NOWHERE = "http://discarded.invalid"
INFO = {
    "instance_flags": {"zstd_compression_enabled": True},
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
        "scale_up_nthreads_limit": 16,
        "scale_up_qsize_trigger": 1000,
        "scale_down_nempty_trigger": 4,
    },
}
"""What LangSmith's server says of itself when the client asks."""
MOST_MICROSECONDS = 3.0
MOST_OF_A_SPAN = 0.2


class Discard(SpanExporter):
    """Throws spans away."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Say that all went well."""
        return SpanExportResult.SUCCESS


class DiscardRequests(requests.adapters.BaseAdapter):
    """Answers every request as LangSmith does when it has accepted a batch."""

    def send(self, request: requests.PreparedRequest, *_args: object, **_kwargs: object) -> requests.Response:
        """Throw the request away."""
        response = requests.Response()
        response.status_code, response.request, response.url = 202, request, request.url or ""
        response.raw = io.BytesIO(json.dumps(INFO if request.path_url == "/info" else {}).encode())
        return response

    def close(self) -> None:
        """Hold nothing, close nothing."""


def contenders() -> dict[str, Callable[[], object]]:
    """Return what is compared, by name: each a call that handles one turn."""
    monitor = ChatMonitor()
    usage, model = Usage(input_tokens=200, output_tokens=50), course_models().hosted
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Discard(), max_queue_size=100_000))
    tracer = provider.get_tracer("overhead")
    session = requests.Session()
    session.mount(NOWHERE, DiscardRequests())  # longer than the prefix that the client mounts itself
    client = Client(api_url=NOWHERE, api_key="none", session=session)

    def empty() -> None:
        pass

    def track() -> None:
        with monitor.track("conversation", "user"):
            pass

    def track_with_usage() -> None:
        with monitor.track("conversation", "user", intent="billing") as turn:
            turn.add_usage(usage, model=model)

    def span() -> None:
        with tracer.start_as_current_span("turn"):
            pass

    def span_with_attributes() -> None:
        with tracer.start_as_current_span("turn") as current:
            current.set_attribute("gen_ai.conversation.id", "conversation")
            current.set_attribute("user.id", "user")
            current.set_attribute("gen_ai.response.model", model)
            current.set_attribute("gen_ai.usage.input_tokens", 200)
            current.set_attribute("gen_ai.usage.output_tokens", 50)

    @traceable(client=client)
    def traced() -> None:
        pass

    return {
        "empty call": empty,
        "chatmon track()": track,
        "OpenTelemetry span": span,
        "LangSmith @traceable": traced,
        "chatmon track() with usage and price": track_with_usage,
        "OpenTelemetry span with attributes": span_with_attributes,
    }


def measure(rounds: int, turns: int, timer: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Return the median microseconds a turn of every contender.

    Args:
        rounds: How often each has its go.
        turns: Calls in a go; a twentieth for LangSmith, which is that much slower.
        timer: Seconds; those that this thread has had of the processor, where others keep the machine busy.
    """
    calls = contenders()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    with tracing_context(enabled=True):
        for call in calls.values():
            for _ in range(200):
                call()
        for _ in range(12_000):
            calls["chatmon track()"]()  # from here on every turn evicts another
        for _ in range(rounds):
            for name, call in calls.items():
                n = turns // 20 if "LangSmith" in name else turns
                gc.collect()
                start = timer()
                for _ in range(n):
                    call()
                seconds[name].append((timer() - start) / n)
    return {name: statistics.median(times) * 1e6 for name, times in seconds.items()}


def main() -> int:
    """Print the table; the exit status is 1 where a promise of docs/run_time.md is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--turns", type=int, default=5000)
    options = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}: median of {options.rounds} interleaved rounds of {options.turns} turns\n")
    figures = measure(options.rounds, options.turns)
    ours, span = figures["chatmon track()"], figures["OpenTelemetry span"]
    print(f"{'':<38} {'µs a turn':>10} {'x track()':>10}")
    for name, figure in figures.items():
        print(f"{name:<38} {figure:>10.2f} {figure / ours:>10.2f}")
    kept = ours <= MOST_MICROSECONDS and ours <= MOST_OF_A_SPAN * span
    print(
        f"\ntrack(): {ours:.2f} µs, promised at most {MOST_MICROSECONDS}; "
        f"{ours / span:.2f} of a span, promised at most {MOST_OF_A_SPAN}: {'kept' if kept else 'BROKEN'}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
