"""The course's support bot: a real model behind retrieval, memory, retries, a fallback, and a monitor."""

from __future__ import annotations

import asyncio
import random as random_module
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from chatmon.lab.bot._config import ChatConfig
from chatmon.lab.bot._knowledge import KnowledgeBase
from chatmon.lab.bot._memory import ConversationMemory, new_conversation_id
from chatmon.lab.bot._model_client import ModelClient
from chatmon.lab.bot._prompts import prompt
from chatmon.lab.bot._reply import FALLBACK_TEXT, EmptyMessageError, MessageTooLongError, Reply, ReplyStream
from chatmon.live.monitor import ChatMonitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chatmon.lab.bot.response_cache import ResponseCache
    from chatmon.optimizer import Recommendations

__all__ = [
    "FALLBACK_TEXT",
    "ChatConfig",
    "EmptyMessageError",
    "MessageTooLongError",
    "ProductionChatbot",
    "Reply",
    "ReplyStream",
]


class ProductionChatbot:
    """Answers the support desk's questions; every message becomes exactly one turn of its monitor.

    Whatever goes wrong with the model, the turn records the error and the caller gets a ``Reply`` that says
    ``fallback``. What is wrong with the message is raised (``EmptyMessageError``, ``MessageTooLongError``,
    ``TypeError``), and recorded too. Safe to use from many threads and tasks.

    Args:
        config: Which model, and how; if not given, ``ChatConfig.from_env()``.
        monitor: Where turns are recorded; if not given, a new one.
        knowledge: What the desk knows; if not given, the course's knowledge base.
        cache: Answers to serve again; if not given, the model answers every message.
        sleep: Waits between attempts, in sync code.
        async_sleep: The same in async code.
        random: Returns a number from 0 to below 1, for those waits.

    Raises:
        ValueError: ``config.models_by_intent`` names an intent that the knowledge base does not have.

    Example:
        >>> bot = ProductionChatbot(ChatConfig.local())
        >>> reply = bot.process_user_message_sync("How long does a refund take?", "ada")
        >>> reply.status, reply.intent, "7 working days" in reply.text
        ('success', 'billing', True)
        >>> bot.monitor.turns()[0].task_completed
        True
    """

    def __init__(
        self,
        config: ChatConfig | None = None,
        *,
        monitor: ChatMonitor | None = None,
        knowledge: KnowledgeBase | None = None,
        cache: ResponseCache | None = None,
        sleep: Callable[[float], object] = time.sleep,
        async_sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.config = config or ChatConfig.from_env()
        self.monitor = monitor or ChatMonitor()
        self.knowledge = knowledge or KnowledgeBase.load()
        self.prompt = prompt(self.config.prompt_version, self.config.system_prompt)
        self.cache = cache
        self.memory = ConversationMemory(self.config.memory_tokens, exchanges=self.config.memory_exchanges)
        self.client = ModelClient(self.config, self.monitor.callback())
        self.clients = self._clients_by_intent()
        self.sleep = sleep
        self.async_sleep = async_sleep
        self.random = random

    async def process_user_message(self, text: str, user_id: str | None, conversation_id: str | None = None) -> Reply:
        """Answer a message.

        Args:
            text: What the user wrote.
            user_id: Who.
            conversation_id: Which conversation to go on with; a new one if not given.

        Raises:
            EmptyMessageError: There is nothing in the message.
            MessageTooLongError: The message is longer than ``config.max_message_bytes``.
            TypeError: The message is not text.
        """
        stream = self.stream(text, user_id, conversation_id)
        async for _ in stream:
            pass
        return stream.reply

    def process_user_message_sync(self, text: str, user_id: str | None, conversation_id: str | None = None) -> Reply:
        """Answer a message, in code that is not async; otherwise the same as ``process_user_message``."""
        stream = self.stream(text, user_id, conversation_id)
        for _ in stream:
            pass
        return stream.reply

    def stream(self, text: str, user_id: str | None, conversation_id: str | None = None) -> ReplyStream:
        """Answer a message piece by piece: use the result in ``for`` or in ``async for``.

        The request is sent when the first piece is asked for. The turn is recorded when the last piece was taken, or
        when the loop is left early; errors are as in ``process_user_message``.

        Args:
            text: What the user wrote.
            user_id: Who.
            conversation_id: Which conversation to go on with; a new one if not given.
        """
        return ReplyStream(self, text, user_id, conversation_id or new_conversation_id())

    def generate_optimization_report(self) -> Recommendations:
        """Return what to change about this chatbot, by the turns of its monitor; nothing where they show nothing.

        Example:
            >>> bot = ProductionChatbot(ChatConfig.local())
            >>> bot.generate_optimization_report()
            recommendations: none: nothing to save shows in 0 turns over 0.0 days
            not looked for: everything: 0 turns: at least 200 are needed
        """
        from chatmon.optimizer import recommend

        return recommend(self.monitor.turns())

    def _clients_by_intent(self) -> dict[str, ModelClient]:
        """Return the line to the model of each intent that has one of its own."""
        wanted = self.config.models_by_intent
        known = {entry.intent for entry in self.knowledge.entries}
        if strangers := sorted(wanted.keys() - known):
            raise ValueError(
                f"models_by_intent names {', '.join(strangers)}: the knowledge base has {', '.join(sorted(known))}"
            )
        clients = {
            model: ModelClient(replace(self.config, model=model), self.monitor.callback())
            for model in set(wanted.values())
        }
        return {intent: clients[model] for intent, model in wanted.items()}
