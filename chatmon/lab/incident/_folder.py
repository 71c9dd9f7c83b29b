"""A student's folder: the log and the file to fill in, and nothing that gives the key away.

What the traffic would say of itself is taken out or made anew: the ids (which are drawn with the turns' places), where
a price came from, the order of turns of one moment, and the times of the files.
"""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from chatmon._tools.errors import Error
from chatmon.lab.incident._class_key import BYTES, ClassKey
from chatmon.lab.incident._diagnosis import FILE, read, template
from chatmon.lab.incident._planted import Assigned, incident

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

LOG: Final = "turns.parquet"
SEALED: Final = "key.sealed"
HANDED_IN: Final = "handed_in.toml"
FILES_MADE: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""When every file of every student was made, as far as the file system says."""
PRICES: Final = "reported"


class FolderError(Error):
    """A student's folder cannot be made, or its key not be opened."""


def make_folder(folder: Path, key: ClassKey, whose: Assigned, *, sealed: bool = False) -> int:
    """Write a student's folder: ``turns.parquet`` and ``diagnosis.toml``.

    Args:
        folder: Where; it is made, and must be empty where it is there.
        key: The class's.
        whose: The student, and how large the incident is.
        sealed: Whether the key goes along, sealed, for a student without a teacher.

    Returns:
        How many turns the log holds.

    Raises:
        FolderError: There is something in the folder already.
    """
    import pyarrow.parquet as pq

    check_empty(folder)
    log = untold(incident(key, whose).turns, key, whose)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(log, folder / LOG, compression="zstd")
    (folder / FILE).write_text(template(whose, whose.seal(key)), encoding="utf-8")
    if sealed:
        (folder / SEALED).write_text(_masked(key.secret, folder / LOG) + "\n", encoding="utf-8")
    for file in folder.iterdir():
        os.utime(file, (FILES_MADE, FILES_MADE))
    return int(log.num_rows)


def check_empty(folder: Path) -> None:
    """Return if nothing is in a folder, or it is not there.

    Raises:
        FolderError: Something is, such as an answer key or a diagnosis that was begun.
    """
    if folder.exists() and (there := sorted(one.name for one in folder.iterdir())):
        raise FolderError(f"{folder} holds {', '.join(there[:3])}: name a new folder, so that nothing old goes along")


def untold(turns: pa.Table, key: ClassKey, whose: Assigned) -> pa.Table:
    """Return a log as a student gets it: nothing but what a real one would hold.

    Args:
        turns: The simulated traffic's.
        key: The class's.
        whose: The student, and how large the incident is.
    """
    import pyarrow as pa

    def renamed(column: str, shown: Callable[[bytes], str]) -> pa.Array:
        # Which name belongs to whom has to be the same in each row, and nowhere else.
        known = {one: shown(key.digest(*whose.named, column, one)) for one in turns[column].unique().to_pylist()}
        return pa.array([known[one] for one in turns[column].to_pylist()], turns.schema.field(column).type)

    priced = pa.array([None if cost is None else PRICES for cost in turns["cost"].to_pylist()])
    made = {
        "turn_id": renamed("turn_id", lambda digest: str(UUID(bytes=digest[:16], version=4))),
        "conversation_id": renamed("conversation_id", lambda digest: f"conv-{digest.hex()[:16]}"),
        "user_id": renamed("user_id", lambda digest: f"user-{digest.hex()[:12]}"),
        "price_source": priced.cast(turns.schema.field("price_source").type),
    }
    columns = [made.get(name, turns[name]) for name in turns.column_names]
    plain = pa.Table.from_arrays(columns, schema=turns.schema.remove_metadata())
    return plain.sort_by([("timestamp", "ascending"), ("turn_id", "ascending")]).combine_chunks()


def opened(folder: Path) -> tuple[ClassKey, Path]:
    """Open a sealed key: for a whole diagnosis, which is then the one that counts.

    The seal is a mask, and no lock: it keeps the key from being seen by chance, not from who takes this code to it.

    Args:
        folder: The student's.

    Returns:
        The key, and the diagnosis as it was handed in first.

    Raises:
        FolderError: There is no sealed key, or it is not this log's.
        DiagnosisError: The diagnosis is not whole yet; the message says what is missing.
    """
    from chatmon.lab.incident._diagnosis import DiagnosisError

    handed_in = folder / HANDED_IN
    if not handed_in.exists():
        diagnosis = read(folder)
        if missing := diagnosis.missing:
            raise DiagnosisError(
                f"{folder / FILE} is not whole: {len(missing)} left empty ({'; '.join(missing[:5])}). The key opens "
                "when every line has an answer, a guess if need be"
            )
        key = _unsealed(folder)
        handed_in.write_bytes((folder / FILE).read_bytes())
        return key, handed_in
    return _unsealed(folder), handed_in


def _unsealed(folder: Path) -> ClassKey:
    try:
        masked = base64.b64decode((folder / SEALED).read_text(encoding="utf-8"), validate=False)
    except FileNotFoundError:
        raise FolderError(f"no sealed key in {folder}: the teacher has it, and grades with --class") from None
    except ValueError as error:
        raise FolderError(f"{folder / SEALED} is damaged: {error}") from None
    if len(masked) != BYTES:
        raise FolderError(f"{folder / SEALED} is damaged: it holds {len(masked)} bytes, and a key has {BYTES}")
    return ClassKey(bytes(a ^ b for a, b in zip(masked, _mask(folder / LOG), strict=True)))


def _masked(secret: bytes, log: Path) -> str:
    return base64.b64encode(bytes(a ^ b for a, b in zip(secret, _mask(log), strict=True))).decode()


def _mask(log: Path) -> bytes:
    return hashlib.sha256(b"a diagnosis was handed in\n" + log.read_bytes()).digest()
