"""Whom an erasure is about, and what of theirs must be nowhere afterwards."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ERASED: Final = "[erased]"
SHORTEST_TEXT: Final = 12
"""Characters of a message from which it is looked for: a shorter one, such as "thank you", is nobody's own."""
_SHORT_ID: Final = 6
"""Characters below which an id is looked for as a whole word only."""
_WORD: Final = r"[0-9A-Za-z_-]"


Pattern: TypeAlias = "bytes | re.Pattern[bytes]"


def holds(content: bytes, patterns: Iterable[Pattern]) -> bool:
    """Return whether one of some patterns is in a content."""
    return any(one in content if isinstance(one, bytes) else one.search(content) for one in patterns)


@dataclass(slots=True)
class Subject:
    """A user, and what is known of theirs.

    Attributes:
        names: What stands for the user: the id, its pseudonyms, and what else was named, such as an e-mail address.
        salt: What makes the new names of their conversations, so that nobody can make them again.
        conversations: Those that nobody else has turns in.
        turns: Ids of their turns, and of traces that are theirs.
        texts: What they wrote and were answered, and nobody else: without what is too short to be anybody's own.
        alike: Names that other names contain, such as ``u1`` beside ``u10``: these are looked for as whole words.
    """

    names: frozenset[str]
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    conversations: set[str] = field(default_factory=set)
    turns: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    alike: set[str] = field(default_factory=set)

    def is_theirs(self, row: dict[str, Any]) -> bool:
        """Return whether a turn is the user's: by its user, or where it names none, by its conversation."""
        user = row.get("user_id")
        return user in self.names if user else row.get("conversation_id") in self.conversations

    def new_name(self, conversation: str) -> str:
        """Return what a conversation is called once it is nobody's."""
        return f"erased-{sha256((self.salt + conversation).encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"

    def without_names(self, text: str) -> str:
        """Return a text in which the user is not named."""
        pattern = "|".join(re.escape(name) for name in self._written(self.names))
        return re.sub(rf"(?<!{_WORD})(?:{pattern})(?!{_WORD})", ERASED, text)

    def without_traces(self, text: str) -> str:
        """Return a text in which neither the user, nor a conversation or message of theirs, is found."""
        for message in self._written(self.texts):
            text = text.replace(message, ERASED)
        for conversation in self._written(self.conversations):
            text = text.replace(conversation, self.new_name(conversation))
        return self.without_names(text)

    def patterns(self) -> list[Pattern]:
        """Return what is looked for in bytes, in every way a file may write it."""
        found: list[Pattern] = []
        for name in sorted({*self.names, *self.conversations}):
            for written in self._written([name]):
                raw = written.encode("utf-8", "surrogatepass")
                whole = len(name) < _SHORT_ID or name in self.alike
                word = _WORD.encode()
                found.append(re.compile(b"(?<!%b)%b(?!%b)" % (word, re.escape(raw), word)) if whole else raw)
        found += [text.encode("utf-8", "surrogatepass") for text in sorted(self._written(self.texts))]
        return found

    @staticmethod
    def _written(texts: Iterable[str]) -> list[str]:
        """Return texts as they are, within JSON, in JSON of ASCII only, and within CSV; the longest first."""
        ways = set()
        for text in texts:
            ways |= {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text.replace('"', '""')}
        return sorted(ways, key=lambda way: (-len(way), way))

    # An erasure that is interrupted must go on with what it knew: a part of that may be erased already.

    def note(self, folder: Path) -> Path:
        """Write down, in a file that only its owner may read and that goes at the end, what is being erased."""
        from chatmon.privacy.rewriting import rewritten

        path = folder / f".erasing-{self.salt}"
        held = {name: sorted(getattr(self, name)) for name in ("conversations", "turns", "texts", "alike")}
        with rewritten(path) as file:
            file.write(json.dumps({"of": self._digest(), **held}).encode())
        return path

    def resume(self, folder: Path) -> bool:
        """Take over what an interrupted erasure of the same user knew, and return whether there was one."""
        for path in sorted(folder.glob(".erasing-*")):
            held = json.loads(path.read_bytes())
            self.salt = path.name.removeprefix(".erasing-")
            if held["of"] == self._digest():
                for name in ("conversations", "turns", "texts", "alike"):
                    getattr(self, name).update(held[name])
                return True
        self.salt = secrets.token_hex(16)
        return False

    def _digest(self) -> str:
        return sha256("\0".join([self.salt, *sorted(self.names)]).encode("utf-8", "surrogatepass")).hexdigest()
