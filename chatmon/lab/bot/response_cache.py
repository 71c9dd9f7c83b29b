"""The chatbot's cache of answers: the same question, or one that means nearly the same, is not paid for twice."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon._tools.embeddings import embed, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np

_DIGITS = re.compile(r"\d+")


class Served(NamedTuple):
    """An answer from the cache.

    Attributes:
        answer: Its text.
        turn_id: The turn in which the model wrote it.
        similarity: Of the two questions: 1.0 for the same one, otherwise the cosine of their embeddings.
        age: Seconds since the model wrote it.
    """

    answer: str
    turn_id: str
    similarity: float
    age: float


class _Kept(NamedTuple):
    answer: str
    turn_id: str
    written: float
    vector: np.ndarray[Any, Any] | None


class ResponseCache:
    """Answers by question, and by whatever else they depend on. Safe to use from many threads.

    An answer stays right for ``ttl`` seconds at most, whatever changes meanwhile: that is the risk that a cache takes,
    with that of a wrong answer, which is served until it expires. Embeddings hardly see a "not", nor the order of
    words, so a low threshold serves the answer to another question; a question with other numbers is never the same.
    On the course's knowledge base, of two ways to ask for the same entry 37 % are within 0.5 of each other, 11 % within
    0.7 and 3 % within 0.8; of two questions for different entries 0.6 %, 0.05 % and 0.01 %. The chatbot serves only
    where retrieval found the same entry for both, which parts most of the latter.

    Args:
        ttl: Seconds for which an answer may be served.
        capacity: How many answers to keep; the one that was not used for longest goes first.
        threshold: The similarity of two questions that counts as the same; None for equal wording only.
        timer: Monotonic, in seconds.

    Raises:
        ValueError: A limit is impossible.

    Example:
        >>> cache = ResponseCache(ttl=3600, threshold=0.7)
        >>> cache.put("When is my bill due?", "v2", "On the 5th.", "t1")
        >>> cache.get("when is my bill due", "v2").similarity
        1.0
        >>> cache.get("When is my bill due, please?", "v2").answer
        'On the 5th.'
        >>> cache.get("When is my bill due?", "v3") is None
        True
    """

    def __init__(
        self,
        *,
        ttl: float,
        capacity: int = 1_000,
        threshold: float | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (math.isfinite(ttl) and ttl > 0):
            raise ValueError(f"ttl ({ttl}) must be above 0 seconds: an answer that never expires is never corrected")
        if capacity < 1:
            raise ValueError(f"capacity ({capacity}) must be at least 1")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(f"threshold ({threshold}) must be above 0 and at most 1; None asks for equal wording")
        self.ttl = ttl
        self.capacity = capacity
        self.threshold = threshold
        self._timer = timer
        self._answers: OrderedDict[tuple[Hashable, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, question: str, scope: Hashable) -> Served | None:
        """Return the answer to a question, None where there is none that is fresh.

        Args:
            question: What the user wrote.
            scope: All else that the answer depends on: only an answer that was put with an equal one is returned.
        """
        now, text = self._timer(), normalised(question)
        vector = None if self.threshold is None else embed([text])[0]
        with self._lock:
            found = self._find(scope, text, vector, now)
            if found is None:
                return None
            similarity, key = found
            self._answers.move_to_end(key)
            kept = self._answers[key]
        return Served(kept.answer, kept.turn_id, similarity, now - kept.written)

    def put(self, question: str, scope: Hashable, answer: str, turn_id: str) -> None:
        """Keep an answer that the model has just written.

        Args:
            question: What the user wrote.
            scope: As for ``get``.
            answer: The reply's text.
            turn_id: The turn that it was written in.
        """
        text = normalised(question)
        vector = None if self.threshold is None else embed([text])[0]
        with self._lock:
            self._answers.pop((scope, text), None)
            self._answers[scope, text] = _Kept(answer, turn_id, self._timer(), vector)
            while len(self._answers) > self.capacity:
                self._answers.popitem(last=False)

    def _find(
        self, scope: Hashable, text: str, vector: np.ndarray[Any, Any] | None, now: float
    ) -> tuple[float, tuple[Hashable, str]] | None:
        """Return how near the same question is, or else the nearest, and its key; None where none is fresh and near."""
        same = self._answers.get((scope, text))
        if same is not None and now - same.written < self.ttl:
            return 1.0, (scope, text)
        if vector is None or self.threshold is None:
            return None
        numbers = _DIGITS.findall(text)
        alike = (
            (min(1.0, float(kept.vector @ vector)), key)
            for key, kept in self._answers.items()
            if key[0] == scope
            and now - kept.written < self.ttl
            and _DIGITS.findall(key[1]) == numbers
            and kept.vector is not None
        )
        nearest = max(alike, key=lambda pair: pair[0], default=None)
        return nearest if nearest is not None and nearest[0] >= self.threshold else None
