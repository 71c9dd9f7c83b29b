"""The benchmark of imports does what it says, on a small file."""

import importlib

benchmark = importlib.import_module("import")


def test_every_contender_reads_every_run(tmp_path):
    path = tmp_path / "runs.jsonl"
    benchmark.generate(200, path)
    assert {contender(path) for contender in (benchmark.scan, benchmark.ours, benchmark.with_pandas)} == {200}
