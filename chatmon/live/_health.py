"""Health of the bot's own process and of the machine it runs on, which are two different things."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from chatmon._tools.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST_SPAN = 0.1


@dataclass(frozen=True, slots=True)
class Health:
    """What the process and the machine used.

    Attributes:
        process_cpu: Cores' worth of CPU time that this process used since the last reading (1.0 is one core, busy);
            None where the span was shorter than 0.1 s, too short to tell.
        process_memory: Bytes of memory the process holds now (resident set).
        process_threads: Threads of the process.
        machine_cpu: Share of all cores busy since the last reading, 0 to 1; None as above.
        machine_memory: Share of the machine's memory in use, 0 to 1.
        disk: Share of the disk in use, 0 to 1, where the course lies.
        seconds: The span that the CPU figures cover.
    """

    process_cpu: float | None
    process_memory: int
    process_threads: int
    machine_cpu: float | None
    machine_memory: float
    disk: float
    seconds: float


class HealthMeter:
    """Reads health between two moments.

    ``psutil.cpu_percent()`` answers 0.0 when first asked, because there is no span to measure yet. This meter takes
    its first reading when it is made, so the first answer is already a measurement, or None where it cannot be one.

    Args:
        timer: Monotonic clock, seconds.
    """

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer
        self._process = psutil.Process()
        self._before = self._last = self._times()

    def read(self) -> Health:
        """Return the health since the last reading, or since the one before where that was a moment ago."""
        now = self._times()
        if now[0] - self._last[0] >= SHORTEST_SPAN:
            self._before, self._last = self._last, now
        before = self._before
        seconds = now[0] - before[0]
        long_enough = seconds >= SHORTEST_SPAN
        total = now[2] - before[2]
        return Health(
            process_cpu=(now[1] - before[1]) / seconds if long_enough else None,
            process_memory=self._process.memory_info().rss,
            process_threads=self._process.num_threads(),
            machine_cpu=1 - (now[3] - before[3]) / total if long_enough and total > 0 else None,
            machine_memory=psutil.virtual_memory().percent / 100,
            disk=psutil.disk_usage(str(REPO)).percent / 100,
            seconds=seconds,
        )

    def _times(self) -> tuple[float, float, float, float]:
        """Return the timer, the process's CPU seconds, and the machine's CPU seconds: all and idle."""
        own, machine = self._process.cpu_times(), psutil.cpu_times()
        idle = machine.idle + getattr(machine, "iowait", 0.0)
        guest = getattr(machine, "guest", 0.0) + getattr(machine, "guest_nice", 0.0)
        return self._timer(), own.user + own.system, sum(machine) - guest, idle
