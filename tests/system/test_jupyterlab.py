"""What a newcomer sees after `make lab`: the first lesson in JupyterLab, in a real browser, running a real model."""

import os
import re
import shutil
import sys
import time
from pathlib import Path

import nbformat
import pytest
from browser import chromium
from children import started
from waits import PATIENCE

from chatmon.paths import NOTEBOOKS, REPO

pytestmark = pytest.mark.system
STATUS = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status"
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\S*\?(token=\w+)")


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab as `make lab` does, on a copy of the lessons, and stop it by its id."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    log = tmp_path / "lab.log"
    command = [Path(sys.executable).with_name("jupyter"), "lab", "--no-browser", "--ServerApp.root_dir=."]
    with (
        log.open("wb") as out,
        started(
            *(*command, "--ServerApp.port=0", "--allow-root", "notebooks/00_start_here.ipynb"),
            seconds=30 * PATIENCE,
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            env=os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path / "config")},
        ) as server,
    ):
        end = time.monotonic() + PATIENCE
        while not (found := ADDRESS.search(log.read_text(encoding="utf-8"))):
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        yield f"{found[1]}/lab/tree/notebooks/00_start_here.ipynb?{found[2]}"
        server.terminate()
        server.wait(PATIENCE)


def test_the_first_lesson_opens_and_runs_to_its_end_in_a_browser(lab, tmp_path):
    lesson = tmp_path / "notebooks" / "00_start_here.ipynb"
    committed = nbformat.read(lesson, as_version=4)
    with chromium(tmp_path) as page:
        page.open(lab)
        page.wait_for("document.querySelector('.jp-RenderedMarkdown h1')?.textContent.startsWith('Start here')")
        page.wait_for(f"{STATUS} === 'idle'")
        page.click('[data-command="notebook:restart-run-all"]')
        page.click(".jp-Dialog .jp-mod-accept")
        page.wait_for(f"{STATUS} === 'busy'")
        page.wait_for(f"{STATUS} === 'idle'", seconds=3 * PATIENCE)
        page.press("s", 83, modifiers=2)
        page.wait_for("!document.querySelector('.jp-mod-current .jp-mod-dirty, .lm-mod-current.jp-mod-dirty')")
        end = time.monotonic() + PATIENCE
        while (ran := nbformat.read(lesson, as_version=4)) == committed:
            assert time.monotonic() < end, "the lesson was not saved"
            time.sleep(0.2)
        strangers = {url for url in page.requests if not re.match(r"(data|blob):|(http|ws)://127\.0\.0\.1", url)}
        assert strangers == set()
        assert page.errors == []
    cells = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_the_makefile_opens_the_same_lesson():
    assert "jupyter lab --ServerApp.root_dir=. notebooks/00_start_here.ipynb" in (REPO / "Makefile").read_text("utf-8")
