"""What lesson 9 shows and cannot run, because it needs Spark and Java: its command and its code, word for word."""

import re
import shlex
import subprocess
import sys

import pytest

from chatmon import analysis
from chatmon._tools.paths import NOTEBOOKS
from chatmon.importers import open_logs
from chatmon.lab.course import desk
from chatmon.report import render
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.privacy import Protection, Pseudonyms

pytestmark = pytest.mark.system

LESSON = re.sub(r"(?m)^# ?", "", (NOTEBOOKS / "source" / "09_production.py").read_text(encoding="utf-8"))
SHOWN = dict(re.findall(r"```(bash|python)\n(.*?)```", LESSON, re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the desk's store in it, without texts, compacted, a file a day."""
    within = tmp_path_factory.mktemp("lesson")
    with Store(within / "desk" / "store", protect=Protection(Pseudonyms(b"8" * 32))) as store:
        for turn in desk.month():
            store.append(turn)
    compact(within / "desk" / "store", grace=0)
    return within


def ran(command, folder):
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_code_that_the_lesson_shows_prints_what_duckdb_finds(folder):
    with open_logs(folder / "desk" / "store") as logs:
        wanted = str(analysis.trend(logs, "day", "completion"))
    assert len(wanted.splitlines()) > 8
    assert wanted in ran([sys.executable, "-c", SHOWN["python"]], folder)


def test_the_command_that_the_lesson_shows_makes_the_report_that_duckdb_makes(folder):
    program, *arguments = shlex.split(SHOWN["bash"])
    assert program == "chatmon"
    ran([sys.executable, "-m", program, *arguments], folder)
    with open_logs(folder / "desk" / "store" / "turns") as logs:
        here = render(logs.turns)
    assert (folder / "report.html").read_text(encoding="utf-8") == here
