"""Whom an erasure is about, and what of theirs must be nowhere afterwards."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chatmon._tools.paths import rewritten
from chatmon.store.privacy._databases import texts_of, traces_of
from chatmon.store.privacy._ids import holds_conversations, holds_users, is_plain
from chatmon.store.privacy._needles import Needles
from chatmon.store.privacy._stored import TURNS, rows_of
from chatmon.store.privacy._traces import Traces
from chatmon.store.privacy.keepers import ERASED, strings
from chatmon.store.privacy.redaction import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from chatmon.store.privacy._stored import StoredFile

SHORTEST_TEXT: Final = 12
"""Characters of a message from which it is looked for: a shorter one, such as "thank you", is nobody's own."""
_WORD: Final = r"[0-9A-Za-z_-]"
_LETTER: Final = r"[0-9A-Za-z]"
_TEXTS: Final = ("question", "answer", "error_message")
_BATCH: Final = 5_000


_Rows: TypeAlias = "Callable[[], Iterator[dict[str, Any]]]"


def id_of(value: Any) -> str:
    """Return an id as text, whatever type a file gives it; of none the empty text.

    Example:
        >>> [id_of(value) for value in ("42", 42, 42.0, None)]
        ['42', '42', '42', '']
    """
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


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
    _known: tuple[int, int] = field(default=(0, 0), init=False, repr=False)
    _untold: tuple[Needles, dict[bytes, str]] = field(default=(Needles(()), {}), init=False, repr=False)

    def is_theirs(self, row: dict[str, Any]) -> bool:
        """Return whether a turn is the user's: by its user, or where it names none, by its conversation."""
        user = row.get("user_id")
        return id_of(user) in self.names if user else id_of(row.get("conversation_id")) in self.conversations

    def new_name(self, conversation: str) -> str:
        """Return what a conversation is called once it is nobody's."""
        return f"erased-{sha256((self.salt + conversation).encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"

    def renamed(self, conversation: Any) -> Any:
        """Return an id that stands for a conversation from now on: text for text, and a number for a number."""
        name = self.new_name(id_of(conversation))
        if isinstance(conversation, int | float):
            return type(conversation)(int(name[-8:], 16) % 2**31)  # as many bits as any column of numbers has
        return name

    def without_names(self, value: Any, field: str = "") -> Any:
        """Return a value in which the user is not named.

        Args:
            value: What stands in a field: text, which may be JSON, a number, or what JSON makes of objects and lists.
            field: The field's name.
        """
        return self._without(value, field, self._unnamed)

    def without_traces(self, value: Any, field: str = "") -> Any:
        """Return a value in which neither the user, nor a conversation or message of theirs, is found."""
        return self._without(value, field, self._untraced)

    def is_in_field(self, value: Any, field: str) -> bool:
        """Return whether a field holds one of the subject's ids as its value."""
        said = str(value)
        return (said in self.names and holds_users(field)) or (
            said in self.conversations and holds_conversations(field)
        )

    def _without(self, value: Any, field: str, in_text: Callable[[str], str]) -> Any:
        if isinstance(value, dict):
            return {in_text(key): self._without(inner, key, in_text) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._without(inner, field, in_text) for inner in value]
        if isinstance(value, tuple):  # an entry of a map in Parquet
            name, inner = value
            return in_text(name) if isinstance(name, str) else name, self._without(inner, str(name), in_text)
        if not isinstance(value, bool | float | None) and self.is_in_field(value, field):
            if str(value) in self.names:
                return ERASED if isinstance(value, str) else None
            return self.renamed(value)
        if not isinstance(value, str):
            return value
        inner = parsed(value)
        if inner is None:
            return in_text(value)
        changed = self._without(inner, field, in_text)
        return value if changed == inner else json.dumps(changed, ensure_ascii=False)

    def _unnamed(self, text: str) -> str:
        for name in _names_written(self.names):
            if name in text:
                inside = _WORD if name in self.alike else _LETTER
                text = re.sub(rf"(?<!{inside}){re.escape(name)}(?!{inside})", ERASED, text)
        return text

    def _untraced(self, text: str) -> str:
        needles, new = self._replacements()
        raw = text.encode("utf-8", "surrogatepass")
        for way in sorted({way for _, way in needles.found_in(raw)}, key=lambda way: (-len(way), way)):
            text = text.replace(way.decode("utf-8", "surrogatepass"), new[way])
        return self._unnamed(text)

    def _replacements(self) -> tuple[Needles, dict[bytes, str]]:
        """Return the ways in which messages and conversations are written, and what comes in their place."""
        known = len(self.texts), len(self.conversations)
        if known != self._known:  # both only grow
            ways = {way: self.new_name(way) for way in _written(_telling(self.conversations))}
            ways |= dict.fromkeys(_written(self.texts), ERASED)
            new = {way.encode("utf-8", "surrogatepass"): told for way, told in ways.items()}
            self._known, self._untold = known, (Needles(new), new)
        return self._untold

    def traces(self) -> Traces:
        """Return what is looked for in bytes, in every way a file may write it."""
        return Traces(self.names, self.conversations, _written(self.texts), self.alike)

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


@lru_cache(maxsize=8)
def _names_written(names: frozenset[str]) -> list[str]:
    return _written(_telling(names))


def _telling(names: Iterable[str]) -> list[str]:
    """Return the names that say of themselves whose they are."""
    return [name for name in names if not is_plain(name)]


def _written(texts: Iterable[str]) -> list[str]:
    """Return texts as they are, within JSON, in JSON of ASCII only, and within CSV; the longest first."""
    ways = set()
    for text in texts:
        ways |= {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text.replace('"', '""')}
    return sorted(ways, key=lambda way: (-len(way), way))


def parsed(text: str) -> Any:
    """Return the object or list that a text is as JSON; None where it is neither."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return None


def gather(files: Sequence[StoredFile], subject: Subject, more: Iterable[_Rows] = ()) -> None:
    """Add to a subject what files know of them, and rows that are not in files."""
    turns: list[_Rows] = [partial(rows_of, stored) for stored in files if stored.form in TURNS]
    turns += more
    databases = [stored.path for stored in files if stored.form == "sqlite"]
    theirs: set[str] = set()
    shared: set[str] = set()
    users: set[str] = set()
    for row in _rows(turns):
        user, conversation = id_of(row.get("user_id")), id_of(row["conversation_id"])
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
    subject.alike |= _within(_telling(subject.names | subject.conversations), users | shared)
    _gather_texts(turns, databases, subject)


def _gather_texts(turns: Sequence[_Rows], databases: Iterable[Any], subject: Subject) -> None:
    found: set[str] = set()
    for row in _rows(turns):
        if subject.is_theirs(row):
            subject.turns.add(id_of(row["turn_id"]))
            found.update(_texts_of(row, *_TEXTS))
            for text in _texts_of(row, "question"):
                found.update(text[one.start : one.end] for one in find(text) if one.kind == "email")
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
            batch += _texts_of(row, *_TEXTS)
            attributes = row.get("attributes")
            batch += strings(parsed(attributes) if isinstance(attributes, str) else attributes)
        if len(batch) > _BATCH:
            found -= _in_any(found, batch)
            batch.clear()
    subject.texts |= found - _in_any(found, batch)


def _texts_of(row: dict[str, Any], *columns: str) -> Iterator[str]:
    """Yield the texts in some columns; a message may also be a list of parts."""
    for name in columns:
        yield from strings(row.get(name))


def _rows(turns: Sequence[_Rows]) -> Iterable[dict[str, Any]]:
    for rows in turns:
        for row in rows():
            if row.get("turn_id") and row.get("conversation_id"):
                yield row


def _in_any(texts: Iterable[str], others: Iterable[str]) -> set[str]:
    """Return the texts that are others' too: a canned answer, say, identifies nobody."""
    return {text for text, _ in _places(texts, others)}


def _within(names: Iterable[str], others: Iterable[str]) -> set[str]:
    """Return the names that are a part of another one, and not all of it."""
    return {name for name, whole in _places(names, others) if not whole}


def _places(texts: Iterable[str], others: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield the texts that are in others, once for each place, and whether one is the other as a whole."""
    together = "\0".join(["", *others, ""]).encode("utf-8", "surrogatepass")
    for place, text in Needles(one.encode("utf-8", "surrogatepass") for one in texts).found_in(together):
        whole = together[place - 1] == together[place + len(text)] == 0
        yield text.decode("utf-8", "surrogatepass"), whole
