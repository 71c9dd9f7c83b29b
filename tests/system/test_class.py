"""Five students on one machine: a real hub, a real browser, one model for all, and one of them who does not stop."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
from browser import visitors
from children import started
from classroom import PASSWORD, hub, hub_environment
from waits import PATIENCE, until

pytestmark = [pytest.mark.classroom, pytest.mark.timeout(1800)]
STUDENTS = ["ada", "bob", "cleo", "dan", "eve"]
LOOP = """
import itertools, sys, threading
from chatmon.lab.bot import ChatConfig, ProductionChatbot
bot = ProductionChatbot(ChatConfig.local(timeout=600))
def ask():
    for number in itertools.count():
        print(bot.process_user_message_sync(f"Where is my bill {number}?", "eve").status, flush=True)
for _ in range(12):
    threading.Thread(target=ask, daemon=True).start()
sys.stdin.read()
"""
RUN = '[data-command="notebook:run-cell-and-select-next"]'
STATUS = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status"
ASKED = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')][2].textContent !== '[ ]:'"
REPLIED = (
    "[...document.querySelectorAll('.jp-OutputArea-output')].some(e => e.textContent.includes(\"('success', 'acc\"))"
)


def log_in(page, address, student):
    """Give name and password, and be led to the first lesson."""
    page.open(f"{address}/hub/login")
    page.wait_for("document.querySelector('#username_input') !== null")
    for field, value in (("username", student), ("password", PASSWORD)):
        page.ask(f"document.querySelector('#{field}_input').value = {json.dumps(value)}; 0")
    page.click("#login_submit")


def run_first_cells(page):
    """Click through the cells until the one that says what became of the first reply is in line, and wait for none."""
    page.wait_for("document.querySelector('.jp-RenderedMarkdown h1')?.textContent.startsWith('Start here')", 300)
    page.wait_for(f"{STATUS} === 'idle'", 300)
    end = time.monotonic() + 300
    while not page.ask(ASKED):  # a click that comes while the bar is still being laid out is lost
        assert time.monotonic() < end
        page.click(RUN)
        time.sleep(0.2)


def server_of(student):
    """Return the environment of a student's server."""
    for process in psutil.process_iter():
        try:
            environ = process.environ()
        except psutil.Error:
            continue
        if environ.get("JUPYTERHUB_USER") == student and "CHATMON_SHARED_LLM" in environ:
            return environ
    raise AssertionError(f"no server of {student}")


def waiting(model):
    with urllib.request.urlopen(f"http://127.0.0.1:{model}/queue", timeout=PATIENCE) as answer:
        return json.load(answer)["waiting"]


def test_five_students_get_their_first_replies_though_one_of_them_then_asks_without_end(tmp_path):
    python = hub_environment(tmp_path)
    with hub(tmp_path, python, STUDENTS) as (address, model), visitors(tmp_path, len(STUDENTS)) as pages:
        for page, student in zip(pages, STUDENTS, strict=True):
            log_in(page, address, student)
        for page in pages:
            page.wait_for("location.pathname.endsWith('/work/00_start_here.ipynb')", 300)
        run_first_cells(pages[-1])  # Eve's, who goes on with a loop in her terminal
        pages[-1].wait_for(REPLIED, 300)
        environ = {
            name: server_of("eve")[name] for name in ("CHATMON_SHARED_LLM", "CHATMON_CACHE", "PYTHONPATH", "HOME")
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with started(
            "nice", "-n", "10", sys.executable, "-c", LOOP, env=os.environ | environ, seconds=900, **pipes
        ) as loop:
            until(lambda: waiting(model) >= 4)
            for page in pages[:-1]:
                run_first_cells(page)
            for page in pages[:-1]:
                page.wait_for(REPLIED, 300)
            assert waiting(model) >= 4  # it went on all the while
            loop.stdin.close()
            said = loop.stdout.read().split()
        assert set(said) == {"success"}
        folders = sorted(one.name for one in (tmp_path / "class").iterdir() if one.is_dir())
        assert folders == STUDENTS
        assert all((tmp_path / "class" / one / "work" / "00_start_here.ipynb").is_file() for one in STUDENTS)
        models = [one for one in psutil.process_iter(["cmdline"]) if str(model) in (one.info["cmdline"] or [])]
        assert len(models) == 1
