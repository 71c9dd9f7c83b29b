"""The recorded turns are what their card says, and were asked what the seed says."""

import re

import pytest
from record_local_turns import INCIDENT, plan

from chatmon._tools.paths import DATA, data_file
from chatmon.lab.bot._knowledge import KnowledgeBase
from chatmon.quality import context_relevance, task_completed
from chatmon.turns import read_parquet

CARD = (DATA / "README.md").read_text(encoding="utf-8")
TURNS = read_parquet(data_file("local_turns.parquet"))


def stated(pattern):
    return int(re.search(pattern, CARD, re.DOTALL)[1])


def test_the_card_states_the_turns_conversations_and_failures():
    assert len(TURNS) == stated(r"\*\*What it is\.\*\* (\d+) turns of \d+ conversations on Monday")
    assert len({turn.conversation_id for turn in TURNS}) == stated(r"\d+ turns of (\d+) conversations on Monday")
    assert sum(turn.error_type is not None for turn in TURNS) == stated(r"every turn\. (\d+) turns failed")


def test_the_incident_is_where_the_card_says_and_is_no_fluke():
    start, end = INCIDENT
    inside = [turn for turn in TURNS if start <= turn.timestamp < end]
    assert len(inside) == stated(r"the (\d+) turns of that hour")
    failed = sum(turn.error_type is not None for turn in inside)
    assert failed == stated(r"of that hour\s+took\s+what they took, and (\d+)")
    outside = sorted(turn.response_time for turn in TURNS if turn not in inside)
    assert sorted(turn.response_time for turn in inside)[len(inside) // 2] > 4 * outside[len(outside) // 2]


def test_the_questions_and_their_times_are_those_of_the_seed():
    planned = plan()
    assert [turn.question for turn in TURNS] == [message.text for message in planned]
    assert [turn.user_id for turn in TURNS] == [message.user_id for message in planned]
    assert [turn.prompt_version for turn in TURNS] == [message.prompt_version for message in planned]
    late = [(turn.timestamp - message.at).total_seconds() for turn, message in zip(TURNS, planned, strict=True)]
    assert max(map(abs, late)) < 0.001


def test_the_measures_of_quality_are_those_of_the_recorded_texts():
    base = KnowledgeBase.load()
    owners = {way: entry for entry in base.entries for way in (entry.question, *entry.phrasings)}
    mistaken = 0
    for turn in TURNS:
        (hit,) = base.retrieve(turn.question)
        mistaken += hit.entry != owners[turn.question]
        if turn.error_type is None:
            assert turn.task_completed == task_completed(turn.answer, hit.entry.facts), turn.question
            assert turn.context_relevance == pytest.approx(context_relevance(turn.question, turn.answer), abs=1e-4)
    assert mistaken == 0


def test_no_turn_has_a_price_and_every_answered_one_has_its_tokens():
    assert {turn.cost for turn in TURNS} == {None}
    assert all(turn.input_tokens and turn.output_tokens for turn in TURNS if turn.error_type is None)


def test_the_knowledge_base_is_as_the_card_says():
    base = KnowledgeBase.load()
    assert len(base.entries) == stated(r"\*\*What it is\.\*\* (\d+) entries")
    assert len({entry.intent for entry in base.entries}) == stated(r"\d+ entries in (\d+) intents")


def test_the_data_is_small_and_the_card_lists_every_file():
    files = [path for path in DATA.iterdir() if path.suffix not in {".py", ".md"} and path.is_file()]
    assert sum(path.stat().st_size for path in files) < 12_000_000
    assert all(path.name in CARD for path in files)
