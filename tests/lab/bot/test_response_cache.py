"""The cache of answers: what counts as the same question, how long it lives, how many it keeps."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.embeddings import embed
from chatmon.lab.bot.response_cache import ResponseCache, normalised

DUE = "When is my bill due?"


class Timer:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.mark.parametrize("text", ["when is my bill due", " When is\nMY bill  due?! ", "When is my bill due？"])
def test_letter_case_white_space_and_the_marks_at_the_end_make_no_difference(text: str) -> None:
    cache = ResponseCache(ttl=10)
    cache.put(DUE, "s", "On the 5th.", "t1")
    served = cache.get(text, "s")
    assert served is not None
    assert (served.answer, served.turn_id, served.similarity) == ("On the 5th.", "t1", 1.0)


def test_a_question_of_nothing_but_marks_stays_what_it_is() -> None:
    assert (normalised("?"), normalised("!!")) == ("?", "!!")


def test_other_words_are_another_question_unless_a_threshold_is_given() -> None:
    cache = ResponseCache(ttl=10)
    cache.put(DUE, "s", "On the 5th.", "t1")
    assert cache.get("When is my bill due, please?", "s") is None


def test_with_a_threshold_the_nearest_question_within_it_is_served() -> None:
    cache = ResponseCache(ttl=10, threshold=0.5)
    asked = ["How can I pay my bill?", "When is my next bill due?", "How do I move house?"]
    for number, text in enumerate(asked):
        cache.put(text, "s", f"answer {number}", f"t{number}")
    served = cache.get(DUE, "s")
    cosines = embed([normalised(text) for text in asked]) @ embed([normalised(DUE)])[0]
    assert served is not None
    assert served.answer == f"answer {cosines.argmax()}" == "answer 1"
    assert served.similarity == pytest.approx(float(cosines.max()))
    assert cache.get("Is there a discount for students?", "s") is None


def test_questions_with_other_numbers_are_never_the_same() -> None:
    cache = ResponseCache(ttl=10, threshold=0.1)
    cache.put("Is the fee 30 euros?", "s", "Yes.", "t1")
    assert cache.get("Is the fee 50 euros?", "s") is None
    assert cache.get("Is the charge 30 euros?", "s") is not None


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_what_else_the_answer_depends_on_must_be_the_same(threshold: float | None) -> None:
    cache = ResponseCache(ttl=10, threshold=threshold)
    cache.put(DUE, ("v2", ()), "On the 5th.", "t1")
    assert cache.get(DUE, ("v3", ())) is None
    assert cache.get(DUE, ("v2", (("Hello", "Hi"),))) is None


@pytest.mark.parametrize("threshold", [None, 0.5])
@pytest.mark.parametrize(("age", "fresh"), [(9.5, True), (10.0, False)])
def test_an_answer_is_served_until_its_time_is_over(
    timer: Timer, threshold: float | None, age: float, fresh: bool
) -> None:
    cache = ResponseCache(ttl=10, threshold=threshold, timer=timer)
    cache.put(DUE, "s", "On the 5th.", "t1")
    timer.now = age
    served = cache.get(DUE, "s")
    assert (served is not None) is fresh
    assert served is None or served.age == age


def test_a_new_answer_replaces_the_old_one_and_its_age(timer: Timer) -> None:
    cache = ResponseCache(ttl=10, timer=timer)
    cache.put(DUE, "s", "On the 5th.", "t1")
    timer.now = 8.0
    cache.put(DUE, "s", "On the 6th.", "t2")
    timer.now = 12.0
    served = cache.get(DUE, "s")
    assert served is not None
    assert (served.answer, served.turn_id, served.age, len(cache)) == ("On the 6th.", "t2", 4.0, 1)


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = ResponseCache(ttl=10, capacity=2)
    for text in ("a", "b"):
        cache.put(text, "s", text, text)
    cache.get("a", "s")
    cache.put("c", "s", "c", "c")
    assert [cache.get(text, "s") is not None for text in ("a", "b", "c")] == [True, False, True]


def test_an_answer_written_again_counts_as_used() -> None:
    cache = ResponseCache(ttl=10, capacity=2)
    for text in ("a", "b", "a", "c"):
        cache.put(text, "s", text, text)
    assert [cache.get(text, "s") is not None for text in ("a", "b", "c")] == [True, False, True]


@examples(50)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from("pg"), st.sampled_from("abcdef"), st.sampled_from("xy"), st.integers(0, 4))),
)
def test_only_the_latest_answer_in_time_to_the_same_question_is_ever_served(capacity: int, steps: list[Any]) -> None:
    timer = Timer()
    cache = ResponseCache(ttl=6, capacity=capacity, timer=timer)
    latest: dict[tuple[str, str], tuple[str, float]] = {}
    used: list[tuple[str, str]] = []
    for number, (step, text, scope, pause) in enumerate(steps):
        timer.now += pause
        key = (scope, text)
        if step == "p":
            cache.put(text, scope, str(number), "t")
            latest[key] = (str(number), timer.now)
        served = cache.get(text, scope)
        in_time = key in latest and timer.now - latest[key][1] < 6
        expected = latest[key][0] if in_time and (step == "p" or key in used[-capacity:]) else None
        assert (None if served is None else served.answer) == expected
        if step == "p" or served is not None:
            used = [*(one for one in used if one != key), key]
        assert len(cache) <= capacity


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"ttl": 0}, r"ttl \(0\) must be above 0"),
        ({"ttl": math.inf}, r"ttl \(inf\)"),
        ({"ttl": 1, "capacity": 0}, r"capacity \(0\) must be at least 1"),
        ({"ttl": 1, "threshold": 0}, r"threshold \(0\) must be above 0"),
        ({"ttl": 1, "threshold": 1.1}, r"threshold \(1.1\)"),
        ({"ttl": 1, "threshold": math.nan}, r"threshold \(nan\)"),
    ],
)
def test_impossible_limits_are_refused(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResponseCache(**limits)
