import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from analysis.by_hand import MONDAY, turn
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import analysis
from chatmon import turns as table
from chatmon.lab.traffic import simulate

LOG = simulate(11, start=MONDAY, days=8, turns_per_day=150)
MIDDLE = MONDAY + timedelta(days=4)
FIRST, SECOND = analysis.between(LOG.turns, end=MIDDLE), analysis.between(LOG.turns, MIDDLE)
FOUND = analysis.compare(FIRST, SECOND)


def periods(*rows):
    """Return two periods from (period, intent, cost) of each turn."""
    turns = [turn(place, intent=intent, cost=cost, hours=place) for place, (_, intent, cost) in enumerate(rows)]
    return [[one for one, (period, *_) in zip(turns, rows, strict=True) if period == which] for which in "ab"]


def test_a_worked_example():
    # Means: 0.02, then 0.03. Shares of easy: 3/4, then 1/2; both means are 0.01, then hard goes from 0.05 to 0.05.
    a, b = periods(("a", "easy", "0.01"), ("a", "easy", "0.01"), ("a", "easy", "0.01"), ("a", "hard", "0.05"),
                   ("b", "easy", "0.01"), ("b", "hard", "0.05"))  # fmt: skip
    cost = analysis.compare(a, b, by="intent")["cost"]
    split = cost.by("intent")
    assert (cost.before, cost.after) == (0.02, 0.03)
    assert (cost.total_before, cost.total_after) == (Decimal("0.08"), Decimal("0.06"))
    # dN R = -2 x 0.025; N mix = 3 x (1/4 x 0.05 - 1/4 x 0.01).
    assert (split.volume, split.mix, split.rate) == (Decimal("-0.05"), Decimal("0.03"), 0)
    assert split.mix_of_mean.value == pytest.approx(0.01)


def test_means_and_totals_are_those_of_pandas():
    for period, side in ((FIRST, "before"), (SECOND, "after")):
        frame = table.as_frame(period.to_arrow_table())
        wanted = {
            "tokens": (frame["input_tokens"] + frame["output_tokens"]).mean(),
            "errors": frame["error_type"].notna().mean(),
            "response_time": frame["response_time"].mean(),
            "completion": frame["task_completed"].astype(float).mean(),
            "satisfaction": frame["user_satisfaction"].mean(),
        }
        for measure, value in wanted.items():
            assert getattr(FOUND[measure], side) == pytest.approx(value), measure
        by_model = frame.groupby("model")["response_time"].mean()
        for segment in FOUND["response_time"].by("model").segments:
            assert getattr(segment, side) == pytest.approx(by_model[segment.value])


def test_every_split_adds_up_to_the_last_digit():
    splits = [(change, split) for change in FOUND.changes for split in change.splits]
    assert len(splits) == 6 * 5
    for change, split in splits:
        assert split.volume + split.mix + split.rate == change.total_after - change.total_before
        assert sum(segment.mix for segment in split.segments) == split.mix
        assert sum(segment.rate for segment in split.segments) == split.rate


def test_mix_and_rate_add_up_to_the_change_of_the_mean():
    for change in FOUND.changes:
        for split in change.splits:
            parts = split.mix_of_mean.value + split.rate_of_mean.value
            assert parts == pytest.approx(change.after - change.before, abs=1e-12)


def test_swapping_the_periods_turns_every_sign():
    back = analysis.compare(SECOND, FIRST)
    for there, again in zip(FOUND.changes, back.changes, strict=True):
        assert again.difference.value == pytest.approx(-there.difference.value)
        assert (again.difference.p, again.difference.low) == pytest.approx((there.difference.p, -there.difference.high))
        for split, other in zip(there.splits, again.splits, strict=True):
            for part in ("volume", "mix", "rate"):
                assert getattr(other, part) == -getattr(split, part)


def test_the_order_of_the_rows_does_not_matter():
    rows = table.from_arrow(FIRST.to_arrow_table())
    random.Random(3).shuffle(rows)
    again = analysis.compare(rows, SECOND)
    assert (
        again.frame()
        .drop(columns=["difference", "low", "high", "p", "corrected"])
        .equals(FOUND.frame().drop(columns=["difference", "low", "high", "p", "corrected"]))
    )
    for one, other in zip(again.changes, FOUND.changes, strict=True):
        assert one.difference == pytest.approx(other.difference)


@examples(12)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.none() | st.sampled_from(["billing", "router"]),
            st.none() | st.decimals(0, 10, places=12),
        ),
        max_size=12,
    )
)
def test_money_adds_up_whatever_is_unknown(rows):
    a, b = periods(("a", None, None), ("b", "billing", "0.1"), *rows)
    cost = analysis.compare(a, b, by=["intent", "region"])["cost"]
    wanted = [sum((one.cost for one in side if one.cost is not None), Decimal(0)) for side in (a, b)]
    known = [sum(one.cost is not None for one in side) for side in (a, b)]
    assert [cost.turns_before, cost.turns_after] == (known if all(known) else [0, 0])
    if all(known):
        assert [cost.total_before, cost.total_after] == wanted
        for split in cost.splits:
            assert Fraction(split.volume) + Fraction(split.mix) + Fraction(split.rate) == Fraction(
                wanted[1] - wanted[0]
            )
    else:
        assert (cost.before, cost.after, cost.splits) == (None, None, ())


def test_turns_of_unknown_value_are_a_segment_of_their_own():
    a, b = periods(("a", None, "1"), ("a", "billing", "2"), ("b", None, "3"), ("b", "billing", "2"))
    split = analysis.compare(a, b, by="intent")["cost"].by("intent")
    assert [segment.value for segment in split.segments] == ["billing", None]
    assert (split[None].before, split[None].after, split[None].rate) == (1.0, 3.0, 2)


def test_completion_is_unknown_where_one_period_never_says_so_and_else_of_the_turns_that_do():
    silent = [turn(place, error_type="TimeoutError") for place in range(3)]
    known = [turn(place, hours=9, task_completed=done) for place, done in enumerate((True, False, None))]
    unknown = analysis.compare(silent, known)["completion"]
    assert (unknown.before, unknown.after, unknown.difference) == (None, None, None)
    both = analysis.compare(known, known)["completion"]
    assert (both.before, both.turns_before) == (0.5, 2)


def test_a_segment_that_is_new_has_no_mean_before():
    a, b = periods(("a", "billing", "2"), ("b", "billing", "2"), ("b", "router", "4"))
    new = analysis.compare(a, b, by="intent")["cost"].by("intent")["router"]
    assert (new.before, new.after, new.difference, new.rate) == (None, 4.0, None, 0)


def test_a_dimension_with_one_value_explains_nothing_and_is_left_out():
    a, b = periods(("a", "billing", "1"), ("b", "billing", "2"))
    assert analysis.compare(a, b)["cost"].splits == ()


def test_the_volume_is_turns_of_a_whole_day():
    turns = [turn(place, hours=hours) for place, hours in enumerate([0, 1, 2, 23.5, 24, 47.9, 48, 49])]
    volume = analysis.compare(turns, turns)["turns"]
    assert (volume.before, volume.total_before) == (3.0, 8)  # 4 and 2; the third day has but just begun


def test_what_changed_for_sure_is_claimed_and_said():
    slow = [turn(place, hours=place / 3, response_time=2.0 + place % 5 / 10, channel="web") for place in range(200)]
    fast = [turn(place, hours=place / 3, response_time=1.0 + place % 5 / 10, channel="web") for place in range(200)]
    found = analysis.compare(slow, fast)
    assert [(measure, what) for measure, what, *_ in found.claims()] == [("response_time", "mean")]
    assert found["response_time"].changed
    assert not found["errors"].changed
    line = next(text for name, text in found.rows() if name == "response_time")
    assert line.startswith("2.200 to 1.200 s: -1.000 (-1.028 to -0.9721), changed, p = ")


@pytest.mark.parametrize("near", [1.0, 0.99999999, 1.00000001])
def test_a_number_a_hair_from_another_is_written_like_it(near):
    before = [turn(place, hours=place, response_time=2.0) for place in range(200)]
    after = [turn(place, hours=place, response_time=2.0 - near) for place in range(200)]
    line = next(text for name, text in analysis.compare(before, after).rows() if name == "response_time")
    assert line.startswith("2.000 to 1.000 s: -1.000 (")


def test_periods_with_other_shares_of_weekends_are_said_to_be_unlike():
    week = [turn(place, hours=6 * place) for place in range(28)]
    assert analysis.compare(week, week).alike
    working = analysis.compare(week[:16], week)
    assert not working.alike
    assert "0% and 29% of the turns came at weekends" in str(working)


def test_what_it_shows_is_escaped_and_in_frames():
    rows = [(period, "<b>", f"{cents}{n % 3}") for period, cents in (("a", "0.0"), ("b", "0.5")) for n in range(40)]
    a, b = periods(*rows, ("a", "x", "1"), ("b", "x", "1"))
    found = analysis.compare(a, b)
    assert "intent &lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert found.frame()["measure"].tolist() == [change.measure for change in found.changes]
    amounts = found.splits().query("measure == 'cost'").set_index("part")["amount"]
    assert amounts.sum() == found["cost"].total_after - found["cost"].total_before
    segments = found.segments().query("measure == 'cost'").set_index("value")
    assert segments["changed"].to_dict() == {"<b>": True, "x": False}


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_log_cut_in_the_middle_is_compared_where_each_half_has_a_turn_and_else_says_how_many_each_has(number):
    turns = table.to_frame([turn(place, hours=place) for place in range(number)])
    middle = turns["timestamp"].median().to_pydatetime()

    def halves():
        return analysis.compare(analysis.between(turns, end=middle), analysis.between(turns, middle))

    if number == 0:
        with pytest.raises(
            ValueError, match=r"end \(NaT\) is no moment: 0 of 0 turns have a timestamp\. Give an aware"
        ):
            halves()
    elif number == 1:
        wanted = "the first period has 0 turns with a timestamp and the second 1: each needs one. Cut after the first"
        with pytest.raises(ValueError, match=wanted):
            halves()
    else:
        assert (halves().before.turns, halves().after.turns) == (number // 2, number - number // 2)


def test_a_period_without_a_time_and_an_unknown_name_are_refused():
    timeless = table.to_frame([turn(0), turn(1)]).assign(timestamp=None).astype({"timestamp": "datetime64[us, UTC]"})
    with pytest.raises(ValueError, match="first period has 1 turns with a timestamp and the second 0: each needs one"):
        analysis.compare([turn(0)], timeless)
    with pytest.raises(ValueError, match="cost is no dimension of turns"):
        analysis.compare(FIRST, SECOND, by="cost")
    with pytest.raises(KeyError, match="'price' is not compared: take from"):
        FOUND["price"]
    with pytest.raises(KeyError, match="cost is not split by 'user_id'"):
        FOUND["cost"].by("user_id")
    with pytest.raises(KeyError, match="region has no 'mars'"):
        FOUND["cost"].by("region")["mars"]
