"""A log that says nothing of failures has no error rate: not once it is converted, stored or read again either."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chatmon import analysis, open_logs, turns
from chatmon.alerts import replay
from chatmon.alerts.rules import Rule
from chatmon.live.summary import summarise
from chatmon.report import render
from chatmon.turns import Turn, from_frame, to_frame

AT = datetime(2026, 9, 7, 8, tzinfo=UTC)
SILENT = {"columns": {"timestamp": "at", "user_id": "who", "intent": "topic", "user_satisfaction": "stars"}}
TELLING = {"columns": {**SILENT["columns"], "error_type": "status"}}
ROWS = "".join(
    f"{AT + timedelta(hours=number):%Y-%m-%dT%H:%MZ},u{number % 7},{'refund' if number % 2 else 'parcel'},"
    f"{1 + number % 5},{'timeout' if number % 10 == 0 else 'ok'}\n"
    for number in range(100)
)


def imported(tmp_path, columns):
    path = tmp_path / "desk.csv"
    path.write_text("at,who,topic,stars,status\n" + ROWS, encoding="utf-8")
    return open_logs(path, columns=columns)


def through_parquet(logs, tmp_path):
    logs.write_parquet(tmp_path / "turns.parquet")
    return tmp_path / "turns.parquet"


def through_parquet_and_import(logs, tmp_path):
    return open_logs(through_parquet(logs, tmp_path))


def through_lines(logs, tmp_path):
    lines = [
        json.dumps(
            {name: getattr(turn, name) for name in turns.COLUMNS} | {"attributes": dict(turn.attributes)}, default=str
        )
        for turn in from_frame(logs.frame())
    ]
    (tmp_path / "turns.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return open_logs(tmp_path / "turns.jsonl")


WAYS = {
    "as imported": lambda logs, _: logs,
    "frame": lambda logs, _: logs.frame(),
    "list": lambda logs, _: from_frame(logs.frame()),
    "frame of the list": lambda logs, _: to_frame(from_frame(logs.frame())),
    "Parquet": through_parquet,
    "Parquet, imported": through_parquet_and_import,
    "lines, imported": through_lines,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_no_file_says_stays_unknown_on_every_way(tmp_path, way):
    found = WAYS[way](imported(tmp_path, SILENT), tmp_path)
    assert analysis.summary(found).error_rate.value is None
    assert analysis.segments(found, "intent")["error_rate"].isna().all()
    assert analysis.satisfaction(found).error_rate_rated.value is None
    assert analysis.trend(found, measure="error_rate")["value"].isna().all()
    assert "do not say whether they failed" in " ".join(one.title for one in analysis.findings(found))


def test_the_page_of_a_log_that_does_not_say_has_no_share_of_failures(tmp_path):
    logs = imported(tmp_path, SILENT)
    page = render(logs)
    assert "100 of 100 turns do not say whether they failed: no error rate is known" in page
    assert "Users who cost most" in page
    assert "turns failed" not in page


@pytest.mark.parametrize("way", WAYS)
def test_what_a_file_says_stays_known_on_every_way(tmp_path, way):
    found = WAYS[way](imported(tmp_path, TELLING), tmp_path)
    assert analysis.summary(found).error_rate.value == pytest.approx(0.1)
    assert analysis.segments(found, "intent").set_index("intent")["error_rate"].to_dict() == {
        "parcel": 0.2,
        "refund": 0,
    }


def test_turns_that_say_are_counted_beside_those_that_do_not():
    made = [
        Turn(
            turn_id=f"t{number}",
            conversation_id=f"c{number}",
            timestamp=AT + timedelta(minutes=number),
            intent="refund",
            error_type="Timeout" if number < 2 else None,
            attributes={"failed": None} if number >= 10 else {},
        )
        for number in range(40)
    ]
    assert [one.failed for one in made[:11]] == [True] * 2 + [False] * 8 + [None]
    for found in (analysis.summary(made), summarise(made, since=AT, until=AT + timedelta(days=1))):
        assert (found.error_rate.value, found.error_rate.n) == (0.2, 10)
    assert analysis.errors(made)["share"].tolist() == [0.2]
    assert analysis.segments(made)["error_rate"].tolist() == [0.2]
    assert any(one.title.startswith("20.0 % of the 10 turns that say failed") for one in analysis.findings(made))


def test_an_alert_on_errors_is_silent_where_nothing_says(tmp_path):
    rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(days=1), above=0.05)
    assert not replay([rule], imported(tmp_path, SILENT)).firings
    assert replay([rule], imported(tmp_path, TELLING)).firings
