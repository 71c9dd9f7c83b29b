"""A learner's function answers in a process of its own, where the clock stands still and nothing is remembered."""

import datetime
import functools
import itertools
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from chatmon.experiment import assignment, position
from chatmon.lab.course import _fresh as fresh
from chatmon.lab.course._answers import NotAttemptedError, StoppedElsewhereError, error_text, guarded
from chatmon.lab.course._exercises import Exercise, WrongError, grade
from chatmon.lab.course._fresh import World, results_in

LATER = World(moment=datetime.datetime(2031, 5, 17, 8, 30, tzinfo=datetime.UTC))


def once(function: Callable[..., Any], world: World = LATER, *arguments: Any) -> Any:
    (result,) = results_in(world, function, [arguments])
    return result


def test_a_function_is_called_with_each_of_the_arguments_in_turn() -> None:
    assert results_in(World(), lambda one, other: f"{one}{other}", [("a", 1), ("b", 2)]) == ["a1", "b2"]


@pytest.mark.parametrize(
    "clock",
    [
        lambda: str(time.time()),
        lambda: str(time.time_ns() / 1e9),
        lambda: str(time.monotonic()),
        lambda: str(time.perf_counter_ns() / 1e9),
        lambda: str(datetime.datetime.now(datetime.UTC).timestamp()),
    ],
)  # fmt: skip
def test_every_clock_says_the_moment_it_was_told(clock: Callable[[], str]) -> None:
    assert float(once(clock)) == LATER.moment.timestamp()


@pytest.mark.parametrize(
    "today",
    [
        lambda: datetime.date.today().isoformat(),  # noqa: DTZ011 - what learners write
        lambda: date.today().isoformat(),  # noqa: DTZ011
        lambda: datetime.datetime.now().isoformat(),  # noqa: DTZ005
        lambda: datetime.datetime.today().isoformat(),  # noqa: DTZ002
        lambda: str(datetime.datetime.utcnow()),  # noqa: DTZ003
        lambda: time.strftime("%Y-%m-%d"),
        lambda: time.strftime("%Y-%m-%d", time.gmtime()),
        lambda: "-".join(f"{part:02}" for part in time.localtime()[:3]),
        lambda: f"2031-05-17 {time.ctime()}" if time.ctime() == time.asctime() else "",
    ],
)
def test_every_way_to_ask_for_the_day_gives_the_same_one(today: Callable[[], str]) -> None:
    assert once(today).startswith("2031-05-17")


def test_a_clock_that_stands_still_is_still_a_clock() -> None:
    assert once(lambda: isinstance(datetime.datetime.now(datetime.UTC), datetime.date)) is True
    assert once(lambda: str(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC).date())) == "2026-01-02"
    assert once(lambda: time.strftime("%Y", time.gmtime(0))) == "1970"


def test_hashes_and_the_number_of_the_process_are_those_of_the_world() -> None:
    one, same, other = (once(lambda: hash("a text"), World(hash_seed=seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert once(os.getpid, World(process=7)) == 7


COUNTER = itertools.count()


def test_each_process_begins_with_the_state_that_the_function_has_here() -> None:
    def counted(_: int) -> int:
        return next(COUNTER)

    assert results_in(World(), counted, [(0,), (0,)]) == [0, 1]
    assert results_in(World(), counted, [(0,)]) == [0]
    assert counted(0) == 0


def test_chance_is_new_in_each_process() -> None:
    assert once(lambda: str(uuid.uuid4())) != once(lambda: str(uuid.uuid4()))


def test_what_a_package_defines_and_what_is_carried_along_give_the_same() -> None:
    calls = [("experiment", f"u{number}") for number in range(3)]
    assert results_in(World(), position, calls, by_value=[assignment]) == [position(*call) for call in calls]


@functools.cache
def cached(number: int) -> int:
    return number + 1


def test_a_cached_function_is_carried_along_without_what_it_remembers() -> None:
    assert cached(1) == 2
    assert once(cached, World(), 1) == 2


def test_pandas_and_numpy_work_beside_clocks_that_stand_still() -> None:
    def by_pandas() -> int:
        import pandas as pd

        return len(pd.date_range("2026-01-01", periods=3)) + int(np.int64(4))

    assert once(by_pandas) == 7


def test_a_result_that_is_no_plain_value_comes_back_as_what_it_looks_like() -> None:
    assert repr(once(lambda: uuid.UUID(int=5))) == "UUID('00000000-0000-0000-0000-000000000005')"
    assert once(lambda: np.str_("control")) == "control"
    assert once(lambda: ("a", None, 1.5)) == ("a", None, 1.5)


def test_what_a_function_prints_does_not_get_among_its_results() -> None:
    def chatty() -> str:
        print("thinking ...")  # noqa: T201
        os.write(1, b"\x80\x04")
        return "done"

    assert once(chatty) == "done"


def test_an_error_comes_back_with_its_type_and_the_learners_line() -> None:
    def divides(number: int) -> float:
        return 1 / number

    with pytest.raises(StoppedElsewhereError) as stopped:
        results_in(World(), guarded(divides), [(1,), (0,)])
    line = divides.__code__.co_firstlineno + 1
    assert (
        error_text(stopped.value, divides)
        == f"ZeroDivisionError: division by zero, at line {line}: `return 1 / number`"
    )


def test_a_function_of_other_arguments_is_told_so() -> None:
    exercise = Exercise("9.1", ("a", "b"), lambda answer: str(results_in(World(), answer, [(1, 2)])))
    message = grade(exercise, lambda number: number)
    assert message.kind == "error"
    assert "look at the arguments" in str(message)


def test_a_stub_is_not_attempted_in_another_process_either() -> None:
    with pytest.raises(NotAttemptedError):
        results_in(World(), lambda number: ... if number else 1, [(0,), (1,)])


@pytest.mark.parametrize("leave", [lambda: exit(3), lambda: input()])
def test_a_function_that_leaves_or_asks_is_an_error_of_its_own(leave: Callable[[], Any]) -> None:
    with pytest.raises(StoppedElsewhereError):
        once(leave)


def test_a_function_that_ends_its_process_is_told_so() -> None:
    with pytest.raises(WrongError, match="ended without an answer: exit code 3"):
        once(lambda: os._exit(3))


def test_a_function_that_does_not_end_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits() -> None:
        while time.time() <= LATER.moment.timestamp():
            pass

    monkeypatch.setattr(fresh, "DEADLINE", 3.0)
    with pytest.raises(WrongError, match=r"did not end within 3 seconds\. The clock stands still"):
        once(waits)


LOCK = threading.Lock()


def test_a_function_that_holds_what_cannot_travel_is_told_so() -> None:
    with pytest.raises(
        WrongError, match=r"cannot be carried into another process \(cannot pickle '_thread.lock' object\)"
    ):
        once(lambda: LOCK.locked())
