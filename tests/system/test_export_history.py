"""The real Prometheus and InfluxDB take the history of a log, and answer with the log's own numbers."""

import json
import math
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from importers.conversations import START, some_turns
from programs import answered, free_port, program, run, running

from chatmon import analysis
from chatmon._tools.paths import data_file
from chatmon.connect.exporters import write_influx, write_openmetrics
from chatmon.connect.exporters._grafana import dashboard
from chatmon.connect.prometheus._yaml import to_yaml
from chatmon.turns import read_parquet

pytestmark = pytest.mark.system

HOUR = timedelta(hours=1)


def answer(address, **parameters):
    with urllib.request.urlopen(f"{address}?{urllib.parse.urlencode(parameters)}", timeout=60) as reply:
        return json.load(reply)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus whose past is the shipped four weeks."""
    folder = tmp_path_factory.mktemp("prometheus")
    history, blocks, log, port = folder / "history.txt", folder / "tsdb", folder / "log", free_port()
    write_openmetrics(data_file("four_weeks.parquet"), history, by=("region",), step=HOUR)
    run(program("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", history, blocks)
    (folder / "prometheus.yml").write_text(to_yaml({"global": {"scrape_interval": "1m"}}), encoding="utf-8")
    command = (
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={blocks}",
        "--storage.tsdb.retention.time=20y",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running(log, *command):
        answered(f"http://127.0.0.1:{port}/-/ready", log)
        yield f"http://127.0.0.1:{port}/api/v1"


@pytest.fixture(scope="module")
def four_weeks():
    return read_parquet(data_file("four_weeks.parquet"))


def at(address, query, moment):
    found = answer(f"{address}/query", query=query, time=moment.timestamp())["data"]["result"]
    return {frozenset(one["metric"].items()): float(one["value"][1]) for one in found}


def test_prometheus_answers_with_the_sums_of_the_log(prometheus, four_weeks):
    end = max(turn.timestamp for turn in four_weeks) + HOUR

    def last(query):
        (value,) = at(prometheus, f"sum(last_over_time({query}[2h]))", end).values()
        return value

    total = analysis.summary(four_weeks)
    assert last("chatmon_turns_total") == total.turns
    assert last("chatmon_failed_turns_total") == sum(total.errors.values())
    assert last("chatmon_cost_usd_total") == pytest.approx(float(total.cost), rel=1e-12)
    assert last('gen_ai_client_token_usage_sum{gen_ai_token_type="input"}') == sum(
        turn.input_tokens or 0 for turn in four_weeks
    )
    assert last("chatmon_user_satisfaction_count") == total.satisfaction.n
    assert last('gen_ai_client_operation_duration_seconds_bucket{le="2.56"}') == sum(
        turn.response_time <= 2.56 for turn in four_weeks
    )


def test_prometheus_answers_for_a_day_and_a_slice_in_the_middle(prometheus, four_weeks):
    begin = START.replace(hour=0) + timedelta(days=9)
    end = begin + timedelta(days=1)
    query = "sum by (region, gen_ai_request_model) (chatmon_turns_total)"
    before, after = (at(prometheus, query, moment) for moment in (begin, end))
    told = {key: value - before.get(key, 0) for key, value in after.items()}
    counted = {}
    for turn in four_weeks:
        if begin <= turn.timestamp < end:
            key = frozenset({("region", turn.region), ("gen_ai_request_model", turn.model)})
            counted[key] = counted.get(key, 0) + 1
    assert len(counted) > 3
    assert {key: value for key, value in told.items() if value} == counted


def test_every_panel_of_the_dashboard_has_something_to_draw(prometheus, four_weeks):
    start, end = (bound(turn.timestamp for turn in four_weeks).timestamp() for bound in (min, max))
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$model", ".*").replace("$__rate_interval", "6h")
            found = answer(f"{prometheus}/query_range", query=query, start=start, end=end, step="6h")
            drawn = [float(value) for one in found["data"]["result"] for _, value in one["values"] if value != "NaN"]
            assert len(drawn) > 50, (panel["title"], query)
            assert all(math.isfinite(value) and value >= 0 for value in drawn), panel["title"]


@contextmanager
def influxdb(folder):
    port, rpc, log = free_port(), free_port(), folder / "influxd.log"
    (folder / "influxdb.conf").write_text(
        f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder / "meta"}"
[data]
dir = "{folder / "data"}"
wal-dir = "{folder / "wal"}"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
""",
        encoding="utf-8",
    )
    with running(log, program("influxd", package="influxdb"), "-config", str(folder / "influxdb.conf")):
        answered(f"http://127.0.0.1:{port}/ping", log)
        yield f"http://127.0.0.1:{port}"


def post(address, body):
    with urllib.request.urlopen(urllib.request.Request(address, data=body, method="POST"), timeout=60) as reply:
        return reply.status


def points(address, query):
    (result,) = answer(f"{address}/query", db="chatmon", epoch="ns", q=query)["results"]
    (series,) = result["series"]
    return [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]


NASTY = [
    "a, b=c",
    'say "hi"',
    "back\\slash",
    "at the end\\",
    "two\nlines",
    "#",
    " ",
    "é\u2028ü",
    "\\,",
    "a\\ b",
    "\\\\",
    "=,",
]


def test_influxdb_answers_with_the_turns_that_were_written(tmp_path, four_weeks):
    planted = [
        replace(one, turn_id=f"nasty {place} {text}", user_id=text, intent=text, timestamp=START)
        for place, (text, one) in enumerate(zip(NASTY, some_turns(len(NASTY)), strict=True))
    ]
    turns = four_weeks + planted
    write_influx(turns, tmp_path / "history.txt")
    with influxdb(tmp_path) as address:
        post(f"{address}/query?" + urllib.parse.urlencode({"q": "CREATE DATABASE chatmon"}), b"")
        body = (tmp_path / "history.txt").read_bytes()
        assert post(f"{address}/write?db=chatmon&precision=ns", body) == 204
        read = {point["turn_id"]: point for point in points(address, "SELECT * FROM chatmon_turn")}
        (sums,) = points(address, "SELECT count(turn_id), sum(input_tokens) AS tokens FROM chatmon_turn")
    assert len(read) == len(turns)
    for turn in turns:
        point = read[turn.turn_id]
        for name in ("user_id", "conversation_id", "response_time", "time_to_first_token", "input_tokens", "attempts"):
            assert point[name] == getattr(turn, name), name
        assert point["cost"] == (None if turn.cost is None else float(turn.cost))
        assert point["task_completed"] == turn.task_completed
        for name in ("model", "provider", "region", "channel", "prompt_version", "error_type"):
            assert point[name] == getattr(turn, name), name
        intent = turn.intent.replace("\n", " ")
        assert point["intent"] == (intent + " " if intent.endswith("\\") else intent)
        told = turn.timestamp.microsecond  # what a time does not tell, the point's own moment may fill
        left_open = 1_000_000_000 if told == 0 else 1_000_000 if told % 1000 == 0 else 1_000
        assert 0 <= point["time"] - 1000 * round(turn.timestamp.timestamp() * 1e6) < left_open
    assert sums["count"] == len(turns)
    assert sums["tokens"] == sum(turn.input_tokens or 0 for turn in turns)
    assert not any("question" in point or "answer" in point for point in read.values())
    costs = [Decimal(str(point["cost"])) for point in read.values() if point["cost"] is not None]
    assert sum(costs) == sum(turn.cost for turn in turns if turn.cost is not None)
