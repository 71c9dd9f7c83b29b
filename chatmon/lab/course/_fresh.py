"""Calls a learner's function in a fresh process, with the clock, the process number and the hash seed that it is told.

A function that leans on chance, on the clock, or on what it remembers answers well in the process where it was
written. Whether it does so in another one can only be seen in another one.
"""

from __future__ import annotations

import datetime as dates
import functools
import io
import marshal
import os
import pickle
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

import cloudpickle

from chatmon.lab.course._answers import NotAttemptedError, StoppedElsewhereError, unguarded
from chatmon.lab.course._exercises import WrongError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

DEADLINE = 20.0
"""Seconds that a process may take for all of its calls, its own start included."""
CHILD = "from chatmon.lab.course._fresh import answer_from_stdin; answer_from_stdin()"


@dataclass(frozen=True, slots=True)
class World:
    """What a process is told of the world around it.

    Attributes:
        hash_seed: Its ``PYTHONHASHSEED``, from which the hashes of texts follow.
        moment: What every clock says, from the first line to the last.
        process: Its number. In a container every bot is process 1.
    """

    hash_seed: int = 1
    moment: dates.datetime = dates.datetime(2026, 10, 5, 14, 0, tzinfo=dates.UTC)
    process: int = 1


@dataclass(frozen=True, slots=True)
class Foreign:
    """A result that is neither text nor a plain number: only what it looks like came back."""

    shown: str

    def __repr__(self) -> str:
        return self.shown


def results_in(
    world: World, function: Callable[..., Any], calls: Iterable[Sequence[Any]], by_value: Sequence[ModuleType] = ()
) -> list[Any]:
    """Call a function in a fresh process, once for each tuple of arguments, and return what it returned.

    Args:
        world: The clock, hashes and process number that it finds there.
        function: The learner's; it takes along what it refers to, in the state that this has now.
        calls: The arguments of each call.
        by_value: Modules whose functions are carried along too, where importing them would take long.

    Raises:
        WrongError: The function cannot be carried there, did not end in time, or ended the process.
        NotAttemptedError: It returned ``...``.
        StoppedElsewhereError: It raised an error; this one says which, and where.

    Example:
        >>> later = World(moment=dates.datetime(2027, 1, 1, tzinfo=dates.UTC))
        >>> results_in(later, lambda x: (dates.datetime.now(dates.UTC).year, x), [("a",), ("b",)])
        [(2027, 'a'), (2027, 'b')]
    """
    if not callable(function):
        raise TypeError(f"{type(function).__name__!r} object is not callable")
    message = pickle.dumps((world.moment, world.process, _packed(function, list(calls), by_value)))
    try:
        done = subprocess.run(  # noqa: S603 - this very interpreter, with our own line of code
            [sys.executable, "-c", CHILD],
            check=False,
            input=message,
            capture_output=True,
            timeout=DEADLINE,
            env=_environment(world),
        )
    except subprocess.TimeoutExpired:
        raise WrongError(
            f"It was called in a fresh process and did not end within {DEADLINE:g} seconds. The clock stands still "
            "there: does it wait for the time to pass, or is there a loop without an end?"
        ) from None
    if not done.stdout:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise WrongError(f"It was called in a fresh process, and the process ended without an answer: {last}.")
    kind, *found = pickle.loads(done.stdout)  # noqa: S301 - our own child wrote it
    if kind == "error":
        raise StoppedElsewhereError(*found)
    (results,) = found
    if ... in results:
        raise NotAttemptedError
    return list(results)


def _packed(function: Callable[..., Any], calls: list[Sequence[Any]], by_value: Sequence[ModuleType]) -> bytes:
    """Return function and calls as bytes: what a notebook defines goes along, what a package defines by its name."""
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        buffer = io.BytesIO()
        _Pickler(buffer).dump((unguarded(function), calls))
        return buffer.getvalue()
    except Exception as error:  # noqa: BLE001 - whatever the function refers to may fail in its own way
        raise WrongError(
            f"It cannot be carried into another process ({error}): let it use its arguments and what it imports, and "
            "nothing that is open or locked."
        ) from None
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Carries also what ``functools.cache`` made of a notebook's function, and where each line of it stands."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, CodeType):
            return marshal.loads, (marshal.dumps(obj),)  # cloudpickle's own way forgets the cell's name
        if isinstance(obj, functools._lru_cache_wrapper):
            module = sys.modules.get(obj.__module__)
            if obj.__module__ == "__main__" or getattr(module, obj.__name__, None) is not obj:
                return functools.lru_cache(**obj.cache_parameters()), (obj.__wrapped__,)
        return super().reducer_override(obj)


def _environment(world: World) -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return os.environ | {"PYTHONHASHSEED": str(world.hash_seed), "PYTHONPATH": path}


def answer_from_stdin() -> None:
    """Be the fresh process: read what to call, set the clocks, call it, and write the results."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the function prints must not get among the answers
    moment, process, packed = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - our own parent wrote it
    try:
        if b"pandas" in packed:
            import pandas as pd  # noqa: F401 - its compiled parts want the real clocks while they are loaded
        pickle.loads(packed)  # noqa: S301 - so does what it imports; what it defines itself is loaded anew below
        stop_clocks(moment, process)
        function, calls = pickle.loads(packed)  # noqa: S301
        reply: tuple[Any, ...] = ("results", [_plain(function(*arguments)) for arguments in calls])
    except BaseException as error:  # noqa: BLE001 - whatever the function raises, SystemExit too, is what we report
        steps = [(step.filename, step.lineno, step.name) for step in traceback.extract_tb(error.__traceback__)]
        reply = ("error", type(error).__name__, str(error), steps)
    with answers:
        pickle.dump(reply, answers)


def _plain(value: Any) -> Any:
    """Return what any process can read: a class of the notebook's own is not known in the other one."""
    if value is None or value is ... or type(value) in (bool, int, float):
        return value
    if type(value) is tuple:
        return tuple(_plain(one) for one in value)
    return str.__str__(value) if isinstance(value, str) else Foreign(repr(value)[:200])


def stop_clocks(moment: dates.datetime, process: int) -> None:
    """Let every clock of Python's own say one moment from now on, and let this process have this number."""
    seconds = moment.timestamp()
    nanoseconds = int(seconds) * 10**9
    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, lambda: seconds)
        setattr(time, f"{name}_ns", lambda: nanoseconds)
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _at_this_time(getattr(time, name), seconds))
    strftime, asctime = time.strftime, time.asctime
    for name, value in {
        "strftime": lambda form, parts=None: strftime(form, time.localtime() if parts is None else parts),
        "asctime": lambda parts=None: asctime(time.localtime() if parts is None else parts),
    }.items():
        setattr(time, name, value)
    for module in (os, sys.modules[os.getpid.__module__]):  # `os` has it from `posix`, or from `nt`
        vars(module)["getpid"] = lambda: process

    def now(cls: Any, tz: dates.tzinfo | None = None) -> Any:
        return cls.fromtimestamp(seconds, tz)

    def utcnow(cls: Any) -> Any:
        return now(cls, dates.UTC).replace(tzinfo=None)

    def today(cls: Any) -> Any:
        return cls.fromtimestamp(seconds)

    standing = {
        "datetime": {"now": now, "utcnow": utcnow, "today": today},
        "date": {"today": today},
    }
    for name, methods in standing.items():
        setattr(dates, name, _standing(getattr(dates, name), {key: classmethod(one) for key, one in methods.items()}))


def _at_this_time(convert: Callable[[float], Any], seconds: float) -> Callable[..., Any]:
    return lambda given=None: convert(seconds if given is None else given)


def _standing(real: Any, methods: dict[str, Any]) -> Any:
    """Return a class that passes for the real one, with some class methods of its own."""

    class Standing(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

    return Standing(real.__name__, (real,), methods | {"__module__": "datetime"})
