"""What several tests share: a clock that moves when told to, and a monitor on it; how hard hypothesis tries."""

import properties  # noqa: F401 - its profile holds for every property, before the first is collected
import pytest
from moments import MORNING

from chatmon.clock import ManualClock
from chatmon.monitor import ChatMonitor


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def monitor(clock: ManualClock) -> ChatMonitor:
    return ChatMonitor(clock=clock.time_ns, timer=clock.timer)
