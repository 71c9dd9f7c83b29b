"""One message's way to its reply: what the caller gets, and the turn that records it."""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import aclosing, closing
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from chatmon._tools.errors import Error
from chatmon._tools.outcomes import CANCELLED
from chatmon._tools.retries import seconds_until_retry
from chatmon.live.tracing import TurnTrace
from chatmon.quality import context_relevance, task_completed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Iterator

    from chatmon.lab.bot._knowledge import KnowledgeEntry
    from chatmon.lab.bot._prompts import ChatMessage
    from chatmon.lab.bot.chat import ProductionChatbot
    from chatmon.live.turn import LiveTurn

FALLBACK_TEXT: Final = "Sorry, I cannot answer right now. Please try again in a few minutes."
LONGEST_ERROR: Final = 300  # characters; a service may answer with a whole web page


class EmptyMessageError(Error, ValueError):
    """A message has nothing in it."""


class MessageTooLongError(Error, ValueError):
    """A message is longer than the chatbot takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller gets for a message.

    Attributes:
        text: What to show to the user.
        status: ``success``, or ``fallback`` where the model gave no usable reply and ``text`` says so.
        turn_id: For ``monitor.rate``.
        conversation_id: Pass it with the next message to go on with the conversation.
        intent: What the user wanted; None where nothing in the knowledge base fits.
        sources: Ids of the knowledge base's entries that the reply rests on.
        error_type: The error's name; None for success.
        error_message: The error's text; None for success.
    """

    text: str
    status: Literal["success", "fallback"]
    turn_id: str
    conversation_id: str
    intent: str | None = None
    sources: tuple[str, ...] = ()
    error_type: str | None = None
    error_message: str | None = None


class ReplyStream:
    """A reply that arrives in pieces of text; made by ``ProductionChatbot.stream``.

    If the model fails on the way, the last piece is the fallback text in a paragraph of its own. If the loop is left
    early, the turn ends there with the finish reason ``cancelled`` and no error, and there is no reply; in async code
    ``async with contextlib.aclosing(aiter(stream)) as pieces`` makes it end at once.

    Attributes:
        conversation_id: The conversation that the reply belongs to.
    """

    def __init__(self, bot: ProductionChatbot, text: str, user_id: str | None, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        self._bot = bot
        self._text = text
        self._user_id = user_id
        self._started = False
        self._attempts = 0
        self._pieces: list[str] = []
        self._entry: KnowledgeEntry | None = None
        self._asked = ""
        self._client = bot.client
        self._scope: Hashable = None
        self._reply: Reply | None = None

    @property
    def reply(self) -> Reply:
        """The whole reply, once all its pieces were taken.

        Raises:
            RuntimeError: They were not.
        """
        if self._reply is None:
            raise RuntimeError("there is no reply yet: take all its pieces first")
        return self._reply

    def __iter__(self) -> Iterator[str]:
        bot = self._bot
        with self._track() as turn, TurnTrace(turn) as trace:
            messages = self._prepare(turn, trace)
            try:
                if (answer := self._serve(turn)) is not None:
                    yield answer
                    self._succeed(turn, trace)
                while self._reply is None:
                    self._start_attempt(turn)
                    try:
                        with trace.attempt(self._attempts), closing(self._client.stream(messages)) as pieces:
                            for piece in trace.through(pieces):
                                self._pieces.append(piece)
                                yield piece
                        self._succeed(turn, trace)
                    except bot.client.errors as error:
                        wait = self._wait_after(error)
                        if wait is None:
                            yield self._fall_back(turn, trace, error)
                        else:
                            with trace.step("wait before retry", "chain", seconds=wait):
                                bot.sleep(wait)
            except GeneratorExit:
                self._leave(turn)

    async def __aiter__(self) -> AsyncIterator[str]:
        bot = self._bot
        with self._track() as turn, TurnTrace(turn) as trace:
            messages = self._prepare(turn, trace)
            try:
                if (answer := self._serve(turn)) is not None:
                    yield answer
                    self._succeed(turn, trace)
                while self._reply is None:
                    self._start_attempt(turn)
                    try:
                        with trace.attempt(self._attempts):
                            async with (
                                aclosing(self._client.astream(messages)) as replied,
                                aclosing(trace.through_async(replied)) as pieces,
                            ):
                                async for piece in pieces:
                                    self._pieces.append(piece)
                                    yield piece
                        self._succeed(turn, trace)
                    except bot.client.errors as error:
                        wait = self._wait_after(error)
                        if wait is None:
                            yield self._fall_back(turn, trace, error)
                        else:
                            with trace.step("wait before retry", "chain", seconds=wait):
                                await bot.async_sleep(wait)
            except GeneratorExit:
                self._leave(turn)
            except CancelledError:
                self._leave(turn)
                raise

    def _track(self) -> LiveTurn:
        if self._started:
            raise RuntimeError("this reply was asked for already: a second one needs a second stream()")
        self._started = True
        config = self._bot.config
        return self._bot.monitor.track(
            self.conversation_id,
            self._user_id,
            provider=config.provider,
            model=config.model,
            prompt_version=self._bot.prompt.version,
        )

    def _prepare(self, turn: LiveTurn, trace: TurnTrace) -> list[ChatMessage]:
        """Check the message, find what the desk knows about it, and return what to send."""
        bot = self._bot
        turn.set(attempts=0)
        self._text = _checked(self._text, bot.config.max_message_bytes)
        turn.set(question=self._text)
        trace.ask(self._text)
        with trace.step("retrieval", "retriever", query=self._text) as found:
            hits = bot.knowledge.retrieve(self._text)
            found["documents"] = [
                {"id": entry.id, "score": score, "page_content": entry.answer} for entry, score in hits
            ]
        if hits:
            self._entry = hits[0].entry
            intent = self._entry.intent
            self._client = bot.clients.get(intent, bot.client)
            turn.set(intent=intent, model=self._client.model)
        note = self._entry.answer if self._entry else bot.knowledge.refusal
        with trace.step("prompt", "prompt", question=self._text, version=bot.prompt.version) as written:
            self._asked = bot.prompt.ask(self._text, note)
            history = bot.memory.history(self.conversation_id)
            messages = bot.prompt.messages(self._text, note, history, self._user_id)
            written["messages"] = messages
        if dropped := bot.memory.dropped(self.conversation_id):
            turn.set(attributes={"dropped_exchanges": dropped})
        named = self._user_id if bot.prompt.user_first else None
        self._scope = (self._client.settings, bot.prompt, note, tuple(history), named)
        return messages

    def _serve(self, turn: LiveTurn) -> str | None:
        """Return the answer that the cache has, and record what is known then: no request was made, nothing spent."""
        cache = self._bot.cache
        served = None if cache is None else cache.get(self._text, self._scope)
        if served is None:
            return None
        turn.first_token()
        turn.set(
            finish_reason="cache",
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            cost=Decimal(0),
            price_source="no request was made",
            attributes={
                **turn.columns.get("attributes", {}),
                "served_from": served.turn_id,
                "similarity": round(served.similarity, 4),
                "age_seconds": round(served.age, 3),
            },
        )
        self._pieces.append(served.answer)
        return served.answer

    def _start_attempt(self, turn: LiveTurn) -> None:
        self._attempts += 1
        turn.set(attempts=self._attempts)

    def _wait_after(self, error: Exception) -> float | None:
        """Return how long to wait before the next attempt; None to give up."""
        if self._attempts >= self._bot.config.attempts:
            return None
        bot = self._bot
        return seconds_until_retry(
            error,
            self._attempts,
            now=bot.monitor.now(),
            random=bot.random,
            first=bot.config.first_backoff,
            longest=bot.config.longest_wait,
        )

    def _succeed(self, turn: LiveTurn, trace: TurnTrace) -> None:
        text = "".join(self._pieces).strip()
        completed = task_completed(text, self._entry.facts) if self._entry else None
        turn.set(answer=text, context_relevance=context_relevance(self._text, text), task_completed=completed)
        trace.answer(text)
        bot = self._bot
        bot.memory.add(self.conversation_id, self._asked, text)
        if bot.cache is not None and self._attempts:  # what came from the cache does not get any younger
            bot.cache.put(self._text, self._scope, text, turn.turn_id)
        self._reply = self._make_reply(turn, text, None)

    def _fall_back(self, turn: LiveTurn, trace: TurnTrace, error: Exception) -> str:
        """Record the error, make the reply that says so, and return the piece of text that ends it."""
        turn.record_error(error)
        with trace.step("fallback", "chain", error_type=type(error).__name__):
            trace.answer(FALLBACK_TEXT)
        turn.set(error_message=_shortened(str(error)), answer=FALLBACK_TEXT, task_completed=False)
        self._reply = self._make_reply(turn, FALLBACK_TEXT, error)
        return f"\n\n{FALLBACK_TEXT}" if self._pieces else FALLBACK_TEXT

    def _leave(self, turn: LiveTurn) -> None:
        """End the turn of a reply that nobody reads to its end."""
        if self._reply is None:
            text = "".join(self._pieces).strip()
            turn.set(answer=text, finish_reason=CANCELLED)
            self._bot.memory.add(self.conversation_id, self._asked, text)

    def _make_reply(self, turn: LiveTurn, text: str, error: Exception | None) -> Reply:
        return Reply(
            text=text,
            status="success" if error is None else "fallback",
            turn_id=turn.turn_id,
            conversation_id=self.conversation_id,
            intent=self._entry.intent if self._entry else None,
            sources=(self._entry.id,) if self._entry else (),
            error_type=None if error is None else type(error).__name__,
            error_message=None if error is None else _shortened(str(error)),
        )


def _checked(text: str, limit: int) -> str:
    """Return a message that can be answered and stored, or raise what is wrong with it."""
    if not isinstance(text, str):
        raise TypeError(f"the message has type {type(text).__name__}, not text")
    if not text.strip():
        raise EmptyMessageError("the message is empty: there is nothing to answer")
    encoded = text.encode("utf-8", "replace")
    if len(encoded) > limit:
        raise MessageTooLongError(
            f"the message has {len(encoded)} bytes, the limit is {limit}: shorten it, or raise max_message_bytes"
        )
    return encoded.decode("utf-8")


def _shortened(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR - 1]}…"
