from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatmon._tools.paths import REPO
from chatmon.analysis.findings import findings
from chatmon.analysis.search.part import part_of
from chatmon.analysis.source import query
from chatmon.optimizer import recommend
from chatmon.turns import Turn

FOUR_WEEKS = REPO / "data" / "four_weeks.parquet"
MOST = 8_000
MONDAY = datetime(2026, 10, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def part():
    return part_of(FOUR_WEEKS, MOST)


@pytest.fixture(scope="module")
def whole_and_part():
    return recommend(FOUR_WEEKS), recommend(FOUR_WEEKS, most=MOST)


def test_a_short_log_is_read_whole():
    part = part_of(FOUR_WEEKS)
    assert (part.number, part.among, part.times, part.said) == (19_969, 19_969, 1.0, "")
    assert part.times_of("model = 'gpt-5'") == 1.0


def test_of_a_long_log_whole_conversations_are_drawn_about_as_many_as_asked_for(part):
    assert part.number == pytest.approx(MOST, rel=0.05)
    assert part.said == "7,879 of 19,969 turns: those of conversations drawn by chance"
    cut = """SELECT count(*) FROM (SELECT conversation_id, count(*) AS own FROM turns GROUP BY 1) AS part
        JOIN (SELECT conversation_id, count(*) AS every FROM '{}' GROUP BY 1) AS whole USING (conversation_id)
        WHERE own < every"""
    assert query(part.turns, cut.format(FOUR_WEEKS)) == [(0,)]


def test_the_same_conversations_are_drawn_every_time(part):
    ids = "SELECT turn_id FROM turns ORDER BY 1"
    assert query(part.turns, ids) == query(part_of(FOUR_WEEKS, MOST).turns, ids)


def test_sums_are_made_whole_by_the_turns_that_a_slice_really_has(part):
    condition = "model = 'gpt-5'"
    own, every = (
        query(source, f"SELECT count(*) FROM turns WHERE {condition}")[0][0] for source in (part.turns, part.whole)
    )
    assert part.times_of(condition) == every / own != part.times
    assert part.times_of("model = 'nobody'") == part.times


def test_changes_of_a_part_say_that_it_is_one():
    found = findings(FOUR_WEEKS, most=MOST)
    assert all(
        ("looked for in", "7,879 of 19,969 turns: those of conversations drawn by chance") in one.evidence
        for one in found
        if one.kind == "change"
    )
    whole = {one.title for one in findings(FOUR_WEEKS) if one.kind != "change"}
    assert {one.title for one in found if one.kind != "change"} == whole  # how things are is counted in all turns


def test_what_a_part_advises_all_turns_advise_and_savings_agree(whole_and_part):
    whole, part = ({(one.kind, one.where): one for one in found} for found in whole_and_part)
    both = {("bloated_prompt", "prompt_version v3"), ("uncached_prefix", "channel app"), ("price_rise", "model gpt-5")}
    assert both <= whole.keys() & part.keys()
    for one in both:
        truth, estimate = (found[one].saving["usd"] for found in (whole, part))
        assert estimate.low <= truth.value <= estimate.high
        assert part[one].evidence[-1][0] == "estimated from"


def repeated(n):
    """Conversations of one question each, every tenth of them the same."""
    return [
        Turn(
            turn_id=f"t{i}", conversation_id=f"c{i}", user_id=f"u{i % 97}", model="m", input_tokens=10, output_tokens=5,
            timestamp=MONDAY + timedelta(seconds=20 * i), response_time=1.0, cost=Decimal("0.01"),
            question=f"How do I reset number {i % (n // 10)}?", answer=f"Press it {i % (n // 10)} times.",
        )
        for i in range(n)
    ]  # fmt: skip


def test_questions_are_drawn_with_all_their_repetitions():
    turns = repeated(4_000)
    whole, part = (
        next(one for one in recommend(turns, most=most) if one.kind == "repeated_questions") for most in (10_000, 1_000)
    )
    assert whole.saving["usd"].value == pytest.approx(36.0)  # nine of ten questions, a cent each
    assert part.saving["usd"].value == pytest.approx(36.0, rel=0.15)
    assert part.title == whole.title
