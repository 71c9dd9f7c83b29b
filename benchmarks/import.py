"""What an import costs: ``open_logs`` and a summary of LangSmith runs, against a plain scan of the file's lines.

The file is made in a scratch folder: half the runs are roots, half their model calls. Rivals read the same file:
Python's own loop over its lines as text, and, on the first part of it, pandas' ``read_json(lines=True)`` with the same
aggregates. Each contender runs in a process of its own, so that its peak memory is its own.

    python benchmarks/import.py [--runs 1000000] [--pandas 100000]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 10, 1, tzinfo=UTC)
MODEL, PROVIDER = "a-model", "a-provider"


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
    from chatmon import analysis
    from chatmon.importers import open_logs

    with open_logs(path) as logs:
        analysis.summary(logs)
        return logs.report.read


def with_pandas(path: Path) -> int:
    """Read the file with pandas and work the same numbers out."""
    import pandas as pd

    runs = pd.read_json(path, lines=True, dtype={"total_cost": str})
    calls, roots = runs[runs["run_type"] == "llm"], runs[runs["parent_run_id"].isna()]
    calls.groupby("trace_id")[["prompt_tokens", "completion_tokens"]].sum()
    pd.to_numeric(calls["total_cost"]).sum()
    seconds = (pd.to_datetime(roots["end_time"]) - pd.to_datetime(roots["start_time"])).dt.total_seconds()
    seconds.quantile([0.5, 0.95, 0.99])
    roots["extra"].map(lambda extra: extra["metadata"]["thread_id"]).nunique()
    return len(runs)


def measured(contender: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    """Return seconds, peak memory in MB and rows of a contender, run in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (contender, path))


def _measure(contender: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    started = time.perf_counter()
    rows = contender(path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak / (2**20 if sys.platform == "darwin" else 2**10), rows


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000_000, help="runs to import")
    parser.add_argument("--pandas", type=int, default=100_000, help="of them for pandas, which needs more")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, part = Path(folder, "runs.jsonl"), Path(folder, "part.jsonl")
        generate(chosen.runs, path)
        with path.open(encoding="utf-8") as file:
            part.write_text("".join(islice(file, chosen.pandas)), encoding="utf-8")
        print(f"{chosen.runs:,} runs, {path.stat().st_size / 1e6:,.0f} MB")
        results = {
            "plain scan": measured(scan, path),
            "open_logs and summary": measured(ours, path),
            "pandas": measured(with_pandas, part),
        }
    for name, (seconds, peak, rows) in results.items():
        print(
            f"{name:<22} {rows:>10,} runs {seconds:8.2f} s {seconds / rows * 1e6:8.2f} us a run {peak:8,.0f} MB at most"
        )
    each = {name: seconds / rows for name, (seconds, _, rows) in results.items()}
    mine = each["open_logs and summary"]
    print(f"{mine / each['plain scan']:.1f} times a plain scan; pandas takes {each['pandas'] / mine:.0f} times as long")


if __name__ == "__main__":
    main()
