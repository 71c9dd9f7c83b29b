"""The helper against a local LangSmith: what it fetches is what the importer reads, to the token and the cent."""

from __future__ import annotations

import json
import secrets
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pandas as pd
import pytest
from export_writers import langsmith_runs, write_lines
from importers.conversations import some_turns
from langsmith import Client
from langsmith.utils import LangSmithNotFoundError
from waits import PATIENCE

from chatmon import analysis
from chatmon.connect.langsmith import (
    analyze_conversation_patterns,
    compare_periods,
    feedback,
    fetch_turns,
    load_export,
)
from chatmon.importers import open_logs
from chatmon.lab.bot import KnowledgeBase, add_questions, evaluate_prompts
from chatmon.lab.services.langsmith import start

TURNS = some_turns()
SINCE = min(turn.timestamp for turn in TURNS)
UNTIL = max(turn.timestamp for turn in TURNS) + timedelta(seconds=1)
pytestmark = pytest.mark.filterwarnings("ignore:The following arguments are no longer used:DeprecationWarning")


@pytest.fixture(scope="module")
def server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    opened = Client(api_url=server.url, api_key=server.api_key, web_url=server.url)
    yield opened
    opened.cleanup()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "runs.jsonl.gz"
    write_lines(langsmith_runs(TURNS), path)
    return path


@pytest.fixture(scope="module")
def loaded(client, exported):
    assert load_export(client, exported, "loaded") == len(list(langsmith_runs(TURNS)))
    return "loaded"


def frame(logs):
    return logs.frame()


@pytest.mark.parametrize("content", [False, True])
def test_fetched_turns_are_the_importers_to_the_last_column(client, exported, loaded, content):
    with (
        open_logs(exported, content=content) as expected,
        fetch_turns(client, loaded, SINCE, UNTIL, content=content) as found,
    ):
        pd.testing.assert_frame_equal(found.frame(), expected.frame())
        assert found.frame()["cost"].sum() == sum(turn.cost for turn in TURNS if turn.cost is not None)


def test_a_window_has_the_turns_that_start_in_it_and_all_that_is_theirs(client, loaded):
    middle = sorted(turn.timestamp for turn in TURNS)[len(TURNS) // 2]
    with fetch_turns(client, loaded, SINCE, middle) as before, fetch_turns(client, loaded, middle) as after:
        assert before.report.turns == sum(turn.timestamp < middle for turn in TURNS)
        assert before.report.turns + after.report.turns == len(TURNS)
        found = pd.concat([before.frame(), after.frame()])
    assert found["input_tokens"].sum() == sum(turn.input_tokens or 0 for turn in TURNS)


def test_a_call_that_starts_after_the_window_belongs_to_the_turn_that_started_in_it(client):
    root, call, start = str(uuid4()), str(uuid4()), datetime(2026, 10, 5, 9, tzinfo=UTC)
    later = start + timedelta(seconds=5)
    order = f"{start:%Y%m%dT%H%M%S%f}Z{root}"
    common = {"trace_id": root, "session_name": "edge", "end_time": later + timedelta(seconds=1), "inputs": {}}
    usage = {"usage_metadata": {"input_tokens": 70, "output_tokens": 7, "total_tokens": 77}}
    client.multipart_ingest(create=[
        common | {"id": root, "name": "desk", "run_type": "chain", "start_time": start, "dotted_order": order},
        common | {"id": call, "name": "model", "run_type": "llm", "start_time": later, "parent_run_id": root,
                  "dotted_order": f"{order}.{later:%Y%m%dT%H%M%S%f}Z{call}", "extra": {"metadata": usage}},
    ])  # fmt: skip
    with fetch_turns(client, "edge", start, start + timedelta(seconds=2)) as logs:
        assert logs.frame()["input_tokens"].tolist() == [70]
    with pytest.raises(ValueError, match="has no turns"):
        fetch_turns(client, "edge", start + timedelta(seconds=2))


def test_a_window_without_turns_and_a_project_that_is_not_there_say_so(client, loaded):
    with pytest.raises(ValueError, match="has no turns from 2030"):
        fetch_turns(client, loaded, datetime(2030, 1, 1, tzinfo=UTC))
    with pytest.raises(LangSmithNotFoundError):
        fetch_turns(client, "nobody's", SINCE)
    with pytest.raises(ValueError, match="has no time zone, and LangSmith takes it for UTC"):
        fetch_turns(client, loaded, datetime(2026, 10, 5))  # noqa: DTZ001 - that is what is tested
    with pytest.raises(ValueError, match="is not after since"):
        fetch_turns(client, loaded, UNTIL, SINCE)


@contextmanager
def without_second_api(server):
    """A service that is older: it passes everything on but the second API, which it does not know."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.answer(httpx.post(server.url + self.path, content=body, headers=self.key(), timeout=PATIENCE))

        def do_GET(self):
            self.answer(httpx.get(server.url + self.path, headers=self.key(), timeout=PATIENCE))

        def key(self):
            return {"x-api-key": self.headers["x-api-key"], "content-type": "application/json"}

        def answer(self, found):
            known = "/v2/" not in self.path
            body = found.content if known else b'{"detail": "Not Found"}'
            self.server.asked.append(self.path)
            self.send_response(found.status_code if known else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as older:
        older.asked = []
        threading.Thread(target=older.serve_forever, daemon=True).start()
        yield older
        older.shutdown()


def test_a_service_without_the_second_api_gives_the_same_turns(server, client, exported, loaded):
    with without_second_api(server) as older:
        old = Client(api_url=f"http://127.0.0.1:{older.server_port}", api_key=server.api_key)
        with open_logs(exported) as expected, fetch_turns(old, loaded, SINCE, UNTIL) as found:
            pd.testing.assert_frame_equal(found.frame(), expected.frame())
        old.cleanup()
        assert "/api/v2/runs/query" in older.asked
        assert "/runs/query" in older.asked


def test_what_the_server_adds_up_is_what_the_analysis_does(client, exported, loaded):
    project = client.read_project(project_name=loaded, include_stats=True)
    with open_logs(exported) as logs:
        expected = analysis.summary(logs)
    assert project.run_count == expected.turns
    assert project.total_tokens == expected.tokens.input_tokens + expected.tokens.output_tokens
    assert project.total_cost == expected.cost
    assert project.error_rate == pytest.approx(expected.error_rate.value)
    assert project.latency_p50.total_seconds() == pytest.approx(expected.response_time.median.value, abs=1e-6)
    assert project.feedback_stats["user_satisfaction"]["avg"] == pytest.approx(expected.satisfaction.value)


def test_patterns_are_of_turns_and_link_to_their_traces(client, loaded):
    found = analyze_conversation_patterns(client, loaded, 60, until=UNTIL)
    failed = sum(turn.error_type is not None for turn in TURNS)
    assert found.summary.turns == len(TURNS)
    assert found.success_rate.value == pytest.approx(1 - failed / len(TURNS))
    assert found.errors["turns"].sum() == failed
    assert found.by_intent["turns"].sum() == found.by_hour["turns"].sum() == len(TURNS)
    assert found.conversations["turns"].sum() == len(TURNS)
    slowest = max((turn for turn in TURNS if turn.response_time is not None), key=lambda turn: turn.response_time)
    assert found.slowest["turn_id"].iloc[0] == slowest.turn_id
    assert f"/r/{slowest.turn_id}" in found.slowest["url"].iloc[0]
    costs = found.costliest["cost"].tolist()
    assert costs == sorted(costs, reverse=True)
    assert str(len(TURNS)) in str(found)
    assert "<script" not in found._repr_html_()


def test_two_periods_are_compared_as_the_analysis_compares_them(client, exported, loaded):
    change = sorted(turn.timestamp for turn in TURNS)[len(TURNS) // 2]
    found = compare_periods(client, loaded, SINCE, change, UNTIL)
    with open_logs(exported) as logs:
        before, after = analysis.between(logs, SINCE, change), analysis.between(logs, change, UNTIL)
        assert found.rows() == analysis.compare(before, after).rows()


def test_days_must_be_some(client, loaded):
    with pytest.raises(ValueError, match=r"days \(0\) must be above 0"):
        analyze_conversation_patterns(client, loaded, 0)


def test_feedback_reaches_its_turn_and_a_wrong_score_goes_nowhere(client, loaded):
    turn = next(turn for turn in TURNS if turn.user_satisfaction is None)
    feedback(client, loaded, turn.turn_id, 4, comment="quick")
    with pytest.raises(ValueError, match=r"user_satisfaction \(9\)"):
        feedback(client, loaded, turn.turn_id, 9)
    client.flush()
    [given] = client.list_feedback(run_ids=[turn.turn_id], feedback_key=["user_satisfaction"])
    assert (given.score, given.comment) == (4, "quick")
    client.delete_feedback(given.id)


def test_an_export_with_a_broken_line_says_which(client, tmp_path):
    lines = [json.dumps(run) for run in langsmith_runs(TURNS[:2])]
    for place_of, line in ((1, "{"), (1, '{"id": "x"}'), (0, lines[-1])):
        path = tmp_path / "broken.jsonl"
        path.write_text("\n".join([*lines[:place_of], line]), encoding="utf-8")
        with pytest.raises(ValueError, match=rf"broken\.jsonl, line {place_of + 1} is no run"):
            load_export(client, path, "broken")


def test_two_versions_answer_the_same_questions_and_are_scored(client):
    entries = KnowledgeBase.load().entries[:8]
    assert add_questions(client, "desk", entries) == add_questions(client, "desk", entries) == 8
    right = {entry.question: entry.answer for entry in entries}
    found = evaluate_prompts(client, "desk", {"v1": lambda question: "I do not know.", "v2": right.__getitem__})
    assert (found.score("v1").value, found.score("v2").value) == (0.0, 1.0)
    assert found.difference("v1", "v2").value == 1.0
    assert found.score("v2", "context_relevance").value > found.score("v1", "context_relevance").value
    assert len(found.frame) == 16
    stored = client.read_project(project_name=found.experiments["v2"], include_stats=True)
    assert stored.feedback_stats["task_completed"]["avg"] == 1.0
    assert "v1: task_completed 0.00" in str(found)


def test_every_spelling_of_an_endpoint_leads_to_the_same_second_api():
    from chatmon.connect.langsmith._fetching import base_url

    for spelling in ("http://x", "http://x/", "http://x/api", "http://x/api/v1", "http://x/v1/"):
        assert base_url(SimpleNamespace(api_url=spelling)) == "http://x"
