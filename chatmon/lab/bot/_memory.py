"""What the chatbot remembers of each conversation, within a budget of tokens, or of exchanges."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from chatmon.lab.bot._prompts import ChatMessage

BYTES_PER_TOKEN = 3
"""For the estimate. The local model's tokens have 3.9 bytes in English, 1.9 in Arabic and 1.4 in emoji; other models'
tokens differ. 3 is on the safe side for English."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: an estimate from its length, for budgets, never for bills.

    Args:
        text: Any text.

    Example:
        >>> estimate_tokens("When is my bill due?")
        7
    """
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def new_conversation_id() -> str:
    """Return a unique id for a new conversation: a UUIDv7 (RFC 9562), so that ids sort by time.

    Example:
        >>> UUID(new_conversation_id()).version
        7
    """
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(UUID(int=number))


class ConversationMemory:
    """Remembers the newest exchanges of each conversation. Safe to use from many threads.

    Args:
        budget: Tokens, by ``estimate_tokens``, to remember of one conversation; the oldest exchanges go first.
        capacity: How many conversations to remember; the one that was silent for longest goes first.
        exchanges: How many exchanges to remember of one conversation; None for as many as the budget holds.

    Example:
        >>> memory = ConversationMemory(budget=16)
        >>> memory.add("c1", "When is my bill due?", "On the 5th.")
        >>> memory.add("c1", "And if I pay late?", "5 euros.")
        >>> memory.history("c1")
        [('And if I pay late?', '5 euros.')]
        >>> memory.dropped("c1")
        1
    """

    def __init__(self, budget: int, capacity: int = 1_000, *, exchanges: int | None = None) -> None:
        self.budget = budget
        self.capacity = capacity
        self.exchanges = exchanges
        self._dropped: dict[str, int] = {}
        self._conversations: OrderedDict[str, list[ChatMessage]] = OrderedDict()
        self._lock = threading.Lock()

    def history(self, conversation_id: str) -> list[ChatMessage]:
        """Return what is remembered of a conversation, the oldest exchange first: what was asked, what was replied."""
        with self._lock:
            return list(self._conversations.get(conversation_id, ()))

    def dropped(self, conversation_id: str) -> int:
        """Return how many exchanges of a conversation that is remembered are forgotten."""
        with self._lock:
            return self._dropped.get(conversation_id, 0)

    def add(self, conversation_id: str, asked: str, replied: str) -> None:
        """Remember an exchange, and forget the oldest ones that no longer fit.

        Args:
            conversation_id: Which conversation.
            asked: The user's message as it was sent to the model.
            replied: The reply.
        """
        with self._lock:
            exchanges = [*self._conversations.pop(conversation_id, ()), (asked, replied)]
            before = len(exchanges)
            if self.exchanges is not None:
                del exchanges[: max(0, before - self.exchanges)]
            while sum(estimate_tokens(one) + estimate_tokens(other) for one, other in exchanges) > self.budget:
                del exchanges[0]
            self._dropped[conversation_id] = self._dropped.get(conversation_id, 0) + before - len(exchanges)
            self._conversations[conversation_id] = exchanges
            while len(self._conversations) > self.capacity:
                forgotten, _ = self._conversations.popitem(last=False)
                del self._dropped[forgotten]
