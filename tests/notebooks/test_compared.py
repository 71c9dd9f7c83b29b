"""How notebooks are compared: each cell twice in one kernel, in UTC, without keys, the network unplugged."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from course_files import LESSONS, SOLUTIONS, read
from rules import code_cells

from chatmon._tools.paths import REPO

ENVIRONMENT = (
    "import os, time\n[time.tzname[0], os.environ.get('CHATMON_LLM'), os.environ.get('OPENAI_API_KEY'), "
    "os.environ.get('LANGSMITH_TRACING')]"
)
FOREIGN = {"OPENAI_API_KEY": "a-tester-s", "TZ": "Asia/Tokyo", "LANGSMITH_TRACING": "true", "CHATMON_LLM": "openai"}
REMEMBERS = "try:\n    x += 1\nexcept NameError:\n    x = 1\nx"
NOTEBOOKS = {
    "steady": (("x = 1\nx", "1", []), ("x + 1", "2", [])),
    "remembers": ((REMEMBERS, "1", []), ("'ends'", "'ends'", [])),
    "solved": ((REMEMBERS, "1", []), ("answer = ...\n1", "1", [])),
    "solutions/solved": ((REMEMBERS, "1", []), ("answer = 2\nanswer", "2", [])),
    "solutions/alone": ((REMEMBERS, "1", []),),
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
    options = ["-o", "addopts=", "-p", "chatmon.lab.course.compared", "-p", "no:cacheprovider", "--nbval", "-v"]
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
        r"^([\w/]+)\W+ipynb::Cell \d+(?: again| solutions)? (PASSED|FAILED)", done.stdout, re.MULTILINE
    ):
        said[name].append(outcome)
    return said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("steady", ["PASSED"] * 4),
        ("remembers", ["PASSED", "PASSED", "FAILED", "PASSED"]),
        ("solved", ["PASSED", "PASSED", "FAILED", "PASSED"]),
        ("solutions/solved", []),
        ("solutions/alone", ["PASSED"]),
        ("environment", ["PASSED", "PASSED"]),
        ("differs", ["FAILED", "FAILED"]),
        ("ignored", ["PASSED", "PASSED"]),
    ],
)
def test_cells_are_compared_and_in_the_same_kernel_once_more(
    outcomes: dict[str, list[str]], name: str, expected: list[str]
) -> None:
    assert outcomes[name] == expected


def collected(*paths: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *paths]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=600, check=False)
    return [line for line in done.stdout.splitlines() if "::Cell " in line]


def test_the_suite_compares_every_lesson_and_then_its_solutions() -> None:
    cells = collected("notebooks")
    for path in LESSONS:
        lesson, solutions = (len(code_cells(read(one))) for one in (path, path.parent / "solutions" / path.name))
        own = [cell for cell in cells if cell.startswith(f"{path.relative_to(REPO).as_posix()}::")]
        wanted = [f"Cell {n}" for n in range(lesson)] + [f"Cell {n} solutions" for n in range(solutions)]
        assert [cell.partition("::")[2] for cell in own] == wanted
    assert len(cells) == sum(len(code_cells(read(path))) for path in LESSONS + SOLUTIONS)


def test_a_solutions_notebook_named_by_itself_is_compared_by_itself() -> None:
    path = SOLUTIONS[0]
    cells = collected(str(path))
    assert [cell.partition("::")[2] for cell in cells] == [f"Cell {n}" for n in range(len(code_cells(read(path))))]


def test_plain_pytest_takes_the_notebooks_with_the_tests(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("testpaths") == ["notebooks", "tests", "chatmon", "docs/website"]


def test_unplugged_there_is_loopback_and_no_other_network_where_the_machine_can_do_that() -> None:
    tries = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(server.getsockname(), 9); socket.create_connection(('192.0.2.1', 9), 2)"
    )
    command = ["sh", Path("tests", "unplugged.sh"), sys.executable, "-W", "ignore", "-c", tries]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120, check=False)
    assert "Network is unreachable" in done.stderr or "cannot be unplugged here" in done.stderr
