"""What is held about one user, for the user: turns, traces, and where else they are mentioned."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chatmon.store.privacy._databases import user_rows
from chatmon.store.privacy._erasure import subject_of
from chatmon.store.privacy._proof import search
from chatmon.store.privacy._stored import TURNS, rows_of, stored_files
from chatmon.store.privacy._subject import gather

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chatmon.store.privacy._pseudonyms import Pseudonyms


def export_user(
    user: str, folder: Path, *, pseudonyms: Pseudonyms | None = None, also: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what a data folder holds about a user, as JSON values.

    Args:
        user: The id, as the bot knows it.
        folder: Where turns are stored, with databases that lie there too.
        pseudonyms: Of the keys that stored turns were made with.
        also: What else stands for the user, such as an e-mail address.

    Returns:
        ``turns`` and ``runs``, each with the file it is in, ``found_in``: every file with something of the user's, and
        ``backups``, which were not read.
    """
    subject = subject_of(user, pseudonyms, also)
    files = stored_files(folder)
    gather(files, subject)
    turns: dict[str, dict[str, Any]] = {}
    ratings: dict[str, tuple[str, float]] = {}
    runs: list[dict[str, Any]] = []
    for stored in files:
        name = stored.path.relative_to(folder).as_posix()
        if stored.form in TURNS:
            for row in rows_of(stored):
                if row.get("rated_at") and row["turn_id"] in subject.turns:
                    rated = row["rated_at"], row["user_satisfaction"]
                    ratings[row["turn_id"]] = max(rated, ratings.get(row["turn_id"], rated))
                if subject.is_theirs(row):  # a turn may be in lines and compacted at once
                    known = {column: _value(value) for column, value in row.items() if value not in (None, "")}
                    turns.setdefault(row["turn_id"], {"file": name} | known)
        elif stored.form == "sqlite":
            runs += [{"file": name} | row for row in user_rows(stored.path, subject)]
    for turn, (_, satisfaction) in ratings.items():
        turns[turn]["user_satisfaction"] = satisfaction
    found = search(folder, subject.patterns(), subject).found
    return {
        "turns": sorted(turns.values(), key=lambda turn: (str(turn.get("timestamp")), turn["turn_id"])),
        "runs": runs,
        "found_in": [path.relative_to(folder).as_posix() for path in found],
        "backups": [one.path.relative_to(folder).as_posix() for one in files if one.form == "backup"],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
