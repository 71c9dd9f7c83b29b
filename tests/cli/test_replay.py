"""``chatmon replay`` runs rules over history, scores them, and writes the timeline."""

from typer.testing import CliRunner

from chatmon._tools.paths import data_file
from chatmon.cli._logs import app


def test_it_says_what_rules_would_have_said_and_how_good_that_is(tmp_path):
    figure = tmp_path / "timeline.png"
    arguments = [
        "replay", str(data_file("alert_rules.toml")), str(data_file("four_weeks.parquet")),
        "--truth", str(data_file("four_weeks_truth.json")), "--figure", str(figure),
    ]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "19,969 turns from 2026-10-05" in done.output
    assert "9 of 9 incidents caught" in done.output
    assert "error_burst" in done.output
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_a_bad_rule_is_refused_with_its_file(tmp_path):
    rules = tmp_path / "mine.toml"
    rules.write_text('[[rule]]\nname = "x"\nmeasure = "speed"', encoding="utf-8")
    done = CliRunner().invoke(app, ["replay", str(rules), str(data_file("four_weeks.parquet"))])
    assert isinstance(done.exception, ValueError)
    assert "mine.toml: rule 'x', key 'measure': 'speed' is not one of" in str(done.exception)
