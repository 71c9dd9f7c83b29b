"""LangSmith's other clients talk to the local service: JavaScript's, and Python's releases before the present one."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chatmon._tools.paths import cache_folder
from chatmon.lab.services.langsmith import start

pytestmark = pytest.mark.system

JAVASCRIPT = "langsmith@0.12.0"
PYTHON = ("0.14.17", "0.13.0")
HERE = Path(__file__).parent


def installed(kind, what, mark, *command):
    """Return the folder in which a client is installed, once for every run."""
    folder = cache_folder() / kind / what
    if not (folder / mark).exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([*command, what], check=True, timeout=300, cwd=folder)
        (folder / mark).touch()
    return folder


@pytest.fixture(scope="module")
def javascript():
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("no npm on this machine: on Debian, `apt install nodejs npm`")
    flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".")
    folder = installed("npm", JAVASCRIPT, "installed", npm, "install", *flags)
    shutil.copy(HERE / "langsmith_sdk.mjs", folder / "langsmith_sdk.mjs")
    return ["node", str(folder / "langsmith_sdk.mjs")]


def python(*packages):
    """Return a Python with some packages and nothing else, made once for every run."""
    folder = cache_folder() / "python" / "+".join(packages)
    binary = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
        subprocess.run([binary, "-m", "pip", "install", "--quiet", *packages], check=True, timeout=300)
        (folder / "installed").touch()
    return str(binary)


def run(server, command, **options):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    named = {"LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": server.api_key, "LANGSMITH_TRACING": "true"}
    ran = subprocess.run(
        command, env=environment | named | options, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


def said_by(command):
    with start(api_key=f"test-{secrets.token_hex(8)}") as server:
        said = run(server, command)
        assert "Traceback" not in server.log_path.read_text(encoding="utf-8")
    return json.loads(said.splitlines()[-1])


def test_the_javascript_client_is_served_also_with_runs_shorter_than_a_millisecond(javascript):
    said = said_by(javascript)
    assert said == {
        "runs": [201, 101, 100, "TypeError: no order"],
        "root": [["js"], "number", True],
        "feedback": ["correct", 1, 0.5],
        "changed": 8,
        "examples": [1, 2, 3],
        "split": 1,
        "evaluated": [True, [0, 1, 1]],
        "deleted": False,
    }


@pytest.mark.parametrize("version", PYTHON)
def test_the_releases_of_the_python_client_before_this_one_are_served(version):
    said = said_by([python(f"langsmith=={version}"), str(HERE / "langsmith_sdk.py")])
    assert said == {
        "runs": [41, 21, 1],
        "root": [1100, 0.00056, ["desk"], True],
        "feedback": [["correct", 1, "yes"]],
        "examples": [[0, 0], [1, 1], [2, 0], [3, 1]],
        "evaluated": [0, 0, 1, 1],
        "project": [4, True],
        "deleted": False,
    }


def test_an_exporter_of_opentelemetry_and_langsmith_s_own_mode_for_it_are_served():
    binary = python("langsmith[otel]==0.15.0", "opentelemetry-exporter-otlp-proto-http==1.45.2")
    with start(api_key=f"test-{secrets.token_hex(8)}") as server:
        command = [binary, str(HERE / "otlp_exporter.py"), server.url, server.api_key]
        run(server, command, LANGSMITH_PROJECT="otel", LANGSMITH_OTEL_ENABLED="true", LANGSMITH_OTEL_ONLY="true")
        with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=60) as client:
            (langsmiths,), (plain,) = (
                client.get("/sessions", params={"name": name}).json() for name in ("otel", "plain")
            )
            for project, thread, below in ((langsmiths, "t1", "model"), (plain, "t2", "chat")):
                runs = client.post("/runs/query", json={"session": [project["id"]]}).json()["runs"]
                check_tree({one["name"]: one for one in runs}, thread, below)


def check_tree(found, thread, below):
    desk, call, tool = found.pop("desk"), found.pop(below), found.pop("look")
    assert not found
    assert (desk["parent_run_id"], desk["extra"]["metadata"]["thread_id"]) == (None, thread)
    assert call["parent_run_id"] == tool["parent_run_id"] == desk["id"]
    assert (call["run_type"], call["total_tokens"], tool["run_type"]) == ("llm", 1100, "tool")
    assert float(desk["total_cost"]) == float(call["total_cost"]) == 0.00056
    assert tool["error"].startswith("KeyError(")
