"""What an import costs: ``open_logs`` and a summary of LangSmith runs, against a plain scan of the file's lines.

The file is made in a scratch folder: half the runs are roots, half their model calls. Rivals read the same file:
Python's own loop over its lines as text, and, on the first part of it, pandas' ``read_json(lines=True)`` and, where it
is installed, polars' ``scan_ndjson``. pandas works out the same table and the same numbers, which a test compares;
polars the main ones only. Each contender runs in a process of its own, so that its peak memory is its own; importing a
library is not counted for any of them. The figure is the best of the rounds.

    python benchmarks/import.py [--runs 1000000 10000000] [--pandas 200000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

    Numbers = tuple[int | float | Decimal | None, ...]

START = datetime(2026, 10, 1, tzinfo=UTC)
MODEL, PROVIDER = "a-model", "a-provider"
DEFAULT = 1_000_000
MOST_SCANS = 4.0
LEAST_OF_PANDAS = 20.0
MOST_MEGABYTES = 1000.0
MOST_GROWTH = 11.0
"""What ten times the runs may take, of the time of the default size."""


def generate(runs: int, path: Path) -> None:
    """Write so many runs of LangSmith's REST dialect, about 900 bytes each."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(runs // 2):
            trace, call = (str(UUID(int=draw.getrandbits(128))) for _ in range(2))
            start = START + timedelta(milliseconds=2400 * number)
            end = start + timedelta(seconds=draw.lognormvariate(0, 0.6))
            read, written = draw.randint(30, 4000), draw.randint(10, 500)
            common = {
                "session_id": str(UUID(int=1)), "trace_id": trace, "status": "success", "error": None, "tags": ["live"],
                "start_time": f"{start:%Y-%m-%dT%H:%M:%S.%f}", "end_time": f"{end:%Y-%m-%dT%H:%M:%S.%f}",
                "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
                "total_cost": f"{(read * 4 + written * 16) / 1e7:.7f}", "trace_tier": "longlived",
            }  # fmt: skip
            root = {
                "id": trace, "name": "desk", "run_type": "chain", "parent_run_id": None,
                "dotted_order": f"{start:%Y%m%dT%H%M%S%f}Z{trace}",
                "inputs": {"question": f"Where is parcel {number}? It should have been here by now."},
                "outputs": {"answer": "It is on its way and will be there soon, says the carrier. " * 2},
                "extra": {
                    "metadata": {"thread_id": f"c{number // 3}", "user_id": f"u{number % 977}", "intent": "parcel"},
                },
            }  # fmt: skip
            leaf = {
                "id": call, "name": "chat", "run_type": "llm", "parent_run_id": trace,
                "dotted_order": f"{start:%Y%m%dT%H%M%S%f}Z{trace}.{start:%Y%m%dT%H%M%S%f}Z{call}",
                "inputs": {}, "outputs": {}, "prompt_token_details": {"cache_read": read // 2},
                "extra": {"metadata": {"ls_model_name": MODEL, "ls_provider": PROVIDER}},
            }  # fmt: skip
            file.write(json.dumps(root | common) + "\n" + json.dumps(leaf | common) + "\n")


def scan(path: Path) -> int:
    """Read the file's lines as text, and nothing more."""
    with path.open(encoding="utf-8") as file:
        return sum(1 for _ in file)


def ours(path: Path) -> int:
    """Import the file and add it up."""
    return _ours(path)[0]


def _ours(path: Path) -> tuple[int, Numbers]:
    from chatmon import analysis
    from chatmon.importers import open_logs

    with open_logs(path) as logs:
        found = analysis.summary(logs)
        numbers = (
            found.turns, found.conversations, found.users, found.tokens.input_tokens, found.tokens.cached_tokens,
            found.tokens.output_tokens, found.cost, round(found.response_time.p95.value or 0, 6),
            round(found.conversation_length.value or 0, 9),
        )  # fmt: skip
        return logs.report.read, numbers


def with_pandas(path: Path) -> int:
    """Read the file with pandas and work the same numbers out."""
    return _with_pandas(path)[0]


def _with_pandas(path: Path) -> tuple[int, Numbers]:
    """Make the same table, a row for each message with the sums of its model calls, and add it up exactly."""
    import pandas as pd

    runs = pd.read_json(path, lines=True, dtype={"total_cost": str})
    read = len(runs)
    runs = runs.drop_duplicates("id")
    metadata = runs["extra"].map(lambda extra: extra["metadata"])
    for name in ("thread_id", "user_id", "intent", "ls_model_name", "ls_provider"):
        runs[name] = [found.get(name) for found in metadata]
    runs["cached"] = [one.get("cache_read") if isinstance(one, dict) else None for one in runs["prompt_token_details"]]
    runs["cost"] = runs["total_cost"].map(Decimal)
    calls = runs[(runs["run_type"] == "llm") & ~runs["id"].isin(runs["parent_run_id"])]
    of_calls = calls.groupby("trace_id").agg(
        input_tokens=("prompt_tokens", "sum"), output_tokens=("completion_tokens", "sum"), cached=("cached", "sum"),
        cost=("cost", "sum"), model=("ls_model_name", "last"), provider=("ls_provider", "last"),
    )  # fmt: skip
    kept = ["start_time", "end_time", "thread_id", "user_id", "intent", "error"]
    turns = runs[runs["parent_run_id"].isna()].set_index("trace_id")[kept].join(of_calls)
    seconds = (pd.to_datetime(turns["end_time"]) - pd.to_datetime(turns["start_time"])).dt.total_seconds()
    seconds.agg(["mean", "std"])
    p95 = seconds.quantile([0.5, 0.95, 0.99])[0.95]
    turns["error"].value_counts()
    lengths = turns.groupby("thread_id").size()
    numbers = (
        len(turns), turns["thread_id"].nunique(), turns["user_id"].nunique(), int(turns["input_tokens"].sum()),
        int(turns["cached"].sum()), int(turns["output_tokens"].sum()), turns["cost"].sum(), round(float(p95), 6),
        round(float(lengths.mean()), 9),
    )  # fmt: skip
    return read, numbers


def with_polars(path: Path) -> int:
    """Read with polars, lazily, the columns that the main numbers need, costs as floats: a lower bound of its time."""
    pl = importlib.import_module("polars")

    metadata = pl.Struct({"thread_id": pl.String})
    schema = {
        "trace_id": pl.String, "parent_run_id": pl.String, "run_type": pl.String, "start_time": pl.String,
        "end_time": pl.String, "prompt_tokens": pl.Int64, "completion_tokens": pl.Int64, "total_cost": pl.String,
        "extra": pl.Struct({"metadata": metadata}),
    }  # fmt: skip
    runs = pl.scan_ndjson(path, schema=schema).collect()
    calls, roots = runs.filter(pl.col("run_type") == "llm"), runs.filter(pl.col("parent_run_id").is_null())
    calls.group_by("trace_id").agg(pl.col("prompt_tokens", "completion_tokens").sum())
    calls["total_cost"].cast(pl.Float64).sum()
    taken = roots["end_time"].str.to_datetime() - roots["start_time"].str.to_datetime()
    for q in (0.5, 0.95, 0.99):
        taken.dt.total_microseconds().quantile(q)
    roots["extra"].struct.field("metadata").struct.field("thread_id").n_unique()
    return int(runs.height)


LIBRARIES: dict[Callable[[Path], int], tuple[str, ...]] = {
    scan: (),
    ours: ("chatmon.analysis", "chatmon.importers", "duckdb", "scipy.stats", "rich.progress"),
    with_pandas: ("pandas",),
    with_polars: ("polars",),
}
"""What each contender imports before the clock starts."""


def measured(contender: Callable[[Path], int], path: Path, rounds: int = 1) -> tuple[float, float, int]:
    """Return the least seconds of the rounds, peak memory in MB and rows of a contender, each in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        results = [pool.apply(_measure, (contender, path)) for _ in range(rounds)]
    return min(seconds for seconds, _, _ in results), max(peak for _, peak, _ in results), results[0][2]


def _measure(contender: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    for library in LIBRARIES[contender]:
        importlib.import_module(library)
    started = time.perf_counter()
    rows = contender(path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak / (2**20 if sys.platform == "darwin" else 2**10), rows


def verdict(name: str, figure: float, promised: float, *, least: bool = False) -> bool:
    """Print whether a promise is kept, and return it."""
    kept = figure >= promised if least else figure <= promised
    limit = "at least" if least else "at most"
    print(f"{name}: {figure:,.1f}, promised {limit} {promised:,.0f}: {'kept' if kept else 'BROKEN'}")
    return kept


def main() -> int:
    """Print the figures; the exit status is 1 where a promise is broken at the default size or ten times it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[DEFAULT], help="runs to import, in one or more sizes")
    parser.add_argument("--pandas", type=int, default=200_000, help="of them for pandas, which needs more memory")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its go")
    parser.add_argument("--folder", type=Path, help="where the files are made, and used again if they are there")
    chosen = parser.parse_args()
    results: dict[tuple[str, int], tuple[float, float, int]] = {}
    rivals: dict[str, Callable[[Path], int]] = {"pandas": with_pandas}
    if importlib.util.find_spec("polars"):
        rivals["polars"] = with_polars
    else:
        print("polars is not installed, so it is no contender here")
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        for runs in chosen.runs:
            path, part = folder / f"runs-{runs}.jsonl", folder / "part.jsonl"
            if not path.exists():
                generate(runs, path)
            print(f"\n{runs:,} runs, {path.stat().st_size / 1e6:,.0f} MB")
            with path.open(encoding="utf-8") as file, part.open("w", encoding="utf-8") as first:
                first.writelines(islice(file, chosen.pandas))
            for name, contender, what in (
                ("plain scan", scan, path),
                ("open_logs and summary", ours, path),
                *((name, contender, part) for name, contender in rivals.items()),
            ):
                results[name, runs] = seconds, peak, rows = measured(contender, what, chosen.rounds)
                micros = seconds / rows * 1e6
                print(f"{name:<22} {rows:>10,} runs {seconds:8.2f} s {micros:8.2f} us a run {peak:8,.0f} MB at most")
            part.unlink()
    kept = True
    print()
    for runs in chosen.runs:
        seconds, peak, rows = results["open_logs and summary", runs]
        each = {name: result[0] / result[2] for (name, size), result in results.items() if size == runs}
        ratios = (
            verdict(f"{runs:,} runs, times a plain scan", seconds / results["plain scan", runs][0], MOST_SCANS),
            verdict("times as fast as pandas a run", each["pandas"] * rows / seconds, LEAST_OF_PANDAS, least=True),
            verdict("MB at most", peak, MOST_MEGABYTES),
        )
        kept &= all(ratios) or runs != DEFAULT
    if DEFAULT in chosen.runs and 10 * DEFAULT in chosen.runs:
        small, large = (results["open_logs and summary", size] for size in (DEFAULT, 10 * DEFAULT))
        kept &= verdict("ten times the runs, times the time", large[0] / small[0], MOST_GROWTH)
        kept &= verdict("ten times the runs, MB at most", large[1], MOST_MEGABYTES)
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
