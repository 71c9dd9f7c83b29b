"""What a newcomer sees after `make lab`: the first lesson in JupyterLab, in a real browser, running a real model."""

import re
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import nbformat
import psutil
import pytest
from browser import chromium
from jupyterlab import course_copy, make_lab
from programs import running

pytestmark = pytest.mark.system
STATUS = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course").mkdir()
    return course_copy(tmp_path / "course")


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def page(address):
    """Return a page as a browser loads it: by way of the cookie that the token is changed for."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(address, timeout=30) as answer:
        assert answer.status == 200
        return answer.read().decode()


def refused(address):
    """Return the status of an answer that is none."""
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.build_opener(NoRedirect).open(address, timeout=30)
    error.value.close()
    return error.value.code, error.value.headers.get("Location", "")


def holds(server, path, token):
    """Check that a server shows JupyterLab to who has the token, and to nobody else."""
    assert '"appName": "JupyterLab"' in page(f"{server}{path}?token={token}")
    for wrong in ("", "?token=", f"?token={token[:-1]}"):
        status, where = refused(f"{server}{path}{wrong}")
        assert (status, where.partition("?")[0]) == (302, "/login")
        assert refused(f"{server}/api/contents{wrong}")[0] == 403


def listening(process):
    """Return where a process and its children listen."""
    family = [process, *process.children(recursive=True)]
    return {at.laddr.ip for one in family for at in one.net_connections("tcp") if at.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("root", [True, False], ids=["root", "another user"])
@pytest.mark.parametrize("display", [True, False], ids=["a display", "no display"])
def test_make_lab_opens_the_first_lesson(course, home, root, display):
    opened = home / "opened"
    stub = home / "browser"
    stub.write_text(f'#!/bin/sh\necho "$1" >"{opened}.part" && mv "{opened}.part" "{opened}"\n', encoding="utf-8")
    stub.chmod(0o755)
    environ = {"DISPLAY": ":7", "BROWSER": str(stub)} if display else {}
    with make_lab(course, home, root=root, **environ) as lab:
        server, path, token = lab.address()
        holds(server, path, token)
        assert listening(psutil.Process(lab.process.pid)) == {"127.0.0.1"}
        if display:
            until = time.monotonic() + 30
            while not opened.exists():
                assert time.monotonic() < until, lab.said
                time.sleep(0.1)
            with urllib.request.urlopen(opened.read_text(encoding="utf-8").strip()) as redirect:
                assert f"{server}{path}?token={token}" in redirect.read().decode()
        said = lab.said
    assert ("You are root here" in said) == root
    assert ("Open in a browser:\n" in said) == (not display)
    assert said.count(token) == 1
    assert "All is well." in said
    assert "Installing" not in said
    assert opened.exists() == display


def test_ctrl_c_asks_and_leaves_nothing_behind(course, home, tmp_path):
    with make_lab(course, home) as lab, chromium(tmp_path) as page:
        server, path, token = lab.address()
        for _ in range(3):  # a thread that a page has kept busy may keep JupyterLab alone from ending
            page.open(f"{server}{path}?token={token}")
            page.wait_for(f"{STATUS} === 'idle'")
        until = time.monotonic() + 60  # what a page calls idle may be a kernel that is still to be started
        while len(family := psutil.Process(lab.process.pid).children(recursive=True)) < 2:
            assert time.monotonic() < until, "JupyterLab and a kernel"
            time.sleep(0.1)
        assert list(home.rglob("jpserver-*"))
        lab.press_ctrl_c()
        lab.wait_for("Shut down this Jupyter server")
        lab.answer("y")
        lab.process.wait(timeout=60)
        assert "Shutdown confirmed" in lab.said
        assert "chatmon/lab/course/jupyterlab.py" not in lab.said, (
            "a traceback; a kernel that was starting may leave one of its own"
        )
    assert not list(home.rglob("jpserver-*"))
    assert not [one for one in family if one.is_running()]


def test_a_port_that_is_taken_is_passed_over(course, home, tmp_path):
    with running(tmp_path / "other.log", "python3", "-m", "http.server", "--bind", "127.0.0.1", "0") as other:
        until = time.monotonic() + 30
        while not (taken := [one.laddr.port for one in psutil.Process(other.pid).net_connections("tcp")]):
            assert time.monotonic() < until
            time.sleep(0.1)
        with make_lab(course, home, f"LAB=--ServerApp.port={taken[0]}") as lab:
            server, path, token = lab.address()
            assert not server.endswith(f":{taken[0]}")
            holds(server, path, token)


@pytest.mark.parametrize(
    ("config", "argument"),
    [
        ("c.ServerApp.ip = '0.0.0.0'\nc.IdentityProvider.token = ''\nc.ServerApp.allow_root = False\n", ""),
        ("c.NotebookApp.ip = '*'\nc.NotebookApp.token = ''\n", ""),
        ("", "--ip=0.0.0.0 --IdentityProvider.token="),
        ("", "--LabApp.ip=0.0.0.0 --ServerApp.token="),
    ],
    ids=["configuration", "configuration by old names", "arguments", "arguments by other names"],
)
def test_neither_configuration_nor_argument_opens_it_to_others(course, home, config, argument):
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "jupyter_server_config.py").write_text(config, encoding="utf-8")
    with make_lab(course, home, f"LAB={argument}") as lab:
        holds(*lab.address())
        assert listening(psutil.Process(lab.process.pid)) == {"127.0.0.1"}
        assert re.search(r"asks for the address '(0\.0\.0\.0|\*)': listening on 127\.0\.0\.1 all the same", lab.said)


def test_a_token_of_one_s_own_is_kept_and_not_shown(course, home):
    with make_lab(course, home, JUPYTER_TOKEN="mine-and-secret") as lab:
        found = lab.wait_for(r"(http://127\.0\.0\.1:\d+)(/lab/tree/\S+)\?token=\(the one you gave\)")
        holds(found[1], found[2], "mine-and-secret")
        assert "mine-and-secret" not in lab.said


def test_the_first_lesson_opens_and_runs_to_its_end_in_a_browser(course, home, tmp_path):
    lesson = course / "work" / "00_start_here.ipynb"
    with make_lab(course, home) as lab, chromium(tmp_path) as page:
        server, path, token = lab.address()
        copied = nbformat.read(lesson, as_version=4)
        page.open(f"{server}{path}?token={token}")
        page.wait_for("document.querySelector('.jp-RenderedMarkdown h1')?.textContent.startsWith('Start here')")
        page.wait_for(f"{STATUS} === 'idle'")
        page.click('[data-command="notebook:restart-run-all"]')
        page.click(".jp-Dialog .jp-mod-accept")
        page.wait_for(f"{STATUS} === 'busy'")
        page.wait_for(f"{STATUS} === 'idle'", seconds=180)
        page.press("s", 83, modifiers=2)
        page.wait_for("!document.querySelector('.jp-mod-current .jp-mod-dirty, .lm-mod-current.jp-mod-dirty')")
        until = time.monotonic() + 30
        while (ran := nbformat.read(lesson, as_version=4)) == copied:
            assert time.monotonic() < until, "the lesson was not saved"
            time.sleep(0.2)
        strangers = {url for url in page.requests if not re.match(r"(data|blob):|(http|ws)://127\.0\.0\.1", url)}
        assert strangers == set()
        assert page.errors == []
    cells = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
