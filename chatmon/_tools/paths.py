"""Where things lie on disk, and how they are put there: whole, and for their owner only where they are private."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Final

REPO = Path(__file__).resolve().parents[2]
DATA = REPO / "data"
NOTEBOOKS = REPO / "notebooks"
WORK = Path(os.environ.get("CHATMON_WORK") or REPO / "work").absolute()
"""The reader's own copies of the lessons; ``CHATMON_WORK`` says where they are, if many share a clone."""
UNFINISHED = ".rewriting-"
"""How the names of files begin that ``rewritten`` has not finished."""
_OWNERS: Final = 0o600


def cache_folder() -> Path:
    """Return the folder for what is fetched once and shared by every clone: the local model and its logs.

    The environment variable ``CHATMON_CACHE`` moves it.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    chosen = os.environ.get("CHATMON_CACHE")
    return Path(chosen).expanduser().resolve() if chosen else Path.home() / ".cache" / "chatmon"


def data_file(name: str) -> Path:
    """Return the path of a file of the course's data, sure to exist.

    Args:
        name: The file's name inside ``data/``.

    Raises:
        FileNotFoundError: There is no such file; the message says where it was looked for.

    Example:
        >>> data_file("knowledge_base.json").name
        'knowledge_base.json'
    """
    path = DATA / name
    if not path.is_file():
        raise FileNotFoundError(f"no {name} in {DATA}: run from a clone of the course, or `git checkout -- data`")
    return path


def check_folder(path: Path) -> None:
    """Return if a file can be written at a path.

    Raises:
        FileNotFoundError: Its folder is not there; the message names it.
    """
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no folder {path.absolute().parent} for {path.name}: make it first, or name another")


@contextmanager
def whole_file(path: Path, *, private: bool = True) -> Iterator[Path]:
    """Give the path of a file to write, which gets its own name only when the block ends well.

    Args:
        path: What it will be called.
        private: Whether only its owner may read it, as where people's words or ids may be in it. False is for what
            holds nobody's data and is read by another program's user.

    Raises:
        FileNotFoundError: Its folder is not there; the message names it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder, "a.txt")) as unfinished:
        ...         written = unfinished.write_text("all of it", encoding="utf-8")
        ...     [file.name for file in Path(folder).iterdir()]
        ['a.txt']
    """
    check_folder(path)
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        if private:
            os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNERS))
        yield unfinished
        if private:  # a writer may have put another file in its place; one that is there may be stricter still
            unfinished.chmod(_OWNERS & (path.stat().st_mode if path.exists() else _OWNERS))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, that only its owner may enter."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def private_file(path: Path) -> None:
    """Make an empty file that only its owner may read, with its folder; one that is there stays as it is.

    SQLite gives what it keeps beside a database the database's mode, so this comes before ``sqlite3.connect``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "new", "alerts.db")
        ...     private_file(path)
        ...     path.stat().st_size
        0
    """
    private_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNERS))


def rewritten(path: Path) -> AbstractContextManager[IO[bytes]]:
    """Give a file to write, which takes the place of a path when the block ends, and is gone where it fails.

    It is on the disk under a hidden name first, and only its owner may read it.
    """
    return _named_at_the_end(path, os.replace)


def made(path: Path) -> AbstractContextManager[IO[bytes]]:
    """Give a file to write, which gets its name when the block ends, if no process has made one of that name by then.

    Raises:
        FileExistsError: One has: it stays as it is, and what was written is gone.
    """
    return _named_at_the_end(path, os.link)


@contextmanager
def _named_at_the_end(path: Path, name: Callable[[Path, Path], None]) -> Iterator[IO[bytes]]:
    unfinished = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNERS)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk."""
    if os.name == "nt":  # there a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
