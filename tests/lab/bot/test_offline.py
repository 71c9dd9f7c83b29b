from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from chatmon.lab.bot import offline
from chatmon.lab.bot._knowledge import KnowledgeBase
from chatmon.lab.bot.offline import Answer, Question
from chatmon.live.clock import ManualClock

ASKED = [
    Question("due", "When is my bill due?", "Your bill is due on the 5th.", [["5th"]]),
    Question("price", "What does Basic cost?", "Basic costs 29 euros.", [["29 euros"]]),
    Question("noon", "When do you close?", "We close at noon.", [["noon", "12:00"]]),
]


def say(text, prompt_tokens=100, completion_tokens=10):
    return SimpleNamespace(text=text, usage={"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens})


def an_answer(variant, question, completed, *, relevance=0.5, tokens=100):
    return Answer(variant, question, completed, relevance, tokens, 0 if tokens is not None else None, 1.0, "text")


def test_every_variant_answers_every_question_and_is_judged_by_its_facts():
    clock, calls = ManualClock(datetime(2026, 10, 5, tzinfo=UTC)), []

    def ask(variant, question):
        calls.append((variant, question.id))
        clock.advance(0.25)
        return say(question.note if variant == "repeats" else "I do not know.", 90 + len(calls))

    found = offline.answer(["repeats", "refuses"], ASKED, ask, timer=clock.timer)
    assert calls == [(name, one.id) for name in ("repeats", "refuses") for one in ASKED]
    assert [one.completed for one in found] == [True] * 3 + [False] * 3
    assert [one.seconds for one in found] == [0.25] * 6
    assert [one.input_tokens for one in found] == [91, 92, 93, 94, 95, 96]
    assert found[0].relevance > found[3].relevance


def test_what_was_not_reported_is_unknown_and_left_out_of_the_differences():
    found = offline.answer(["a"], ASKED[:1], lambda *_: SimpleNamespace(text="", usage=None))
    assert (found[0].input_tokens, found[0].output_tokens, found[0].relevance) == (None, None, None)
    answers = [an_answer("a", "x", True, tokens=None), an_answer("b", "x", True), an_answer("a", "y", True)]
    (pairs,) = offline.compare([*answers, an_answer("b", "y", True, tokens=130)], "a")
    assert (pairs.tokens.n, pairs.tokens.value, pairs.relevance.n) == (1, 30, 2)


def test_an_error_of_a_variant_ends_the_evaluation():
    def ask(variant, question):
        raise ConnectionError("the model hung up")

    with pytest.raises(ConnectionError, match="hung up"):
        offline.answer(["a"], ASKED, ask)


def test_a_name_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match=r"variants .* name one twice"):
        offline.answer(["a", "a"], ASKED, lambda *_: say(""))
    with pytest.raises(ValueError, match=r"questions .* name one twice"):
        offline.answer(["a"], [ASKED[0], ASKED[0]], lambda *_: say(""))


@examples(40)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_pairs_are_counted_and_tested_as_statsmodels_does(outcomes):
    answers = [
        an_answer(variant, str(place), completed)
        for place, pair in enumerate(outcomes)
        for variant, completed in zip("ab", pair, strict=True)
    ]
    (pairs,) = offline.compare(answers, "a")
    square = [[pairs.both, pairs.lost], [pairs.won, pairs.neither]]
    assert np.sum(square) == pairs.questions == len(outcomes)
    assert pairs.won == sum(new and not old for old, new in outcomes)
    assert pairs.lost == sum(old and not new for old, new in outcomes)
    assert pairs.p == pytest.approx(mcnemar(square, exact=True).pvalue)


def test_a_difference_has_the_interval_of_a_paired_t_test():
    random = np.random.default_rng(1)
    old, new = random.random(12), random.random(12) + 0.1
    answers = [
        an_answer(variant, str(place), True, relevance=float(value))
        for variant, values in (("a", old), ("b", new))
        for place, value in enumerate(values)
    ]
    (pairs,) = offline.compare(answers, "a")
    theirs = stats.ttest_rel(new, old).confidence_interval()
    assert (pairs.relevance.low, pairs.relevance.high) == pytest.approx((theirs.low, theirs.high))


def test_answers_that_cannot_be_paired_are_refused():
    answers = [an_answer("a", "x", True), an_answer("b", "y", True)]
    with pytest.raises(ValueError, match="different questions \\(x, y\\)"):
        offline.compare(answers, "a")
    with pytest.raises(ValueError, match="control 'c' has no answers"):
        offline.compare(answers, "c")


@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.01, 0.5])
def test_the_fewest_wins_are_those_that_half_and_half_hardly_ever_gives(alpha):
    number = offline.fewest(alpha)
    assert 2 * 0.5**number < alpha <= 2 * 0.5 ** (number - 1)


def test_an_impossible_level_or_step_is_refused():
    with pytest.raises(ValueError, match="alpha \\(1\\)"):
        offline.fewest(1)
    with pytest.raises(ValueError, match="every \\(0\\)"):
        offline.questions(KnowledgeBase.load(), every=0)


def test_each_entry_of_the_knowledge_base_is_asked_once_in_a_user_s_words():
    base = KnowledgeBase.load()
    asked = offline.questions(base)
    assert [one.id for one in asked] == [entry.id for entry in base.entries]
    assert offline.questions(base, every=2) == asked[::2]
    assert all(one.text in entry.phrasings for one, entry in zip(asked, base.entries, strict=True) if entry.phrasings)
    replies = offline.answer(["right"], asked[:8], lambda _, question: say(question.note))
    assert all(one.completed for one in replies)


def test_the_table_has_a_row_for_each_variant_in_their_order():
    answers = [an_answer("b", "x", True), an_answer("b", "y", False), an_answer("a", "x", True, tokens=None)]
    found = offline.table(answers)
    assert list(found.index) == ["b", "a"]
    assert found.loc["b", "completed"] == 0.5
    assert np.isnan(found.loc["a", "input_tokens"])
