"""The LangChain callback that fills the turn being tracked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from langchain_core.callbacks import BaseCallbackHandler

from chatmon.cost import Usage
from chatmon.cost.shapes import SHAPES

if TYPE_CHECKING:
    from uuid import UUID

    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import LLMResult

    from chatmon.live.monitor import ChatMonitor
    from chatmon.live.turn import LiveTurn


class UsageCallback(BaseCallbackHandler):
    """Fills tokens, model, finish reason and time to first token of the current turn.

    The turn is looked up when a model call starts, in the caller's own context, and remembered by the call's run id:
    LangChain may end the call in another thread.

    Args:
        monitor: Whose turns to fill.
    """

    run_inline = True

    def __init__(self, monitor: ChatMonitor) -> None:
        self._monitor = monitor
        # Weak, as LangChain tells nothing of a call whose task was cancelled: a turn is kept for its monitor, not here.
        self._turns: WeakValueDictionary[UUID, LiveTurn] = WeakValueDictionary()

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Remember the turn that this call belongs to."""
        self._start(run_id)

    def on_llm_start(self, serialized: dict[str, Any], prompts: list[str], *, run_id: UUID, **kwargs: Any) -> None:
        """Remember the turn that this call belongs to."""
        self._start(run_id)

    def on_llm_new_token(
        self, token: str | list[str | dict[str, Any]], *, run_id: UUID, chunk: Any = None, **kwargs: Any
    ) -> None:
        """Mark the time to first token: of text, thinking or a tool's call; a piece without any of them is none."""
        turn = self._turns.get(run_id)
        if turn is not None and turn.time_to_first_token is None and _has_token(token, getattr(chunk, "message", None)):
            turn.first_token()

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Forget the call: the exception reaches the block around the turn, which records it."""
        self._turns.pop(run_id, None)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Take over what the call reported."""
        turn = self._turns.pop(run_id, None)
        if turn is None or not turn.counts(run_id):  # another callback, on the model or around it, has reported it
            return
        for generations in response.generations:
            message = getattr(generations[0], "message", None) if generations else None
            if message is not None:
                # Of several answers to one prompt, LangChain leaves what they have in common beside them.
                self._add(turn, message, {**(response.llm_output or {}), **message.response_metadata})

    def _start(self, run_id: UUID) -> None:
        turn = self._monitor.current()
        if turn is None:
            self._monitor.reject("model call outside track(): its tokens belong to no turn")
        else:
            self._turns[run_id] = turn

    def _add(self, turn: LiveTurn, message: BaseMessage, reported: Mapping[str, Any]) -> None:
        named: dict[str, Any] = {
            "model": reported.get("model_name") or reported.get("model"),
            "provider": turn.columns.get("provider") or reported.get("model_provider"),
            "finish_reason": reported.get("finish_reason") or reported.get("stop_reason"),
        }
        metadata = getattr(message, "usage_metadata", None)
        if metadata is not None and metadata.get("total_cost") == 0:  # so LangChain marks a reply out of its own cache
            turn.add_usage(Usage(), model=named["model"], provider=named["provider"], from_cache=True)
            return
        try:
            usage = None if metadata is None else _usage(metadata, reported)
        except (TypeError, ValueError) as error:
            self._monitor.reject(f"usage: {error}")
            usage = None
        if usage is None:
            turn.set(**{name: value for name, value in named.items() if value is not None})
        else:
            turn.add_usage(usage, **named)


_TOLD: Final = (
    "text", "thinking", "reasoning", "reasoning_content", "summary", "refusal", "data", "name", "args", "arguments",
    "input", "partial_json", "tool_calls", "function_call", "function",
)  # fmt: skip
"""Where providers' pieces have what the model has said; ids, places, signatures and kinds are no tokens."""


def _has_token(token: str | list[str | dict[str, Any]], message: Any) -> bool:
    """Return whether a piece of a stream has a token in it, in whichever of its parts the provider puts that."""
    if message is None:
        return _tells(token)
    parts = (token, message.content, message.additional_kwargs, getattr(message, "tool_call_chunks", None))
    return any(_tells(part) for part in parts)


def _tells(part: Any) -> bool:
    if isinstance(part, dict):
        return any(_tells(part[name]) for name in _TOLD if name in part)
    return any(_tells(one) for one in part) if isinstance(part, list) else bool(part)


def _usage(metadata: Mapping[str, Any], reported: Mapping[str, Any]) -> Usage:
    """Return what a message says it used, with what only the provider's own body beside it tells, such as searches."""
    usage = Usage.from_langchain(metadata)
    told = {"service_tier": reported.get("service_tier")}
    own = reported.get("token_usage") or reported.get("usage")
    own = {**told, **own} if isinstance(own, Mapping) else told
    anthropic = SHAPES["anthropic"].names("cached_tokens")[0] in own
    details = SHAPES["anthropic" if anthropic else "openai chat"].details(own)
    return replace(usage, **{name: value for name, value in details.items() if getattr(usage, name) is None})
