"""The question that a judge answers about a reply: yes or no, in words that have a version."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rubric:
    """A question about a reply whose answer is yes or no, with all that decides it.

    Attributes:
        name: One word or a few, such as ``solves the problem``.
        text: What the judge reads: the question, and what counts as yes.

    Raises:
        ValueError: The name or the text is empty.

    Example:
        >>> rubric = Rubric("polite", "Is the reply polite? A reply that greets is.")
        >>> rubric.version
        '5730ce22'
    """

    name: str
    text: str

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.text.strip():
            raise ValueError(
                f"rubric {self.name!r} with {len(self.text.strip())} characters: it needs a name and a text"
            )

    @property
    def version(self) -> str:
        """What changes when a word of the text does."""
        return sha256(self.text.encode()).hexdigest()[:8]

    @classmethod
    def read(cls, path: str | Path) -> Rubric:
        """Return the rubric in a text file, named by its first heading or, without one, by the file.

        Args:
            path: A file of Markdown or plain text, in UTF-8.
        """
        path = Path(path)
        text = path.read_text(encoding="utf-8").strip()
        first = text.partition("\n")[0]
        return cls(first.lstrip("# ").strip() if first.startswith("#") else path.stem, text)
