"""What users ask most: questions grouped by meaning, where the log has their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon._tools.embeddings import embed, normalised
from chatmon._tools.extras import MissingPackageError
from chatmon.analysis.source import query
from chatmon.report._html import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

ALIKE: Final = 0.8
"""Cosine of two questions from which on they ask the same."""
LOOKED_AT: Final = 2_000
"""Different wordings that are grouped, the most frequent ones."""
LONGEST_QUESTION: Final = 160
"""Characters of a question in the table."""


def top_questions(turns: duckdb.DuckDBPyRelation, most: int) -> Table | None:
    """Return the questions asked most, each with the wordings that mean the same; None where the log has no texts.

    Without the package that compares meanings, only wordings that differ in case, space and final marks are one.

    Args:
        turns: At least one.
        most: How many questions.
    """
    rows = query(
        turns,
        f"""SELECT question, count(*) AS n FROM turns WHERE question IS NOT NULL AND question <> ''
        GROUP BY question ORDER BY n DESC, question LIMIT {LOOKED_AT}""",  # noqa: S608 - our own number
    )
    if not rows:
        return None
    texts: dict[str, tuple[str, int]] = {}
    for question, n in rows:
        key = normalised(question)
        first, before = texts.get(key, (question, 0))
        texts[key] = (first, before + n)
    wordings = sorted(texts.values(), key=lambda one: (-one[1], one[0]))
    try:
        groups = grouped([text for text, _ in wordings], ALIKE)
        how = f"Wordings that mean the same are one question (cosine of {ALIKE} or more of small embeddings)."
    except MissingPackageError as error:
        groups, how = [[place] for place in range(len(wordings))], f"Not grouped by meaning: {error}."
    counted = [(wordings[group[0]][0], sum(wordings[place][1] for place in group), len(group)) for group in groups]
    counted.sort(key=lambda one: (-one[1], one[0]))
    return Table(
        "What is asked most",
        [Column("Question", number=False), Column("Turns (count)"), Column("Wordings (count)")],
        [(_cut(text), f"{n:,}", f"{several:,}") for text, n, several in counted[:most]],
        how,
    )


def grouped(texts: Sequence[str], alike: float) -> list[list[int]]:
    """Return the places of texts in groups: each text joins the group whose first text it is most like.

    Args:
        texts: The most frequent first, so that a group is led by its commonest wording.
        alike: The least cosine.

    Example:
        >>> grouped(["Where is my parcel?", "I want a refund", "where's my parcel"], 0.8)
        [[0, 2], [1]]
    """
    vectors = embed(texts)
    leaders: list[int] = []
    groups: list[list[int]] = []
    for place, vector in enumerate(vectors):
        near = vectors[leaders] @ vector if leaders else np.zeros(0)
        if len(near) and near.max() >= alike:
            groups[int(near.argmax())].append(place)
        else:
            leaders.append(place)
            groups.append([place])
    return groups


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUESTION else f"{text[: LONGEST_QUESTION - 1]}…"
