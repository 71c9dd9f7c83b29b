"""From a source to notebooks that strict nbval accepts: the real builder, real kernels, the real nbval."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import sample
from children import started
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.lab.course import build
from chatmon.lab.course._notebook import METADATA, SourceError, climb, drift, lesson_of, read_source, solutions_of

LESSON = f"{sample.NAME}.ipynb"
HEADER = "# %% [markdown]\n# # A title\n\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty course."""
    (tmp_path / "source").mkdir()
    return tmp_path


def write_source(folder: Path, code: str, name: str = "07_small") -> Path:
    path = folder / "source" / f"{name}.py"
    path.write_text(HEADER + code, encoding="utf-8")
    return path


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    return build.main([*arguments, "--folder", str(folder)], out=out), out.getvalue()


def nbval(notebooks: Path) -> subprocess.CompletedProcess[str]:
    """Run strict nbval as the Makefile does."""
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "--nbval", "--nbval-cell-timeout=120", "-q"]
    command = [sys.executable, "-m", "pytest", "-c", str(REPO / "pyproject.toml"), *options, str(notebooks)]
    return subprocess.run(command, cwd=notebooks, capture_output=True, text=True, timeout=120, check=False)


def code(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def test_a_lesson_keeps_its_stubs_and_its_solutions_notebook_has_the_solutions(sample_course: Path) -> None:
    lesson, solved = code(sample_course / LESSON), code(sample_course / "solutions" / LESSON)
    assert "answer = ...  # your turn" in lesson
    assert "sorted(times)" not in lesson
    assert "..." not in solved
    assert "sorted(times)" in solved


def test_a_solution_is_folded_and_the_solutions_notebook_says_what_it_is(sample_course: Path) -> None:
    cells = nbformat.read(sample_course / "solutions" / LESSON, as_version=4).cells
    assert cells[0].source.startswith(f"> **This is the solutions notebook of [How long do people wait?](../{LESSON})")
    folded = [cell for cell in cells if cell.metadata.get("jupyter") == {"source_hidden": True}]
    assert [cell.metadata["tags"] for cell in folded] == [["solution"], ["solution"]]


def test_built_notebooks_pass_strict_nbval_and_a_changed_digit_does_not(sample_course: Path, tmp_path: Path) -> None:
    copied = tmp_path / "notebooks"
    shutil.copytree(sample_course, copied)
    passed = nbval(copied)
    assert passed.returncode == 0, passed.stdout
    cells = sum(len([c for c in nbformat.read(p, 4).cells if c.cell_type == "code"]) for p in copied.rglob("*.ipynb"))
    assert f"{cells} passed" in passed.stdout, "the lesson and its solutions, and not the source"

    lesson = copied / LESSON
    lesson.write_text(lesson.read_text(encoding="utf-8").replace("mean 380.0", "mean 381.0"), encoding="utf-8")
    failed = nbval(copied)
    assert failed.returncode == 1
    assert "1 failed" in failed.stdout
    assert "381.0" in failed.stdout


def test_a_changed_digit_in_a_figures_description_is_seen_by_nbval(sample_course: Path, tmp_path: Path) -> None:
    copied = tmp_path / "notebooks"
    copied.mkdir()
    notebook = nbformat.read(sample_course / LESSON, as_version=4)
    drawn = next(cell for cell in notebook.cells if "plots.bars" in cell.source)
    drawn.outputs[0].data["text/plain"] = drawn.outputs[0].data["text/plain"].replace("910", "911")
    nbformat.write(notebook, copied / LESSON)
    assert "1 failed" in nbval(copied).stdout


def test_building_twice_gives_the_same_bytes(folder: Path) -> None:
    write_source(folder, "# %%\nprint('a')\nprint('b')\n\n# %%\n{'b': 1, 'a': {2, 3}}\n")
    assert run(folder)[0] == 0
    first = (folder / "07_small.ipynb").read_bytes()
    assert run(folder)[0] == 0
    assert (folder / "07_small.ipynb").read_bytes() == first


def test_a_notebook_says_nothing_of_the_machine_that_made_it(sample_course: Path) -> None:
    text = (sample_course / LESSON).read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"] == METADATA
    assert all(set(cell["metadata"]) <= {"tags"} for cell in notebook["cells"])
    for word in ("python_version", "iopub", str(REPO), str(Path.home()), sys.prefix, "site-packages", "ipykernel_"):
        assert word not in text


def test_a_traceback_keeps_the_cells_own_line_and_the_message(sample_course: Path) -> None:
    cells = nbformat.read(sample_course / LESSON, as_version=4).cells
    [error] = next(cell for cell in cells if "json.loads" in cell.source).outputs
    text = "\n".join(error.traceback)
    assert "Cell" in text
    assert "JSONDecodeError" in text
    assert "decoder.py" not in text


def test_printed_lines_are_one_output(folder: Path) -> None:
    pieces = "import sys, time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.15)\n"
    write_source(folder, f"# %%\n{pieces}print('x', file=sys.stderr, flush=True)\ntime.sleep(0.1)\nprint('y')\n")
    assert run(folder)[0] == 0
    outputs = nbformat.read(folder / "07_small.ipynb", as_version=4).cells[-1].outputs
    assert [(output.name, output.text) for output in outputs] == [
        ("stdout", "0\n1\n2\n"), ("stderr", "x\n"), ("stdout", "y\n"),
    ]  # fmt: skip


def test_a_lesson_without_exercises_gets_no_solutions_notebook(folder: Path) -> None:
    write_source(folder, "# %%\n1 + 1\n")
    status, said = run(folder, "07")
    assert status == 0
    assert said.startswith("07_small.ipynb ... ")
    assert said.endswith(" s\n")
    assert not (folder / "solutions").exists()


def test_cells_run_in_the_notebooks_folder_in_utc_and_without_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-builder")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    shows = (
        "import os, time\nfrom pathlib import Path\nPath.cwd().name, time.tzname[0], os.environ.get('OPENAI_API_KEY')"
    )
    write_source(folder, f'# %%\n{shows}\n\n# %% tags=["stub"]\nx = ...\n\n# %% tags=["solution"]\nx = 1\n')
    assert run(folder)[0] == 0
    for path, name in ((folder, folder.name), (folder / "solutions", "solutions")):
        result = nbformat.read(path / "07_small.ipynb", as_version=4)
        texts = [cell.outputs[0].data["text/plain"] for cell in result.cells if cell.get("outputs")]
        assert texts == [f"('{name}', 'UTC', None)"]


def test_a_failing_cell_is_named_and_leaves_the_old_notebook(folder: Path) -> None:
    write_source(folder, "# %%\n1 + 1\n")
    run(folder)
    before = (folder / "07_small.ipynb").read_bytes()
    write_source(folder, "# %%\n1 + 1\n\n# %%\nprice = 1 / 0\n")
    status, said = run(folder)
    assert status == 1
    assert "07_small.ipynb: cell 3 failed: ZeroDivisionError: division by zero\nprice = 1 / 0" in said
    assert (folder / "07_small.ipynb").read_bytes() == before
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["07_small.ipynb"]


def test_an_interrupt_leaves_the_old_notebook(folder: Path) -> None:
    write_source(folder, "# %%\n1 + 1\n")
    run(folder)
    before = (folder / "07_small.ipynb").read_bytes()
    flag = folder / "running"
    waits = f"from pathlib import Path\nimport time\nPath({str(flag)!r}).touch()\ntime.sleep(600)"
    write_source(folder, f"# %%\n{waits}\n")
    command = [sys.executable, "-m", "chatmon.lab.course.build", "--folder", str(folder)]
    with started(*command, cwd=REPO, stdout=subprocess.PIPE, start_new_session=True) as process:
        until(flag.exists)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "07_small.ipynb" in said
    assert "Traceback" not in said
    assert (folder / "07_small.ipynb").read_bytes() == before
    assert not list(folder.glob(".*.part"))


def test_an_unknown_lesson_is_refused_with_those_there_are(folder: Path) -> None:
    write_source(folder, "# %%\n1\n")
    assert run(folder, "08") == (1, "\nno lesson '08': there are 07_small\n")


def test_check_finds_every_kind_of_drift(sample_course: Path, tmp_path: Path) -> None:
    course = tmp_path / "notebooks"
    shutil.copytree(sample_course, course)
    assert run(course, "--check") == (0, "")
    source = course / "source" / f"{sample.NAME}.py"
    original = source.read_text(encoding="utf-8")
    for old, new, places in (
        ("nobody waited: two", "nobody waited: 2", 2),
        ('["hosted"]', '["hosted", "slow"]', 2),
        ("sorted(times)[len", "sorted(times) [len", 1),
        ("    return ...  # your turn", "    return ...  # your turn!", 1),
        ("# %%\nimport sample_setup", "# %%\nx = 1\n\n# %%\nimport sample_setup", 2),
    ):
        assert old in original
        source.write_text(original.replace(old, new), encoding="utf-8")
        status, said = run(course, "--check")
        assert status == 1
        assert len({line.split(":")[0] for line in said.splitlines() if ".ipynb: " in line}) == places, said
    source.write_text(original, encoding="utf-8")
    (course / "solutions" / LESSON).unlink()
    assert "missing" in run(course, "--check")[1]


def test_a_digit_changed_in_committed_prose_is_drift(sample_course: Path) -> None:
    source = read_source(sample_course / "source" / f"{sample.NAME}.py")
    committed = nbformat.read(sample_course / LESSON, as_version=4)
    committed.cells[3].source = committed.cells[3].source.replace("380.0", "380.1")
    [complaint] = drift(lesson_of(source), committed)
    assert "cell 4" in complaint


def test_a_solutions_notebook_without_exercises_in_its_source_is_drift(folder: Path) -> None:
    write_source(folder, "# %%\n1\n")
    run(folder)
    (folder / "solutions").mkdir()
    shutil.copy(folder / "07_small.ipynb", folder / "solutions")
    assert "no exercise to solve" in run(folder, "--check")[1]


@pytest.mark.parametrize(
    "cells",
    [
        '# %% tags=["stub"]\nx = ...\n\n# %%\n1\n\n# %% tags=["solution"]\nx = 1\n',
        '# %% tags=["stub"]\nx = ...\n',
        '# %%\n1\n\n# %% tags=["solution"]\nx = 1\n',
    ],
)
def test_a_stub_and_its_solution_must_be_neighbours(folder: Path, cells: str) -> None:
    with pytest.raises(SourceError, match=r"07_small\.py: a stub and its solution must be neighbours"):
        read_source(write_source(folder, cells))


def test_cell_ids_are_unique_and_an_edit_elsewhere_leaves_them_alone(folder: Path) -> None:
    before = read_source(write_source(folder, "# %%\n1\n\n# %%\n2\n\n# %%\n1\n"))
    after = read_source(write_source(folder, "# %%\n0\n\n# %%\n1\n\n# %%\n2\n\n# %%\n1\n"))
    assert len({cell.id for cell in before.cells}) == 4
    assert [cell.id for cell in before.cells[1:]] == [cell.id for cell in after.cells[2:]]
    nbformat.validate(before)


def test_links_of_the_solutions_notebook_climb_out_of_its_folder(folder: Path) -> None:
    links = '[a](01_a.ipynb#x) ![b](img/b.png) [c](https://c.d) [e](#f) [g](mailto:h@i.j) <img src="k.png"> `[l](m)`'
    climbed = (
        "[a](../01_a.ipynb#x) ![b](../img/b.png) [c](https://c.d) [e](#f) [g](mailto:h@i.j) "
        '<img src="../k.png"> `[l](m)`'
    )
    assert climb(links) == climbed
    stub = '# %% tags=["stub"]\nx = ...\n\n# %% tags=["solution"]\nx = 1\n'
    solved = solutions_of(read_source(write_source(folder, f"# %% [markdown]\n# {links}\n\n{stub}")), "07_small")
    assert solved is not None
    assert solved.cells[2].source == climbed
