"""A bundle is installed where there is no network, and lesson 0 runs there. It takes about five minutes and 2 GB."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chatmon._tools.paths import REPO

pytestmark = [pytest.mark.bundle, pytest.mark.timeout(1800)]


def unplugged(folder: Path, *command: str) -> str:
    """Run a command in a folder without network, with a home of its own and none of this environment's packages."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        ["sh", REPO / "tests" / "unplugged.sh", *command],
        cwd=folder,
        env=kept | {"HOME": str(folder), "CHATMON_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_a_bundle_is_installed_without_network_and_its_first_lesson_runs(tmp_path):
    made = [sys.executable, "-m", "chatmon", "bundle", "-o", tmp_path / "class.zip", "--platforms", "linux"]
    subprocess.run(made, check=True, capture_output=True, timeout=900)
    with zipfile.ZipFile(tmp_path / "class.zip") as file:
        file.extractall(tmp_path)
    (tmp_path / "class.zip").unlink()

    assert "Done." in unplugged(tmp_path / "class", sys.executable, "install.py")
    course = tmp_path / "class" / "course"
    python = str(course / ".venv" / "bin" / "python")
    lesson = unplugged(course, python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "notebooks/00_start_here.ipynb")
    assert " passed" in lesson
