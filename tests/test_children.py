"""Children of tests end with them, and take Ctrl-C wherever the tests run."""

import signal
import subprocess
import sys
import time

import pytest
from children import ended, started
from waits import PATIENCE, until

WITH_CHILD = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True); input()"


def test_a_child_and_its_own_child_end_with_the_block_whatever_happens_in_it():
    began = []

    def fails():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with started(sys.executable, "-c", WITH_CHILD, **pipes) as process:
            began.extend([process.pid, int(process.stdout.readline())])
            assert not any(ended(pid) for pid in began)
            raise RuntimeError("the test fails")

    with pytest.raises(RuntimeError, match="the test fails"):
        fails()
    until(lambda: all(ended(pid) for pid in began))


def test_who_reads_from_a_child_that_says_nothing_sees_its_end_and_is_told_why():
    begun = time.monotonic()
    with (
        pytest.raises(ValueError, match="invalid literal") as caught,
        started("sleep", "600", seconds=0.1, stdout=subprocess.PIPE) as process,
    ):
        int(process.stdout.readline())
    assert time.monotonic() - begun < PATIENCE
    assert caught.value.__notes__ == [f"process {process.pid} had not ended within 0.1 s, and was killed"]


@pytest.fixture
def ignoring():
    """Ignore Ctrl-C, as a shell has its background jobs do."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignoring")
def test_a_child_takes_an_interrupt_also_where_the_tests_ignore_it():
    waits = "try:\n    print('waits', flush=True)\n    input()\nexcept KeyboardInterrupt:\n    print('interrupted')"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with started(sys.executable, "-c", waits, **pipes) as process:
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
