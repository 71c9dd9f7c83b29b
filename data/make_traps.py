"""Make the traps of lesson 11: ``python data/make_traps.py``.

One hour of the four weeks as other tools write it, each file with a trap that its tool really sets: ids in base64, a
latency in milliseconds, cells escaped twice, broken lines, a download that broke off, and times of an unnamed zone.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import export_writers

from chatmon.lab import DATA, data_file
from chatmon.turns import read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatmon.turns import Turn

HOUR = datetime(2026, 10, 15, 14, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PROXY = "<html><body><h1>502 Bad Gateway</h1></body></html>"
COLUMN_MAP = """\
# Which column of desk.csv is which column of turns; every other column is left out.

[columns]
timestamp = "time"
conversation_id = "chat"
user_id = "customer"
region = "country"
intent = "topic"
model = "model"
input_tokens = "tokens_in"
cached_tokens = "tokens_cached"
output_tokens = "tokens_out"
cost = "price"
error_type = "error"
response_time = { column = "took_ms", unit = "ms" }
"""


def otlp(turns: Iterable[Turn]) -> Iterator[dict[str, Any]]:
    """Yield OpenTelemetry envelopes as protobuf's own JSON has them: base64 ids, named codes, and no cost."""

    def identify(text: str) -> str:
        return base64.b64encode(bytes.fromhex(text)).decode()

    named = ("STATUS_CODE_UNSET", "STATUS_CODE_ERROR")
    for envelope in export_writers.otlp_envelopes(turns, batch=1000, identify=identify, code=named):
        for span in envelope["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            span["attributes"] = [pair for pair in span["attributes"] if pair["key"] != "gen_ai.usage.cost"]
        yield envelope


def langfuse(turns: Iterable[Turn]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one of Langfuse's older export jobs, which write the latency in milliseconds."""
    for row in export_writers.langfuse_observations(turns):
        yield row | {"latency": round(row["latency"] * 1000)}


def helicone(turns: Iterable[Turn]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the CSV of Helicone's command line: no latency, objects with their quotes escaped twice.

    Helicone counts what came from the cache, and reasoning, apart, and this CSV has no column for either.
    """
    for turn in turns:
        properties = {"Helicone-Session-Id": turn.conversation_id, "intent": turn.intent, "region": turn.region}
        yield {
            "response_id": f"r-{turn.turn_id}",
            "response_created_at": _zulu(turn.timestamp + timedelta(seconds=turn.response_time or 0)),
            "response_status": {None: 200, "RateLimitError": 429}.get(turn.error_type, 500),
            "request_created_at": _zulu(turn.timestamp), "request_body": "",
            "request_properties": json.dumps(properties).replace('"', '""'), "request_user_id": turn.user_id,
            "model": turn.model, "prompt_tokens": _without(turn.input_tokens, turn.cached_tokens),
            "completion_tokens": _without(turn.output_tokens, turn.reasoning_tokens),
            "latency": None, "cost": turn.cost and f"{turn.cost:f}",
        }  # fmt: skip


def _without(whole: int | None, part: int | None) -> int | None:
    return None if whole is None else whole - (part or 0)


def openai_stored(turns: Iterable[Turn]) -> dict[str, Any]:
    """Return OpenAI's list of stored completions: made in a whole second, no duration, and no request that failed."""
    stored = [
        {
            "object": "chat.completion", "id": f"chatcmpl-{turn.turn_id[:8]}", "model": turn.model,
            "created": int(turn.timestamp.timestamp()), "choices": [{"index": 0, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
                "prompt_tokens_details": {"cached_tokens": turn.cached_tokens},
                "completion_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
            },
        }
        for turn in turns
        if turn.error_type is None
    ]  # fmt: skip
    return {"object": "list", "data": stored, "has_more": False}


def broken(turns: Iterable[Turn]) -> Iterator[str]:
    """Yield LangSmith's runs as lines of which some are spoilt, each in a way of its own, and some come twice."""
    lines = [json.dumps(run, separators=(",", ":")) for run in export_writers.langsmith_runs(turns)]
    calls = [place for place, line in enumerate(lines) if '"run_type":"llm"' in line and '"cache_read"' in line]
    cut, impossible, unread, reversed_ = (calls[len(calls) * n // 5] for n in (1, 2, 3, 4))
    lines[cut] = lines[cut][:200]
    lines[impossible] = lines[impossible].replace('"cache_read":', '"cache_read":9')
    run = json.loads(lines[unread])
    lines[unread] = json.dumps(run | {"prompt_tokens": "n/a"}, separators=(",", ":"))
    run = json.loads(lines[reversed_])
    ends = {"start_time": run["end_time"], "end_time": run["start_time"]}
    lines[reversed_] = json.dumps(run | ends, separators=(",", ":"))
    yield from [*lines[:100], PROXY, *lines[100:], *lines[-10:]]


def desk(turns: Iterable[Turn]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table of somebody's own: its own names, milliseconds, and Berlin's clock unsaid."""
    for turn in turns:
        yield {
            "time": f"{turn.timestamp.astimezone(BERLIN):%Y-%m-%d %H:%M:%S.%f}"[:-3], "chat": turn.conversation_id,
            "customer": turn.user_id, "country": turn.region, "topic": turn.intent, "model": turn.model,
            "tokens_in": turn.input_tokens, "tokens_cached": turn.cached_tokens, "tokens_out": turn.output_tokens,
            "took_ms": round((turn.response_time or 0) * 1000), "price": turn.cost and f"{turn.cost:f}",
            "error": turn.error_type, "agent": "desk-2",
        }  # fmt: skip


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DATA / "traps", help="the folder to write to")
    folder = parser.parse_args().output
    folder.mkdir(exist_ok=True)
    all_turns = read_parquet(data_file("four_weeks.parquet"))
    hour = [turn for turn in all_turns if HOUR <= turn.timestamp < HOUR + timedelta(hours=1)]
    day = [turn for turn in all_turns if turn.timestamp.astimezone(BERLIN).date() == HOUR.date()]
    export_writers.write_lines(otlp(hour), folder / "otlp_base64.jsonl.gz")
    export_writers.write_lines([openai_stored(hour)], folder / "openai_stored.json")
    export_writers.write_lines(export_writers.langsmith_runs(hour), folder / "langsmith_cut.jsonl.gz")
    whole = (folder / "langsmith_cut.jsonl.gz").read_bytes()
    (folder / "langsmith_cut.jsonl.gz").write_bytes(whole[: len(whole) * 3 // 5])
    (folder / "langsmith_broken.jsonl").write_bytes("".join(f"{line}\n" for line in broken(hour)).encode())
    _write_csv(langfuse(hour), folder / "langfuse_milliseconds.csv")
    _write_csv(helicone(hour), folder / "helicone.csv")
    _write_csv(desk(day), folder / "desk.csv")
    (folder / "desk.toml").write_bytes(COLUMN_MAP.encode())
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def _write_csv(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    flat = [{name: _cell(value) for name, value in row.items()} for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(flat[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)


def _cell(value: Any) -> Any:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else value


def _zulu(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


if __name__ == "__main__":
    main()
