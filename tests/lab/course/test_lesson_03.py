"""The answers that the exercises of lesson 3 are tried with."""

from decimal import Decimal
from fractions import Fraction
from functools import reduce

import numpy as np
import pandas as pd
from cases import Cases, forms, returning

from chatmon._tools.models import course_models
from chatmon._tools.paths import data_file
from chatmon.lab.course._exercises import find, grade
from chatmon.turns import read_parquet, to_frame

BILL = to_frame(read_parquet(data_file("october_bill.parquet")))
CHAT = BILL[BILL["model"] == course_models().bill.chat]
CACHED = int(CHAT["cached_tokens"].sum())
INPUT, OUTPUT = int(CHAT["input_tokens"].sum()), int(CHAT["output_tokens"].sum())
ALL_CACHED = int(BILL["cached_tokens"].sum())
SAVED = CACHED * Decimal("1.5") / 1_000_000
FRESH = 3000 - 2048


def right_sum(costs):
    known = [cost for cost in costs if cost is not None]
    return (sum(known) if known else None), len(costs) - len(known)


def sum_by_hand(costs):
    amount, unknown = None, 0
    for cost in costs:
        if cost is None:
            unknown += 1
        else:
            amount = cost if amount is None else amount + cost
    return [amount, unknown]


def unknown_as_zero(costs):
    return sum(cost or 0 for cost in costs), costs.count(None)


def zero_as_unknown(costs):
    known = [cost for cost in costs if cost]
    return (sum(known) if known else None), len(costs) - len(known)


def floats(costs):
    known = [float(cost) for cost in costs if cost is not None]
    return (sum(known) if known else None), len(costs) - len(known)


def sum_alone(costs):
    return sum(cost for cost in costs if cost is not None)


def doubled(costs):
    amount, unknown = right_sum(costs)
    return (amount and 2 * amount), unknown


def sum_by_frame(costs):
    known = pd.Series(costs, dtype=object).dropna()
    return (known.sum() if len(known) else None), len(costs) - len(known)


def sum_by_reduce(costs):
    known = list(filter(lambda cost: cost is not None, costs))
    return reduce(lambda one, other: one + other, known) if known else None, sum(cost is None for cost in costs)


def in_numpy(costs):
    amount, unknown = right_sum(costs)
    return amount, np.int64(unknown)


def as_fraction(costs):
    amount, unknown = right_sum(costs)
    return None if amount is None else Fraction(amount), unknown


def in_cents(costs):
    amount, unknown = right_sum(costs)
    return None if amount is None else 100 * amount, unknown


def rounded(costs):
    amount, unknown = right_sum(costs)
    return None if amount is None else round(amount, 1), unknown


def turned_round(costs):
    return right_sum(costs)[::-1]


def counts_the_known(costs):
    return right_sum(costs)[0], len(costs) - costs.count(None)


def none_where_any_is_unknown(costs):
    return (None if None in costs or not costs else sum(costs)), costs.count(None)


def as_text(costs):
    amount, unknown = right_sum(costs)
    return None if amount is None else str(amount), unknown


def says_whether(costs):
    return right_sum(costs)[0], None in costs


def three_of_them(costs):
    return *right_sum(costs), len(costs)


def nan_where_nothing_is_known(costs):
    amount, unknown = right_sum(costs)
    return (float("nan") if amount is None else amount), unknown


def as_dict(costs):
    return dict(zip(("sum", "unknown"), right_sum(costs), strict=True))


def stub(costs):
    return ...


CASES = {
    "3.1": Cases(
        right=[
            FRESH * 1.25 / 1e6 + 2048 * 0.125 / 1e6 + 900 * 10 / 1e6,
            (3000 * 1.25 - 2048 * (1.25 - 0.125) + 900 * 10) / 1_000_000,
            pd.Series({"fresh": FRESH, "cached": 2048, "out": 900}).mul([1.25, 0.125, 10]).sum() / 10**6,
            *forms("0.010446"),
        ],
        wrong=[
            (Decimal("0.016846"), "counted twice"),
            (Decimal("0.013006"), "charged twice"),
            (0.019406, "both charged twice"),
            (0.01275, "full rate"),
            (0.009375, "All input is charged at the cached rate"),
            (0.01019, "missing"),
            (0.004046, "Reasoning is missing"),
            (0.001446, "The output is missing"),
            (0.009, "the output alone"),
            (0.002571, "charged at the rate of input"),
            (10446, "per million"),
            (Decimal("10.446"), "per thousand"),
            (1.0446, "in cents"),
            (Decimal("0.0104"), "a little below the exact amount"),
            (0.0105, "a little above the exact amount"),
            (0.5, "is of one kind"),
            ("0.010446", "no number"),
            ([0.010446], "take it out with `[0]`"),
            (float("nan"), "a divisor 0"),
        ],
    ),
    "3.2": Cases(
        right=[
            right_sum,
            sum_by_hand,
            sum_by_frame,
            sum_by_reduce,
            in_numpy,
            as_fraction,
            floats,
            returning(right_sum, list),
        ],
        wrong=[
            (unknown_as_zero, "nothing is known"),
            (zero_as_unknown, "stated is known"),
            (sum_alone, "a pair"),
            (as_dict, "a pair"),
            (three_of_them, "a pair"),
            (doubled, "the sum of what is known"),
            (in_cents, "the sum of what is known"),
            (rounded, "the sum of what is known"),
            (turned_round, "the sum comes first"),
            (counts_the_known, "return how many are unknown"),
            (none_where_any_is_unknown, "leave out what is `None`"),
            (as_text, "no number"),
            (says_whether, "amounts are unknown"),
            (nan_where_nothing_is_known, "the sum is `None`, not nan"),
        ],
        stub=stub,
    ),
    "3.3": Cases(
        right=[
            SAVED,
            round(SAVED, 2),
            int(CHAT["cached_tokens"].sum()) * 1.5 / 1e6,
            (CHAT["cached_tokens"].fillna(0) * 2 - CHAT["cached_tokens"].fillna(0) * 0.5).sum() / 1_000_000,
            Fraction(CACHED * 3, 2_000_000),
            np.float32(CACHED * 1.5e-6),
            np.array([CACHED * 1.5e-6]),
            pd.Series([SAVED]),
            BILL.groupby("model")["cached_tokens"].sum()[[course_models().bill.chat]].astype(float) * 1.5e-6,
        ],
        wrong=[
            (CACHED * Decimal("1.5"), "per million"),
            (CACHED * Decimal("1.5") / 1000, "per thousand"),
            (CACHED * 1.5 / 10_000, "cents"),
            (-SAVED, "The sign is turned"),
            (CACHED * 2 / 1_000_000, "not free"),
            (CACHED * 0.5 / 1_000_000, "what the cached tokens cost"),
            (ALL_CACHED * 1.5 / 1_000_000, "of all models"),
            ((ALL_CACHED - CACHED) * 1.5 / 1_000_000, "of the other models"),
            (INPUT * 1.5 / 1_000_000, "all input tokens"),
            ((INPUT - CACHED) * 1.5 / 1_000_000, "were not in the cache"),
            (OUTPUT * 1.5 / 1_000_000, "output tokens"),
            (CACHED, "Those are the tokens"),
            (3, "what each of them saved"),
            ("1.10", "no number"),
        ],
    ),
    "3.4": Cases(
        right=[
            (2000 * 3 + 20_000 * 3.75 + 80_000 * 6 + 1000 * 15) / 1e6 + 0.02,
            pd.Series([2000, 20_000, 80_000, 1000]).mul([3, 3.75, 6, 15]).sum() / 10**6 + 2 / 100,
            *forms("0.596"),
        ],
        wrong=[
            (Decimal("0.576"), "The searches are missing"),
            (0.416, "as if it lasted five minutes: 80,000"),
            (0.396, "and the searches are missing"),
            (0.641, "as if it lasted an hour"),
            (0.341, "at the rate of input"),
            (0.971, "counted twice"),
            (0.59, "The fresh input is missing"),
            (0.581, "The output is missing"),
            (0.041, "The writes are missing"),
            (576000.02, "per million"),
            (2.576, "a cent, and not a dollar"),
            (59.6, "in cents"),
            (0.6, "a little above the exact amount"),
            (7, "Add up each kind"),
            ("0.596", "no number"),
        ],
    ),
}


def test_a_sum_in_floats_is_right_and_told_what_floats_do() -> None:
    assert "Yours is a float" in str(grade(find("3.2"), floats))
    assert "float" not in str(grade(find("3.2"), right_sum))
