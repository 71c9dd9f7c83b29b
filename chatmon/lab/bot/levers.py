"""What a change of the chatbot does, measured: the same messages, in the same order, with the change and without.

The levers, each off unless it is named:

    ProductionChatbot(config, cache=ResponseCache(ttl=3600))                 serve the same question again
    ProductionChatbot(config, cache=ResponseCache(ttl=3600, threshold=0.8))  and one that means nearly the same
    ChatConfig.local(prompt_version="v1-note-last")                          what is the same in every request first
    ChatConfig.local(memory_exchanges=2), (memory_tokens=200)                send less of the conversation
    ChatConfig.local(models_by_intent={"billing": "a-cheaper-model"})        another model for some questions
    ChatConfig.local(max_tokens=40)                                          shorter replies
    ChatConfig.local(attempts=2, first_backoff=2.0, longest_wait=20.0)       fewer requests, further apart
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon.lab.bot._config import ChatConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    import pandas as pd

    from chatmon.lab.bot.chat import ProductionChatbot
    from chatmon.live.monitor import ChatMonitor
    from chatmon.turns import Turn

_SUMS: Final = ("input_tokens", "cached_tokens", "output_tokens", "response_time")


class Asked(NamedTuple):
    """A message that somebody sent.

    Attributes:
        conversation_id: In which conversation.
        user_id: Who.
        text: What.
    """

    conversation_id: str
    user_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The same messages answered twice; turn n of one is the answer to the same message as turn n of the other.

    Attributes:
        off: The turns without the change.
        on: The turns with it.
    """

    off: tuple[Turn, ...]
    on: tuple[Turn, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the sums of both sides, and what was saved.

        A message that failed on either side, whose tokens are not known, counts in no sum; ``compared`` is how many do.
        A sum is missing where one of its numbers is unknown.
        """
        import pandas as pd

        from chatmon.turns import to_frame

        sides = {"off": to_frame(self.off), "on": to_frame(self.on)}
        known = [
            off.error_type is None and on.error_type is None and None not in (off.output_tokens, on.output_tokens)
            for off, on in zip(self.off, self.on, strict=True)
        ]
        rows = {}
        for name, frame in sides.items():
            part = frame[known]
            sums = part[["task_completed", *_SUMS]].astype("float64").sum(min_count=len(part)).to_dict()
            rows[name] = {
                "compared": len(part),
                "from_cache": int((part["finish_reason"] == "cache").sum()),
                "completed": sums.pop("task_completed"),
                **sums,
            }
        frame = pd.DataFrame.from_dict(rows, orient="index", dtype="float64")
        frame.loc["saved", list(_SUMS)] = frame[list(_SUMS)].diff(-1).loc["off"]  # off less on
        return frame


def monitor_at_prices_of(model: str, **options: Any) -> ChatMonitor:
    """Return a monitor that keeps what was said, and charges each turn what it would have cost with another model.

    Args:
        model: Whose prices to take, such as one of ``course_models().what_if``.
        **options: As ``ChatMonitor`` has them.
    """
    from chatmon import cost
    from chatmon.live.monitor import ChatMonitor

    def charge(usage: cost.Usage, _model: str, *, provider: str | None, at: datetime) -> cost.Price:
        return cost.price(usage, model, at=at)

    return ChatMonitor(capture_content=True, pricer=charge, **options)


def messages(turns: Iterable[Turn]) -> list[Asked]:
    """Return what users wrote in a log, in order of time; what was refused before it was captured is left out.

    Args:
        turns: Turns with their questions.

    Raises:
        ValueError: None has its question.

    Example:
        >>> from chatmon._tools.paths import data_file
        >>> from chatmon.turns import read_parquet
        >>> messages(read_parquet(data_file("local_turns.parquet")))[0].text
        'I have a new email address'
    """
    found = [turn for turn in turns if turn.question is not None]
    if not found:
        raise ValueError("no turn has its question: record them with ChatMonitor(capture_content=True)")
    found.sort(key=lambda turn: (turn.timestamp, turn.turn_id))
    return [Asked(turn.conversation_id, turn.user_id, str(turn.question)) for turn in found]


def try_lever(
    asked: Sequence[Asked],
    on: Callable[[ChatConfig], ProductionChatbot],
    off: Callable[[ChatConfig], ProductionChatbot] | None = None,
) -> Trial:
    """Ask two chatbots on the local model the same messages, and return the turns of both.

    Each has a model of its own that has seen nothing, so that neither finds its prompts in the other's cache. They take
    turns message by message, and in who goes first, so that a machine that slows down slows both. Temperature and seed
    are fixed: tokens come out the same again on the same machine, seconds do not.

    Args:
        asked: The messages, such as those of ``messages``.
        on: Makes the chatbot with the change, from the settings for its model.
        off: Makes the one without; if not given, ``ProductionChatbot``.

    Raises:
        LocalModelError: The model cannot be started.
        ValueError: There are no messages.

    Example:
        >>> from chatmon.lab.bot.chat import ProductionChatbot
        >>> from chatmon.lab.bot.response_cache import ResponseCache
        >>> asked = [Asked("c1", "ada", "When is my bill due?"), Asked("c2", "ben", "when is my bill due")]
        >>> trial = try_lever(asked, lambda config: ProductionChatbot(config, cache=ResponseCache(ttl=3600)))
        >>> [turn.finish_reason for turn in trial.off], [turn.finish_reason for turn in trial.on]
        (['stop', 'stop'], ['stop', 'cache'])
    """
    from chatmon.lab.bot.chat import ProductionChatbot
    from chatmon.lab.services import llm

    if not asked:
        raise ValueError("0 messages: give at least one to ask")
    with ExitStack() as stack:
        bots = []
        for make in (off or ProductionChatbot, on):
            # A key of its own makes it a model of its own.
            server = stack.enter_context(llm.start(api_key=secrets.token_urlsafe(24)))
            bots.append(make(ChatConfig.local(server)))
        sides: list[list[str]] = [[], []]
        for number, message in enumerate(asked):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                reply = bots[side].process_user_message_sync(message.text, message.user_id, message.conversation_id)
                sides[side].append(reply.turn_id)
    recorded = [{turn.turn_id: turn for turn in bot.monitor.turns()} for bot in bots]
    without, with_it = (tuple(turns[one] for one in ids) for turns, ids in zip(recorded, sides, strict=True))
    return Trial(without, with_it)
