"""The benchmark of imports does what it says, on a small file."""

import importlib

import pytest

benchmark = importlib.import_module("import")


def test_every_contender_reads_every_run(tmp_path):
    path = tmp_path / "runs.jsonl"
    benchmark.generate(200, path)
    assert {contender(path) for contender in (benchmark.scan, benchmark.ours, benchmark.with_pandas)} == {200}


def test_pandas_works_out_the_same_numbers(tmp_path):
    path = tmp_path / "runs.jsonl"
    benchmark.generate(600, path)
    mine, theirs = benchmark._ours(path), benchmark._with_pandas(path)
    assert theirs == mine
    assert mine[1][:3] == (300, 100, 300)


def test_a_contender_is_measured_in_seconds_megabytes_and_runs(tmp_path):
    path = tmp_path / "runs.jsonl"
    benchmark.generate(200, path)
    seconds, peak, rows = benchmark.measured(benchmark.scan, path, rounds=2)
    assert 0 < seconds < 60
    assert 5 < peak < 5000
    assert rows == 200


@pytest.mark.parametrize(
    ("figure", "least", "kept"), [(4.0, False, True), (4.1, False, False), (4.0, True, True), (3.9, True, False)]
)
def test_a_promise_is_kept_up_to_its_limit_and_broken_beyond(figure, least, kept, capsys):
    assert benchmark.verdict("times", figure, 4, least=least) is kept
    assert ("kept" if kept else "BROKEN") in capsys.readouterr().out
