"""With the network unplugged: every lesson and solution gives its committed outputs, and the doctor is content."""

import os
import shutil
import subprocess
import sys

import pytest

from chatmon.paths import REPO

pytestmark = pytest.mark.system


def without_network(*command, **environment):
    """Run a command in a network namespace that has nothing but a loopback of its own."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        raise RuntimeError("no unshare or no ip on this machine: on Debian, `apt install util-linux iproute2`")
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    line = 'ip link set lo up && exec "$@"'
    return subprocess.run(
        [*unshare, "sh", "-c", line, "sh", *command],
        cwd=REPO,
        env={name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "LANG"))}
        | {"TZ": "UTC", **environment},
        capture_output=True,
        text=True,
        timeout=1500,
    )


def test_the_namespace_has_really_no_network():
    reach = "import socket; socket.create_connection(('192.0.2.1', 9), 2)"
    done = without_network(sys.executable, "-c", reach)
    assert "Network is unreachable" in done.stderr


def test_the_doctor_is_content_without_network():
    done = without_network(sys.executable, "-m", "chatmon", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_lesson_gives_its_committed_outputs_without_network():
    nbval = ["-o", "addopts=", "--nbval", "--nbval-cell-timeout=240", "-q", "notebooks"]
    done = without_network(sys.executable, "-m", "pytest", *nbval)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
