from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers.conversations import START, some_turns
from properties import examples

from chatmon import analysis, estimates
from chatmon import turns as table
from chatmon.importers import open_logs
from chatmon.live.summary import summarise
from chatmon.turns import Turn

TURNS = some_turns(200)


def a_turn(position=0, **columns):
    return Turn(turn_id=f"t{position}", conversation_id="c", timestamp=START, **({"response_time": 1.0} | columns))


def flat(value, path=""):
    if isinstance(value, dict):
        return {key: inner for name, part in value.items() for key, inner in flat(part, f"{path}.{name}").items()}
    if isinstance(value, tuple):
        return {key: inner for place, part in enumerate(value) for key, inner in flat(part, f"{path}.{place}").items()}
    return {path: value}


def assert_same_summary(turns):
    wanted = summarise(turns, since=datetime.now(UTC), until=datetime.now(UTC))
    found, expected = flat(asdict(analysis.summary(turns))), flat(asdict(wanted))
    for name in expected.keys() - {".since", ".until"}:
        if isinstance(expected[name], float):
            assert found[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-12), name
        else:
            assert found[name] == expected[name], name


def test_a_summary_in_sql_is_the_summary_of_the_list():
    assert_same_summary(TURNS)


@examples(40)
@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(0, 1e3),
            st.none() | st.integers(0, 10**6),
            st.none() | st.floats(1, 5),
            st.none() | st.sampled_from(["TimeoutError", "RateLimitError"]),
            st.none() | st.decimals(0, 10, places=6),
        ),
        max_size=25,
    )
)
def test_a_summary_is_honest_about_whatever_is_missing(rows):
    assert_same_summary(
        [
            a_turn(
                number, response_time=time, output_tokens=tokens, user_satisfaction=rating, error_type=error, cost=cost
            )
            for number, (time, tokens, rating, error, cost) in enumerate(rows)
        ]
    )


def test_turns_are_the_same_whatever_holds_them(tmp_path):
    table.write_parquet(TURNS, tmp_path / "turns.parquet")
    holders = [table.to_frame(TURNS), table.to_arrow(TURNS), tmp_path / "turns.parquet", analysis.relation(TURNS)]
    assert len({str(analysis.summary(holder)) for holder in [TURNS, *holders]}) == 1


def test_imported_logs_are_a_holder_too(tmp_path):
    table.write_jsonl(TURNS, tmp_path / "turns.jsonl")
    with open_logs(tmp_path / "turns.jsonl") as logs:
        assert str(analysis.summary(logs)) == str(analysis.summary(TURNS))
        assert analysis.segments(logs).equals(analysis.segments(TURNS))


def test_a_holder_without_conversations_is_refused():
    with pytest.raises(ValueError, match="turns need conversation_id"):
        analysis.summary(table.to_frame(TURNS).drop(columns="conversation_id"))


@pytest.mark.parametrize(
    ("error_type", "message", "wanted"),
    [
        ("RateLimitError", "Error code: 429", "rate limit"),
        ("APITimeoutError", "Request timed out.", "timeout"),
        ("ReadTimeout", None, "timeout"),
        ("InternalServerError", "Error code: 500", "server"),
        ("overloaded_error", None, "server"),
        ("BadRequestError", "This model's maximum context length is 8192 tokens", "context length"),
        ("BadRequestError", "code: content_filter", "content filter"),
        ("BadRequestError", "Error code: 400", "bad request"),
        ("AuthenticationError", "Incorrect API key provided", "authentication"),
        ("ToolException", None, "tool"),
        ("ZeroDivisionError", "division by zero", "unknown"),
    ],
)
def test_errors_are_classed_by_what_clients_and_services_call_them(error_type, message, wanted):
    turns = [a_turn(error_type=error_type, error_message=message), a_turn(1)]
    found = analysis.errors(turns)
    assert found["error_class"].tolist() == [wanted]
    assert found["share"].tolist() == [0.5]


def test_segments_add_up_to_the_whole():
    found = analysis.segments(TURNS, by=("intent", "region"))
    assert found["turns"].sum() == len(TURNS)
    assert found["cost"].sum() == sum((turn.cost for turn in TURNS if turn.cost is not None), Decimal(0))
    assert found["errors"].sum() == sum(turn.error_type is not None for turn in TURNS)
    assert (found["enough"] == (found["effective"] >= 30)).all()
    assert (found["effective"] <= found["turns"]).all()


def test_a_segment_has_the_numbers_one_counts_by_hand():
    turns = [
        a_turn(0, intent="a", response_time=1.0, cost=Decimal("0.10"), input_tokens=10, output_tokens=2),
        a_turn(1, intent="a", response_time=3.0, input_tokens=20, output_tokens=3, error_type="TimeoutError"),
        a_turn(2, intent="b", response_time=2.0),
    ]
    first = analysis.segments(turns).iloc[0]
    assert (first["intent"], first["turns"], first["median"], first["tokens"]) == ("a", 2, 2.0, 35)
    assert (first["cost"], first["unpriced"], first["error_rate"]) == (Decimal("0.10"), 1, 0.5)


def test_a_dimension_that_is_none_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"cost is no dimension of turns, .*: take from .*intent"):
        analysis.segments(TURNS, by="cost")


def test_percentiles_by_a_dimension_are_those_of_its_parts():
    found = analysis.percentiles(TURNS, qs=(0.5, 0.95, 0.99), by="intent").set_index(["intent", "q"])
    for intent in {turn.intent for turn in TURNS}:
        own = [turn for turn in TURNS if turn.intent == intent]
        times, users = [turn.response_time for turn in own], [turn.user_id or turn.conversation_id for turn in own]
        for q in (0.5, 0.95, 0.99):
            wanted, row = estimates.percentile(times, q, users), found.loc[(intent, q)]
            assert row["value"] == pytest.approx(wanted.value)
            assert (row["low"], row["n"]) == (pytest.approx(wanted.low), len(times))
            assert row["enough"] == (wanted.high is not None and len(times) * (1 - q) >= 1)


def test_a_percentile_of_few_values_is_marked():
    few = analysis.percentiles(TURNS[:20], qs=(0.5, 0.99))
    assert few["enough"].tolist() == [True, False]
    with pytest.raises(ValueError, match="intent is no column of numbers"):
        analysis.percentiles(TURNS, "intent")


def test_concentration_is_what_one_works_out_by_hand():
    turns = [
        a_turn(place, user_id=f"u{place}", cost=cost and Decimal(cost))
        for place, cost in enumerate(["1", "2", "3", "4", None])
    ]
    found = analysis.concentration(turns, by="user_id")
    # sum((2i - n - 1) x_i) = -3*1 - 1*2 + 1*3 + 3*4 = 10, over n * sum = 40
    assert (found.gini, found.units, found.unpriced_turns, found.cost) == (0.25, 4, 1, Decimal(10))
    assert found.share_of_top(0.25) == 0.4
    assert found.share_of_top(1) == 1.0


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
@examples(30)
def test_a_gini_is_the_mean_difference_of_all_pairs(cents):
    turns = [a_turn(place, user_id=f"u{place}", cost=Decimal(amount) / 100) for place, amount in enumerate(cents)]
    pairs = sum(abs(a - b) for a in cents for b in cents) / (2 * len(cents) * sum(cents))
    assert analysis.concentration(turns, by="user_id").gini == pytest.approx(pairs)
