"""Spans into turns: cases worked by hand, and any spans at all against a plain reading of one trace after the other."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import turns as table
from chatmon.importers import _spans as spans
from chatmon.importers import _traces as traces

START = datetime(2026, 10, 5, 9, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


def span(name, parent=None, kind="chain", start=0.0, **said):
    """A span of the trace t, of one second from so many seconds after nine."""
    times = {"start_time": at(start), "end_time": at(start + 1)} if start is not None else {}
    return {"span_id": name, "trace_id": "t", "parent_id": parent, "kind": kind, **times, **said}


def call(name, parent="root", start=0.0, **said):
    return span(name, parent, "llm", start, **said)


@cache
def prepared():
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})
    spans.prepare(connection, "UTC")
    return connection


def turns_of(*given):
    """Return the turns of spans as rows, and the reasons for which some were rejected."""
    connection = prepared()
    connection.execute("DROP VIEW IF EXISTS turns; DROP VIEW IF EXISTS ranked; DROP TABLE IF EXISTS traces")
    connection.execute("DROP TABLE IF EXISTS nested; DELETE FROM spans")
    names = ["file", "line", *dict.fromkeys(name for one in given for name in one)]
    rows = [{"file": 1, "line": line, **one} for line, one in enumerate(given)]
    if rows:
        marks = ", ".join(f"({', '.join('?' * len(names))})" for _ in rows)
        values = [row.get(name) for row in rows for name in names]
        connection.execute(f"INSERT INTO spans ({', '.join(names)}) VALUES {marks}", values)
    traces.join_feedback(connection)
    reasons = [row[0] for row in connection.execute("SELECT reject FROM spans WHERE reject IS NOT NULL").fetchall()]
    connection.execute("DELETE FROM spans WHERE reject IS NOT NULL")
    traces.to_turns(connection)
    assert connection.execute("SELECT view_name FROM duckdb_views() WHERE view_name = 'ranked'").fetchall() == []
    found = connection.view("turns").order("timestamp, turn_id").to_arrow_table().cast(table.schema())
    return found.to_pylist(), reasons


def turn_of(*given):
    (turn,), _ = turns_of(*given)
    return turn


def test_a_turn_takes_who_and_when_from_its_root_and_its_tokens_from_its_calls():
    turn = turn_of(
        span("root", start=0, conversation_id="c1", user_id="u1", question="Where?", attributes='{"team": "desk"}'),
        call("a", start=0.2, conversation_id="b0", user_id="a0", input_tokens=10, output_tokens=2, model="m-1"),
    )
    assert (turn["turn_id"], turn["conversation_id"], turn["user_id"], turn["question"]) == ("t", "c1", "u1", "Where?")
    assert (turn["timestamp"], turn["response_time"]) == (START, 1.0)
    assert (turn["input_tokens"], turn["output_tokens"], turn["model"], turn["attempts"]) == (10, 2, "m-1", 1)
    assert (turn["usage_source"], turn["cost"], turn["price_source"]) == ("reported", None, None)
    assert json.loads(turn["attributes"]) == {"team": "desk"}


def test_two_calls_that_succeed_are_added_up_and_the_last_of_them_is_the_model_that_answered():
    first = {"input_tokens": 30, "cached_tokens": 20, "output_tokens": 4, "cost": Decimal("0.25")}
    second = {"input_tokens": 50, "cached_tokens": 0, "output_tokens": 6, "cost": Decimal("0.5")}
    turn = turn_of(
        span("root"),
        call("b", start=0.5, provider="openai", model="a-large", finish_reason="stop", **second),
        call("a", start=0.1, provider="anthropic", model="z-small", finish_reason="tool_use", **first),
    )
    assert (turn["input_tokens"], turn["cached_tokens"], turn["output_tokens"]) == (80, 20, 10)
    assert (turn["cost"], turn["price_source"]) == (Decimal("0.75"), "stated by the export")
    assert (turn["provider"], turn["model"], turn["finish_reason"]) == ("openai", "a-large", "stop")
    assert turn["attempts"] == 2


@pytest.mark.parametrize("times", [(0.1, 0.5), (0.5, 0.1)], ids=["the good call last", "the good call first"])
def test_a_failed_call_is_an_attempt_but_says_neither_the_model_nor_that_the_sums_are_unknown(times):
    turn = turn_of(
        span("root", failed=False),
        call("a", start=times[0], failed=True, error_type="TimeoutError", model="big", provider="x"),
        call("b", start=times[1], failed=False, input_tokens=7, output_tokens=3, model="small", provider="y"),
    )
    assert (turn["input_tokens"], turn["output_tokens"], turn["usage_source"]) == (7, 3, "reported")
    assert (turn["model"], turn["provider"], turn["attempts"]) == ("small", "y", 2)
    assert (turn["error_type"], turn["error_message"]) == (None, None)


def test_a_failed_call_voids_no_sum_where_other_calls_of_the_export_leave_gaps():
    other = {"trace_id": "u", "start": 5}
    found, _ = turns_of(
        span("root"), call("a", failed=True), call("b", start=0.5, input_tokens=7),
        span("x", **other), call("y", "x", input_tokens=1, **other), call("z", "x", **other),
    )  # fmt: skip
    assert [turn["input_tokens"] for turn in found] == [7, None]


def test_what_a_failed_call_used_counts():
    turn = turn_of(span("root"), call("a", failed=True, input_tokens=5), call("b", start=0.5, input_tokens=7))
    assert turn["input_tokens"] == 12


def test_a_sum_with_an_unknown_part_is_unknown_and_the_other_sums_are_not():
    turn = turn_of(
        span("root", input_tokens=99, cost=Decimal(9)),
        call("a", start=0.1, input_tokens=10, output_tokens=3, cost=Decimal("0.5")),
        call("b", start=0.5, output_tokens=4),
    )
    assert (turn["input_tokens"], turn["output_tokens"], turn["cost"]) == (None, 7, None)
    assert (turn["usage_source"], turn["price_source"]) == ("reported", None)


def test_a_trace_without_a_model_call_takes_what_its_root_states_and_has_unknown_attempts():
    rootless = {"trace_id": "u"}
    found, _ = turns_of(
        span("root", input_tokens=9), span("a", "root", "tool", input_tokens=4),
        span("x", **rootless), call("y", "x", start=0.1, input_tokens=5, **rootless),
    )  # fmt: skip
    assert [(turn["turn_id"], turn["input_tokens"], turn["attempts"]) for turn in found] == [
        ("t", 9, None),
        ("u", 5, 1),
    ]


def test_what_two_roots_state_is_unknown_where_one_of_them_does_not_say_whatever_other_traces_hold():
    roots = [span("a", input_tokens=9), span("b", input_tokens=None)]
    assert turn_of(*roots)["input_tokens"] is None
    found, _ = turns_of(*roots, span("x", trace_id="u", start=5), call("y", "x", trace_id="u", start=5, input_tokens=1))
    assert [turn["input_tokens"] for turn in found] == [None, 1]


def test_a_call_around_a_call_repeats_it_however_far_below_it_is():
    turn = turn_of(
        span("root"),
        call("outer", input_tokens=100, model="wrapper", start=0.1),
        span("middle", "outer", "tool", start=0.2),
        call("inner", "middle", input_tokens=40, model="m", start=0.3),
        call("other", "root", input_tokens=2, model="m", start=0.2),
    )
    assert (turn["input_tokens"], turn["attempts"], turn["model"]) == (42, 2, "m")


def test_calls_that_are_each_other_s_parents_are_read_to_an_end_and_not_counted():
    turn = turn_of(span("root", user_id="u1"), call("a", "b", input_tokens=3), call("b", "a", input_tokens=4))
    assert (turn["user_id"], turn["attempts"]) == ("u1", None)


def test_the_root_s_word_on_failure_counts_and_not_that_of_what_it_recovered_from():
    recovered = turn_of(span("root", failed=False), span("a", "root", "tool", failed=True, error_type="ToolError"))
    assert recovered["error_type"] is None
    failed = turn_of(
        span("root", failed=True, error_type="Late", error_message="no"), call("a", failed=False, error_type="Early")
    )
    assert (failed["error_type"], failed["error_message"]) == ("Late", "no")


def test_one_of_two_roots_that_failed_is_a_failure():
    assert turn_of(span("a", failed=False), span("b", failed=True))["error_type"] == "unknown"


@pytest.mark.parametrize(
    ("said", "failed"), [((True, True), True), ((True, False), False), ((True, None), False), ((None, None), False)]
)
def test_where_the_root_says_nothing_a_call_that_did_not_fail_is_enough(said, failed):
    calls = [call(f"c{place}", "elsewhere", start=place, failed=one) for place, one in enumerate(said)]
    marked = span("x", trace_id="u", failed=True)  # so that failures are known in this export
    found = {turn["turn_id"]: turn["error_type"] for turn in turns_of(*calls, marked)[0]}
    assert found == {"t": "unknown" if failed else None, "u": "unknown"}


def test_a_trace_whose_parent_is_not_in_the_file_keeps_all_that_its_spans_say():
    turn = turn_of(
        call("b", "elsewhere", start=0.5, conversation_id="c1", intent="refund", input_tokens=3, model="m-2"),
        call("a", "elsewhere", start=0.1, conversation_id="c1", intent="refund", input_tokens=4, model="m-1"),
    )
    assert (turn["timestamp"], turn["response_time"]) == (at(0.1), pytest.approx(1.4))
    assert (turn["conversation_id"], turn["intent"]) == ("c1", "refund")
    assert (turn["input_tokens"], turn["model"], turn["attempts"]) == (7, "m-2", 2)


def test_a_root_that_knows_nothing_leaves_it_to_the_spans_below():
    turn = turn_of(
        span("root", start=0.0), span("desk", "root", start=0.1, user_id="u1", conversation_id="c1", variant="b"),
        call("a", "desk", start=0.2, model="m"),
    )  # fmt: skip
    assert (turn["user_id"], turn["conversation_id"], turn["variant"], turn["model"]) == ("u1", "c1", "b", "m")
    assert turn["timestamp"] == START


def test_a_root_that_says_less_than_another_s_leaves_it_to_the_spans_below():
    found, _ = turns_of(
        span("root"), call("a", user_id="u1"),
        span("x", trace_id="u", start=5, user_id="u2"), call("y", "x", trace_id="u", start=5, user_id="u3"),
    )  # fmt: skip
    assert [turn["user_id"] for turn in found] == ["u1", "u2"]


def test_without_a_word_of_the_root_or_a_call_one_failed_step_is_a_failure():
    steps = [span(f"s{place}", "root", "tool", failed=one) for place, one in enumerate((True, False))]
    assert turn_of(span("root"), *steps)["error_type"] == "unknown"


def test_an_empty_or_unknown_conversation_is_the_turn_s_own():
    assert turn_of(span("root", conversation_id=""))["conversation_id"] == "t"
    assert turn_of(span("root"))["conversation_id"] == "t"


@pytest.mark.parametrize(
    ("first", "seconds"), [(at(0.4), 0.4), (at(0), 0.0), (at(-0.001), None), (None, None)],
    ids=["after", "at the start", "before", "unknown"],
)  # fmt: skip
def test_the_first_token_is_timed_from_the_start_and_unknown_where_it_would_be_before(first, seconds):
    assert turn_of(span("root"), call("a", first_token_time=first))["time_to_first_token"] == seconds


def test_the_first_token_is_the_earliest_of_the_calls_that_succeeded():
    turn = turn_of(
        span("root", first_token_time=at(0.05)),
        call("a", start=0.1, first_token_time=at(0.1), failed=True),
        call("b", start=0.2, first_token_time=at(0.3)),
        call("c", start=0.6, first_token_time=at(0.7)),
    )
    assert turn["time_to_first_token"] == 0.3


def test_a_duration_that_is_stated_counts_where_there_is_no_end():
    assert turn_of(span("root") | {"end_time": None, "response_time": 0.75})["response_time"] == 0.75
    assert turn_of(span("root") | {"response_time": 0.75})["response_time"] == 1.0
    assert turn_of(span("root") | {"end_time": None})["response_time"] is None


def score(name, parent=None, trace="t", **said):
    return span(name, parent, "score", None, **said) | {"trace_id": trace}


@pytest.mark.parametrize(
    ("given", "done"), [((True, False), True), ((True, False, False), False), ((True,), True), ((False,), False)]
)
def test_a_task_is_done_where_half_of_the_feedback_says_so(given, done):
    scores = [score(f"s{place}", task_completed=one) for place, one in enumerate(given)]
    assert turn_of(span("root"), *scores)["task_completed"] is done


def test_feedback_is_averaged_and_what_the_root_itself_says_goes_before():
    scores = [score(f"s{place}", user_satisfaction=one) for place, one in enumerate((2, 5, 5))]
    assert turn_of(span("root"), *scores)["user_satisfaction"] == 4.0
    assert turn_of(span("root", user_satisfaction=1.0), *scores)["user_satisfaction"] == 1.0
    assert turn_of(span("root", user_satisfaction=2.0))["user_satisfaction"] == 2.0
    two = [span("a", user_satisfaction=5.0), span("b", user_satisfaction=2.0), call("c", "a", user_satisfaction=1.0)]
    assert turn_of(*two)["user_satisfaction"] == 2.0
    below = [span("a", "root", context_relevance=0.75), span("b", "root", context_relevance=0.25)]
    assert turn_of(span("root"), *below)["context_relevance"] == 0.25


def test_feedback_on_a_span_is_its_trace_s_and_on_nothing_that_is_there_it_is_rejected():
    found, reasons = turns_of(
        span("root"), call("a"), span("other", trace_id="u", start=5),
        score("on a span", "a", None, user_satisfaction=2), score("on a trace", None, "u", user_satisfaction=5),
        score("on a span and its trace", "a", "t", user_satisfaction=4),
        score("on a lost span", "z", None, user_satisfaction=1),
        score("on a lost trace", "a", "z", user_satisfaction=1),
    )  # fmt: skip
    assert [(turn["turn_id"], turn["user_satisfaction"]) for turn in found] == [("t", 3.0), ("u", 5.0)]
    assert reasons == [traces.STRANGE_FEEDBACK] * 2


def test_feedback_alone_makes_no_turn():
    found, reasons = turns_of(score("a", None, "t", user_satisfaction=4), score("b", None, "t", user_satisfaction=4))
    assert (found, len(reasons)) == ([], 2)


def test_a_rating_replaces_what_its_own_turn_said_and_no_other_s():
    found, _ = turns_of(
        span("a", trace_id="a", user_satisfaction=1.0), span("b", trace_id="b", start=1, user_satisfaction=2.0),
        span("c", trace_id="c", start=2, user_satisfaction=3.0),
        score(f"a{spans.RATED}", "a", "a", user_satisfaction=5), score("other", None, "c", user_satisfaction=5),
    )  # fmt: skip
    assert [turn["user_satisfaction"] for turn in found] == [5.0, 2.0, 3.0]


def test_nothing_gives_no_turns():
    assert turns_of() == ([], [])


# --- any spans at all


SAID = {
    "user_id": ("u1", "u2"), "intent": ("refund", "parcel"), "provider": ("x", "y"), "model": ("m1", "m2", "m3"),
    "finish_reason": ("stop", "length"), "conversation_id": ("c1", "c2", ""), "error_type": ("E1", "E2"),
    "error_message": ("no", "never"), "failed": (True, False), "input_tokens": (1, 2, 3), "output_tokens": (0, 5),
    "cost": (Decimal("0.5"), Decimal("0.25")), "user_satisfaction": (1.0, 4.0), "task_completed": (True, False),
    "context_relevance": (0.0, 0.5), "attributes": ('{"a":1}', '{"b":2}'), "end_time": (9.0, 11.0),
    "response_time": (0.5, 1.5), "first_token_time": (-1.0, 1.0, 2.5), "question": ("Where?", "When?"),
}  # fmt: skip
WHO = ("nobody", "roots", "calls", "calls that did not fail", "some", "all", "all")
"""Who says something of a column in an export."""


def random_spans(draw):
    """Some traces, with or without a root, whose spans say what the columns of this export have."""
    who = {name: draw.choice(WHO) for name in SAID}
    no_calls, with_feedback, one_root = draw.random() < 0.2, draw.random() < 0.5, draw.random() < 0.6
    given = []
    for trace in range(draw.randint(1, 5)):
        rooted = draw.random() < 0.8
        names = []
        for place in range(draw.randint(1, 5)):
            root = rooted and (place == 0 or (not one_root and draw.random() < 0.2))
            called = not root and draw.random() < 0.6 and not no_calls
            one = {
                "span_id": f"{trace}-{place}", "trace_id": f"t{trace}",
                "kind": "llm" if called else draw.choice(["chain", None]),
                "parent_id": None if root else draw.choice([*names, "elsewhere"] if not rooted else names),
                "start_time": at(100 * trace + place / 10),
            }  # fmt: skip
            names.append(one["span_id"])
            one["failed"] = draw.choice(SAID["failed"]) if spoken(draw, who["failed"], one) else None
            if not rooted and one["kind"] != "llm":
                one["failed"] = None  # whose word on failure counts where the root is missing is a question of its own
            for name in sorted(SAID.keys() - {"failed"}):
                value = draw.choice(SAID[name]) if spoken(draw, who[name], one) else None
                seconds = name.endswith("_time") and name != "response_time" and value is not None
                one[name] = at(100 * trace + value) if seconds else value
            given.append(one)
        for place in range(draw.randint(0, 3) if with_feedback else 0):
            values = {name: draw.choice([None, *SAID[name]]) for name in spans.SCORED}
            given.append(
                {"span_id": f"s{trace}-{place}", "trace_id": f"t{trace}", "parent_id": None, "kind": "score"} | values
            )
    return given


def spoken(draw, who, one):
    called = one["kind"] == "llm"
    by = {
        "nobody": False, "roots": one["parent_id"] is None, "calls": called, "all": True,
        "calls that did not fail": called and not one.get("failed"), "some": draw.random() < 0.5,
    }  # fmt: skip
    return by[who]


def plainly(given):
    """Read one trace as the documentation of ``traces`` says, a span at a time."""
    feedback = [one for one in given if one["kind"] == "score"]
    steps = [one for one in given if one["kind"] != "score"]
    roots = [one for one in steps if one["parent_id"] is None]
    parents = {one["span_id"]: one["parent_id"] for one in steps}
    around = set()
    for one in steps:
        above = one["parent_id"] if one["kind"] == "llm" else None
        while above is not None:
            around.add(above)
            above = parents.get(above)
    calls = [one for one in steps if one["kind"] == "llm" and one["span_id"] not in around]
    good = [one for one in calls if not one["failed"]]

    def values(rows, name):
        return [one[name] for one in rows if one.get(name) is not None]

    def said(name, choose=min):
        for rows in (roots, given):
            if values(rows, name):
                return choose(values(rows, name))
        return None

    def scored(name):
        if values(roots, name):
            return min(values(roots, name))
        marks = values(feedback, name)
        if marks:
            mean = sum(marks) / len(marks)
            return mean >= 0.5 if name == "task_completed" else mean
        return said(name)

    def last(name):
        for rows in (good, steps):
            named = [one for one in rows if one[name] is not None]
            if named:
                return max(named, key=lambda one: one["start_time"])[name]
        return None

    def total(name):
        rows = calls or roots
        if any(one[name] is None and not one["failed"] for one in rows) or not values(rows, name):
            return None
        return sum(values(rows, name))

    start, end = said("start_time"), said("end_time", max)
    words = [values(roots, "failed"), [bool(one["failed"]) for one in calls], values(steps, "failed")]
    failed = any(words[0]) if words[0] else all(words[1]) if words[1] else any(words[2])
    first = min(values(good, "first_token_time"), default=None)
    first = None if first is None or first < start else first
    known = total("input_tokens") is not None or total("output_tokens") is not None
    return {
        "turn_id": given[0]["trace_id"], "conversation_id": said("conversation_id") or given[0]["trace_id"],
        "timestamp": start, "response_time": (end - start).total_seconds() if end else said("response_time"),
        "time_to_first_token": (first - start).total_seconds() if first else None, "attempts": len(calls) or None,
        "error_type": (said("error_type") or "unknown") if failed else None,
        "error_message": said("error_message") if failed else None, "attributes": said("attributes"),
        "cost": total("cost"), "input_tokens": total("input_tokens"), "output_tokens": total("output_tokens"),
        "usage_source": "reported" if known else None,
        "price_source": None if total("cost") is None else "stated by the export",
        **{name: said(name) for name in ("user_id", "intent", "question")},
        **{name: scored(name) for name in spans.SCORED},
        **{name: last(name) for name in ("provider", "model", "finish_reason")},
    }  # fmt: skip


@examples(24)
@given(st.integers(0, 2**32))
def test_a_turn_is_what_its_own_trace_says_whatever_else_the_export_holds(seed):
    draw = random.Random(seed)
    given = random_spans(draw)
    names = sorted({one["trace_id"] for one in given})
    wanted = [plainly([one for one in given if one["trace_id"] == name]) for name in names]
    draw.shuffle(given)
    found, _ = turns_of(*given)
    assert [rounded({name: turn[name] for name in wanted[0]}) for turn in found] == [rounded(one) for one in wanted]


def rounded(turn):
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in turn.items()}
