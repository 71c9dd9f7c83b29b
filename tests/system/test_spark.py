"""Spark gives the numbers that DuckDB gives, for every query of every analysis, and imports what ``open_logs`` does."""

import dataclasses
import socket
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from importers.conversations import some_turns
from typer.testing import CliRunner

from chatmon import analysis
from chatmon import turns as table
from chatmon._tools.paths import data_file
from chatmon.analysis import source
from chatmon.analysis._trend import PERIODS, TREND_MEASURES
from chatmon.cli._logs import app
from chatmon.connect import spark
from chatmon.connect.exporters import write_otlp
from chatmon.importers import open_logs
from chatmon.report import render

pytestmark = [
    pytest.mark.system,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

FOUR_WEEKS = data_file("four_weeks.parquet")
MIDDLE = datetime(2026, 10, 19, tzinfo=UTC)
CLOSE = 1e-9
"""How far a float may be off, relative to its size: each engine adds up floats in its own order."""


@pytest.fixture(scope="module")
def session():
    with spark.session("local[2]") as running:
        yield running


@pytest.fixture(scope="module")
def turns(session):
    return spark.turns(session, FOUR_WEEKS)


def same(there, here, where="answer"):
    """Assert that two answers are the same: texts, counts and money exactly, floats within ``CLOSE``."""
    if isinstance(here, pd.DataFrame):
        pd.testing.assert_frame_equal(there, here, rtol=CLOSE, atol=CLOSE)
        return
    assert type(there) is type(here), where
    if isinstance(here, float | np.floating):
        assert there == pytest.approx(here, rel=CLOSE, abs=CLOSE, nan_ok=True), where
    elif dataclasses.is_dataclass(here):
        for field in dataclasses.fields(here):
            same(getattr(there, field.name), getattr(here, field.name), f"{where}.{field.name}")
    elif isinstance(here, Mapping):
        assert list(there) == list(here), where
        for key in here:
            same(there[key], here[key], f"{where}[{key!r}]")
    elif isinstance(here, list | tuple):
        assert len(there) == len(here), where
        for place, (one, other) in enumerate(zip(there, here, strict=True)):
            same(one, other, f"{where}[{place}]")
    else:
        assert there == here, where


ANALYSES = {
    "summary": analysis.summary,
    "segments": analysis.segments,
    "segments of two": lambda turns: analysis.segments(turns, ("intent", "region")),
    "percentiles": analysis.percentiles,
    "percentiles by": lambda turns: analysis.percentiles(turns, "input_tokens", by="model"),
    "errors": analysis.errors,
    "concentration": analysis.concentration,
    "cost by": lambda turns: analysis.cost_by(turns, "intent"),
    "conversations": analysis.conversations,
    "satisfaction": analysis.satisfaction,
    "capacity": analysis.capacity,
    "compare": lambda turns: analysis.compare(
        analysis.between(turns, end=MIDDLE), analysis.between(turns, MIDDLE), by=("intent", "model")
    ),
    "dashboard": analysis.prepare_dashboard_data,
}
TRENDS = {
    f"{measure} by the {every}": lambda turns, every=every, measure=measure: analysis.trend(turns, every, measure)
    for every in PERIODS
    for measure in TREND_MEASURES
}


@pytest.mark.parametrize("name", ANALYSES | TRENDS)
def test_an_analysis_says_the_same_on_spark(turns, name):
    ask = (ANALYSES | TRENDS)[name]
    same(ask(turns), ask(FOUR_WEEKS))


def test_the_command_makes_the_same_page_and_each_of_its_queries_goes_to_spark(session, tmp_path, monkeypatch):
    asked, masters = [], []

    def running(master):
        masters.append(master)
        return nullcontext(session)

    query = spark.SparkTurns.query
    monkeypatch.setattr(spark.SparkTurns, "query", lambda self, name, sql: asked.append(sql) or query(self, name, sql))
    monkeypatch.setattr(spark, "session", running)
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["report", str(FOUR_WEEKS), "--engine", "local[2]", "-o", str(page)])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"{page} is made: open it in a browser.\n")
    assert masters == ["local[2]"]
    assert len(set(asked)) > 30
    assert page.read_text(encoding="utf-8") == render(FOUR_WEEKS, content=False)


def test_what_a_judge_said_is_put_right_on_spark_as_here(session, tmp_path):
    import pyarrow.parquet as pq

    said = [
        {"verdict_solves": n % 4 > 0, "verdict_solves_by": "judge-1"} | ({"label_solves": n % 3 > 0} if n < 90 else {})
        for n in range(300)
    ]
    judged = [dataclasses.replace(one, attributes=own) for one, own in zip(some_turns(300), said, strict=True)]
    pq.write_table(table.to_arrow([*judged, *some_turns(310)[300:]]), tmp_path / "judged.parquet")
    there, here = (analysis.quality(turns) for turns in (spark.turns(session, tmp_path), tmp_path / "judged.parquet"))
    assert [one.name for one in there] == ["solves"]
    same(there, here)


def test_columns_that_are_not_there_are_unknown_and_money_stays_exact(session, tmp_path):
    import pyarrow.parquet as pq

    kept = ["turn_id", "conversation_id", "timestamp", "cost"]
    few = [dataclasses.replace(one, cost=Decimal("0.1") if one.cost else None) for one in some_turns(20)]
    pq.write_table(table.to_arrow(few).select(kept), tmp_path / "few.parquet")
    read = spark.turns(session, tmp_path / "few.parquet")
    total = analysis.summary(read)
    assert total.cost == Decimal("0.1") * sum(one.cost is not None for one in few)
    assert total.error_rate.value == 0
    assert source.arrow(read, "SELECT * FROM turns").column_names == list(table.COLUMNS)
    same(total, analysis.summary(tmp_path / "few.parquet"))


def test_a_column_that_a_turn_needs_is_missed(session, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(table.to_arrow(some_turns(2)).drop_columns(["timestamp"]), tmp_path / "no_time.parquet")
    with pytest.raises(ValueError, match="turns need timestamp"):
        spark.turns(session, tmp_path / "no_time.parquet")


def test_a_session_in_another_zone_is_refused(session):
    session.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    try:
        with pytest.raises(ValueError, match="the session's zone is Europe/Berlin: set"):
            spark.turns(session, FOUR_WEEKS)
    finally:
        session.conf.set("spark.sql.session.timeZone", "UTC")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder of exports, one a day as a bot would write them."""
    folder = tmp_path_factory.mktemp("exports")
    made = some_turns(300)
    for day in range(3):
        part = [
            dataclasses.replace(one, timestamp=one.timestamp + timedelta(days=day))
            for one in made[100 * day : 100 * day + 100]
        ]
        write_otlp(part, folder / f"day_{day}.jsonl")
    return folder


def test_an_import_of_a_file_a_task_gives_what_open_logs_gives(session, exported, tmp_path):
    imported = spark.import_logs(session, sorted(exported.glob("*.jsonl")), tmp_path / "turns")
    with open_logs(exported) as logs:
        here = logs.frame()
    there = table.as_frame(imported.order("timestamp, turn_id").to_arrow_table().cast(table.schema()))
    assert len(here) == 300
    pd.testing.assert_frame_equal(there, here)
    assert len(list((tmp_path / "turns").glob("part-*.parquet"))) == 3  # a task each


def test_an_import_in_which_a_turn_is_in_two_files_is_refused(session, exported, tmp_path):
    files = [exported / "day_0.jsonl", tmp_path / "again.jsonl"]
    files[1].write_bytes(files[0].read_bytes())
    with pytest.raises(ValueError, match="200 turns have 100 ids"):
        spark.import_logs(session, files, tmp_path / "turns")
    assert not (tmp_path / "turns").exists()


@pytest.mark.parametrize("cut", [True, False], ids=["cut off", "damaged within"])
def test_a_damaged_part_is_named_in_one_sentence(session, tmp_path, cut):
    for day in (5, 6):
        part = tmp_path / f"day=2026-10-0{day}" / "part-0.parquet"
        part.parent.mkdir()
        table.write_parquet(some_turns(300), part)
    whole = part.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    within = whole[:4] + bytes(len(whole) - footer - 4) + whole[-footer:]
    part.write_bytes(whole[: len(whole) // 2] if cut else within)
    with pytest.raises(ValueError, match=r"day=2026-10-06/part-0.parquet is damaged: put a sound copy") as failed:
        analysis.summary(spark.turns(session, tmp_path))
    assert "\n" not in str(failed.value)


def test_what_is_not_there_is_said_in_one_sentence(session, tmp_path):
    with pytest.raises(ValueError, match=r"Spark failed: \[PATH_NOT_FOUND\]") as failed:
        spark.turns(session, tmp_path / "nothing")
    assert "\n" not in str(failed.value)


def test_a_master_that_is_down_is_named_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        began = time.monotonic()
        with (
            pytest.raises(ConnectionError, match=f"no Spark master answers at 127.0.0.1:{port} .* or name local"),
            spark.session(f"spark://127.0.0.1:{port}"),
        ):
            pass
    assert time.monotonic() - began < 15
