"""What is held about one user, for the user: turns, traces, and where else they are mentioned."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from chatmon.store.privacy._databases import user_rows
from chatmon.store.privacy._erasure import subject_of
from chatmon.store.privacy._proof import search
from chatmon.store.privacy._stored import TURNS, rows_of, stored_files
from chatmon.store.privacy._subject import gather, id_of
from chatmon.store.privacy._waiting import rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chatmon.store.privacy._pseudonyms import Pseudonyms
    from chatmon.store.privacy._waiting import Waiting


def export_user(
    user: str,
    folder: Path,
    *,
    pseudonyms: Pseudonyms | None = None,
    also: Iterable[str] = (),
    waiting: Sequence[Waiting] = (),
) -> dict[str, Any]:
    """Return what a data folder holds about a user, as JSON values.

    Args:
        user: The id, as the bot knows it.
        folder: Where turns are stored, with databases that lie there too.
        pseudonyms: Of the keys that stored turns were made with.
        also: What else stands for the user, such as an e-mail address.
        waiting: Where turns wait on their way to the folder.

    Returns:
        ``turns`` and ``runs``, each with the file it is in, ``found_in``: every file with something of the user's, and
        ``backups``, which were not read.
    """
    subject = subject_of(user, pseudonyms, also)
    files = stored_files(folder)
    gather(files, subject, [partial(rows_in, one) for one in waiting])
    turns: dict[str, dict[str, Any]] = {}
    ratings: dict[str, tuple[str, float]] = {}
    runs: list[dict[str, Any]] = []
    names = {stored.path: stored.path.relative_to(folder).as_posix() for stored in files}
    sources = [(names[stored.path], rows_of(stored)) for stored in files if stored.form in TURNS]
    for name, rows in [*sources, *((one.name, rows_in(one)) for one in waiting)]:
        for row in rows:
            turn = id_of(row.get("turn_id"))
            if row.get("rated_at") and turn in subject.turns:
                rated = row["rated_at"], row["user_satisfaction"]
                ratings[turn] = max(rated, ratings.get(turn, rated))
            if turn and subject.is_theirs(row):  # a turn may be in lines and compacted at once
                known = {column: _value(value) for column, value in row.items() if value not in (None, "")}
                turns.setdefault(turn, {"file": name} | known)
    for stored in files:
        if stored.form == "sqlite":
            runs += [{"file": names[stored.path]} | row for row in user_rows(stored.path, subject)]
    for turn, (_, satisfaction) in ratings.items():
        if turn in turns:
            turns[turn]["user_satisfaction"] = satisfaction
    found = search(folder, subject.traces(), subject).found
    return {
        "turns": sorted(turns.values(), key=lambda turn: (str(turn.get("timestamp")), str(turn["turn_id"]))),
        "runs": runs,
        "found_in": [path.relative_to(folder).as_posix() for path in found],
        "backups": [one.path.relative_to(folder).as_posix() for one in files if one.form == "backup"],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
