"""A log replayed, in order, against a response cache: what it would have served, and what that would have saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from chatmon._tools.embeddings import embed, normalised
from chatmon.analysis.search.part import Part
from chatmon.analysis.source import MICROSECONDS, asked, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from chatmon.analysis.source import Turns

CACHE_SECONDS: Final = 24 * 3600
"""Seconds for which a response cache keeps an answer."""
ALIKE: Final = 0.1
"""Relative difference in output tokens up to which two answers may be the same, where the texts are not known."""
PART: Final = "substr(md5(coalesce(user_id, conversation_id)), 1, 1)"
"""One of 16 parts of the users, in SQL."""
_AT_ONCE: Final = 1_000
"""Questions that are compared with all others at once."""
_DIGITS: Final = re.compile(r"\d+")


class CacheReplay(NamedTuple):
    """What a response cache would have done.

    Attributes:
        asked: First questions of conversations that were answered, with their text.
        wordings: Different ones among them.
        repeated: Those that the cache would have served.
        agreed: Those of them whose answer was the one kept.
        usd: What the agreed ones cost, by part of the users.
        seconds: What they took, by part of the users.
    """

    asked: int
    wordings: int
    repeated: int
    agreed: int
    usd: Sequence[float]
    seconds: Sequence[float]

    @property
    def hit_rate(self) -> float:
        """The share of first questions that a cache would have answered."""
        return self.repeated / self.asked if self.asked else 0.0

    @property
    def agreement(self) -> float:
        """The share of what a cache would have served that the model answered the same."""
        return self.agreed / self.repeated if self.repeated else 0.0


def replay_cache(turns: Turns, kept: float = CACHE_SECONDS, threshold: float | None = None) -> CacheReplay:
    """Replay a log, in order, against a ``ResponseCache`` for the first questions of conversations.

    An answer is served to the same words, or to words near enough, asked of the same model with the same prompt about
    the same intent, while it is kept. It agrees if the model's own answer had the same text, or nearly as many tokens.

    Args:
        turns: Any holder of turns.
        kept: Seconds for which an answer is kept.
        threshold: The similarity of two questions that counts as the same; None for equal wording only.

    Raises:
        ValueError: The threshold is impossible.

    Example:
        >>> replay_cache([]).hit_rate
        0.0
    """
    return replay(first_questions(turns), kept, threshold)


def first_questions(turns: Turns, share: float = 1.0) -> pa.Table:
    """Return the first questions of conversations that were answered, in order of time, with what ``replay`` reads.

    Args:
        turns: Any holder of turns.
        share: Of the wordings, how many are taken: of those drawn, every repetition.
    """
    taken = "true" if share >= 1 else Part.drawn("lower(trim(question))", share)
    return asked(
        relation(turns),
        f"""SELECT {PART} AS part, began, question, answer, CAST(output_tokens AS DOUBLE) AS size,
            concat(coalesce(model, ''), '/', coalesce(prompt_version, ''), '/', coalesce(intent, '')) AS scope,
            CAST(coalesce(cost, 0) AS DOUBLE) AS usd, coalesce(response_time, 0) AS seconds
        FROM (
            SELECT *, {MICROSECONDS}(timestamp) AS began,
                row_number() OVER (PARTITION BY conversation_id ORDER BY timestamp, turn_id) AS place
            FROM turns) AS placed
        WHERE place = 1 AND error_type IS NULL AND question IS NOT NULL AND {taken} ORDER BY began, turn_id""",  # noqa: S608 - our own expressions
    ).to_arrow_table()


def replay(firsts: pa.Table, kept: float = CACHE_SECONDS, threshold: float | None = None) -> CacheReplay:
    """Replay first questions as ``replay_cache`` does.

    Args:
        firsts: Those of ``first_questions``.
        kept: As there.
        threshold: As there.

    Raises:
        ValueError: As there.
    """
    if threshold is not None and not 0 < threshold <= 1:
        raise ValueError(f"threshold ({threshold}) must be above 0 and at most 1; None asks for equal wording")
    column = {name: firsts.column(name).combine_chunks() for name in firsts.column_names}
    texts, question = _coded(column["question"], normalised)
    _, scope = _coded(column["scope"])
    began, size = column["began"].to_numpy(), column["size"].to_numpy(zero_copy_only=False)
    near = [[one] for one in range(len(texts))] if threshold is None else _near(texts, threshold)
    held = _serve(question.tolist(), scope.tolist(), began.tolist(), kept * 1e6, near)
    served = held >= 0
    _, answer = _coded(column["answer"])
    mine, theirs = answer[served], answer[held[served]]
    was = size[held[served]]
    agreed = np.where((mine >= 0) & (theirs >= 0), mine == theirs, np.abs(size[served] - was) <= ALIKE * was)
    _, part = _coded(column["part"])
    parts = part[served][agreed]
    usd, seconds = (
        np.bincount(parts, column[name].to_numpy()[served][agreed], int(part.max(initial=-1)) + 1).tolist()
        for name in ("usd", "seconds")
    )
    return CacheReplay(len(firsts), len(texts), int(served.sum()), int(agreed.sum()), tuple(usd), tuple(seconds))


def _coded(column: Any, form: Callable[[str], str] = str) -> tuple[list[str], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the different texts of an Arrow column in a form, and for each row which one it has; -1 for none."""
    encoded = column.dictionary_encode()
    number: dict[str, int] = {}
    codes = [number.setdefault(form(text), len(number)) for text in encoded.dictionary.to_pylist()]
    rows = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    return list(number), np.array([*codes, -1], dtype=np.int64)[rows]


def _near(texts: Sequence[str], threshold: float) -> list[list[int]]:
    """Return for each question those that are near enough, itself first, then the nearest; never with other numbers."""
    vectors, numbers = embed(texts), [_DIGITS.findall(text) for text in texts]
    found: list[list[int]] = []
    for start in range(0, len(texts), _AT_ONCE):
        alike = vectors[start : start + _AT_ONCE] @ vectors.T
        for offset, row in enumerate(alike):
            one = start + offset
            others = np.flatnonzero(row >= threshold)
            others = others[np.argsort(-row[others], kind="stable")]
            found.append([one, *(int(o) for o in others if o != one and numbers[o] == numbers[one])])
    return found


def _serve(
    questions: list[int], scopes: list[int], began: list[int], kept: float, near: list[list[int]]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return for each row the row whose answer it would have been served; -1 where the model is asked."""
    written: dict[tuple[int, int], int] = {}
    held = np.full(len(questions), -1)
    for row, (question, scope, now) in enumerate(zip(questions, scopes, began, strict=True)):
        for other in near[question]:
            last = written.get((scope, other))
            if last is not None and now - began[last] < kept:
                held[row] = last
                break
        else:
            written[scope, question] = row
    return held
