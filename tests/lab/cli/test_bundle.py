"""A bundle holds what a platform's lock asks for, goes on where it was, and its installer takes nothing damaged."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from chatmon._tools.paths import REPO
from chatmon.lab.cli import _bundle as packing
from chatmon.lab.cli._installed import locked

LOCK = (REPO / "requirements.lock").read_text(encoding="utf-8")
SMALL = "\n".join(
    [
        "# a comment",
        "numpy==2.4.6 ; python_full_version < '3.12' \\",
        f"    --hash=sha256:{'1' * 64} \\",
        f"    --hash=sha256:{'2' * 64}",
        "numpy==2.5.5 ; python_full_version >= '3.12' \\",
        f"    --hash=sha256:{'3' * 64}",
        "colorama==0.4.6 ; sys_platform == 'win32' \\",
        f"    --hash=sha256:{'4' * 64}",
        "attrs==1.0 \\",
        f"    --hash=sha256:{'5' * 64}",
        "",
    ]
)


def names(*arguments: str) -> list[str]:
    return [one.name for one in packing.pinned(SMALL, *arguments)]


def test_a_platform_and_a_python_get_what_the_lock_asks_for_there() -> None:
    assert names("linux", "3.11") == ["numpy==2.4.6", "attrs==1.0"]
    assert names("windows", "3.12") == ["numpy==2.5.5", "colorama==0.4.6", "attrs==1.0"]
    assert packing.pinned(SMALL, "linux", "3.11")[0].hashes == ("1" * 64, "2" * 64)


@pytest.mark.parametrize("platform", packing.PLATFORMS)
def test_every_package_of_the_lock_is_judged_and_has_its_hashes(platform: str) -> None:
    found = packing.pinned(LOCK, platform, "3.12")
    everywhere = {one.partition(";")[0].strip() for one in locked(LOCK) if ";" not in one}

    assert everywhere <= {one.name for one in found}
    assert all(one.hashes for one in found)
    assert {str(Requirement(one.name).name) for one in found} >= {"pandas", "duckdb", "jupyterlab"}


def test_a_python_whose_first_releases_want_another_package_gets_both() -> None:
    lock = SMALL.replace("'3.12'", "'3.11.5'")
    assert [one.name for one in packing.pinned(lock, "linux", "3.11")][:2] == ["numpy==2.4.6", "numpy==2.5.5"]


def wheel(folder: Path, name: str) -> packing.Pinned:
    """Put a file into a folder, and return what a lock would say of it."""
    (folder / f"{name}-1-py3-none-any.whl").write_bytes(name.encode())
    return packing.Pinned(f"{name}==1", (hashlib.sha256(name.encode()).hexdigest(),))


def test_what_is_there_and_whole_is_not_asked_for_again(tmp_path: Path) -> None:
    wanted = [wheel(tmp_path, name) for name in "abc"]
    (tmp_path / "b-1-py3-none-any.whl").write_bytes(b"half")

    assert list(packing.batches(wanted, tmp_path)) == [[wanted[1]]]


def test_two_versions_of_a_package_are_asked_for_one_after_the_other(tmp_path: Path) -> None:
    wanted = [packing.Pinned(name, ("0" * 64,)) for name in ("a==1", "a==2", *(f"p{n}==1" for n in range(30)))]
    found = list(packing.batches(wanted, tmp_path))

    assert sorted(one.name for batch in found for one in batch) == sorted(one.name for one in wanted)
    assert all(len({one.name.partition("==")[0] for one in batch}) == len(batch) <= packing.BATCH for batch in found)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def bring(wanted: list[packing.Pinned], platform: str, python: str, folder: Path) -> None:
        asked.append([one.name for one in wanted])
        if len(asked) == 2:
            raise packing.BundleError("the network went away")
        for one in wanted:
            wheel(folder, one.name.partition("=")[0])

    source = tmp_path / "source"
    source.mkdir()
    lock = "".join(
        f"{one.name} \\\n    --hash=sha256:{one.hashes[0]}\n" for one in (wheel(source, f"p{n}") for n in range(30))
    )
    monkeypatch.setattr(packing, "bring", bring)
    told: list[tuple[int, int]] = []

    with pytest.raises(packing.BundleError, match="went away"):
        packing.wheels("linux", "3.12", lock, tmp_path, lambda *one: told.append(one))
    found = packing.wheels("linux", "3.12", lock, tmp_path, lambda *one: told.append(one))

    assert len(found) == 30
    assert not set(asked[0]) & {name for batch in asked[2:] for name in batch}
    assert told[0] == (0, 30)
    assert told[-1] == (30, 30)


def bundle(folder: Path) -> Path:
    """Write a small bundle for this Python, unpack it, and return where."""
    (folder / "x.whl").write_bytes(b"a wheel")
    (folder / "y.whl").write_bytes(b"another platform's")
    python = "{}.{}\n".format(*sys.version_info)
    here = {"linux": "linux", "darwin": "macos", "win32": "windows"}[sys.platform]
    parts = {
        f"wheels/{here}/x.whl": folder / "x.whl",
        "wheels/other/y.whl": folder / "y.whl",
        "install.py": packing.INSTALLER,
    }
    packing.write(folder / "class.zip", parts, {"python.txt": python})
    with zipfile.ZipFile(folder / "class.zip") as file:
        file.extractall(folder)
    return folder / "class"


def install(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, folder / "install.py"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode
    return done.stderr


def test_the_hashes_are_those_of_what_is_in_it(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    for line in (folder / "hashes.txt").read_text(encoding="utf-8").splitlines():
        digest, place = line.split("  ")
        assert hashlib.sha256((folder / place).read_bytes()).hexdigest() == digest


def test_the_installer_takes_no_damaged_file_and_not_another_platforms_for_one(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    (folder / "wheels" / "other" / "y.whl").unlink()
    (next((folder / "wheels").glob("*/x.whl"))).write_bytes(b"changed")

    assert "x.whl is missing or damaged: copy the bundle anew" in install(folder)
    assert not (folder / "course" / ".venv").exists()


def test_the_installer_names_the_python_and_the_platform_that_it_wants(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    (folder / "python.txt").write_text("3.9\n", encoding="utf-8")
    assert "this bundle is for Python 3.9" in install(folder)
    (folder / "python.txt").write_text("{}.{}\n".format(*sys.version_info), encoding="utf-8")
    next((folder / "wheels").glob("*/x.whl")).parent.rename(folder / "wheels" / "gone")
    assert "this bundle has nothing for" in install(folder)


def test_what_cannot_be_made_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(packing.BundleError, match="no platform amiga: there are linux, macos, windows"):
        packing.make(tmp_path / "x.zip", ["amiga"], "3.12", tmp_path, lambda *_: None)
    with pytest.raises(packing.BundleError, match="no clone of the course"):
        packing.course_files(tmp_path)


def test_the_files_of_the_course_are_those_that_git_knows() -> None:
    found = {path.relative_to(REPO).as_posix() for path in packing.course_files()}
    assert {"requirements.lock", "notebooks/00_start_here.ipynb", "data/knowledge_base.json", "pyproject.toml"} <= found
    assert not [one for one in found if one.startswith((".venv/", "work/"))]
