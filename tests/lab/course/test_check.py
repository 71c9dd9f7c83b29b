"""What a learner sees: four friendly outcomes, hints, and clear words for a number that does not exist."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import IPython.display
import pandas as pd
import pytest

import chatmon.lab.course
from chatmon.lab.course import check, hint
from chatmon.lab.course._exercises import CheckMessage, Exercise, WrongError, find, grade

LESSON = """
from chatmon.lab.course._exercises import Exercise, WrongError

def judge(answer):
    if answer != 42:
        raise WrongError("that is <not> the answer, `x` is")
    return "It answers everything."

EXERCISES = [Exercise("98.1", ("Think.", "Six by nine."), judge), Exercise("98.2", ("One.", "Two."), judge)]
"""


def double_of_three(answer: Any) -> str:
    if answer(3) != 6:
        raise WrongError("three doubled is six")
    return "Doubling is everywhere."


DOUBLE = Exercise("98.3", ("Add it to itself.", "2 * x"), double_of_three)


@pytest.fixture(autouse=True)
def lesson_98(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_lesson_98.py").write_text(LESSON, encoding="utf-8")
    monkeypatch.setattr(chatmon.lab.course, "__path__", [*chatmon.lab.course.__path__, str(tmp_path)])
    monkeypatch.delitem(__import__("sys").modules, "chatmon.lab.course._lesson_98", raising=False)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[CheckMessage]]:
    shown: list[CheckMessage] = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    return shown


def test_an_untouched_answer_is_not_attempted_yet(seen: list[CheckMessage]) -> None:
    assert check("98.1", ...) is None
    assert str(seen[0]).startswith("Exercise 98.1: not attempted yet. Replace the `...`")


def test_a_right_answer_is_told_why_it_matters(seen: list[CheckMessage]) -> None:
    check("98.1", 42)
    assert str(seen[0]) == "Exercise 98.1: right. It answers everything."


def test_a_wrong_answer_is_given_the_reason(seen: list[CheckMessage]) -> None:
    check("98.1", 41)
    assert str(seen[0]) == "Exercise 98.1: not right yet. that is <not> the answer, `x` is"


def test_the_html_says_the_same_words_and_escapes_them(seen: list[CheckMessage]) -> None:
    check("98.1", 41)
    html = seen[0]._repr_html_()
    assert "that is &lt;not&gt; the answer, <code>x</code> is" in html
    assert 'role="status"' in html
    assert 'aria-hidden="true">✗<' in html


def raises_deep_inside(x: float) -> float:
    def inner(y: float) -> float:
        return y / 0

    return inner(x)


def test_an_error_in_the_answers_own_code_shows_its_type_message_and_line() -> None:
    message = grade(DOUBLE, raises_deep_inside)
    assert message.kind == "error"
    line = raises_deep_inside.__code__.co_firstlineno + 2
    expected = f"your code stopped with ZeroDivisionError: division by zero, at line {line}: `return y / 0`"
    assert str(message) == f"Exercise 98.3: {expected}"


def test_the_line_shown_is_the_learners_even_where_a_library_raised() -> None:
    def parses(x: float) -> Any:
        return pd.to_datetime(f"not a date {x}")

    assert "`return pd.to_datetime(" in str(grade(DOUBLE, parses))


def test_an_answer_that_takes_other_arguments_is_told_so() -> None:
    message = grade(DOUBLE, eval("lambda: 6", {}))
    assert message.kind == "error"
    assert "takes 0 positional arguments but 1 was given" in str(message)
    assert "look at the arguments" in str(message)


def test_an_answer_that_ends_the_program_is_an_error_in_its_code() -> None:
    def leaves(x: float) -> float:
        raise SystemExit("enough")

    message = grade(DOUBLE, leaves)
    assert message.kind == "error"
    assert "your code stopped with SystemExit: enough, at line " in str(message)
    assert '`raise SystemExit("enough")`' in str(message)


def test_whoever_interrupts_an_answer_gets_out_of_it() -> None:
    def waits(x: float) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(DOUBLE, waits)


class Raising:
    def __call__(self, x: float) -> float:
        raise RuntimeError


@pytest.mark.parametrize("answer", [Raising(), int.from_bytes])
def test_any_callable_that_raises_is_an_error_and_not_a_crash(answer: Any) -> None:
    assert grade(DOUBLE, answer).kind == "error"


def test_an_answer_of_a_type_that_the_judge_cannot_read_is_wrong_and_named() -> None:
    message = grade(DOUBLE, "six")
    assert message.kind == "wrong"
    assert "An answer of type str could not be read here (TypeError: " in str(message)


def body_of_dots(x: float) -> float: ...  # type: ignore[empty-body]


def body_of_dots_and_docstring(x: float) -> float:
    """Double it."""


def returns_dots(x: float) -> Any:
    return ...


def returns_dots_after_some_work(x: float) -> Any:
    values = {"x": x, "double": ...}
    return values["double"]


def passes(x: float) -> None:
    pass


async def awaits_nothing(x: float) -> Any: ...


@pytest.mark.parametrize(
    "stub",
    [body_of_dots, body_of_dots_and_docstring, returns_dots, returns_dots_after_some_work, passes, awaits_nothing,
     lambda x: ..., (1, ...), [...], {"a": 1, "b": ...}],
)  # fmt: skip
def test_every_form_of_untouched_stub_is_not_attempted_yet(stub: Any) -> None:
    assert grade(DOUBLE, stub).kind == "not attempted"


@pytest.mark.parametrize("answer", [None, (), {}, "", 0, float("nan"), pd.DataFrame({"a": [1]}), print, int])
def test_a_strange_answer_is_not_taken_for_an_untouched_one(answer: Any) -> None:
    assert grade(Exercise("98.1", ("a", "b"), lambda _: "Good."), answer).kind == "right"


def test_a_judge_may_await_an_answer_that_is_a_coroutine_function() -> None:
    def judge(answer: Callable[[float], Any]) -> str:
        if asyncio.run(answer(3)) != 6:
            raise WrongError("six")
        return "Waiting is free."

    async def doubled(x: float) -> float:
        return 2 * x

    async def dots(x: float) -> Any:
        return [..., x]

    exercise = Exercise("98.4", ("a", "b"), judge)
    assert grade(exercise, doubled).kind == "right"
    assert grade(exercise, dots).kind == "not attempted"


def test_hints_come_one_by_one_and_the_last_says_where_the_solution_is(seen: list[CheckMessage]) -> None:
    hint("98.1")
    hint("98.1", 2)
    hint("98.1", 3)
    hint("98.1", 0)
    first, second, beyond, below = map(str, seen)
    assert first == 'Hint 1 of 2 for exercise 98.1: Think.\nAnother one: `hint("98.1", 2)`'
    assert second == "Hint 2 of 2 for exercise 98.1: Six by nine."
    assert beyond.startswith("Exercise 98.1 has 2 hints, so there is no hint 3.")
    assert "solutions notebook of lesson 98" in beyond
    assert "no hint 0" in below


@pytest.mark.parametrize("ask", [lambda number: check(number, 1), hint])
def test_an_unknown_exercise_is_refused_with_the_known_ones(ask: Callable[[str], None]) -> None:
    with pytest.raises(LookupError, match=r"no exercise '98\.7': there are .*98\.1, 98\.2"):
        ask("98.7")
    with pytest.raises(LookupError, match=r"no exercise '97\.1': there are .*98\.1, 98\.2"):
        ask("97.1")


def test_a_number_without_quotes_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match=r'named in quotes: "98\.1"'):
        check(98.1, 1)  # type: ignore[arg-type]


def test_only_the_lesson_that_is_asked_for_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "_lesson_97.py").write_text("raise RuntimeError('loaded')", encoding="utf-8")
    assert find("98.2").number == "98.2"
