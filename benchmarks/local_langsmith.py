"""A local LangSmith's speed: runs taken from many senders, read back, and filtered pages of a large project.

Senders are the real SDK, in threads of processes of their own. What tracing costs the traced is in overhead.py.

    python benchmarks/local_langsmith.py [--runs 5000] [--stored 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from chatmon.local.langsmith import LocalLangSmith, ingest, queries, shapes, start
from chatmon.local.langsmith.call import Addresses
from chatmon.local.langsmith.store import Store

PROCESSES, THREADS = 4, 4
MOST_INGEST, MOST_LISTING, MOST_PAGE = 5.0, 1.0, 0.1
"""Seconds that are promised."""
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
    'or(eq(name, "nothing"), gt(latency, "1h"))', 'not(eq(run_type, "chain"))',
)  # fmt: skip


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


def stored(runs: int, path: Path) -> Store:
    """Return a store with so many runs: traces of a chain and a model call."""
    store = Store(path)
    begin = datetime(2026, 10, 5, tzinfo=UTC)
    for first in range(0, runs // 2, 1000):
        batch = [run for number in range(first, min(first + 1000, runs // 2)) for run in _trace(number, begin)]
        with store.writing() as connection:
            ingest.write(connection, ingest.from_json({"post": batch}))
    return store


def pages(store: Store, rounds: int = 3) -> dict[str, float]:
    """Return, for each filter, the least seconds in which a page of 100 runs of the project is found and written."""
    connection = store.reading()
    project = connection.execute("SELECT id FROM projects").fetchone()[0]
    found = {}
    for text in FILTERS:
        times = []
        for _ in range(rounds):
            before = time.perf_counter()
            rows, _ = queries.page(connection, queries.from_v1({"session": [project], "filter": text}))
            shapes.v1(connection, rows, Addresses("http://127.0.0.1"))
            times.append(time.perf_counter() - before)
        found[text] = min(times)
    return found


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
        ingest_seconds, count = ingested(server, options.runs)
        print(f"{count:,} runs from {PROCESSES} processes of {THREADS} threads stored in {ingest_seconds:.2f} s")
        listing_seconds, read = listed(server)
        print(f"{read:,} runs listed in {listing_seconds:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        store = stored(options.stored, Path(folder) / "large.db")
        print(f"{options.stored:,} runs written in {time.perf_counter() - before:.1f} s; a filtered page of them takes")
        times = pages(store)
        for text, seconds in sorted(times.items(), key=lambda item: -item[1]):
            print(f"{seconds * 1000:8.1f} ms  {text}")
        store.reading().close()
        store.close()
    promised = {
        "ingest": (ingest_seconds, MOST_INGEST), "listing": (listing_seconds, MOST_LISTING),
        "the slowest page": (max(times.values()), MOST_PAGE),
    }  # fmt: skip
    for name, (seconds, most) in promised.items():
        print(f"{name}: {seconds:.2f} s, promised at most {most}: {'kept' if seconds <= most else 'BROKEN'}")
    return int(any(seconds > most for seconds, most in promised.values()))


if __name__ == "__main__":
    raise SystemExit(main())
