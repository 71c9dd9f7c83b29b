"""What `chatmon lab` decides before JupyterLab starts. tests/system/test_jupyterlab.py starts it."""

import sys
import webbrowser
from pathlib import Path

import pytest
from jupyter_server.serverapp import ServerApp

from chatmon._tools.paths import REPO
from chatmon.cli._logs import run
from chatmon.lab.cli import _doctor as doctor
from chatmon.lab.course import jupyterlab as lab
from chatmon.lab.course._workbook import copies


def none() -> None:
    raise webbrowser.Error("no browser")


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"TERM": "xterm"}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_page_is_opened_where_there_is_a_display_or_a_browser_is_named(platform, environ, expected):
    assert lab.has_browser(platform, environ, find=object) is expected
    assert lab.has_browser(platform, environ, find=none) is False


def test_jupyterlab_is_told_of_root_and_of_a_missing_browser_and_of_nothing_else():
    usual = {f"--ServerApp.root_dir={REPO}", "--LabApp.default_url=/lab/tree/work/00_start_here.ipynb"}
    assert set(lab.arguments([], root=False, browser=True)) == usual
    assert set(lab.arguments([], root=True, browser=True)) == usual | {"--allow-root"}
    assert set(lab.arguments([], root=False, browser=False)) == usual | {"--no-browser"}
    assert lab.arguments(["--ServerApp.port=9000"], root=True, browser=False)[-1] == "--ServerApp.port=9000"


@pytest.mark.parametrize("asked", ["0.0.0.0", "*", "", "::", "192.0.2.7", "localhost", "127.0.0.1"])
def test_the_server_listens_on_loopback_whatever_it_is_asked(asked):
    assert lab.LoopbackServer(ip=asked).ip == "127.0.0.1"
    assert lab.LoopbackServer().ip == "127.0.0.1"
    assert ServerApp(ip=asked).ip != "127.0.0.1" or asked == "127.0.0.1"


def test_a_set_up_that_is_not_well_ends_before_jupyterlab(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "main", lambda: 1)
    monkeypatch.setattr(lab, "run", lambda extra: pytest.fail("JupyterLab was started"))
    monkeypatch.setattr(sys, "argv", ["chatmon", "lab"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 1


def test_arguments_of_jupyterlab_s_are_passed_on(monkeypatch):
    passed = []
    monkeypatch.setattr(doctor, "main", lambda: 0)
    monkeypatch.setattr(lab, "run", passed.extend)
    monkeypatch.setattr(sys, "argv", ["chatmon", "lab", "--ServerApp.port=9000", "--no-browser"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 0
    assert passed == ["--ServerApp.port=9000", "--no-browser"]


def test_without_the_lessons_it_says_what_is_missing(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(lab, "copies", lambda: copies(tmp_path / "work", tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no lessons in .*: run from a clone of the course"):
        lab.run()
