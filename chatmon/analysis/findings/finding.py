"""One thing to know: a sentence with its numbers, its evidence, and the query that shows it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon._tools.shown import escape

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Attributes:
        kind: ``change`` (something differs in a window), ``client`` (one user's), ``state`` (how things are all along),
            ``gap`` (what the log does not say) or ``nothing``.
        title: The finding as a sentence with its numbers.
        evidence: Pairs of a name and a text: numbers with intervals and n.
        where: The slice.
        when: The window, or the whole log.
        sure: How sure it is, in words.
        query: A SELECT over ``turns`` that shows it again.
        weight: The share of the log's waiting, cost, failures or uncompleted tasks that it makes up; findings are
            ranked by it within their kind.
        start: When a change begins, to the hour; None for what is so all along.
        examples: Of a change, a SELECT over ``turns`` of a few conversations to read: ``conversation_id``, ``turns``
            in the window, the ``value`` that shows it, ``question`` and ``answer``. Empty where there is no change.
    """

    kind: str
    title: str
    evidence: tuple[tuple[str, str], ...]
    where: str
    when: str
    sure: str
    query: str
    weight: float = 0.0
    start: datetime | None = None
    examples: str = ""

    def rows(self) -> list[tuple[str, str]]:
        """Return the finding as pairs of a name and a text, in reading order."""
        return [("finding", self.title), *self.evidence, ("where", self.where), ("when", self.when),
                ("how sure", self.sure), ("query", self.query)]  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self.rows())

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(name)}: {escape(text)}</li>" for name, text in self.rows()[1:])
        return f"<p><strong>{escape(self.title)}</strong></p><ul>{items}</ul>"


def per_cent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage.

    Example:
        >>> per_cent(0.1234), per_cent(0.1234, 0)
        ('12.3 %', '12 %')
    """
    return f"{100 * share:.{digits}f} %"
