"""What several tests share: a moment, a clock, and turns made by hypothesis."""

from datetime import UTC, datetime

import pytest

from chatmon.clock import ManualClock
from chatmon.monitor import ChatMonitor

MORNING = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def monitor(clock: ManualClock) -> ChatMonitor:
    return ChatMonitor(clock=clock.time_ns, timer=clock.timer)
