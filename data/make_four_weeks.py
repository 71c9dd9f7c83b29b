"""Make the four weeks of the support desk: ``python data/make_four_weeks.py``.

From one seed, 28 days from Monday 2026-10-05 (UTC). Nothing is planted in the first week; what is planted in the others
stands in ``PLAN``. It writes the same turns four times: as the table of turns, and as exports of LangSmith, Langfuse
and OpenTelemetry, beside the truth. The same seed gives the same turns.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import export_writers
import pyarrow.parquet as pq

from chatmon import turns
from chatmon.lab import DATA, course_models
from chatmon.lab.traffic import Problem, simulate

SEED = 20261005
START = datetime(2026, 10, 5, tzinfo=UTC)
DAYS = 28
PLAN = (
    "latency_step:channel=app@2026-10-13T09:00/2026-10-15T09:00",
    "error_burst:region=france@2026-10-15T14:00",
    "retry_storm:region=germany@2026-10-16T10:00/2026-10-18T10:00",
    "prompt_bloat:prompt_version=v3@2026-10-19T08:00/2026-10-26T08:00",
    "uncached_prefix:channel=app@2026-10-20T08:00/2026-10-24T08:00",
    "abandonment:region=france@2026-10-21T08:00/2026-10-25T08:00",
    "overpowered_model:intent=account@2026-10-26T08:00",
    "quality_drop:intent=router@2026-10-27T08:00",
    f"price_change:model={course_models().desk.reasoning}@2026-10-29",
)
BATCH = 512
"""Spans in one envelope of the collector."""


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DATA, help="the folder to write to")
    folder = parser.parse_args().output
    made = simulate(SEED, start=START, days=DAYS, problems=[Problem.parse(text) for text in PLAN])
    pq.write_table(made.turns, folder / "four_weeks.parquet", compression="zstd", compression_level=15)
    (folder / "four_weeks_truth.json").write_text(made.truth.to_json(), encoding="utf-8")
    rows = turns.from_arrow(made.turns)
    export_writers.write_lines(export_writers.langsmith_runs(rows), folder / "four_weeks_langsmith.jsonl.gz")
    export_writers.write_lines(export_writers.langfuse_observations(rows), folder / "four_weeks_langfuse.jsonl.gz")
    export_writers.write_lines(export_writers.otlp_envelopes(rows, batch=BATCH), folder / "four_weeks_otlp.jsonl.gz")
    for path in sorted(folder.glob("four_weeks*")):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
