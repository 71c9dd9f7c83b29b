"""What a format has no place for is what the guide says: read back from OTLP by ``open_logs``, and from its lines."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chatmon._tools.paths import REPO
from chatmon.connect.exporters import write_influx, write_otlp
from chatmon.importers import open_logs
from chatmon.turns import COLUMNS, Turn, from_frame

ANSWERED = Turn(
    turn_id="01890a5dac96774bbcceb302099a8057", conversation_id="c1", user_id="u1", response_time=1.5,
    timestamp=datetime(2026, 10, 5, 9, 0, 0, 123456, tzinfo=UTC), time_to_first_token=0.25, provider="openai",
    model="gpt-4.1", input_tokens=100, cached_tokens=40, cache_write_tokens=10, output_tokens=30, reasoning_tokens=5,
    usage_details={"input_audio_tokens": 7, "service_tier": "flex"}, usage_source="estimated", cost=Decimal("0.0123"),
    price_source="our contract", finish_reason="stop", attempts=3, intent="billing", context_relevance=0.5,
    user_satisfaction=4.0, task_completed=True, prompt_version="v2", variant="a", experiment="e1", region="eu",
    channel="app", attributes={"team": "north"}, question="Where is my bill?", answer="Here.",
)  # fmt: skip
FAILED = replace(
    ANSWERED, turn_id="01890a5dac96774bbcceb302099a8058", error_type="Timeout", error_message="too late", answer=None
)


@pytest.fixture(scope="module")
def said():
    """Format to the columns that the guide says it leaves out."""
    guide = (REPO / "docs" / "my_export.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", guide, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", columns)) for name, columns in rows}


def test_a_turn_there_and_back_by_otlp_lacks_what_the_guide_says(tmp_path, said):
    write_otlp([ANSWERED, FAILED], tmp_path / "turns.jsonl")
    with open_logs(tmp_path / "turns.jsonl", content=True) as logs:
        back = from_frame(logs.frame())
    assert len(back) == 2
    kept = {
        name
        for name in COLUMNS
        for one, again in zip((ANSWERED, FAILED), sorted(back, key=lambda turn: turn.turn_id), strict=True)
        if getattr(one, name) and getattr(one, name) == getattr(again, name)
    }
    assert set(COLUMNS) - kept == said["otlp"]


def test_a_point_of_influx_lacks_what_the_guide_says(tmp_path, said):
    write_influx([ANSWERED, FAILED], tmp_path / "points.lp")
    _, failed = (tmp_path / "points.lp").read_text(encoding="utf-8").splitlines()
    named = {name for name in COLUMNS if re.search(rf"[, ]{name}=", failed)}
    assert failed.rpartition(" ")[2].startswith("1791190800123456")
    assert set(COLUMNS) - named - {"timestamp"} == said["influx"]
