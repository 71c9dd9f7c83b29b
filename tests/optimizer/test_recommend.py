from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from chatmon.lab.traffic import Problem, simulate
from chatmon.optimizer import KINDS, Amount, recommend, replay_cache
from chatmon.optimizer.recommendation import UNITS
from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)


def turn(place, *, minutes, question, answer="Yes.", conversation=None, **values):
    return Turn(
        turn_id=f"t{place}", conversation_id=conversation or f"c{place}", user_id=f"u{place}",
        timestamp=MONDAY + timedelta(minutes=minutes), response_time=2.0, model="small", input_tokens=100,
        output_tokens=20, cost=Decimal("0.01"), question=question, answer=answer, **values,
    )  # fmt: skip


@pytest.fixture(scope="module")
def slow_in_france():
    problem = Problem.parse("latency_step:region=france@2026-10-12T10:00")
    return simulate(5, start=MONDAY, days=14, turns_per_day=900, problems=[problem]).turns


@pytest.fixture(scope="module")
def found(slow_in_france):
    return recommend(slow_in_france)


def test_a_recommendation_says_what_where_when_how_much_how_sure_and_how_to_test_it(found):
    (one,) = found
    said = dict(one.rows())
    assert one.kind == "slow_slice"
    assert said["where"] == "region france"
    assert said["when"] == "2026-10-12 10:00 to the log's end, UTC"
    assert said["do"] == KINDS["slow_slice"].action
    assert "a month" in said["saves waiting"]
    assert "response_time" in said["verify by"]
    assert "corrected" in said["how sure"]
    assert one.priority == "high"


def test_all_its_times_are_of_the_zone_that_is_asked_for(found, slow_in_france):
    (utc,), (tokyo,) = found, recommend(slow_in_france, "Asia/Tokyo")
    assert utc.start == tokyo.start
    assert "12 October 10:00" in utc.title
    assert tokyo.title == utc.title.replace("12 October 10:00", "12 October 19:00")
    assert dict(tokyo.rows())["when"] == "2026-10-12 19:00 to the log's end, JST"
    assert tokyo.query == utc.query


def test_a_month_is_30_days_of_what_goes_on(found):
    (one,) = found
    days = (datetime(2026, 10, 19, tzinfo=UTC) - one.start) / timedelta(days=1)
    assert one.monthly["seconds"].value == pytest.approx(one.saving["seconds"].value * 30 / days, rel=0.01)


def test_its_query_shows_it_again(found, slow_in_france):
    from chatmon.analysis.source import query

    (_, outside, _), (_, inside, _) = query(slow_in_france, found[0].query)
    assert inside > 1.3 * outside


def test_text_frame_and_html_say_the_same(found):
    assert "region france" in str(found)
    assert found.to_frame()["kind"].tolist() == ["slow_slice"]
    assert list(found.to_frame().columns[-len(UNITS) :]) == list(UNITS)
    assert "Replies in region france" in found._repr_html_()


def test_hostile_names_are_escaped():
    from dataclasses import replace

    problem = Problem.parse("latency_step:region=france@2026-10-12T10:00")
    one = recommend(simulate(5, start=MONDAY, days=14, turns_per_day=900, problems=[problem]).turns)[0]
    assert "<script>" not in replace(one, slice={"region": "<script>"}, title="<script>")._repr_html_()


def test_too_few_turns_are_said_with_the_number_that_is_needed():
    said = recommend([turn(0, minutes=0, question="Hello?")])
    assert len(said) == 0
    assert said.unable == {"everything": "1 turns: at least 200 are needed"}


def test_an_unknown_kind_is_named_with_the_known_ones(found):
    with pytest.raises(ValueError, match="no kind of recommendation 'magic': there are retry_storm, error_burst"):
        found.of("magic")


def test_a_replayed_cache_counts_what_it_would_have_answered():
    turns = [
        turn(0, minutes=0, question="Where is my bill?"),
        turn(1, minutes=10, question=" where is MY bill? "),  # the same words: a hit
        turn(2, minutes=20, question="Where is my bill?", answer="No."),  # asked before, answered otherwise
        turn(3, minutes=24 * 60 + 30, question="Where is my bill?", answer="No."),  # the one before is too old
        turn(4, minutes=24 * 60 + 31, question="Other?", conversation="c3"),  # no first question
        turn(5, minutes=24 * 60 + 32, question="New?"),
    ]
    replay = replay_cache(turns)
    assert (replay.asked, replay.repeated, replay.agreed) == (5, 2, 1)
    assert (replay.hit_rate, replay.agreement) == (0.4, 0.5)
    assert sum(replay.usd) == pytest.approx(0.01)
    assert sum(replay.seconds) == pytest.approx(2.0)


def test_answers_that_never_differ_are_worth_keeping_and_others_are_not():
    asked = [(place, place % 10) for place in range(400)]
    same = [turn(place, minutes=place, question=f"q{word}", answer=f"a{word}") for place, word in asked]
    (one,) = recommend(same).of("repeated_questions")
    assert dict(one.evidence)["asked before"] == "390"
    assert one.saving["usd"].value == pytest.approx(3.9)
    (unpriced,) = recommend([replace(one, cost=None) for one in same]).of("repeated_questions")
    assert unpriced.saving == {"seconds": one.saving["seconds"]}, "money that nobody stated is not saved, and not $0.00"
    other = [turn(place, minutes=place, question=f"q{word}", answer=f"{place}") for place, word in asked]
    assert recommend(other).of("repeated_questions") == []


def test_long_conversations_are_worth_a_window_and_short_ones_are_not():
    def talk(length, cached=0):
        return [
            Turn(
                turn_id=f"{c}-{n}", conversation_id=f"c{c}", user_id=f"u{c}", model="small", response_time=1.0,
                timestamp=MONDAY + timedelta(minutes=10 * c + n), input_tokens=100 + 200 * n,
                cached_tokens=cached * n, output_tokens=50 + (c + n) % 7,
                cost=Decimal(100 + 200 * n - cached * n * 3 // 4 + (50 + (c + n) % 7) * 4) * Decimal("0.000001"),
            )
            for c in range(400 // length)
            for n in range(length)
        ]  # fmt: skip

    (one,) = recommend(talk(10)).of("long_conversations")
    # Of the turns 3 to 9 (from 0), the history two exchanges before: 200 x (1 + ... + 7) tokens at 0.000001 USD.
    assert one.saving["usd"].value == pytest.approx(40 * 200 * 28 * 1e-6, rel=1e-3)
    assert recommend(talk(2)).of("long_conversations") == []
    # Once the beginning is dropped the cache knows nothing of the rest: with 40 of each 200 tokens cached at a quarter
    # of the price, 40 x (3 + ... + 9) tokens are paid in full; with 180 of each, that is more than is saved.
    (cheaper,) = recommend(talk(10, cached=40)).of("long_conversations")
    assert cheaper.saving["usd"].value == pytest.approx(40 * (200 * 28 - 0.75 * 40 * 42) * 1e-6, rel=1e-3)
    assert recommend(talk(10, cached=180)).of("long_conversations") == []


def test_money_spent_on_failures_is_told():
    turns = [
        turn(place, minutes=60 * place, question=f"q{place}", error_type="Cut" if place % 10 == 0 else None)
        for place in range(300)
    ]
    (one,) = recommend(turns).of("wasted_spend")
    assert one.saving["usd"].value == pytest.approx(0.3)


def test_a_storm_says_what_part_was_sent_again_and_where_only_the_kinds_of_error_tell_it():
    storm = simulate(3, start=MONDAY, days=14, turns_per_day=400, problems=[Problem.parse("retry_storm")]).turns
    (one,) = recommend(storm).of("retry_storm")
    (blind,) = recommend(storm.drop_columns(["question"])).of("retry_storm")
    again, guessed = (dict(each.evidence)["of these, sent again at once"] for each in (one, blind))
    assert int(again.removesuffix("%")) <= 100
    assert guessed.endswith("%, by the kind of error alone: no turn has its question")


def test_an_amount_scales_with_its_interval():
    assert Amount(2, 1, 3).times(10) == Amount(20, 10, 30)


def channels(seed, *, more, cached_of_mail, n=12_000):
    """Turns of three channels; by mail they carry more looked-up text, or find less of it cached."""
    random = np.random.default_rng([11, seed])
    channel = random.choice(["web", "app", "mail"], n, p=[0.6, 0.3, 0.1])
    mail = channel == "mail"
    cached = np.where(random.random(n) < 0.6, np.where(mail, cached_of_mail, 1536), 0)
    tokens = 1700 + random.lognormal(6, 0.5, n).astype(int) + more * mail
    answer = random.lognormal(5, 0.5, n).astype(int) + 5
    return pd.DataFrame({
        "turn_id": [f"t{i}" for i in range(n)], "conversation_id": [f"c{i}" for i in range(n)], "channel": channel,
        "user_id": [f"u{i}" for i in random.integers(4000, size=n)], "provider": "acme", "model": "small",
        "timestamp": pd.Timestamp("2026-10-05", tz="UTC") + pd.to_timedelta(np.sort(random.random(n)) * 14, unit="D"),
        "response_time": 0.5 + answer * 0.01 * random.lognormal(0, 0.3, n), "intent": random.choice(["a", "b"], n),
        "input_tokens": tokens, "cached_tokens": cached, "output_tokens": answer,
        "cost": ((tokens - cached) * 0.2 + cached * 0.1 + answer * 0.8) * 1e-6,
        "task_completed": random.random(n) < 0.7 + 0.1 * mail * (more > 0),
    })  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_longer_looked_up_text_is_no_uncached_prefix_and_a_beginning_that_varies_is(seed):
    # The share from the cache falls in both; the tokens from it in the second alone.
    assert recommend(channels(seed, more=2500, cached_of_mail=1536)).of("uncached_prefix") == []
    (one,) = recommend(channels(seed, more=0, cached_of_mail=128)).of("uncached_prefix")
    assert one.slice == {"channel": "mail"}
