"""Verdicts kept in a file of JSON lines: what was asked and answered is not asked again, whatever ended the program."""

from __future__ import annotations

import json
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chatmon._tools.paths import private_file

if TYPE_CHECKING:
    from pathlib import Path

    from chatmon.quality._rubric import Rubric


class Verdict(NamedTuple):
    """What a judge says of one reply.

    Attributes:
        verdict: Yes or no; None where its words are neither.
        score: Its certainty of yes, 0 to 1; None where the model gives no probabilities.
        said: Its words.
    """

    verdict: bool | None
    score: float | None
    said: str


def key_of(rubric: Rubric, model: str, question: str, answer: str) -> str:
    """Return what a verdict is kept under: it holds for the same rubric, model, question and answer only."""
    return sha256(json.dumps([rubric.text, model, question, answer]).encode()).hexdigest()


class KeptVerdicts:
    """Verdicts by key, in memory and, with a path, in a file to which each is added as it comes.

    Args:
        path: The file; None keeps them in memory.

    Raises:
        ValueError: A line that is not the last is none of a verdict: the file is something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, Verdict] = {}
        if path is not None:
            private_file(path)  # the judge's words may quote people
            self._read(path)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Verdict | None:
        """Return a verdict that is known."""
        return self._known.get(key)

    def add(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict; once this returns it is in the file."""
        line = json.dumps({"key": key, **verdict._asdict()}) + "\n"
        with self._lock:
            self._known[key] = verdict
            if self._path is not None:
                with self._path.open("ab") as file:
                    file.write(line.encode())

    def _read(self, path: Path) -> None:
        whole, _, broken_off = path.read_bytes().rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                kept = json.loads(line)
                self._known[kept["key"]] = Verdict(kept["verdict"], kept["score"], kept["said"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}, line {number}: no verdict ({error}); name another file to keep them"
                ) from error
        if broken_off:  # the program was ended within a line: that verdict is asked for again
            with path.open("r+b") as file:
                file.truncate(len(whole) + 1 if whole else 0)
