"""Whom an erasure is about, and what of theirs must be nowhere afterwards."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chatmon._tools.paths import rewritten
from chatmon.store.privacy._databases import texts_of, traces_of
from chatmon.store.privacy._stored import TURNS, rows_of
from chatmon.store.privacy.keepers import ERASED
from chatmon.store.privacy.redaction import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chatmon.store.privacy._stored import StoredFile

SHORTEST_TEXT: Final = 12
"""Characters of a message from which it is looked for: a shorter one, such as "thank you", is nobody's own."""
_SHORT_ID: Final = 6
"""Characters below which an id is looked for as a whole word only."""
_WORD: Final = r"[0-9A-Za-z_-]"
_LETTER: Final = r"[0-9A-Za-z]"
_TEXTS: Final = ("question", "answer", "error_message")
_BATCH: Final = 5_000


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
        for name in self._written(self.names):
            if name in text:
                inside = _WORD if self._is_word(name) else _LETTER
                text = re.sub(rf"(?<!{inside}){re.escape(name)}(?!{inside})", ERASED, text)
        return text

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
                word = _WORD.encode()
                found.append(
                    re.compile(b"(?<!%b)%b(?!%b)" % (word, re.escape(raw), word)) if self._is_word(name) else raw
                )
        found += [text.encode("utf-8", "surrogatepass") for text in sorted(self._written(self.texts))]
        return found

    def _is_word(self, name: str) -> bool:
        """Return whether a name is looked for as a whole word only."""
        return len(name) < _SHORT_ID or name in self.alike

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


def gather(files: Sequence[StoredFile], subject: Subject) -> None:
    """Add to a subject what files know of them."""
    turns = [stored for stored in files if stored.form in TURNS]
    databases = [stored.path for stored in files if stored.form == "sqlite"]
    theirs: set[str] = set()
    shared: set[str] = set()
    users: set[str] = set()
    for row in _rows(turns):
        user, conversation = row.get("user_id"), row["conversation_id"]
        if user in subject.names:
            theirs.add(conversation)
        elif user:
            shared.add(conversation)
            users.add(user)
        users.add(conversation)
    for path in databases:
        traces, conversations, others = traces_of(path, subject.names)
        subject.turns |= traces
        theirs |= conversations
        shared |= others
    subject.conversations |= theirs - shared
    own = subject.names | subject.conversations
    subject.alike |= {name for name in own if any(name in other and name != other for other in users | shared)}
    _gather_texts(turns, databases, subject)


def _gather_texts(turns: Sequence[StoredFile], databases: Iterable[Any], subject: Subject) -> None:
    found: set[str] = set()
    for row in _rows(turns):
        if subject.is_theirs(row):
            subject.turns.add(row["turn_id"])
            found.update(row[name] for name in _TEXTS if row.get(name))
            question = row.get("question") or ""
            found.update(question[one.start : one.end] for one in find(question) if one.kind == "email")
    others: set[str] = set()
    for path in databases:
        theirs, of_others = texts_of(path, subject)
        found |= theirs
        others |= of_others
    found = {text for text in found if len(text) >= SHORTEST_TEXT}
    found -= _in_any(found, others)
    batch: list[str] = []
    for row in _rows(turns):
        if found and not subject.is_theirs(row):
            batch += [row[name] for name in _TEXTS if row.get(name)]
        if len(batch) > _BATCH:
            found -= _in_any(found, batch)
            batch.clear()
    subject.texts |= found - _in_any(found, batch)


def _rows(turns: Sequence[StoredFile]) -> Iterable[dict[str, Any]]:
    for stored in turns:
        for row in rows_of(stored):
            if row.get("turn_id") and row.get("conversation_id"):
                yield row


def _in_any(texts: Iterable[str], others: Iterable[str]) -> set[str]:
    """Return the texts that are others' too: a canned answer, say, identifies nobody."""
    together = "\0".join(others)
    return {text for text in texts if text in together}
