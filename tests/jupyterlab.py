"""JupyterLab as `make lab` opens it: on a copy of the course, for root or another user, with a terminal in front."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from chatmon._tools.paths import REPO, cache_folder

COURSE = ("chatmon", "data", "notebooks", "Makefile", "pyproject.toml", "requirements.lock", "requirements-uv.lock")
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)(/lab/tree/work/00_start_here\.ipynb)\?token=(\w+)")
OTHERS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "JUPYTER_", "PYTHONPATH", "CHATMON_", "MAKE")
"""How the variables begin that would decide what a test decides."""


class Lab:
    """One `make lab` that is running."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int, log: Path) -> None:
        self.process, self._terminal, self._log = process, terminal, log

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, form: str, seconds: float = 240) -> re.Match[str]:
        """Wait until it has said something."""
        until = time.monotonic() + seconds
        while True:
            ended = self.process.poll() is not None
            if found := re.search(form, self.said):
                return found
            assert not ended, f"ended without saying {form}\n{self.said}"
            assert time.monotonic() < until, f"not said within {seconds} s: {form}\n{self.said}"
            time.sleep(0.1)

    def address(self) -> tuple[str, str, str]:
        """Return where it is once it says so: the server, the page, the token."""
        found = self.wait_for(ADDRESS.pattern)
        return found[1], found[2], found[3]

    def press_ctrl_c(self) -> None:
        """Do what a terminal does: interrupt make and all that it runs."""
        os.killpg(self.process.pid, signal.SIGINT)

    def answer(self, text: str) -> None:
        os.write(self._terminal, f"{text}\n".encode())


def course_copy(folder: Path) -> Path:
    """Copy the course to a folder, set up: its .venv leads to what this Python has installed, so make adds nothing."""
    for name in COURSE:
        copy = shutil.copytree if (REPO / name).is_dir() else shutil.copy2
        copy(REPO / name, folder / name)
    marked = Path("tests", "store", "privacy", "sentences_held_out.txt")  # which lesson 10 measures a redaction with
    (folder / marked).parent.mkdir(parents=True)
    shutil.copy2(REPO / marked, folder / marked)
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    ready = folder / ".venv" / ".ready"
    ready.unlink(missing_ok=True)
    ready.touch()
    return folder


def as_user(root: bool) -> list[str]:
    """Return what to put before a command for it to run as root, or as somebody else, whoever runs the tests.

    A namespace of users gives the process another number, with all powers or without any, and leaves the files its own.
    To change to ``nobody`` would be the other way, but nobody may enter /root, where the interpreter may lie.
    """
    if root == (os.geteuid() == 0):
        return []
    number = 0 if root else 1000
    return ["unshare", "--user", f"--map-user={number}", f"--map-group={number}"]


@contextlib.contextmanager
def make_lab(course: Path, home: Path, *arguments: str, root: bool = True, **environ: str):
    """Run `make lab` at a terminal in a copy of the course; it ends with the block.

    Args:
        course: The copy.
        home: The user's home folder.
        arguments: More of make's.
        root: Who runs it.
        environ: More of the environment.
    """
    import pty

    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    given = {"HOME": str(home), "PYTHONPATH": str(course), "CHATMON_CACHE": str(cache_folder())}
    terminal, its_end = pty.openpty()
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*as_user(root), "make", "lab", *arguments],
            cwd=course,
            stdin=its_end,
            stdout=out,
            stderr=out,
            env=kept | given | environ,
            start_new_session=True,
        )
    try:
        yield Lab(process, terminal, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(terminal)
        os.close(its_end)
