"""Which files an import reads, and what each one is: text or Parquet, plain or compressed, lines or one document."""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".parquet", ".gz", ".zst", ".log")
"""What is read from a folder; a file named outright is read whatever its name."""
MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file to import.

    Attributes:
        path: Where it lies.
        size: Bytes.
        compression: ``gzip``, ``zstd``, ``bzip2``, ``xz`` or None.
        kind: ``parquet``, ``jsonl``, ``array`` (one JSON array), ``csv``, or ``empty``.
    """

    path: Path
    size: int
    compression: str | None
    kind: str


def expand(paths: str | Path | Iterable[str | Path]) -> tuple[list[Path], list[Path]]:
    """Return the files that paths, globs and folders stand for, and the files of the folders that are left alone.

    Args:
        paths: One or several; a folder stands for all its files, in its folders too, whose names end as logs do.

    Raises:
        FileNotFoundError: A path or glob matches nothing; the message names it and the folder it was looked for in.
    """
    chosen: dict[Path, None] = {}
    others: list[Path] = []
    for given in [paths] if isinstance(paths, str | Path) else list(paths):
        path = Path(given).expanduser()
        if path.is_file():
            chosen[path] = None
            continue
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.is_file())
        else:
            found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207 - an absolute pattern
        logs = [file for file in found if file.name.lower().endswith(SUFFIXES) and not file.name.startswith(".")]
        if not logs:
            raise FileNotFoundError(
                f"no logs at {given}: looked in {Path.cwd()}, found {len(found)} files, none of them ending in "
                f"{', '.join(SUFFIXES)}"
            )
        chosen.update(dict.fromkeys(logs))
        others += [file for file in found if file not in chosen]
    return list(chosen), others


def look(path: Path) -> LogFile:
    """Return what a file is, from its first bytes rather than its name.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(6)
    compression = next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)
    if head[:4] == b"PAR1":
        return LogFile(path, path.stat().st_size, None, "parquet")
    try:
        with open_bytes(path, compression) as file:
            start = file.read(65536)
    except (EOFError, OSError, zlib.error):
        start = b"{"  # the reader will say where it breaks off
    text = start.decode("utf-8", errors="replace").removeprefix("\ufeff").lstrip()
    return LogFile(path, path.stat().st_size, compression, _kind(text))


def open_bytes(path: Path, compression: str | None) -> IO[bytes]:
    """Open a file for reading, decompressed."""
    if compression == "zstd":
        import pyarrow as pa

        return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "bzip2":
        return bz2.open(path, "rb")
    if compression == "xz":
        return lzma.open(path, "rb")
    return path.open("rb")


def _kind(text: str) -> str:
    if not text:
        return "empty"
    if text[0] == "[":
        return "array"
    if text[0] == "{":
        return "jsonl"
    first = text.splitlines()[0]
    return "csv" if first.count(",") >= 1 and '":' not in first else "jsonl"
