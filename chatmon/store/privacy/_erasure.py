"""A user erased from a data folder, and the proof and receipt of it."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from chatmon._tools.locks import Hold
from chatmon._tools.paths import UNFINISHED, private_folder, rewritten
from chatmon.store.privacy._databases import erase_from_database
from chatmon.store.privacy._proof import search
from chatmon.store.privacy._stored import TURNS, stored_files
from chatmon.store.privacy._subject import Subject, gather
from chatmon.store.privacy._turn_files import erase_from
from chatmon.store.privacy._waiting import erase_waiting, rows_in, still_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from chatmon.store.privacy._pseudonyms import Pseudonyms
    from chatmon.store.privacy._waiting import Waiting

RECEIPTS: Final = "erasures"
"""The folder, within the data folder, with a receipt of each erasure."""
_LEFTOVERS: Final = (".unfinished", ".cleaned", ".spilled")
"""What a compaction that was killed leaves behind."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure did; it names nobody.

    Attributes:
        at: When it ended.
        key_ids: Keys whose pseudonyms were looked for.
        changed: Rows that changed, by file.
        backups: Files that are backups: they were neither read nor changed.
        searched: Files in which the proof looked for what was erased.
        searched_bytes: Their bytes.
        left: Files in which something is still found: those in a form that is not known are not changed.
        unread: Files that the proof could not open, or not all of what is in them, with the reason.
        other_keys: Keys that are not at hand, under which users here have pseudonyms: this one may be among them.
        waiting: Turns that were looked at where they wait for a receiver, by its name. What was erased there is in
            ``changed``; where a receiver had one in hand, or more came, the name is in ``left``.
    """

    at: datetime
    key_ids: tuple[str, ...]
    changed: dict[str, int]
    backups: tuple[str, ...]
    searched: int
    searched_bytes: int
    left: tuple[str, ...]
    unread: dict[str, str] = field(default_factory=dict)
    other_keys: tuple[str, ...] = ()
    waiting: dict[str, int] = field(default_factory=dict)

    @property
    def proved(self) -> bool:
        """Whether nothing was found, and everything was read."""
        return not (self.left or self.unread or self.other_keys)

    def to_json(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, indent=2) + "\n"

    def __str__(self) -> str:
        if not self.changed:
            lines = ["Nothing is held about this user: it was erased before, or was never there."]
        else:
            rows = sum(self.changed.values())
            places = "places" if self.waiting.keys() & self.changed.keys() else "files"
            lines = [f"Erased: {rows:,} rows of {len(self.changed):,} {places}."]
            lines += [f"  {file}: {count:,}" for file, count in self.changed.items()]
        where = f"{self.searched:,} files, {self.searched_bytes:,} bytes"
        where += "".join(f", {count:,} turns waiting in {name}" for name, count in self.waiting.items())
        if self.left:
            lines.append(
                f"Searched {where}. Still found in these: erase again where a bot wrote meanwhile, "
                "and by hand what has a form that is not known:"
            )
            lines += [f"  {file}" for file in self.left]
        else:
            but = " but what is listed here" if self.unread else ""
            lines.append(f"Searched {where}: nothing of this user is in them{but}.")
        if self.unread:
            lines.append("Not proved of these, which could not be opened:")
            lines += [f"  {file}: {why}" for file, why in self.unread.items()]
        if self.other_keys:
            keys = ", ".join(self.other_keys)
            lines.append(
                f"Not proved of pseudonyms under keys that are not at hand: {keys}. Name their file with --keys."
            )
        if self.backups:
            lines.append("Backups, which were not touched:")
            lines += [f"  {file}" for file in self.backups]
        return "\n".join(lines)


def erase(
    user: str,
    folder: Path,
    *,
    pseudonyms: Pseudonyms | None = None,
    also: Iterable[str] = (),
    waiting: Sequence[Waiting] = (),
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Receipt:
    """Erase a user from a data folder: every stored form of what is theirs; figures add up as before.

    Where it is interrupted, call it again. The bot may run on; what it stores of the user later needs another call.

    Args:
        user: The id, as the bot knows it.
        folder: Where turns are stored, with databases that lie there too.
        pseudonyms: Of the keys that stored turns were made with.
        also: What else stands for the user, such as an e-mail address.
        waiting: Where turns wait on their way to the folder, such as ``chatmon.connect.redis.waiting(url)``.
        clock: The time of the receipt.

    Raises:
        BlockingIOError: A compaction of the store is under way.
        ValueError: The user has no name.
    """
    subject = subject_of(user, pseudonyms, also)
    with ExitStack() as held:
        if not folder.is_dir():
            raise NotADirectoryError(f"no folder {folder}: give the one that turns are stored in")
        if not held.enter_context(Hold(folder / ".compaction", make=True)).held:
            raise BlockingIOError(f"a compaction of {folder} is under way: wait for it to end")
        _remove_leftovers(folder)
        resumed = subject.resume(folder)
        files = stored_files(folder)
        gather(files, subject, [partial(rows_in, one) for one in waiting])
        traces = subject.traces()
        before = set(search(folder, traces, subject).found)
        changed: dict[str, int] = {}
        if before or resumed or any(still_waiting(one, subject, traces)[1] for one in waiting):
            note = subject.note(folder)
            for one in waiting:  # first: what a receiver stores from now on is nobody's
                if count := erase_waiting(one, subject, traces):
                    changed[one.name] = count
            for stored in files:
                count = 0
                if stored.form == "sqlite":
                    scrub = resumed or stored.path in before
                    count = erase_from_database(stored.path, subject, scrub=scrub)
                elif stored.form in TURNS:
                    count = erase_from(stored, subject)
                if count:
                    changed[_shown(stored.path, folder, subject)] = count
            note.unlink()
        # The folder after what waits: a turn that has left a queue by now is stored, and found.
        left = {one.name: still_waiting(one, subject, traces) for one in waiting}
        proof = search(folder, traces, subject)
    key_ids = () if pseudonyms is None else pseudonyms.key_ids
    receipt = Receipt(
        at=clock(),
        key_ids=key_ids,
        changed=changed,
        backups=tuple(_shown(one.path, folder, subject) for one in files if one.form == "backup"),
        searched=proof.files,
        searched_bytes=proof.size,
        left=(
            *(_shown(path, folder, subject) for path in proof.found),
            *(
                f"{name}: {theirs:,} turns, in a receiver's hands or new"
                for name, (_, theirs) in left.items()
                if theirs
            ),
        ),
        unread={_shown(path, folder, subject): why for path, why in proof.unread.items()},
        other_keys=tuple(sorted(proof.key_ids.difference(key_ids))),
        waiting={name: count for name, (count, _) in left.items()},
    )
    if changed:
        _keep(receipt, folder)
    return receipt


def subject_of(user: str, pseudonyms: Pseudonyms | None, also: Iterable[str]) -> Subject:
    """Return whom an erasure or an export is about.

    Raises:
        ValueError: The user has no name.
    """
    if not user:
        raise ValueError("the user's id is empty: give the one that the bot knows the user by")
    return Subject(frozenset({user, *(pseudonyms.all_of(user) if pseudonyms else ()), *filter(None, also)}))


def _shown(path: Path, folder: Path, subject: Subject) -> str:
    return str(subject.without_traces(path.relative_to(folder).as_posix()))


def _remove_leftovers(folder: Path) -> None:
    for path in list(folder.rglob(".*")):
        if path.name in _LEFTOVERS or path.name.startswith(UNFINISHED):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _keep(receipt: Receipt, folder: Path) -> None:
    receipts = folder / RECEIPTS
    private_folder(receipts)
    # Not .json: an import of the folder would take it for a log.
    with rewritten(receipts / f"{receipt.at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.receipt") as file:
        file.write(receipt.to_json().encode())
