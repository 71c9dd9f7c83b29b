"""``chatmon bundle``: all that a class needs, in one file, for a room without network.

The wheels of the lock for each platform, the model, the lessons, an installer of a few lines, and the hashes of all.
What was downloaded is kept in the cache, so that a run which was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon._tools.errors import Error
from chatmon._tools.paths import REPO, check_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

INSTALLER: Final = Path(__file__).with_name("install_bundle.py")
PATCHES: Final = (*range(10), 99)
"""Of a Python such as 3.11, the releases that a machine may have: the lock's conditions are about the first ones."""
BATCH: Final = 12
"""Packages that are asked for at once: what is lost where a run is interrupted."""
_REQUIREMENT: Final = re.compile(r"^[A-Za-z0-9][^\n]*?==.*?(?=^[A-Za-z0-9#]|\Z)", re.MULTILINE | re.DOTALL)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class BundleError(Error):
    """A bundle cannot be made: a package has no wheel for a platform, or this is no clone of the course."""


class Platform(NamedTuple):
    """A kind of machine in the room.

    Attributes:
        tags: What pip calls it, in wheels' names.
        markers: What its Python says of it, in conditions of requirements.
    """

    tags: tuple[str, ...]
    markers: Mapping[str, str]


def _markers(sys_platform: str, system: str, os_name: str, machine: str) -> dict[str, str]:
    return {"sys_platform": sys_platform, "platform_system": system, "os_name": os_name, "platform_machine": machine}


PLATFORMS: Final = {
    "linux": Platform(
        (*(f"manylinux_2_{minor}_x86_64" for minor in range(5, 36)), "manylinux2014_x86_64", "manylinux1_x86_64"),
        _markers("linux", "Linux", "posix", "x86_64"),
    ),
    "macos": Platform(("macosx_14_0_arm64",), _markers("darwin", "Darwin", "posix", "arm64")),
    "windows": Platform(("win_amd64",), _markers("win32", "Windows", "nt", "AMD64")),
}


class Pinned(NamedTuple):
    """A package of the lock.

    Attributes:
        name: With its version, such as ``numpy==2.5.5``.
        hashes: SHA-256 of each of its files.
    """

    name: str
    hashes: tuple[str, ...]


def pinned(lock: str, platform: str, python: str) -> list[Pinned]:
    r"""Return what a lock may ask for on a platform: pip judges conditions by the machine that it runs on.

    Args:
        lock: The text of the lock.
        platform: One of ``PLATFORMS``.
        python: Its Python, such as ``3.12``.

    Example:
        >>> lock = "appnope==1.0.0 ; sys_platform == 'darwin' \\\n    --hash=sha256:" + "0" * 64 + "\n"
        >>> [one.name for one in pinned(lock, "macos", "3.12")], pinned(lock, "linux", "3.12")
        (['appnope==1.0.0'], [])
    """
    from packaging.markers import Marker

    where = [
        {
            **PLATFORMS[platform].markers,
            "python_version": python,
            "python_full_version": f"{python}.{patch}",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        for patch in PATCHES
    ]
    found = []
    for written in _REQUIREMENT.findall(lock):
        name, _, condition = written.splitlines()[0].rstrip("\\").partition(";")
        if not condition.strip() or any(Marker(condition.strip()).evaluate(one) for one in where):
            found.append(Pinned(name.strip(), tuple(_HASH.findall(written))))
    return found


def there(folder: Path) -> dict[str, Path]:
    """Return the wheels in a folder by their SHA-256: half a wheel has another one, and is none."""
    return {_sha256(path): path for path in sorted(folder.glob("*.whl"))}


def batches(wanted: Sequence[Pinned], folder: Path) -> Iterator[list[Pinned]]:
    """Return what is not in a folder yet, a few packages at a time."""
    got = there(folder)
    waiting = [one for one in wanted if not got.keys() & set(one.hashes)]
    while waiting:
        # pip takes one version of a package at a time.
        chosen = list({one.name.partition("==")[0]: one for one in waiting}.values())[:BATCH]
        yield chosen
        waiting = [one for one in waiting if one not in chosen]


def requirements(wanted: Sequence[Pinned]) -> str:
    """Return packages as pip reads them, each with its hashes."""
    return "".join(f"{one.name} {' '.join(f'--hash=sha256:{digest}' for digest in one.hashes)}\n" for one in wanted)


def bring(wanted: Sequence[Pinned], platform: str, python: str, folder: Path) -> None:
    """Download wheels by pip.

    Raises:
        BundleError: One cannot be had; the message has pip's own reason.
    """
    asked = folder / "asked.txt"
    asked.write_text(requirements(wanted), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--dest", str(folder), "--requirement", str(asked)]
    command += ["--implementation=cp", f"--python-version={python}.{PATCHES[-1]}", "--abi=abi3"]
    command += [f"--abi=cp{python.replace('.', '')}"]
    command += ["--abi=none", *(f"--platform={tag}" for tag in PLATFORMS[platform].tags)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own pip
    asked.unlink()
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip says nothing"]
        raise BundleError(f"no wheels for {platform} and Python {python}: {last[-1]}. Run it again to go on")


def wheels(platform: str, python: str, lock: str, cache: Path, tell: Callable[[int, int], None]) -> list[Path]:
    """Return the wheels of a lock for a platform, downloaded where they are not there.

    Args:
        platform: One of ``PLATFORMS``.
        python: Its Python.
        lock: The text of the lock.
        cache: Where wheels are kept.
        tell: Called with how many are there, and how many are wanted.
    """
    folder = cache / f"{platform}-{python}"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pinned(lock, platform, python)
    for batch in batches(wanted, folder):
        tell(len(list(folder.glob("*.whl"))), len(wanted))
        bring(batch, platform, python, folder)
    tell(len(wanted), len(wanted))
    got = there(folder)
    return [next(got[digest] for digest in one.hashes if digest in got) for one in wanted]


def course_files(root: Path = REPO) -> list[Path]:
    """Return the files of the course, as git knows them.

    Raises:
        BundleError: This is no clone.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=False, capture_output=True, text=True)  # noqa: S607
    if listed.returncode or not listed.stdout:
        raise BundleError(f"no clone of the course in {root}: `chatmon bundle` takes the lessons from one")
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def write(output: Path, parts: Mapping[str, Path], texts: Mapping[str, str]) -> None:
    """Write a bundle: files and texts by their places in it, and ``hashes.txt`` of all of them.

    Args:
        output: The ZIP file.
        parts: Place to file.
        texts: Place to text.
    """
    hashes = {place: _sha256(file) for place, file in parts.items()}
    hashes |= {place: hashlib.sha256(text.encode()).hexdigest() for place, text in texts.items()}
    listed = "".join(f"{digest}  {place}\n" for place, digest in sorted(hashes.items()))
    with (
        whole_file(output) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
    ):
        for place, path in sorted(parts.items()):
            packed = path.suffix in (".whl", ".gguf", ".gz", ".parquet", ".png")
            file.write(path, f"class/{place}", zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
        for place, text in sorted({**texts, "hashes.txt": listed}.items()):
            file.writestr(f"class/{place}", text)


def make(
    output: Path, platforms: Sequence[str], python: str, cache: Path, tell: Callable[[str, int, int], None]
) -> None:
    """Make a bundle.

    Args:
        output: The ZIP file to write.
        platforms: Of ``PLATFORMS``.
        python: The Python that the machines have.
        cache: Where wheels are kept.
        tell: Called with a platform, how many of its wheels are there, and how many are wanted.

    Raises:
        BundleError: A platform is unknown, a wheel cannot be had, or this is no clone.
        LocalModelError: The model is not on this machine.
    """
    from chatmon.lab.services import model

    if strangers := sorted(set(platforms) - set(PLATFORMS)):
        raise BundleError(f"no platform {', '.join(strangers)}: there are {', '.join(PLATFORMS)}")
    check_folder(output)
    parts = {f"course/{file.relative_to(REPO).as_posix()}": file for file in course_files()}
    weights = model.verify()
    parts |= {f"model/{weights.name}": weights, "install.py": INSTALLER}
    lock = (REPO / "requirements.lock").read_text(encoding="utf-8")
    texts = {"python.txt": f"{python}\n"}
    for platform in platforms:
        found = wheels(platform, python, lock, cache, lambda n, of, name=platform: tell(name, n, of))  # type: ignore[misc]
        parts |= {f"wheels/{platform}/{wheel.name}": wheel for wheel in found}
    write(output, parts, texts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
