"""How notebooks are compared: a lesson's cells twice in one kernel, in UTC, without keys, the network unplugged."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from course_files import LESSONS, SOLUTIONS, read
from rules import code_cells

from chatmon.paths import REPO

ENVIRONMENT = (
    "import os, time\n[time.tzname[0], os.environ.get('CHATMON_LLM'), os.environ.get('OPENAI_API_KEY'), "
    "os.environ.get('LANGSMITH_TRACING')]"
)
FOREIGN = {"OPENAI_API_KEY": "a-tester-s", "TZ": "Asia/Tokyo", "LANGSMITH_TRACING": "true", "CHATMON_LLM": "openai"}
REMEMBERS = "try:\n    x += 1\nexcept NameError:\n    x = 1\nx"
NOTEBOOKS = {
    "steady": (("x = 1\nx", "1", []), ("x + 1", "2", [])),
    "remembers": ((REMEMBERS, "1", []), ("'ends'", "'ends'", [])),
    "solutions/remembers": ((REMEMBERS, "1", []),),
    "environment": ((ENVIRONMENT, "['UTC', 'local', None, None]", []),),
    "differs": (("import time; time.time_ns()", "0", []),),
    "ignored": (("import time; time.time_ns()", "0", ["nbval-ignore-output"]),),
}
"""For each notebook its cells: the code, the value it is committed with, and its tags."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What nbval says of each cell of the notebooks above, in an environment that is not the lessons'."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "solutions").mkdir()
    for name, cells in NOTEBOOKS.items():
        notebook = nbformat.v4.new_notebook()
        for code, value, tags in cells:
            output = nbformat.v4.new_output("execute_result", {"text/plain": value}, execution_count=1)
            cell = nbformat.v4.new_code_cell(code, outputs=[output], execution_count=1, metadata={"tags": tags})
            notebook.cells.append(cell)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    options = ["-o", "addopts=", "-p", "chatmon.course.compared", "-p", "no:cacheprovider", "--nbval", "-v"]
    command = [sys.executable, "-m", "pytest", "-c", str(REPO / "pyproject.toml"), "--rootdir", str(folder), *options]
    done = subprocess.run(
        [*command, str(folder)],
        cwd=folder,
        env=os.environ | FOREIGN,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said: dict[str, list[str]] = {name: [] for name in NOTEBOOKS}
    for name, outcome in re.findall(
        r"^([\w/]+)\W+ipynb::Cell \d+(?: again)? (PASSED|FAILED)", done.stdout, re.MULTILINE
    ):
        said[name].append(outcome)
    return said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("steady", ["PASSED"] * 4),
        ("remembers", ["PASSED", "PASSED", "FAILED", "PASSED"]),
        ("solutions/remembers", ["PASSED"]),
        ("environment", ["PASSED", "PASSED"]),
        ("differs", ["FAILED", "FAILED"]),
        ("ignored", ["PASSED", "PASSED"]),
    ],
)
def test_a_lessons_cells_are_compared_and_compared_again_in_the_same_kernel(
    outcomes: dict[str, list[str]], name: str, expected: list[str]
) -> None:
    assert outcomes[name] == expected


def test_the_suite_compares_every_lesson_twice_and_every_solutions_notebook_once() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "notebooks"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=600, check=False)
    collected = [line.partition("::")[0] for line in done.stdout.splitlines() if "::Cell " in line]
    for path in LESSONS + SOLUTIONS:
        times = 2 if path in LESSONS else 1
        assert collected.count(path.relative_to(REPO).as_posix()) == times * len(code_cells(read(path))) > 0


def test_plain_pytest_takes_the_notebooks_with_the_tests(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("testpaths") == ["notebooks", "tests", "chatmon"]


def test_unplugged_there_is_loopback_and_no_other_network_where_the_machine_can_do_that() -> None:
    tries = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(server.getsockname(), 9); socket.create_connection(('192.0.2.1', 9), 2)"
    )
    command = ["sh", Path("tests", "unplugged.sh"), sys.executable, "-W", "ignore", "-c", tries]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120, check=False)
    assert "Network is unreachable" in done.stderr or "cannot be unplugged here" in done.stderr
