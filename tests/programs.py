"""Programs from outside Python, run for as long as a test needs them."""

import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager, suppress

from children import started
from waits import PATIENCE


def program(*names, package="prometheus prometheus-alertmanager"):
    """Return the path of a program, under the first of its names that is there."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise RuntimeError(f"no {names[0]} on this machine: on Debian, `apt install {package}`")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(log, *command):
    """Run a program for as long as the block lasts."""
    most = 30 * PATIENCE
    with log.open("wb") as output, started(*command, seconds=most, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answered(address, log, within=PATIENCE):
    """Wait until a program answers at an address, for so many seconds; what its log says is the reason if not."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])
