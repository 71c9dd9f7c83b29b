from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chatmon import turns
from chatmon._tools.models import course_models
from chatmon.cost import Usage, price
from chatmon.lab.traffic import KINDS, SEVERITIES, Problem, Truth, simulate

START = datetime(2026, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def calm():
    return simulate(11, start=START, days=28)


@pytest.fixture(scope="module")
def frame(calm):
    return turns.as_frame(calm.turns)


def planted(kind, severity="middle", **options):
    problem = Problem(kind=kind, slice=options.pop("slice", KINDS[kind].slices[0]), severity=severity,
                      start=START + 2 * DAY + timedelta(hours=9), **options)  # fmt: skip
    return simulate(11, start=START, days=7, problems=[problem])


def sums(table):
    frame = turns.as_frame(table)
    last = frame.groupby("conversation_id", sort=False)["task_completed"].last()
    return frame["cost"].sum(), frame["response_time"].sum(), int(frame["error_type"].notna().sum()), int((~last).sum())


def test_one_seed_gives_one_traffic_and_another_seed_another(calm):
    assert simulate(11, start=START, days=28).turns.equals(calm.turns)
    assert not simulate(12, start=START, days=28).turns.equals(calm.turns)


def test_the_first_days_are_the_same_however_long_the_traffic(calm):
    begun = calm.turns.to_pandas()
    begun = begun[begun["timestamp"] < START + 2 * DAY]

    short = simulate(11, start=START, days=3).turns.to_pandas()
    short = short[short["timestamp"] < START + 2 * DAY]

    pd.testing.assert_frame_equal(begun, short)


def test_every_row_is_a_turn_and_no_two_have_one_id(calm):
    rows = turns.from_arrow(calm.turns)

    assert len({row.turn_id for row in rows}) == len(rows) > 15_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_changes_only_conversations_in_its_slice_and_window(kind):
    with_it, without = planted(kind), simulate(11, start=START, days=7)
    plant = with_it.truth.plants[0]
    a, b = (turns.as_frame(one.turns).set_index("turn_id") for one in (with_it, without))

    if kind == "mix_shift":
        before = plant.start
        pd.testing.assert_frame_equal(a[a["timestamp"] < before], b[b["timestamp"] < before])
        return
    slice_ = {name: value for name, value in plant.problem.slice.items() if name != "model"}
    for one, other in ((a, b), (b, a)):
        near = (one["timestamp"] >= plant.start) & (one["timestamp"] < plant.end)
        for name, value in slice_.items():
            near &= one[name] == value
        alike = one[~one["conversation_id"].isin(one[near]["conversation_id"])]
        assert len(alike) > 1000
        pd.testing.assert_frame_equal(alike, other.loc[alike.index])
    assert not a.equals(b)


@pytest.mark.parametrize("kind", KINDS)
def test_the_saving_is_the_difference_of_the_two_tables(kind):
    with_it = planted(kind)
    saving = with_it.truth.plants[0].saving
    usd, seconds, errors, abandoned = (
        a - b for a, b in zip(sums(with_it.turns), sums(simulate(11, start=START, days=7).turns), strict=True)
    )

    assert saving.usd == usd
    assert saving.seconds == pytest.approx(seconds, abs=1e-4)
    assert (saving.errors, saving.abandoned) == (errors, abandoned)
    assert with_it.truth.saving == saving


@pytest.mark.parametrize(
    ("kind", "measure"),
    [
        ("latency_step", "seconds"), ("retry_storm", "usd"), ("prompt_bloat", "usd"), ("uncached_prefix", "usd"),
        ("overpowered_model", "usd"), ("error_burst", "errors"), ("abandonment", "abandoned"),
        ("quality_drop", "abandoned"), ("price_change", "usd"), ("mix_shift", "usd"),
    ],
)  # fmt: skip
def test_a_worse_problem_costs_more(kind, measure):
    savings = [getattr(planted(kind, severity).truth.plants[0].saving, measure) for severity in SEVERITIES]

    assert 0 < savings[0] < savings[1] < savings[2]


def test_a_price_change_costs_exactly_its_share():
    strong = course_models().desk.strong
    saving = planted("price_change", slice={"model": strong}).truth.plants[0].saving
    calm = turns.as_frame(simulate(11, start=START, days=7).turns)
    changed = calm[(calm["model"] == strong) & (calm["timestamp"] >= START + 2 * DAY + timedelta(hours=9))]

    assert saving == (changed["cost"].sum() * Decimal("0.25"), 0, 0, 0)


def test_bloat_adds_its_tokens_to_every_prompt_of_its_version():
    with_it, without = (
        turns.as_frame(one.turns).set_index("turn_id")["input_tokens"].dropna()
        for one in (planted("prompt_bloat"), simulate(11, start=START, days=7))
    )
    both = with_it.index.intersection(without.index)
    added = (with_it[both] - without[both]).value_counts()

    assert set(added.index) <= {0, *range(600, 701)}
    assert added[700] > 500


def test_a_retry_storm_repeats_a_question_three_to_eight_times_within_a_minute():
    frame = turns.as_frame(planted("retry_storm").turns)
    lost = frame[(frame["error_type"] == "APITimeoutError") & frame["cost"].notna()]
    seconds = frame.groupby("conversation_id")["timestamp"].agg(lambda times: (times.max() - times.min()).seconds)
    stormy = lost.groupby(["conversation_id", "question"]).agg(
        times=("turn_id", "size"), began=("timestamp", "min"), ended=("timestamp", "max")
    )

    assert len(stormy) > 20
    assert stormy["times"].min() >= 3
    assert ((stormy["ended"] - stormy["began"]).dt.total_seconds() < 60).mean() > 0.9
    assert seconds.max() > 60


def test_what_turns_cost_is_what_the_price_list_says(frame):
    # Typed by hand from the provider's list, in US dollars for a million tokens: fresh, cached, output.
    models = course_models().desk
    typed = {models.usual: ("0.40", "0.10", "1.60"), models.strong: ("2", "0.50", "8"),
             models.reasoning: ("1.25", "0.125", "10")}  # fmt: skip
    answered = frame[frame["cost"].notna()]
    for row in answered.iloc[::97].itertuples():
        fresh, cached, output = map(Decimal, typed[row.model])
        by_hand = (
            (row.input_tokens - row.cached_tokens) * fresh + row.cached_tokens * cached + row.output_tokens * output
        )
        assert row.cost == by_hand / 10**6
        usage = Usage(*map(int, (row.input_tokens, row.cached_tokens, 0, row.output_tokens, row.reasoning_tokens)))
        assert row.cost == price(usage, row.model, provider=row.provider, at=row.timestamp).amount


# Input and output tokens of the conversation service in the Azure LLM inference trace 2023.
TRACE = {
    "input": (1155, {0.10: 207, 0.25: 396, 0.50: 1020, 0.75: 1189, 0.90: 2734, 0.95: 4083}, 0.99),
    "output": (211, {0.10: 54, 0.25: 85, 0.50: 129, 0.75: 395, 0.90: 424, 0.95: 451}, 0.86),
}


@pytest.mark.parametrize("which", TRACE)
def test_tokens_are_spread_like_those_of_a_real_service(frame, which):
    answered = frame[frame["error_type"].isna()]
    tokens = answered["input_tokens"] if which == "input" else answered["output_tokens"] - answered["reasoning_tokens"]
    tokens = tokens.astype(float)
    mean, quantiles, spread = TRACE[which]

    assert tokens.mean() == pytest.approx(mean, rel=0.25)
    for q, value in quantiles.items():
        assert 0.62 < tokens.quantile(q) / value < 1.6, q
    assert np.log(tokens).std() == pytest.approx(spread, abs=0.22)


def test_input_and_output_lengths_are_nearly_independent(frame):
    answered = frame[frame["error_type"].isna()]

    rank = stats.spearmanr(answered["input_tokens"], answered["output_tokens"] - answered["reasoning_tokens"])

    assert abs(rank.statistic) < 0.15


def test_a_reply_takes_longer_the_more_it_writes_and_the_less_is_cached(frame):
    answered = frame[frame["error_type"].isna() & (frame["model"] == course_models().desk.usual)]
    fresh = (answered["input_tokens"] - answered["cached_tokens"]).astype(float)
    design = np.column_stack([np.ones(len(answered)), fresh, answered["output_tokens"].astype(float)])
    (base, per_fresh, per_output), *_ = np.linalg.lstsq(design, answered["response_time"].to_numpy(), rcond=None)

    assert (base, per_fresh, per_output) == pytest.approx((0.33, 0.00012, 0.0088), rel=0.25)


def test_arrivals_are_burstier_than_chance_and_follow_the_week(frame):
    begun = frame.groupby("conversation_id")["timestamp"].min().sort_values()
    gaps = begun.diff().dt.total_seconds().dropna()
    hourly = begun.dt.floor("h").value_counts().reindex(pd.date_range(START, periods=28 * 24, freq="h"), fill_value=0)
    places = [hourly.index.day_of_week, hourly.index.hour]
    over = hourly.groupby(places).var().sum() / hourly.groupby(places).mean().sum()
    daily = hourly.groupby(hourly.index.day_of_week).sum()

    assert gaps.std() / gaps.mean() > 1.09
    assert over > 1.5
    assert daily[5:].max() < 0.8 * daily[:5].min()


def test_about_as_many_turns_come_as_were_asked_for(calm):
    assert calm.turns.num_rows == pytest.approx(28 * 700, rel=0.05)


def test_a_conversations_context_grows(frame):
    answered = frame[frame["error_type"].isna()].copy()
    answered["nth"] = answered.groupby("conversation_id").cumcount()
    grown = answered.groupby(["intent", "nth"])["input_tokens"].median().unstack()[[0, 1, 2, 3]]

    assert (grown.diff(axis=1).iloc[:, 1:].mean() > 0).all()


def test_most_users_leave_no_rating_and_those_who_do_mind_waits_and_wrong_answers(frame):
    rated = frame[frame["user_satisfaction"].notna()]
    waits = pd.qcut(rated["response_time"], 4, labels=False)

    assert 0.08 < len(rated) / len(frame) < 0.25
    assert rated.groupby("task_completed")["user_satisfaction"].mean().diff().iloc[-1] > 1
    assert rated.groupby(waits)["user_satisfaction"].mean().diff().iloc[-1] < -0.2


def test_users_come_back(frame):
    conversations = frame.groupby("user_id")["conversation_id"].nunique()

    assert (conversations > 1).mean() > 0.5
    assert conversations.max() > 15


class TestEachDecoyIsThere:
    def test_installation_is_slow_only_because_its_answers_are_long(self, frame):
        same = frame[frame["model"] == course_models().desk.strong]
        of = same["intent"] == "installation"
        per_token = same["response_time"] / same["output_tokens"].astype(float)

        assert same[of]["response_time"].median() > 1.4 * same[~of]["response_time"].median()
        assert per_token[of].median() < per_token[~of].median()

    def test_questions_are_repeated_hours_later_by_the_same_user(self, frame):
        first = frame.drop_duplicates("conversation_id")
        pairs = first.merge(first, on=["user_id", "question"])
        hours = (pairs["timestamp_y"] - pairs["timestamp_x"]).dt.total_seconds() / 3600

        assert ((hours > 2) & (hours < 12)).sum() > 100

    def test_routers_context_is_long_and_the_quiet_regions_cache_cold(self, frame):
        handbook = frame[frame["intent"].isin(["billing", "plans"])].drop_duplicates("conversation_id")
        cached = (handbook["cached_tokens"] > 0).groupby(handbook["region"]).mean()

        assert frame.groupby("intent")["input_tokens"].median().idxmax() == "router"
        assert cached["ireland"] < 0.5 * cached["uk"]

    def test_the_usual_model_is_worse_at_plans_and_as_good_at_what_is_easy(self, frame):
        models = course_models().desk
        answered = frame[frame["error_type"].isna()]
        done = answered.groupby(["intent", "model"])["task_completed"].mean().unstack()
        better = done[models.strong] - done[models.usual]

        assert better["plans"] > 0.1
        assert abs(better[["account", "billing"]]).max() < 0.05

    def test_one_user_always_fails(self, frame):
        failed = frame.groupby("user_id").agg(rate=("error_type", "count"), turns=("turn_id", "size"))
        always = failed[(failed["rate"] == failed["turns"]) & (failed["turns"] > 5)]

        assert len(always) == 1

    def test_contact_ends_after_one_turn_and_cancellation_is_rated_badly(self, frame):
        lengths = frame.groupby("conversation_id").agg(intent=("intent", "first"), turns=("turn_id", "size"))
        rated = frame[frame["task_completed"]].groupby("intent")["user_satisfaction"].mean()

        assert lengths.groupby("intent")["turns"].mean().idxmin() == "contact"
        assert rated.idxmin() == "cancellation"

    def test_a_turn_costs_more_at_weekends(self, frame):
        weekend = frame["timestamp"].dt.day_of_week >= 5

        assert frame[weekend]["cost"].mean() > Decimal("1.05") * frame[~weekend]["cost"].mean()


def test_the_truth_survives_as_json():
    truth = planted("error_burst").truth

    assert Truth.from_json(truth.to_json()) == truth
    with pytest.raises(ValueError, match="no truth of simulated traffic: 'seed' is missing"):
        Truth.from_json('{"plants": []}')


def test_the_truth_says_where_when_and_how_much():
    said = str(planted("latency_step", slice={"region": "uk"}).truth)

    assert "latency_step (middle), region uk, 2026-10-07 09:00 to 2026-10-12 00:00" in said
    assert "1.6 times as long" in said
    assert "nothing is planted" in str(simulate(1, start=START, days=1).truth)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": START.replace(tzinfo=None)}, "no full hour with a time zone"),
        ({"start": START + timedelta(minutes=5)}, "no full hour"),
        ({"days": 0}, r"days \(0\)"),
        ({"turns_per_day": 0}, r"turns_per_day \(0\)"),
        ({"turns_per_day": 1e8}, "conversations begin in one hour"),
    ],
)
def test_impossible_traffic_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        simulate(1, **{"start": START, "days": 1} | options)
