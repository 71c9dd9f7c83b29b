"""The support desk's knowledge base: what is in it, and how the entry that fits a question is found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon._tools.embeddings import embed
from chatmon._tools.errors import Error
from chatmon._tools.paths import data_file
from chatmon.quality import task_completed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MINIMUM_SCORE = 0.32
"""Below this similarity nothing fits. Chosen between the two sides: all 169 ways to ask that are in the base score 0.33
or more, 33 others that were kept out of it (tests/lab/bot/test_knowledge.py) 0.43 or more, and 20 questions about
something else 0.30 or less."""

OUT_OF_SCOPE = "out_of_scope"
"""The intent of questions that the desk knows and declines."""


class KnowledgeError(Error, ValueError):
    """A knowledge base cannot be used; the message has the file, the entry and the reason."""


@dataclass(frozen=True, slots=True)
class KnowledgeEntry:
    """One thing that the desk can answer.

    Attributes:
        id: Unique in the base.
        intent: What the user wants, shared by related entries.
        question: The usual way to ask.
        answer: The right answer, one or two short sentences.
        facts: What a right reply must mention: for each fact its accepted wordings.
        phrasings: Other ways to ask.
    """

    id: str
    intent: str
    question: str
    answer: str
    facts: tuple[tuple[str, ...], ...]
    phrasings: tuple[str, ...] = ()


class SearchHit(NamedTuple):
    """An entry that fits a question, and how well: cosine similarity, 1 is best."""

    entry: KnowledgeEntry
    score: float


class KnowledgeBase:
    """Entries, and the one that fits a question.

    Args:
        entries: What is known.
        refusal: What to answer when no entry fits.

    Attributes:
        entries: As given.
        refusal: As given.

    Example:
        >>> base = KnowledgeBase.load()
        >>> [hit.entry.id for hit in base.retrieve("I would like a new password, please")]
        ['reset-password']
        >>> base.retrieve("Who won the football world cup?")
        []
    """

    def __init__(self, entries: Sequence[KnowledgeEntry], refusal: str) -> None:
        import numpy as np

        self.entries = tuple(entries)
        self.refusal = refusal
        # An entry's vector is the mean of all the ways to ask: on questions left out in turn that finds the entry for
        # 91 %, the nearest single phrasing for 83 %.
        means = [embed([entry.question, *entry.phrasings]).mean(axis=0) for entry in self.entries]
        self._vectors = np.stack([mean / np.linalg.norm(mean) for mean in means])

    @classmethod
    def load(cls, path: Path | None = None) -> KnowledgeBase:
        """Read a knowledge base from its JSON file.

        Args:
            path: The file; if not given, the course's own.

        Raises:
            KnowledgeError: The file is no knowledge base, or an entry is incomplete, double, or contradicts itself.
        """
        path = path or data_file("knowledge_base.json")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise KnowledgeError(f"{path.name} is not JSON: {error}") from None
        try:
            return cls(*_parse(content))
        except KnowledgeError as error:
            raise KnowledgeError(f"{path.name}: {error}") from None

    def retrieve(self, question: str, k: int = 1, minimum: float = MINIMUM_SCORE) -> list[SearchHit]:
        """Return the entries that fit a question best, the best first; none where nothing fits.

        Args:
            question: The user's message.
            k: How many entries at most.
            minimum: The similarity that counts as fitting.
        """
        if k < 1:
            raise ValueError(f"k ({k}) must be at least 1")
        scores = self._vectors @ embed([question.strip()])[0]
        best = scores.argsort(kind="stable")[::-1][:k]
        return [SearchHit(self.entries[i], float(scores[i])) for i in best if scores[i] >= minimum]


def _parse(content: Any) -> tuple[list[KnowledgeEntry], str]:
    if not isinstance(content, dict) or not isinstance(content.get("entries"), list) or not content["entries"]:
        raise KnowledgeError('needs {"refusal": "...", "entries": [...]} with at least one entry')
    refusal = content.get("refusal")
    if not isinstance(refusal, str) or not refusal.strip():
        raise KnowledgeError("needs a refusal: the answer to what no entry covers")
    entries: list[KnowledgeEntry] = []
    owners: dict[str, int] = {}
    for position, raw in enumerate(content["entries"]):
        name = raw.get("id") if isinstance(raw, dict) else None
        label = f"entry {name!r}" if isinstance(name, str) and name else f"entry at position {position}"
        try:
            entry = _entry(raw)
            _claim(entry, position, owners)
        except KnowledgeError as error:
            raise KnowledgeError(f"{label}: {error}") from None
        entries.append(entry)
    return entries, refusal


def _claim(entry: KnowledgeEntry, position: int, owners: dict[str, int]) -> None:
    """Note whose id and ways to ask these are; the same ones in two entries would hide one of them."""
    for text in (f"id {entry.id}", entry.question, *entry.phrasings):
        owner = owners.setdefault(text.casefold(), position)
        if owner != position:
            raise KnowledgeError(f"{text!r} is in the entry at position {owner} already")


def _entry(raw: Any) -> KnowledgeEntry:
    if not isinstance(raw, dict):
        raise KnowledgeError(f"is {raw!r}, not an object")
    strangers = raw.keys() - {"id", "intent", "question", "phrasings", "answer", "facts"}
    if strangers:
        raise KnowledgeError(f"has unknown keys: {', '.join(sorted(strangers))}")
    for key in ("id", "intent", "question", "answer"):
        if not _is_text(raw.get(key)):
            raise KnowledgeError(f"{key} ({raw.get(key)!r}) is not text with something in it")
    phrasings, facts = raw.get("phrasings", []), raw.get("facts")
    if not isinstance(phrasings, list) or not all(map(_is_text, phrasings)):
        raise KnowledgeError(f"phrasings ({phrasings!r}) is not a list of texts")
    if not isinstance(facts, list) or not facts:
        raise KnowledgeError(f"facts ({facts!r}) is not a list with at least one fact")
    for fact in facts:
        if not isinstance(fact, list) or not fact or not all(map(_is_text, fact)):
            raise KnowledgeError(f"fact {fact!r} is not a list of accepted wordings")
        if not task_completed(raw["answer"], [fact]):
            raise KnowledgeError(f"answer ({raw['answer']!r}) lacks its own fact {fact!r}")
    return KnowledgeEntry(
        id=raw["id"],
        intent=raw["intent"],
        question=raw["question"],
        answer=raw["answer"],
        facts=tuple(map(tuple, facts)),
        phrasings=tuple(phrasings),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
