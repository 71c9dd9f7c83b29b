"""After a check, the names of the lesson mean what the lesson gave them, whatever the answer used them for."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.course._scope import Scope, set_in

ANSWERED = "check('1.1', answer)"


@pytest.fixture
def names() -> dict[str, Any]:
    return {"check": lambda *given: None, "hint": print, "hour": "turns of an hour", "limit": 2}


@pytest.fixture
def run(names: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    scope = Scope(names)

    def run(*cells: str) -> dict[str, Any]:
        for cell in cells:
            scope.before(cell)
            exec(cell, names)
            scope.after()
        return names

    return run


def test_a_name_that_an_answer_took_is_the_lessons_again(run: Callable[..., dict[str, Any]]) -> None:
    after = run("hour = 14\nanswer = 2 * hour", ANSWERED)
    assert after["hour"] == "turns of an hour"
    assert after["answer"] == 28


def test_an_answer_keeps_its_names_until_it_is_checked(run: Callable[..., dict[str, Any]]) -> None:
    assert run("hour = 14\nanswer = 2 * hour", "hour += 1")["hour"] == 15


def test_a_second_try_does_not_make_the_first_ones_names_the_lessons(run: Callable[..., dict[str, Any]]) -> None:
    assert run("hour = 14\nanswer = 1", "hour = 15\nanswer = 2", ANSWERED)["hour"] == "turns of an hour"


def test_a_cell_between_an_answer_and_its_check_belongs_to_the_answer(run: Callable[..., dict[str, Any]]) -> None:
    assert run("answer = 1", "hour = 15", ANSWERED)["hour"] == "turns of an hour"


def test_what_a_cell_before_the_answer_sets_stays(run: Callable[..., dict[str, Any]]) -> None:
    assert run("limit = 3", "answer = limit", ANSWERED)["limit"] == 3


def test_what_the_lesson_sets_after_an_answer_that_nobody_checked_stays(run: Callable[..., dict[str, Any]]) -> None:
    after = run("hour = 14\nanswer = 1", "hour = 'the next hour'", "answer = 2", ANSWERED)
    assert after["hour"] == "the next hour"


def test_an_answer_may_take_the_names_of_the_check_itself(run: Callable[..., dict[str, Any]]) -> None:
    assert run("check = hint = 5\nanswer = 1", ANSWERED)["hint"] is print


def test_a_functions_helpers_are_there_while_it_is_judged(names: dict[str, Any]) -> None:
    judged = []
    names["check"] = lambda number, answer: judged.append(answer(5))
    scope = Scope(names)
    for cell in ("limit = 4\ndef above(x):\n    return x > limit", "check('1.1', above)"):
        scope.before(cell)
        exec(cell, names)
        scope.after()
    assert (judged, names["limit"]) == ([True], 2)


def test_names_that_are_new_stay_with_the_learner(run: Callable[..., dict[str, Any]]) -> None:
    assert run("mine = 3\nanswer = mine", ANSWERED)["mine"] == 3


def test_a_check_that_fails_gives_the_names_back_too(run: Callable[..., dict[str, Any]]) -> None:
    run("hour = 14\nanswer = 1", ANSWERED)
    assert run("hour = 15\nanswer = 2", ANSWERED, ANSWERED)["hour"] == "turns of an hour"


def test_a_cell_that_is_no_python_is_left_alone(names: dict[str, Any]) -> None:
    scope = Scope(names)
    scope.before("%time hour = 3")
    scope.before(ANSWERED)
    scope.after()
    assert names["hour"] == "turns of an hour"


@examples(100)
@given(st.lists(st.sampled_from("abcde"), unique=True), st.lists(st.sampled_from("abcde"), min_size=1, max_size=5))
def test_whatever_names_an_answer_takes_the_lessons_come_back(lesson: list[str], taken: list[str]) -> None:
    names: dict[str, Any] = {name: f"lesson's {name}" for name in lesson} | {"check": lambda *given: None}
    before = dict(names)
    scope = Scope(names)
    for cell in ("\n".join([*(f"{name} = 0" for name in taken), "answer = 1"]), ANSWERED):
        scope.before(cell)
        exec(cell, names)
        scope.after()
    assert before.items() <= names.items()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = b = 1", {"a", "b"}),
        ("for i, (j, *k) in x: pass", {"i", "j", "k"}),
        ("with open(f) as g: pass", {"g"}),
        ("import numpy as np, os.path", {"np", "os"}),
        ("def f(x): y = x", {"f", "y"}),
        ("if (n := 3): pass", {"n"}),
        ("try: pass\nexcept E as e: pass", {"e"}),
        ("a.b = 1; c[0] = 2; a += 1", {"a"}),
        ("del z", {"z"}),
        ("class C: pass", {"C"}),
        ("answer = (", set()),
    ],
)
def test_every_way_to_set_a_name_is_seen(code: str, names: set[str]) -> None:
    assert set_in(code) == names
