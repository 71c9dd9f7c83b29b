"""What can be said of an answer without knowing its exercise: untouched, unfinished, or broken in its own code."""

from __future__ import annotations

import dis
import functools
import inspect
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatmon._tools.errors import Error

if TYPE_CHECKING:
    from types import FunctionType

FRAMING = {"RESUME", "NOP", "NOT_TAKEN", "COPY_FREE_VARS", "RETURN_GENERATOR", "POP_TOP", "CALL_INTRINSIC_1", "RERAISE"}
"""Instructions that the compiler adds round the body of a function or a coroutine."""
RETURNING = {"LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


class NotAttemptedError(Error):
    """The answer's function returned ``...``: the stub is still there."""


class StoppedElsewhereError(Error):
    """The answer's code raised an error in another process.

    Args:
        kind: The error's type.
        message: What it said.
        steps: Of each call on its way: the file, the line, and the function.
    """

    def __init__(self, kind: str, message: str, steps: list[tuple[str, int, str]]) -> None:
        super().__init__(message)
        self.kind = kind
        self.steps = [traceback.FrameSummary(*step) for step in steps]


def is_untouched(answer: object) -> bool:
    """Say whether an answer is still the stub: ``...``, a container that holds one, or a function of nothing but it.

    Example:
        >>> def stub(values):
        ...     '''The stub's docstring.'''
        ...     ...
        >>> is_untouched(stub), is_untouched(...), is_untouched({"a": ...}), is_untouched(lambda: 1)
        (True, True, True, False)
    """
    if answer is ...:
        return True
    if isinstance(answer, (list, tuple)):
        return any(value is ... for value in answer)
    if isinstance(answer, Mapping):
        return any(value is ... for value in answer.values())
    return inspect.isfunction(answer) and _says_nothing(answer)


def _says_nothing(function: FunctionType) -> bool:
    """Say whether a function's body does nothing and returns None or ``...``.

    The bytecode answers this also for a function whose source is not at hand.
    """
    steps = [step for step in dis.get_instructions(function) if step.opname not in FRAMING]
    constants = (step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST"))
    return all(step.opname in RETURNING for step in steps) and all(value in (None, ...) for value in constants)


def guarded(answer: Any) -> Any:
    """Return the answer; a function is wrapped so that a result of ``...`` counts as not attempted.

    Example:
        >>> guarded(lambda x: x + 1)(2)
        3
    """
    if inspect.iscoroutinefunction(answer):

        @functools.wraps(answer)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return _attempted(await answer(*args, **kwargs))

        awaited.unguarded = answer  # type: ignore[attr-defined]  # read by the function below
        return awaited
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def called(*args: Any, **kwargs: Any) -> Any:
        return _attempted(answer(*args, **kwargs))

    called.unguarded = answer  # type: ignore[attr-defined]
    return called


def unguarded(answer: Any) -> Any:
    """Return what ``guarded`` was given.

    Example:
        >>> unguarded(guarded(len)) is len, unguarded(guarded(unguarded)) is unguarded
        (True, True)
    """
    return getattr(answer, "unguarded", answer)


def _attempted(result: Any) -> Any:
    if is_untouched(result):
        raise NotAttemptedError
    return result


def error_text(error: BaseException, answer: Any) -> str:
    """Return an error's type and message, and the last line of the answer's own code that it passed through.

    Example:
        >>> def broken(x):
        ...     return x / 0
        >>> try:
        ...     broken(1)
        ... except ZeroDivisionError as error:
        ...     error_text(error, broken)
        'ZeroDivisionError: division by zero, at line 2: `return x / 0`'
    """
    kind = error.kind if isinstance(error, StoppedElsewhereError) else type(error).__name__
    steps = error.steps if isinstance(error, StoppedElsewhereError) else traceback.extract_tb(error.__traceback__)
    message = f"{kind}: {error}" if str(error) else kind
    code = getattr(answer, "__code__", None) or getattr(getattr(answer, "__call__", None), "__code__", None)  # noqa: B004 - wants the method
    own = [step for step in steps if code and step.filename == code.co_filename]
    if not own:
        return f"{message}, before its first line ran: look at the arguments it takes" if code else message
    line = f": `{own[-1].line}`" if own[-1].line else ""
    return f"{message}, at line {own[-1].lineno}{line}"
