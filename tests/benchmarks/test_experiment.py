"""The promises of the README about experiments, on a short run of their benchmark."""

import pandas as pd
import pytest
from experiment import DAYS, LARGE, MOST_MEGABYTES, START, measure_apart, table, write_turns

from chatmon.experiment import analyse


def test_a_twentieth_of_the_turns_takes_less_than_the_promised_memory_and_finds_the_better_prompt():
    found = measure_apart(500_000)
    assert found["megabytes"] < MOST_MEGABYTES
    assert sum(found["users"].values()) == pytest.approx(48_000, rel=0.05)
    assert "b: " in found["decision"]


def test_the_turns_of_the_benchmark_have_the_planted_effect(tmp_path):
    write_turns(tmp_path / "turns.parquet", 300_000)
    turns = pd.read_parquet(tmp_path / "turns.parquet")
    running = turns[turns.variant.notna()]
    assert len(turns) == 300_000
    assert running.timestamp.min() >= pd.Timestamp(START)
    rates = running.groupby("variant").task_completed.mean()
    primary = analyse(tmp_path / "turns.parquet", LARGE, look=DAYS).lines()[0]
    assert rates["b"] - rates["a"] == pytest.approx(0.01, abs=0.01)
    assert (primary.control, primary.treatment) == (
        pytest.approx(rates["a"], abs=1e-3),
        pytest.approx(rates["b"], abs=1e-3),
    )


def test_the_table_has_a_row_for_each_rule_of_each_metric():
    rows = table(20)
    assert len(rows) == 4 * 5 + 2
    assert all(0 <= share <= 1 for row in rows for share in row[2:])
