"""The arithmetic of docs/scale.md, on constants that can be worked by hand."""

from dataclasses import fields, replace

import pytest
from scale import RATES, Assumed, Measured, cost, measure, table

PLAIN = Measured(
    line=1000, parquet=100, kept=2000, tracked=10, written=10, alerted=20, summed=1, peak=2
)  # fmt: skip
GIVEN = Assumed(reply_seconds=2, chats_a_process=50, capacity=10_000, patience=60)


def test_one_chat_a_second_by_hand():
    found = cost(1, PLAIN, GIVEN)
    # At the peak of 2 a second, 4 chats are under way: one process, whose 10,000 turns are 5,000 s.
    assert (found.processes, found.files, found.turns) == (1, 1, 86_400)
    assert found.reach_minutes == pytest.approx(5000 / 60)
    assert found.lines_gb == pytest.approx(0.0864)
    assert found.parquet_gb == pytest.approx(0.00864)
    assert found.memory_gb == pytest.approx(0.02)
    assert found.monitoring == pytest.approx(2 * 40e-6)
    assert found.one_engine == pytest.approx(2 * 20e-6)
    assert found.days_at_once == pytest.approx(60 / 0.0864)


def test_ten_thousand_chats_a_second_by_hand():
    found = cost(10_000, PLAIN, GIVEN)
    # 20,000 a second at the peak: 40,000 under way, 800 processes of 25 a second each.
    assert found.processes == 800
    assert found.memory_gb == pytest.approx(16)
    assert found.reach_minutes == pytest.approx(10_000 / 25 / 60)
    assert found.monitoring == pytest.approx(25 * 40e-6)
    assert found.one_engine == pytest.approx(0.4)


def test_a_slower_reply_needs_more_processes_and_no_more_bytes():
    slow = cost(100, PLAIN, replace(GIVEN, reply_seconds=4))
    assert slow.processes == 2 * cost(100, PLAIN, GIVEN).processes
    assert slow.lines_gb == cost(100, PLAIN, GIVEN).lines_gb


def test_a_short_run_measures_every_constant_and_fills_the_table():
    found = measure(2_000)
    assert all(getattr(found, field.name) > 0 for field in fields(found))
    assert found.parquet < found.line
    assert 1 < found.peak < 24
    assert all(len(values) == len(RATES) for _, values in table(found))
