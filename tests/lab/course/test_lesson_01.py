"""The answers that lesson 1's exercises are tried with, and percentiles of which the index is one too far."""

import statistics
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from cases import Cases
from scipy.stats.mstats import mquantiles

from chatmon import estimates
from chatmon._tools.paths import data_file
from chatmon.lab.course._exercises import WrongError, find, grade
from chatmon.lab.course._lesson_01 import judge_percentile, percentiles
from chatmon.lab.course._reading import as_number
from chatmon.turns import read_parquet

TURNS = read_parquet(data_file("local_turns.parquet"))
MONDAY, TUESDAY = ([turn for turn in TURNS if turn.timestamp.day == day] for day in (5, 6))


def seconds(turns, first=0, end=24):
    return sorted(turn.response_time for turn in turns if first <= turn.timestamp.hour < end)


AFTERNOON = seconds(TUESDAY, 12)
P95 = float(np.percentile(AFTERNOON, 95))
RATED = sum(turn.user_satisfaction is not None for turn in TUESDAY)
RATINGS = [turn.user_satisfaction for turn in TUESDAY if turn.user_satisfaction is not None]
ALL_RATED = sum(turn.user_satisfaction is not None for turn in TURNS)

CASES = {
    "1.1": Cases(
        right=[
            estimates.percentile(AFTERNOON, 0.95),
            pd.Series(AFTERNOON).quantile(0.95),
            pd.Series(AFTERNOON).quantile([0.95]),
            statistics.quantiles(AFTERNOON, n=20)[-1],
            statistics.quantiles(AFTERNOON, n=20, method="inclusive")[-1],
            np.quantile(AFTERNOON, 0.95, method="median_unbiased"),
            np.quantile(AFTERNOON, 0.95, method="averaged_inverted_cdf"),
            np.quantile(AFTERNOON, 0.95, method="hazen"),
            mquantiles(AFTERNOON, 0.95),
            AFTERNOON[int(0.95 * len(AFTERNOON))],  # the nearest rank, since 95 % of 128 is no whole number
            np.float32(np.percentile(AFTERNOON, 95)),
            Decimal("4.03"),
            Fraction(404, 100),
        ],
        wrong=[
            (AFTERNOON[int(0.95 * len(AFTERNOON)) - 1], "Only 121 of the 128 turns took no longer"),
            (float(np.median(AFTERNOON)), "the median"),
            (Decimal(repr(sum(AFTERNOON) / len(AFTERNOON))), "the mean"),
            (AFTERNOON[-1], "slowest"),
            (float(np.percentile(seconds(TUESDAY), 95)), "whole of Tuesday"),
            (statistics.quantiles(seconds(TUESDAY), n=20)[-1], "whole of Tuesday"),
            (float(np.quantile(seconds(TUESDAY, 13), 0.95, method="hazen")), "12:00 to 13:00 is missing"),
            (float(np.percentile(seconds(TUESDAY, 0, 12), 95)), "Tuesday's morning"),
            (float(np.percentile(seconds(TURNS, 12), 95)), "Monday's afternoon is in there too"),
            (float(np.percentile(seconds(MONDAY, 12), 95)), "That is Monday's afternoon"),
            (float(np.percentile(AFTERNOON, 90)), "the p90"),
            (float(np.percentile(AFTERNOON, 99)), "the p99"),
            (1000 * P95, "milliseconds"),
            (len(AFTERNOON), "how many turns"),
            (AFTERNOON, "A list of 128 values is no number"),
            (float("nan"), "is the selection empty"),
            (str(P95), "no number"),
            (1.0, "1 s is not it"),
        ],
    ),
    "1.2": Cases(
        right=[
            RATED / len(TUESDAY),
            np.array([turn.user_satisfaction is not None for turn in TUESDAY]).mean(dtype=np.float32),
            pd.Series([turn.user_satisfaction for turn in TUESDAY]).notna().mean(),
            1 - float(pd.Series([turn.user_satisfaction for turn in TUESDAY]).isna().mean()),
            Fraction(RATED, len(TUESDAY)),
            Decimal(RATED) / len(TUESDAY),
            estimates.rate(RATED, len(TUESDAY)),
            np.float16(RATED / len(TUESDAY)),
            round(RATED / len(TUESDAY), 3),
        ],
        wrong=[
            (RATED, "how many were rated"),
            (100 * RATED / len(TUESDAY), "per cent"),
            (sum(RATINGS) / len(RATINGS), "the mean rating"),
            (statistics.median(RATINGS), "the median rating"),
            (ALL_RATED / len(TURNS), "the share of both days"),
            ((ALL_RATED - RATED) / len(MONDAY), "Monday's share"),
            (RATED / len(TURNS), "turns of both days"),
            (RATED / ALL_RATED, "ratings of both days"),
            (1 - RATED / len(TUESDAY), "not rated"),
            (len(TUESDAY), "how many turns Tuesday has"),
            (len(TUESDAY) / RATED, "upside down"),
            (1.0, "leaves out"),
            (True, "no number"),
            (0.5, "0.5 is not it"),
        ],
    ),
}


def test_an_index_that_is_one_too_far_is_told_so_where_no_definition_agrees() -> None:
    values = [float(one * one) for one in range(1, 121)]
    with pytest.raises(WrongError, match="the index of this lesson's wrong way"):
        judge_percentile(as_number(sorted(values)[int(0.95 * 120)]), values, [])


def test_an_index_that_a_definition_agrees_with_is_right_and_told_that_it_was_luck() -> None:
    values = [float(one * one) for one in range(1, 129)]
    assert "with 120 it would be one value too far" in judge_percentile(as_number(values[121]), values, [])


def test_a_number_that_a_wrong_selection_has_too_is_right_with_a_question() -> None:
    after_13 = np.percentile(seconds(TUESDAY, 13), 95)
    assert "did you take 12:00 to 13:00?" in str(grade(find("1.1"), after_13))
    assert "did you take" not in str(grade(find("1.1"), P95))


@pytest.mark.parametrize("n", [20, 100, 120, 128])
def test_every_definition_of_a_percentile_is_right(n: int) -> None:
    values = [float(one * one) for one in range(1, n + 1)]
    for one in percentiles(values, 0.95):
        assert judge_percentile(as_number(one), values, [])
