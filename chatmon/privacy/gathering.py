"""What a folder knows of a user: their conversations, turns and texts, and which of these are nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.privacy.databases import texts_of, traces_of
from chatmon.privacy.redaction import find
from chatmon.privacy.stored import rows_of
from chatmon.privacy.subject import SHORTEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatmon.privacy.stored import StoredFile
    from chatmon.privacy.subject import Subject

TURNS: Final = ("lines", "csv", "parquet")
_TEXTS: Final = ("question", "answer", "error_message")
_BATCH: Final = 5_000


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
