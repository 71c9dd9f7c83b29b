"""What `chatmon serve` prints is taken by a shell as it is, and by the clients that it is for."""

import os
import signal
import subprocess
import sys

import pytest
from children import started
from waits import PATIENCE

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH", "OTEL", "CHATMON_API"))}


def printed(*arguments, until="Stop it with Ctrl-C."):
    command = [sys.executable, "-m", "chatmon", "serve", *arguments]
    with started(*command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        lines = []
        while until not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
            lines.append(line)
        yield "".join(lines)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


SENT = """
from langsmith import Client, traceable
@traceable
def desk(question):
    return "soon"
client = Client()
desk("when?", langsmith_extra={"client": client})
client.flush()
project = client.read_project(project_name="default")
asked = client.request_with_retries("POST", "/runs/query", json={"session": [str(project.id)]})
print([run["name"] for run in asked.json()["runs"]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sh is no shell of this system")
def test_the_lines_for_a_local_langsmith_are_all_that_its_client_needs():
    for said in printed("langsmith"):
        lines = "\n".join(line for line in said.splitlines() if line.startswith("export "))
        shown = subprocess.run(
            ["sh", "-c", f'{lines}\n"$0" -c "$1"; printenv | grep ^OTEL', sys.executable, SENT],
            env=CLEAN, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert shown.stdout.splitlines()[0] == "['desk']", shown.stderr
        assert "/otel/v1/traces" in shown.stdout
        assert "OTEL_EXPORTER_OTLP_HEADERS=x-api-key=" in shown.stdout


@pytest.mark.parametrize(
    ("shell", "beginning"),
    [("powershell", "$env:LANGSMITH_ENDPOINT = 'http://"), ("cmd", "set LANGSMITH_ENDPOINT=http://")],
)
def test_windows_shells_are_served_too(shell, beginning):
    for said in printed("langsmith", "--shell", shell):
        assert sum(line.startswith(beginning) for line in said.splitlines()) == 1


@pytest.mark.parametrize("service", ["langsmith", "llm", "langtail"])
def test_a_shell_that_is_not_known_is_named_before_anything_starts(service):
    command = [sys.executable, "-m", "chatmon", "serve", service, "--shell", "fish"]
    ran = subprocess.run(command, env=CLEAN, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 2
    assert "powershell" in ran.stderr


def test_the_lines_for_a_user_of_a_shared_model_are_all_that_a_lesson_needs():
    asks = "from chatmon.lab.bot import ChatConfig; config = ChatConfig.local(); print(config.model, config.api_key)"
    for said in printed("llm", "--slots", "2", "--user", "ada", "--user", "bob"):
        lines = [line for line in said.splitlines() if line.startswith("export ")]
        assert [line.partition("//")[2].partition(":")[0] for line in lines] == ["ada", "bob"]
        shown = subprocess.run(
            ["sh", "-c", f'{lines[0]}\n"$0" -c "$1"', sys.executable, asks],
            env=CLEAN, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert " ada:" in shown.stdout, shown.stderr
