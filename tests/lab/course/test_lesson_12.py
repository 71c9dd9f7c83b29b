"""The answers that lesson 12's exercises are tried with, and the cost that one of them takes for granted."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from cases import Cases

from chatmon.lab.course._lesson_12 import TRUE_COST
from chatmon.lab.incident import Assigned, ClassKey, incident


def stub(said, true):
    return ...


def by_ends(said, true):
    both = min(said[1], true[1]) - max(said[0], true[0])
    either = max(said[1], true[1]) - min(said[0], true[0])
    return max(0, both / either)


def by_seconds(said, true):
    (a, b), (c, d) = ([one.timestamp() for one in window] for window in (said, true))
    both = max(0.0, min(b, d) - max(a, c))
    return both / (b - a + d - c - both) if both else 0.0


def by_pandas(said, true):
    (a, b), (c, d) = ([pd.Timestamp(one) for one in window] for window in (said, true))
    return max(pd.Timedelta(0), min(b, d) - max(a, c)) / (max(b, d) - min(a, c))


def by_fraction(said, true):
    return Fraction(by_ends(said, true)).limit_denominator(10_000)


def by_hours(said, true):
    hour = timedelta(hours=1)
    hours = [{said[0] + n * hour for n in range(int((said[1] - said[0]) / hour))},
             {true[0] + n * hour for n in range(int((true[1] - true[0]) / hour))}]  # fmt: skip
    # The hours between two windows are in neither, and nothing is in both then.
    return len(hours[0] & hours[1]) / len(hours[0] | hours[1])


def by_if(said, true):
    if said[1] <= true[0] or true[1] <= said[0]:
        return 0
    return by_ends(said, true)


def as_decimal(said, true):
    return Decimal(repr(by_ends(said, true)))


def as_numpy(said, true):
    return np.float64(by_ends(said, true))


def hours_of(said, true):
    hour = timedelta(hours=1)
    return max(0, (min(said[1], true[1]) - max(said[0], true[0])) / hour)


def length(window):
    return (window[1] - window[0]) / timedelta(hours=1)


def unbounded(said, true):
    both = min(said[1], true[1]) - max(said[0], true[0])
    return both / (max(said[1], true[1]) - min(said[0], true[0]))


def gap(said, true):
    return by_ends(said, true) or length((min(said[1], true[1]), max(said[0], true[0])))


def of_mean(said, true):
    return 2 * hours_of(said, true) / (length(said) + length(true))


CASES = {
    "12.1": Cases(
        right=[by_ends, by_seconds, by_pandas, by_fraction, by_hours, by_if, as_decimal, as_numpy],
        wrong=[
            (unbounded, "give 0 there"),
            (lambda said, true: 100 * by_ends(said, true), "in percent"),
            (hours_of, "those are the hours that both have"),
            (lambda said, true: hours_of(said, true) / length(true), "by the second window alone"),
            (lambda said, true: hours_of(said, true) / length(said), "by the first window alone"),
            (lambda said, true: of_mean(said, true) / 2, "counted twice"),
            (of_mean, "the mean of the two"),
            (lambda said, true: 1 - by_ends(said, true), "not in both"),
            (lambda said, true: said[1] - said[0], "you return a time"),
            (gap, "time between them"),
            (lambda said, true: "much", "is no number"),
            (lambda said, true: 1, "you return 1"),
            (lambda said, true: float("nan"), "divisor 0"),
        ],
        stub=stub,
    ),
    "12.2": Cases(
        right=[
            (0.15, 0.61),
            [0.2, 0.6],
            (Decimal("0.15"), Decimal("0.6")),
            np.array([0.3, 0.4]),
            pd.Series([0.25, 0.5]),
            (np.float32(0.3), 0.45),
            (Fraction(1, 5), Fraction(3, 5)),
            (0.36, 0.36),
        ],
        wrong=[
            (0.36, "is one number"),
            (None, "is one number, or none"),
            ([0.36], "You gave 1 numbers"),
            ((0.1, 0.36, 0.6), "You gave 3 numbers"),
            ((0.6, 0.15), "turn them round"),
            ((15, 61), "those are cents"),
            ((0.5, 0.9), "It cost less than you say"),
            ((0.05, 0.2), "It cost more than you say"),
            ((0, 0.61), "too wide"),
            ((0, 100), "too wide"),
            ((-1, 1), "too wide"),
            (("0.15", "0.61"), "no number"),
            ((0.15, None), "is something returned"),
            ((0.15, float("inf")), "divisor 0"),
            ((1.6, 1.8), "It cost less"),
        ],
    ),
}  # fmt: skip


def test_the_cost_that_is_taken_for_granted_is_the_answer_key_s():
    plants = incident(ClassKey(bytes(32)), Assigned("Katherine", problems=2, days=14)).truth.plants
    (bloat,) = (plant for plant in plants if plant.problem.kind == "prompt_bloat")
    assert float(bloat.saving.usd) == pytest.approx(TRUE_COST, abs=0.005)
