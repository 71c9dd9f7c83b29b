"""Where things lie on disk: the one module that knows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
DATA = REPO / "data"
NOTEBOOKS = REPO / "notebooks"


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
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which gets its own name only when the block ends well.

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
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
