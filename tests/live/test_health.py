"""Health readings against a process whose load is known."""

import time

import psutil
import pytest

from chatmon.live._health import HealthMeter


def test_the_first_reading_of_a_busy_process_is_not_zero():
    meter = HealthMeter()
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    health = meter.read()
    assert health.process_cpu * health.seconds >= 0.27  # the processor time is counted in steps of 10 ms
    assert health.machine_cpu > 0


def test_an_idle_process_uses_almost_no_cpu():
    meter = HealthMeter()
    time.sleep(0.3)
    assert meter.read().process_cpu < 0.3


def test_too_short_a_span_is_unknown_and_does_not_restart_the_measurement():
    ticks = iter([0.0, 0.05, 0.3])
    meter = HealthMeter(timer=lambda: next(ticks))
    assert meter.read().process_cpu is None
    assert meter.read().seconds == 0.3


def test_two_readings_in_one_moment_agree_on_the_span():
    ticks = iter([0.0, 5.0, 5.01, 7.0])
    meter = HealthMeter(timer=lambda: next(ticks))
    assert [meter.read().seconds for _ in range(3)] == pytest.approx([5.0, 5.01, 2.0])


def test_memory_is_the_process_s_own_and_the_machine_s_share():
    health = HealthMeter().read()
    own = psutil.Process().memory_info().rss
    assert 0.5 * own < health.process_memory < 2 * own
    assert 0 < health.machine_memory < 1
    assert 0 < health.disk <= 1
