"""With the network unplugged: `make test` runs whole, every notebook with it, and the doctor is content."""

import subprocess
import sys

import pytest

from chatmon._tools.paths import REPO

pytestmark = pytest.mark.system


def unplugged(*command):
    """Run a command as `make test` runs the tests; this machine must be able to unplug the network."""
    return subprocess.run(
        ["sh", "tests/unplugged.sh", *command], cwd=REPO, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_network_is_really_unplugged():
    reach = "import socket; socket.create_connection(('192.0.2.1', 9), 2)"
    assert "Network is unreachable" in unplugged(sys.executable, "-c", reach).stderr


def test_make_test_runs_the_tests_and_the_notebooks_unplugged():
    plan = subprocess.run(
        ["make", "-n", "test"], cwd=REPO, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    runs = [line for line in plan.splitlines() if "-m pytest" in line]
    assert len(runs) == 1
    assert runs[0].startswith("sh tests/unplugged.sh ")
    assert "notebooks" not in runs[0].replace("tests/unplugged.sh", ""), "the whole suite, by its testpaths"


def test_the_doctor_is_content_without_network():
    done = unplugged(sys.executable, "-m", "chatmon", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
