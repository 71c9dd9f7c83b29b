"""A local LangSmith's speed, and what the bot's own spans cost the bot.

Runs are taken from many senders, the real SDK in threads of processes of their own; read back; and asked for by
filters from a large project, in seconds and in seconds of the processor, which a busy machine does not change as much.
The spans of a turn are set against as many calls of a bare ``@traceable``, in rounds by turns, with the same client.

    python benchmarks/local_langsmith.py [--runs 5000] [--stored 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import psutil
from langsmith import Client, traceable, tracing_context

from chatmon.lab.services.langsmith import LocalLangSmith, start
from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _ingest as ingest
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith import _shapes as shapes
from chatmon.lab.services.langsmith._call import Addresses
from chatmon.lab.services.langsmith._store import RunStore
from chatmon.live.monitor import ChatMonitor
from chatmon.live.tracing import TurnTrace

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES, THREADS = 4, 4
MOST_INGEST, MOST_LISTING, MOST_PAGE = 5.0, 1.0, 0.1
"""Seconds that are promised."""
MOST_PROCESSOR = 500e-6
"""Seconds of the server's processor that a run may take: 2,000 a second are then one core's work."""
MOST_OF_BARE = 1.5
"""What the bot's spans may cost, in as many bare calls."""
SENDER = """
import json, sys, threading, time
from langsmith import Client, traceable
url, key, threads, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
client = Client(api_url=url, api_key=key)
@traceable(client=client, project_name="bench", enabled=True)
def step(number):
    return {"answer": "On its way." * 5, "number": number}
step(-1)
client.flush()
print("ready", flush=True)
sys.stdin.readline()
workers = [threading.Thread(target=lambda: [step(n) for n in range(runs)]) for _ in range(threads)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
client.flush()
print("done", flush=True)
"""
FILTERS = (
    'eq(name, "nothing")', 'eq(name, "desk")', 'gt(latency, "3s")', 'gt(latency, "1h")', 'gt(total_tokens, 100000)',
    'eq(status, "error")', "neq(error, null)", 'has(tags, "production")', 'has(tags, "none")',
    'eq(metadata_key, "user_id")', 'and(eq(metadata_key, "user_id"), eq(metadata_value, "user-7"))',
    'and(eq(metadata_key, "region"), eq(metadata_value, "nowhere"))', 'neq(metadata_key, "user_id")',
    'search("parcel")', 'search("nothing of the kind")', 'like(error, "%none%")', 'lt(start_time, "2026-10-06")',
    'or(eq(name, "nothing"), gt(latency, "1h"))', 'not(eq(run_type, "chain"))', 'eq(thread_id, "c7")',
    'eq(thread_id, "none")', 'like(thread_id, "%none%")', 'gt(completion_cost, 5)', 'eq(feedback_key, "user_score")',
    'and(eq(feedback_key, "user_score"), eq(feedback_score, 1))', 'eq(feedback_score, 77)',
    'neq(feedback_key, "user_score")', 'eq(feedback_source, "api")',
)  # fmt: skip
OF_TRACES = (
    'eq(name, "desk")', 'eq(name, "nothing")', 'eq(status, "error")', 'has(tags, "production")', 'search("parcel")',
    'eq(metadata_key, "user_id")', 'neq(metadata_key, "user_id")', 'eq(feedback_score, 1)', 'eq(feedback_score, 77)',
)  # fmt: skip
"""Filters on the root of a run's trace, and on any run of it."""
SPANS = 4
"""Of a turn: the turn, the search, the prompt, the request."""


def ingested(server: LocalLangSmith, runs: int) -> tuple[float, int]:
    """Return the seconds from the first call to the last run stored, and how many were stored.

    Args:
        server: Where to.
        runs: How many, over all threads of all processes.
    """
    each = runs // (PROCESSES * THREADS)
    command = [sys.executable, "-c", SENDER, server.url, server.api_key, str(THREADS), str(each)]
    senders = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for sender in senders:
        _line(sender)
    before = time.perf_counter()
    for sender in senders:
        if sender.stdin is not None:
            sender.stdin.write("go\n")
            sender.stdin.flush()
    for sender in senders:
        _line(sender)
    taken = time.perf_counter() - before
    for sender in senders:
        sender.communicate()
    with _asking(server) as ask:
        found = ask.get("/sessions", params={"name": "bench", "include_stats": "true"}).json()
    return taken, found[0]["run_count"] - PROCESSES


def processor_used(server: LocalLangSmith) -> float:
    """Return the seconds of the processor that the server's process has used."""
    times = psutil.Process(server.pid).cpu_times()
    return float(times.user + times.system)


def spans_taken(server: LocalLangSmith, spans: int, each: int = 500) -> float:
    """Return the seconds of the server's processor for each span of OpenTelemetry that it takes.

    Args:
        server: Where to.
        spans: How many, after a first request that loads what it takes to read them.
        each: Of a request.
    """
    begin = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) * 10**9
    said = {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1-mini", "gen_ai.conversation.id": "c1",
        "gen_ai.prompt": "Where is my parcel? " * 5, "gen_ai.completion": "On its way. " * 8,
    }  # fmt: skip
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    counts = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
    attributes += [{"key": key, "value": {"intValue": str(value)}} for key, value in counts.items()]
    before = 0.0
    with _asking(server) as ask:
        for first in range(0, spans + each, each):
            if first == each:
                before = processor_used(server)
            made = [
                {"traceId": f"{n // 4 + 1:032x}", "spanId": f"{n + 1:016x}", "name": "chat", "attributes": attributes,
                 "startTimeUnixNano": str(begin + n * 10**6), "endTimeUnixNano": str(begin + n * 10**6 + 5 * 10**8),
                 **({"parentSpanId": f"{n // 4 * 4 + 1:016x}"} if n % 4 else {})} for n in range(first, first + each)
            ]  # fmt: skip
            body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": made}]}]}
            ask.post("/otel/v1/traces", json=body).raise_for_status()
    return (processor_used(server) - before) / spans


def listed(server: LocalLangSmith) -> tuple[float, int]:
    """Return the seconds that it takes to list all runs of the project through the second API, and their number."""
    with _asking(server) as ask:
        project = ask.get("/sessions", params={"name": "bench"}).json()[0]["id"]
        selects = ["NAME", "START_TIME", "INPUTS", "OUTPUTS", "EXTRA", "STATUS", "TOTAL_TOKENS"]
        body = {"project_ids": [project], "page_size": 1000, "selects": selects}
        before, count, cursor = time.perf_counter(), 0, None
        while True:
            page = ask.post("/v2/runs/query", json=body | ({"cursor": cursor} if cursor else {})).json()
            count += len(page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return time.perf_counter() - before, count


def stored(runs: int, path: Path) -> RunStore:
    """Return a store with so many runs: traces of a chain and a model call."""
    store = RunStore(path)
    begin = datetime(2026, 10, 5, tzinfo=UTC)
    for first in range(0, runs // 2, 1000):
        batch = [run for number in range(first, min(first + 1000, runs // 2)) for run in _trace(number, begin)]
        scores = [
            {"run_id": run["id"], "key": "user_score", "score": number % 5} for number, run in enumerate(batch[::2])
        ]
        with store.writing() as connection:
            ingest.write(connection, ingest.from_json({"post": batch}))
            feedback.write(connection, scores)
    return store


def pages(store: RunStore, rounds: int = 3) -> dict[str, tuple[float, float]]:
    """Return, for each question, in how long a page of 100 runs of the project is found and written.

    Args:
        store: With a project.
        rounds: How often each question is asked; the least time counts.

    Returns:
        Seconds, and seconds of the processor.
    """
    connection = store.reading()
    project = connection.execute("SELECT id FROM projects").fetchone()[0]
    asked = [("filter", text) for text in FILTERS]
    asked += [(scope, text) for scope in ("trace_filter", "tree_filter") for text in OF_TRACES]
    found = {}
    for scope, text in asked:
        times, processor = [], []
        for _ in range(rounds):
            before, used = time.perf_counter(), time.process_time()
            rows, _ = queries.page(connection, queries.from_v1({"session": [project], scope: text}))
            shapes.v1(connection, rows, Addresses("http://127.0.0.1"))
            times.append(time.perf_counter() - before)
            processor.append(time.process_time() - used)
        found[f"{scope}: {text}"] = min(times), min(processor)
    return found


def tracing(
    server: LocalLangSmith, rounds: int = 9, turns: int = 40, timer: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Return the median microseconds of a turn: without tracing, with the bot's spans, and of the bare decorator.

    Args:
        server: Where spans go.
        rounds: How often each has its go.
        turns: Turns in a go.
        timer: Seconds; those that this thread has had of the processor, where others keep the machine busy.
    """
    monitor = ChatMonitor()
    client = Client(api_url=server.url, api_key=server.api_key)
    question, note = "Where is my parcel?", "Parcels take three days."

    def spans() -> None:
        with monitor.track("conversation", "user", intent="parcel") as turn, TurnTrace(turn) as trace:
            trace.ask(question)
            with trace.step("retrieval", "retriever", question=question) as found:
                found["note"] = note
            with trace.step("prompt", "prompt", question=question, note=note) as found:
                found["prompt"] = note
            with trace.attempt(1):
                pass
            trace.answer(note)

    @traceable(name="retrieval", run_type="retriever")
    def search(question: str) -> str:
        return note

    @traceable(run_type="prompt")
    def prompt(question: str, note: str) -> str:
        return note

    @traceable
    def attempt() -> None:
        pass

    @traceable
    def desk(question: str) -> str:
        prompt(question, search(question))
        attempt()
        return note

    def bare() -> None:
        desk(question)

    contenders = {"tracing off": (spans, False), "tracing on": (spans, True), "bare @traceable": (bare, True)}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, (call, enabled) in contenders.items():
            with tracing_context(enabled=enabled, client=client, project_name="overhead"):
                before = timer()
                for _ in range(turns):
                    call()
                times[name].append((timer() - before) / turns)
            client.flush()
    client.cleanup()
    return {name: statistics.median(some[1:]) * 1e6 for name, some in times.items()}


def _trace(number: int, begin: datetime) -> list[dict[str, Any]]:
    root, call = _id(2 * number), _id(2 * number + 1)
    start = begin + timedelta(seconds=20 * number)
    end = start + timedelta(seconds=1 + number % 30 / 10)
    order = f"{start:%Y%m%dT%H%M%S%f}Z{root}"
    common = {"trace_id": root, "session_name": "large", "start_time": start.isoformat(), "end_time": end.isoformat()}
    metadata = {"user_id": f"user-{number % 2000}", "thread_id": f"c{number // 2}", "region": "uk", "intent": "parcel"}
    usage = {"usage_metadata": {"input_tokens": 500, "output_tokens": 50, "total_tokens": 550}}
    model = {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}
    return [
        common | {
            "id": root, "name": "desk", "run_type": "chain", "dotted_order": order, "tags": ["production"],
            "inputs": {"question": f"Where is my parcel {number}?"}, "outputs": {"answer": "On its way."},
            "extra": {"metadata": metadata}, "error": "TimeoutError('slow')" if number % 50 == 0 else None,
        },
        common | {
            "id": call, "parent_run_id": root, "name": "model", "run_type": "llm", "inputs": {}, "outputs": {},
            "extra": {"metadata": model | usage}, "dotted_order": f"{order}.{start:%Y%m%dT%H%M%S%f}Z{call}",
        },
    ]  # fmt: skip


def _id(number: int) -> str:
    """Return an id as random as the SDK's: in the order of time, ids would be compared too quickly."""
    return str(UUID(bytes=hashlib.md5(number.to_bytes(8), usedforsecurity=False).digest()))


def _asking(server: LocalLangSmith) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=60, trust_env=False)


def _line(sender: subprocess.Popen[str]) -> None:
    if sender.stdout is None or not sender.stdout.readline():
        raise RuntimeError(f"a sender ended with status {sender.wait()}")


def main() -> int:
    """Print the figures; the exit status is 1 where one is above what is promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--stored", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}\n")
    with start() as server:
        before = processor_used(server)
        ingest_seconds, count = ingested(server, options.runs)
        by_sdk = (processor_used(server) - before) / count
        print(f"{count:,} runs from {PROCESSES} processes of {THREADS} threads stored in {ingest_seconds:.2f} s")
        listing_seconds, read = listed(server)
        print(f"{read:,} runs listed in {listing_seconds:.2f} s")
        by_spans = spans_taken(server, options.runs)
        print(
            f"of the server's processor: {by_sdk * 1e6:.0f} us a run of the SDK, {by_spans * 1e6:.0f} us a span of OTLP"
        )
        cost = tracing(server)
    for name, microseconds in cost.items():
        print(f"{microseconds:8.0f} us  a turn of {SPANS} spans, {name}")
    ratio = (cost["tracing on"] - cost["tracing off"]) / cost["bare @traceable"]
    print(f"the bot's spans cost {ratio:.2f} times what as many bare calls do, where a turn's own work is left out")
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        store = stored(options.stored, Path(folder) / "large.db")
        print(f"{options.stored:,} runs written in {time.perf_counter() - before:.1f} s; a filtered page of them takes")
        times = pages(store)
        for text, (seconds, processor) in sorted(times.items(), key=lambda item: -item[1][0]):
            print(f"{seconds * 1000:8.1f} ms, {processor * 1000:5.1f} of the processor  {text}")
        store.reading().close()
        store.close()
    promised = {
        "ingest": (ingest_seconds, MOST_INGEST), "a run's share of the processor": (by_sdk, MOST_PROCESSOR),
        "a span's": (by_spans, MOST_PROCESSOR), "listing": (listing_seconds, MOST_LISTING),
        "the slowest page": (max(seconds for seconds, _ in times.values()), MOST_PAGE),
    }  # fmt: skip
    for name, (seconds, most) in promised.items():
        print(f"{name}: {seconds:.2g} s, promised at most {most}: {'kept' if seconds <= most else 'BROKEN'}")
    kept = "kept" if ratio <= MOST_OF_BARE else "BROKEN"
    print(f"the bot's spans: {ratio:.2f}, promised at most {MOST_OF_BARE}: {kept}")
    return int(ratio > MOST_OF_BARE or any(seconds > most for seconds, most in promised.values()))


if __name__ == "__main__":
    raise SystemExit(main())
