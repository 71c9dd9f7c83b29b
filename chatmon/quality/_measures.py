"""Three measures of a reply's quality, each with its range and with what it cannot see."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from chatmon._tools.embeddings import embed
from chatmon.turns import check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_QUOTES = str.maketrans("\u2018\u2019\u201b\u201c\u201d\u201f", "'''\"\"\"")


def context_relevance(question: str, answer: str) -> float | None:
    """Return how close in meaning an answer is to its question: the cosine of their embeddings, clipped to 0 to 1.

    Range: 0 (nothing in common) to 1 (the same words); None where there is nothing to compare: a text without
    content. On the course's support desk a question has 0.42 on average with its own answer, 0.08 with another's.

    Limits: it sees the subject, not the truth. A wrong answer about the right subject scores as high as the right one,
    one that repeats the question scores 1, and an honest "I do not know" scores low. Compare averages over many turns,
    not single replies. It is made for English.

    Args:
        question: The user's message.
        answer: The reply.

    Example:
        >>> question = "When is my bill due?"
        >>> context_relevance(question, "Your bill is due on Monday.") > 0.5 > context_relevance(question, "Hi!")
        True
        >>> context_relevance("When is my bill due?", "") is None
        True
    """
    first, second = embed([question.strip(), answer.strip()])
    if not first.any() or not second.any():
        return None
    return min(1.0, max(0.0, float(first @ second)))


def task_completed(reply: str, facts: Sequence[Sequence[str]]) -> bool:
    """Return whether a reply mentions every required fact, in at least one of each fact's accepted wordings.

    Letter case, white space, and the kinds of dashes, quotes and digits make no difference; a wording must stand
    alone, so "30 days" is not found in "130 days".

    Range: True or False. With no facts required there is nothing to miss: True.

    Limits: it sees that the fact is there, not what is said about it ("not within 30 days"), nor what else is made up
    beside it. A right answer in words that nobody listed counts as not completed.

    Args:
        reply: The reply's text.
        facts: For each fact its accepted wordings.

    Example:
        >>> task_completed("The link works for half  an hour.", [["30 minutes", "half an hour"]])
        True
        >>> task_completed("The link works for 130 minutes.", [["30 minutes", "half an hour"]])
        False
    """
    text = _plain(reply)
    return all(any(_stands_in(_plain(wording), text) for wording in wordings) for wordings in facts)


def check_satisfaction(score: float) -> float:
    """Return a user's rating if it is one: a number from 1 (worst) to 5 (best).

    Range: 1 to 5, fractions allowed; a user who did not rate is None, never a number in the middle.

    Limits: few users rate, and the angry and the delighted do so more than others. Read it with its response rate.

    Args:
        score: The rating.

    Raises:
        TypeError: It is not a number.
        ValueError: It is outside 1 to 5, or not finite.

    Example:
        >>> check_satisfaction(4)
        4.0
        >>> check_satisfaction(0)
        Traceback (most recent call last):
        ValueError: user_satisfaction (0) is outside 1 to 5
    """
    if score is None:
        raise TypeError("user_satisfaction is None: a user who did not rate has no score to check")
    check_columns({"user_satisfaction": score})
    return float(score)


def _plain(text: str) -> str:
    """Return text with the differences taken out that do not matter to a reader."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return " ".join(_DASHES.sub("-", text).casefold().split())


def _stands_in(wording: str, text: str) -> bool:
    """Return whether a wording stands in a text, not as a part of a longer word or number."""
    pattern = rf"(?<!\w)(?<!\d[.,:]){re.escape(wording)}(?!\w)(?![.,:]\d)"
    return re.search(pattern, text) is not None
