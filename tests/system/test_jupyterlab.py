"""What a newcomer sees after `make lab`: the first lesson in JupyterLab, in a real browser, running a real model."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from browser import chromium

from chatmon.paths import NOTEBOOKS, REPO

pytestmark = pytest.mark.system
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\S*\?(token=\w+)")


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab as `make lab` does, on a copy of the lessons, and stop it by its id."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    log = tmp_path / "lab.log"
    command = [Path(sys.executable).with_name("jupyter"), "lab", "--no-browser", "--ServerApp.root_dir=."]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "--ServerApp.port=0", "--allow-root", "notebooks/00_start_here.ipynb"],
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            env=os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path / "config")},
        )
    try:
        until = time.monotonic() + 60
        while not (found := ADDRESS.search(log.read_text(encoding="utf-8"))):
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        yield f"{found[1]}/lab/tree/notebooks/00_start_here.ipynb?{found[2]}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_the_first_lesson_opens_and_runs_to_its_end_in_a_browser(lab, tmp_path):
    with chromium(tmp_path) as page:
        page.open(lab)
        page.wait_for("document.querySelector('.jp-RenderedMarkdown h1') !== null")
        page.wait_for("document.querySelector('.jp-KernelStatus, .jp-Notebook-ExecutionIndicator') !== null")
        page.wait_for("document.querySelectorAll('.jp-RenderedImage img').length > 0")
        alt = page.ask("document.querySelector('.jp-RenderedImage img').alt")
        assert len(alt.split()) > 5
        assert page.ask("document.querySelectorAll('.jp-Dialog').length") == 0
        strangers = {url for url in page.requests if not re.match(r"(data|blob):|(http|ws)://127\.0\.0\.1", url)}
        assert strangers == set()
        assert page.errors == []


def test_the_makefile_opens_the_same_lesson():
    assert "jupyter lab --ServerApp.root_dir=. notebooks/00_start_here.ipynb" in (REPO / "Makefile").read_text("utf-8")
