"""The chatbot's prompts by version: what is said to the model around a question and the note that answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ChatMessage = tuple[str, str]
"""Role (``system``, ``human`` or ``ai``) and text, as LangChain takes them."""


@dataclass(frozen=True, slots=True)
class BotPrompt:
    """One version of the prompt.

    Attributes:
        version: Its name, which every turn records.
        system: The system message.
        repeat: Whether the note stands beside the question, to be repeated; otherwise it stands in the system message.
        examples: Questions and notes that show the model what to do, before the conversation.
        note_last: Whether the note stands below the question, so that all before it is as it was in the request before,
            and a cache of prompts knows it; ``repeat`` implies that.
        user_first: Whether the user is named above all else, so that no two users' requests begin alike.
    """

    version: str
    system: str
    repeat: bool = False
    examples: tuple[ChatMessage, ...] = ()
    note_last: bool = False
    user_first: bool = False

    def ask(self, question: str, note: str) -> str:
        """Return the user's message as the model gets it.

        Args:
            question: What the user wrote.
            note: What the knowledge base says about it.
        """
        if self.repeat:
            return f"Customer: {question}\nRepeat: {note}"
        return f"{question}\nFacts: {note}" if self.note_last else question

    def messages(
        self, question: str, note: str, history: Sequence[ChatMessage] = (), user_id: str | None = None
    ) -> list[ChatMessage]:
        """Return everything that is sent to the model for one turn.

        Args:
            question: What the user wrote.
            note: What the knowledge base says about it.
            history: Earlier turns: the user's message as it was sent, and the reply.
            user_id: Who asks.

        Example:
            >>> for role, text in prompt("v1").messages("When is my bill due?", "On the 5th of each month."):
            ...     print(role, "|", text)
            system | You are a helpful AI assistant. Please provide accurate and concise responses.
            Facts: On the 5th of each month.
            human | When is my bill due?
        """
        system = f"The customer is {user_id}.\n{self.system}" if self.user_first else self.system
        constant = self.repeat or self.note_last
        messages = [("system", system if constant else f"{system}\nFacts: {note}")]
        shown = [(self.ask(asked, answer), answer) for asked, answer in self.examples]
        for asked, answer in (*shown, *history, (self.ask(question, note), "")):
            messages += [("human", asked), ("ai", answer)]
        return messages[:-1]


# Of about twenty shapes that were tried, the small local model kept to the note in this one only: it goes on with a
# pattern that it has seen several times, and it makes things up when it is asked to answer, to use, or to rewrite.
# The examples are the same in every request, so the model's cache holds them: they cost time once.
_EXAMPLES = (
    ("Where is your shop?", "Our shop is at 12 Mill Street, next to the station."),
    ("How do I order a cake?", "Open the order page and choose Cakes. We bake it within 2 days."),
    ("May I bring a dog?", "Yes, dogs are welcome in the garden."),
    ("Who won the match?", "I can only help with our shop, so I do not know that."),
    ("What does a coffee cost?", "A coffee costs 3 euros."),
    ("My table is too small", "Write to tables@shop.example. We find you another one within 10 minutes."),
)

_DESK = "You are a friendly support desk. Repeat the text to the customer."
_FIRST = "You are a helpful AI assistant. Please provide accurate and concise responses."
PROMPTS = {
    version.version: version
    for version in (
        BotPrompt("v1", _FIRST),
        BotPrompt("v2", _DESK, True, _EXAMPLES),
        BotPrompt("v2-user-first", _DESK, True, _EXAMPLES, user_first=True),
        BotPrompt("v1-note-last", _FIRST, note_last=True),
    )
}


def prompt(version: str, system: str | None = None) -> BotPrompt:
    """Return the prompt of a version.

    Args:
        version: Its name. With ``system``, a new name makes a new version, shaped like v1.
        system: A system message in place of the version's own.

    Raises:
        ValueError: There is no such version, and no system message to make one of.

    Example:
        >>> prompt("brief", system="Be direct and helpful.").system
        'Be direct and helpful.'
    """
    known = PROMPTS.get(version)
    if known is None and system is None:
        raise ValueError(
            f"no prompt version {version!r}: there are {', '.join(PROMPTS)}; a new one needs system_prompt"
        )
    if known is None:
        return BotPrompt(version, system or "")
    return known if system is None else replace(known, system=system)
