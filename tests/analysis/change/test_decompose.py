import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.analysis.change.decompose import Sums, decompose, money, money_parts

QUICK = examples(60)
SUMS = st.integers(0, 50).flatmap(
    lambda turns: st.tuples(st.just(turns), st.fractions(-100, 100) if turns else st.just(Fraction(0)))
)
PERIODS = st.dictionaries(st.sampled_from("abcdef"), SUMS.map(lambda pair: Sums(*pair)), max_size=6)


def by_hand(before, after):
    """Kitagawa's formula for the mean, in numpy, for segments that both periods have."""
    n0, n1 = (np.array([period[key].turns for key in before]) for period in (before, after))
    t0, t1 = (np.array([float(period[key].total) for key in before]) for period in (before, after))
    shares, rates = (n0 / n0.sum(), n1 / n1.sum()), (t0 / n0, t1 / n1)
    mix = ((shares[1] - shares[0]) * (rates[0] + rates[1]) / 2).sum()
    rate = ((rates[1] - rates[0]) * (shares[0] + shares[1]) / 2).sum()
    return mix, rate


def test_a_worked_example():
    # Means: 1.4, then 2.5. Shares: 0.8 and 0.2, then 0.5 and 0.5. Means of segments: 1 and 3, then 1 and 4.
    # mix = (0.5 - 0.8) 1 + (0.5 - 0.2) 3.5 = 0.75; rate = 0 + (4 - 3) 0.35 = 0.35; together 1.1.
    was = {"easy": Sums(80, Fraction(80)), "hard": Sums(20, Fraction(60))}
    now = {"easy": Sums(60, Fraction(60)), "hard": Sums(60, Fraction(240))}
    parts = decompose(was, now)
    assert parts.mix / 110 == Fraction("0.75")
    assert parts.rate / 110 == Fraction("0.35")
    assert parts.volume == 20 * Fraction("1.95")
    assert parts.segments["easy"].rate == 0
    assert parts.volume + parts.mix + parts.rate == 300 - 140


@QUICK
@given(PERIODS, PERIODS)
def test_the_parts_add_up_exactly(before, after):
    parts = decompose(before, after)
    assert parts.volume + parts.mix + parts.rate == parts.after - parts.before
    assert parts.mix == sum((share.mix for share in parts.segments.values()), Fraction(0))
    assert parts.rate == sum((share.rate for share in parts.segments.values()), Fraction(0))


@QUICK
@given(PERIODS, PERIODS)
def test_swapping_the_periods_negates_each_part(before, after):
    parts, back = decompose(before, after), decompose(after, before)
    assert (parts.volume, parts.mix, parts.rate) == (-back.volume, -back.mix, -back.rate)


@QUICK
@given(PERIODS, PERIODS, st.randoms())
def test_the_order_of_the_segments_does_not_matter(before, after, random):
    def shuffled(period):
        items = list(period.items())
        random.shuffle(items)
        return dict(items)

    parts, again = decompose(before, after), decompose(shuffled(before), shuffled(after))
    assert (parts.volume, parts.mix, parts.rate) == (again.volume, again.mix, again.rate)


@QUICK
@given(
    st.lists(st.tuples(*[st.integers(1, 40), st.fractions(0, 9)] * 2), min_size=1, max_size=5),
)
def test_mix_and_rate_are_what_numpy_makes_of_the_formula(rows):
    before = {place: Sums(n, total) for place, (n, total, _, _) in enumerate(rows)}
    after = {place: Sums(n, total) for place, (_, _, n, total) in enumerate(rows)}
    parts = decompose(before, after)
    mix, rate = by_hand(before, after)
    turns = Fraction(parts.turns_before + parts.turns_after, 2)
    assert float(parts.mix / turns) == pytest.approx(mix, abs=1e-9)
    assert float(parts.rate / turns) == pytest.approx(rate, abs=1e-9)


def test_turns_that_move_without_changing_are_all_mix():
    parts = decompose(
        {"a": Sums(9, Fraction(9)), "b": Sums(1, Fraction(5))}, {"a": Sums(1, Fraction(1)), "b": Sums(9, Fraction(45))}
    )
    assert (parts.volume, parts.mix, parts.rate) == (0, 32, 0)


def test_turns_that_change_without_moving_are_all_rate():
    parts = decompose(
        {"a": Sums(9, Fraction(9)), "b": Sums(1, Fraction(5))}, {"a": Sums(9, Fraction(18)), "b": Sums(1, Fraction(5))}
    )
    assert (parts.volume, parts.mix, parts.rate) == (0, 0, 9)


def test_a_segment_that_comes_or_goes_is_all_mix():
    parts = decompose({"a": Sums(10, Fraction(10))}, {"a": Sums(5, Fraction(5)), "new": Sums(5, Fraction(20))})
    assert (parts.volume, parts.mix, parts.rate) == (0, 15, 0)


def test_a_period_without_turns_is_all_volume():
    parts = decompose({}, {"a": Sums(10, Fraction(20))})
    assert (parts.volume, parts.mix, parts.rate) == (20, 0, 0)


def test_a_total_without_turns_is_refused():
    with pytest.raises(ValueError, match=r"0 turns cannot add up to 3\.0"):
        decompose({"a": Sums(0, Fraction(3))}, {})


@QUICK
@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=8))
def test_parts_in_money_add_up_to_the_last_digit(parts):
    total = money(sum(parts, Fraction(0)))
    rounded = money_parts(parts, total)
    assert sum((Fraction(part) for part in rounded), Fraction(0)) == Fraction(total)
    assert all(
        abs(Fraction(money) - part) < Fraction(len(parts), 10**18) for money, part in zip(rounded, parts, strict=True)
    )


def test_money_is_rounded_half_to_even():
    tie = Fraction(5, 10**19)
    assert [money(tie), money(3 * tie)] == [Decimal(0), Decimal("2E-18")]
    assert all(len(str(money(Fraction(n, d))).partition(".")[2]) == 18 for n, d in itertools.product((1, 22), (3, 7)))
