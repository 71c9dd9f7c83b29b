"""Where nothing is planted, nothing is claimed: the chance of any claim in an analysis is 5 % at most."""

from datetime import UTC, datetime, timedelta

import pytest
from scipy import stats

from chatmon import analysis
from chatmon._tools.paths import data_file
from chatmon.analysis._trend import TREND_MEASURES
from chatmon.lab.traffic import simulate

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
SEEDS = range(1000, 1030)
MOST = int(stats.binom.ppf(0.999, len(SEEDS), 0.05))
"""Of so many quiet logs, more than this many claims have a chance of one in a thousand."""
TRENDS = [(every, measure) for every in ("hour", "day") for measure in TREND_MEASURES]


def claims(turns, middle):
    """Return the analyses that claim anything."""
    halves = analysis.compare(analysis.between(turns, end=middle), analysis.between(turns, middle))
    found = [analysis.trend(turns, *asked)["outside"].fillna(False).any() for asked in TRENDS]
    return ["compare"] * bool(halves.claims()) + [asked for asked, any_ in zip(TRENDS, found, strict=True) if any_]


@pytest.fixture(scope="module")
def claimed():
    """Return, for each of the simulated quiet fortnights, the analyses that claim anything."""
    return [claims(analysis.relation(simulate(seed, start=MONDAY, days=14).turns), MONDAY + WEEK) for seed in SEEDS]


@pytest.mark.parametrize("asked", ["compare", *TRENDS], ids=str)
def test_a_quiet_fortnight_has_nothing_claimed_of_it(claimed, asked):
    assert sum(asked in one for one in claimed) <= MOST


def test_all_trends_together_claim_no_more_than_they_may(claimed):
    number = sum(len(set(one) - {"compare"}) for one in claimed)
    assert number <= 0.05 * len(TRENDS) * len(SEEDS)


def test_the_first_week_of_the_courses_data_is_quiet():
    log = analysis.between(data_file("four_weeks.parquet"), end=MONDAY + WEEK)
    # Working days against working days: on weekends people ask for other things, which is a change.
    days = [analysis.between(log, MONDAY + timedelta(days=n), MONDAY + timedelta(days=n + 2)) for n in (0, 2)]
    assert analysis.compare(*days).claims() == []
    # Of one log there are 20 bands, each with its 5 %.
    found = [asked for asked in TRENDS if analysis.trend(log, *asked)["outside"].fillna(False).any()]
    assert len(found) <= stats.binom.ppf(0.95, len(TRENDS), 0.05)
