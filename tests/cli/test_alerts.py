"""``chatmon alerts suggest`` learns rules from logs and writes them."""

from typer.testing import CliRunner

from chatmon._tools.paths import data_file
from chatmon.alerts import load_rules
from chatmon.cli._logs import app


def test_it_says_and_writes_rules_for_a_log(tmp_path):
    rules = tmp_path / "rules.toml"
    done = CliRunner().invoke(app, ["alerts", "suggest", str(data_file("four_weeks.parquet")), "-o", str(rules)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Limits learned from 14 days, tried on the 14 days after them.\n")
    assert "rules.toml holds 5 rules." in " ".join(done.output.split())
    names = [one.name for one in load_rules(rules)]
    assert names == ["slow-replies", "failures", "low-ratings", "spending", "silence"]


def test_without_a_file_it_only_says():
    done = CliRunner().invoke(app, ["alerts", "suggest", str(data_file("four_weeks.parquet"))])
    assert done.exit_code == 0, done.output
    assert "slow-replies" in done.output
