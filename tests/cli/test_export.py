import json

import pytest
from importers.conversations import some_turns
from typer.testing import CliRunner

from chatmon.cli._logs import app
from chatmon.turns import write_jsonl


@pytest.fixture
def log(tmp_path):
    write_jsonl(some_turns(12), tmp_path / "log.jsonl")
    return tmp_path / "log.jsonl"


def export(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


@pytest.mark.parametrize(
    ("target", "begins", "says"),
    [
        ("openmetrics", "# HELP gen_ai_client_operation_duration", "promtool tsdb create-blocks-from openmetrics"),
        ("influx", "chatmon_turn,intent=", "/write?db=NAME&precision=ns"),
        ("otlp", '{"resourceSpans":', "/v1/traces"),
    ],
)
def test_a_log_becomes_the_history_of_another_system(log, tmp_path, target, begins, says):
    done = export(log, "--to", target, "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out").read_text(encoding="utf-8").startswith(begins)
    assert "has 12 turns. Next: " in done.output
    assert says in done.output


def test_texts_leave_only_when_asked_for(log, tmp_path):
    for options, times in ([], 0), (["--content"], 12):
        export(log, "--to", "otlp", "-o", tmp_path / "out", *options)
        assert (tmp_path / "out").read_text(encoding="utf-8").count("Where is my parcel?") == times


def test_the_dashboard_needs_no_log(tmp_path):
    done = export("--to", "grafana", "-o", tmp_path / "dashboard.json")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "dashboard.json").read_text(encoding="utf-8"))["title"] == "chatmon"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "influx"], "--to influx needs logs"),
        (["some.jsonl", "--to", "grafana"], "the same for all logs: leave out some.jsonl"),
        (["some.jsonl", "--to", "influx", "--content"], "--content goes with --to otlp"),
    ],
)
def test_what_does_not_fit_together_is_said(tmp_path, arguments, why):
    done = export(*arguments, "-o", tmp_path / "out")
    assert why in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_log_without_turns_makes_no_file(tmp_path):
    (tmp_path / "log.jsonl").write_text("{broken\n", encoding="utf-8")
    done = export(tmp_path / "log.jsonl", "--to", "otlp", "-o", tmp_path / "out")
    assert "no turns in these logs" in str(done.exception)
    assert not (tmp_path / "out").exists()
