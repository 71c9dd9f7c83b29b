"""What a turn did, as spans in LangSmith: retrieval, prompt, each request to the model, each wait, the fallback.

Where tracing is off nothing is made and nothing is sent. The turn's root run has the turn's id, so feedback finds it.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from chatmon._tools.extras import wanted
from chatmon._tools.outcomes import CANCELLED, is_cancellation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from langsmith.run_trees import RunTree

    from chatmon.live.turn import LiveTurn

_METADATA_COLUMNS: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "attempts", "finish_reason",
    "context_relevance", "task_completed",
)  # fmt: skip
"""Columns of a turn that its root run has in its metadata, under the same names."""


class TurnTrace:
    """The spans of one turn; used in ``with``, inside the block that tracks the turn.

    Args:
        turn: The turn being tracked.
        name: What the root run is called.
    """

    def __init__(self, turn: LiveTurn, name: str = "support desk") -> None:
        wanted("langsmith", "langsmith", "tracing a turn")
        self._turn = turn
        self._name = name
        self._root: RunTree | None = None
        self._attempt: RunTree | None = None

    def __enter__(self) -> TurnTrace:
        from langsmith.utils import tracing_is_enabled

        if tracing_is_enabled():
            self._root = self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._root is None:
            return
        columns = self._turn.columns
        failed = None
        if error is not None:
            failed = _failure(error)
        elif columns.get("error_type"):
            failed = _error(columns["error_type"], columns.get("error_message") or "")
        known = {name: columns[name] for name in _METADATA_COLUMNS if columns.get(name) is not None}
        if error is not None and is_cancellation(error):
            known["finish_reason"] = CANCELLED
        self._root.end(error=failed, metadata=known)
        self._root.patch(exclude_inputs=False)  # the question was not known when the run was posted

    def ask(self, question: str) -> None:
        """Note the question, once it is known to be one."""
        if self._root is not None:
            self._root.inputs = {"question": question}

    def answer(self, text: str) -> None:
        """Note the answer."""
        if self._root is not None:
            self._root.add_outputs({"answer": text})

    @contextmanager
    def step(self, name: str, run_type: str, **inputs: Any) -> Iterator[dict[str, Any]]:
        """Make a span of a block; what is put into the mapping it gives is its output.

        Args:
            name: What is done.
            run_type: ``chain``, ``retriever`` or ``prompt``.
            **inputs: What it is done with.
        """
        outputs: dict[str, Any] = {}
        if self._root is None:
            yield outputs
            return
        span = self._root.create_child(name, run_type, inputs=inputs)  # type: ignore[arg-type]  # a literal's values
        span.post()
        try:
            yield outputs
        except BaseException as error:
            span.end(error=_failure(error))
            raise
        else:
            span.end(outputs=outputs)
        finally:
            span.patch()

    @contextmanager
    def attempt(self, number: int) -> Iterator[None]:
        """Make a span of one request to the model, under which LangChain puts its own.

        Args:
            number: The request's number, from 1.
        """
        if self._root is None:
            yield
            return
        metadata = {"gen_ai.operation.name": "chat", **_request(self._turn)}
        span = self._root.create_child(f"attempt {number}", "chain", inputs={}, extra={"metadata": metadata})
        span.post()
        self._attempt = span
        try:
            yield
        except BaseException as error:
            span.end(error=_failure(error))
            raise
        else:
            span.end()
        finally:
            self._attempt = None
            span.patch()

    def through(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yield what an iterator yields, which does its own work inside the present attempt, and nobody else's."""
        while True:
            with self._inside():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    async def through_async(self, pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
        """Do what ``through`` does, in async code."""
        while True:
            with self._inside():
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece

    def _inside(self) -> AbstractContextManager[Any]:
        if self._attempt is None:
            return nullcontext()
        from langsmith import tracing_context

        return tracing_context(parent=self._attempt, enabled=True)

    def _start(self) -> RunTree:
        from langsmith import trace

        turn = self._turn
        metadata = {
            "thread_id": turn.conversation_id,
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.conversation.id": turn.conversation_id,
            **_request(turn),
        }
        # The SDK knows the project, the client and what runs above. It would make this run the one that all others in
        # this context belong to; but a reply in pieces gives way to its reader between them, so a copy takes that.
        root = trace(self._name, "chain", inputs={}, run_id=UUID(turn.turn_id), metadata=metadata)
        return copy_context().run(root.__enter__)


def _request(turn: LiveTurn) -> dict[str, Any]:
    named = {"gen_ai.provider.name": turn.columns.get("provider"), "gen_ai.request.model": turn.columns.get("model")}
    return {name: value for name, value in named.items() if value is not None}


def _failure(error: BaseException) -> str | None:
    """Return the error of a span; None where nobody reads on, which is no failure."""
    return None if is_cancellation(error) else _error(type(error).__name__, str(error))


def _error(kind: str, message: str) -> str:
    return f"{kind}({message!r})"
