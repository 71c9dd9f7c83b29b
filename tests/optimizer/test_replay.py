from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.bot.response_cache import ResponseCache
from chatmon.optimizer import replay_cache
from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
WORDINGS = [
    "Where is my bill?", "where is  my bill", "Where is my bill, please?", "Where do I find my bill?",
    "My bill of 30 euros", "My bill of 40 euros", "Cancel my contract", "I want to cancel my contract!",
]  # fmt: skip


def turn(place, at, question, answer, model="small"):
    return Turn(
        turn_id=f"t{place}",
        conversation_id=f"c{place}",
        user_id=f"u{place % 7}",
        timestamp=MONDAY + timedelta(seconds=at),
        response_time=1.0,
        cost=Decimal("0.01"),
        output_tokens=10,
        model=model,
        question=question,
        answer=answer,
    )


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from(WORDINGS), st.sampled_from("ab"), st.sampled_from("xy"))),
    st.sampled_from([None, 0.5, 0.7, 0.9]),
)
@examples(60)
def test_a_replay_serves_what_the_bots_own_cache_serves(asked, threshold):
    now, at, turns = [0.0], 0, []
    cache = ResponseCache(ttl=600, threshold=threshold, timer=lambda: now[0])
    served = agreed = 0
    for place, (gap, question, answer, model) in enumerate(asked):
        at += gap + 1
        now[0] = at
        turns.append(turn(place, at, question, answer, model))
        found = cache.get(question, model)
        if found is None:
            cache.put(question, model, answer, f"t{place}")
        else:
            served += 1
            agreed += found.answer == answer
    replay = replay_cache(turns, kept=600, threshold=threshold)
    assert (replay.asked, replay.repeated, replay.agreed) == (len(asked), served, agreed)
    assert sum(replay.usd) == pytest.approx(0.01 * agreed)
    assert sum(replay.seconds) == pytest.approx(agreed)


def test_an_answer_is_as_old_as_when_it_was_written_however_often_it_is_served():
    turns = [turn(place, 400 * place, "Where is my bill?", "Here.") for place in range(4)]
    assert replay_cache(turns, kept=600).repeated == 2


def test_words_that_mean_the_same_count_only_above_the_threshold_and_never_with_other_numbers():
    def hits(first, second, threshold):
        return replay_cache([turn(0, 0, first, "a"), turn(1, 1, second, "a")], threshold=threshold).repeated

    assert hits(WORDINGS[0], WORDINGS[2], 0.7) == 1
    assert hits(WORDINGS[0], WORDINGS[6], 0.7) == 0
    assert hits(WORDINGS[4], WORDINGS[5], 0.7) == 0
    assert replay_cache([turn(0, 0, *WORDINGS[:2]), turn(1, 1, *WORDINGS[:2])]).wordings == 1


def test_an_impossible_threshold_is_refused():
    with pytest.raises(ValueError, match=r"threshold \(1.5\) must be above 0 and at most 1"):
        replay_cache([], threshold=1.5)
