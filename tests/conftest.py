"""What every test has: a clock that moves when told to, a monitor on it, and nothing that others left."""

import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import properties  # noqa: F401 - its profile holds for every property, before the first is collected
import psutil
import pytest
from moments import MORNING

from chatmon._tools.models import course_models
from chatmon._tools.paths import cache_folder
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor

KEPT = ("ThreadPoolExecutor", "tracing_control_thread_func")
"""In the names of threads that end later: pools, which Python ends with itself, and LangSmith's, with their client."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def monitor(clock: ManualClock) -> ChatMonitor:
    return ChatMonitor(clock=clock.time_ns, timer=clock.timer)


def pytest_configure(config):
    """Give this process a cache of its own, with the model in it: services write logs there, and clear old ones."""
    model, folder = cache_folder() / course_models().local.file, tempfile.mkdtemp(prefix="chatmon-tests-")
    if model.is_file():
        Path(folder, model.name).symlink_to(model)
    patch = pytest.MonkeyPatch()
    patch.setenv("CHATMON_CACHE", folder)
    config.add_cleanup(patch.undo)
    config.add_cleanup(lambda: shutil.rmtree(folder))


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """Fail a test that leaves a process or a thread, and end the process, before it becomes another test's trouble.

    What fixtures of a module or a session hold was there before, or ends after them.
    """
    processes, threads = _children(), set(threading.enumerate())
    yield
    left = []
    for one in _children() - processes:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(one)
            told = process.as_dict(["pid", "status", "cmdline"])
            if "multiprocessing.resource_tracker" in str(told["cmdline"]):  # one, until Python itself ends
                continue
            left.append(told)
            process.kill()
            process.wait(60)
    for thread in set(threading.enumerate()) - threads:
        if not thread.daemon and not any(name in thread.name for name in KEPT):
            thread.join(1)  # it may be at its end
            if thread.is_alive():
                left.append(thread)
    assert not left, f"it left behind: {left}"


def _children():
    """Return the numbers of this process's children; to ask psutil for them takes 5 ms, to ask Linux a fiftieth."""
    lists = list(Path("/proc/self/task").glob("*/children"))
    if not lists:
        return {one.pid for one in psutil.Process().children()}
    found = set()
    for path in lists:
        with suppress(OSError):  # its thread may have ended
            found |= {int(pid) for pid in path.read_text().split()}
    return found
