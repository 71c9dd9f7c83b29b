import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from chatmon.analysis.search.cells import SCAN_MEASURES, Cells
from chatmon.analysis.search.windows import HourlySeries, kind_of, local_kind_of, refine, search, surest

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
DAYS = 14


def cells_of(hour):
    """A log whose rows are conversations of their own; only what a series reads is filled in."""
    return Cells(
        turns=len(hour), begin=MONDAY, hours=24 * DAYS, hour=hour, cluster=np.arange(len(hour)),
        user=np.full(len(hour), -1), users=[], tested={}, shown={}, dimensions={},
    )  # fmt: skip


def random_log(seed=1, conversations=3000):
    rng = np.random.default_rng(seed)
    hour = np.sort(rng.integers(0, 24 * DAYS, conversations))
    n = rng.integers(1, 4, conversations).astype(float)
    return rng, hour, n


def everything(hour):
    return np.ones(len(hour), dtype=bool)


def test_a_difference_is_the_one_pandas_computes_kind_by_kind():
    rng, hour, n = random_log()
    total = rng.normal(3, 1, len(n)) * n
    series = HourlySeries.of(cells_of(hour), n, total, everything(hour), event=None)
    found, _ = series.difference(np.array([30]), np.array([100]))
    log = pd.DataFrame({"kind": kind_of(MONDAY, hour), "inside": (hour >= 30) & (hour < 100), "n": n, "total": total})
    sides = log.groupby(["kind", "inside"])[["n", "total"]].sum().unstack(fill_value=0).dropna()
    inside, outside = (sides.xs(side, axis=1, level="inside") for side in (True, False))
    weight = inside["n"] * outside["n"] / (inside["n"] + outside["n"])
    both = weight > 0
    differences = inside["total"] / inside["n"] - outside["total"] / outside["n"]
    assert found[0] == pytest.approx(np.average(differences[both], weights=weight[both]))


def test_the_standard_error_is_the_scatter_of_many_logs():
    changes, errors = [], []
    for seed in range(300):
        rng, hour, n = random_log(seed, 800)
        # Turns of a conversation are alike: as one draw for all of them.
        total = rng.normal(3, 1, len(n)) * n
        change, error = HourlySeries.of(cells_of(hour), n, total, everything(hour), event=None).difference(
            np.array([48]), np.array([120])
        )
        changes.append(change[0])
        errors.append(error[0])
    assert np.mean(errors) == pytest.approx(np.std(changes), rel=0.12)
    covered = np.mean(np.abs(changes) < 1.96 * np.array(errors))
    assert 0.92 <= covered <= 0.98


def test_weekends_are_held_against_weekends_only():
    _, hour, n = random_log()
    weekend = np.array([(MONDAY + timedelta(hours=int(one))).weekday() >= 5 for one in hour])
    series = HourlySeries.of(cells_of(hour), n, n * np.where(weekend, 9.0, 1.0), everything(hour), event=None)
    assert series.difference(np.array([5 * 24]), np.array([7 * 24]))[0][0] == pytest.approx(0)


def test_something_rare_is_judged_by_the_binomial_test():
    _, hour, n = random_log()
    failed = np.zeros(len(hour))
    inside = np.flatnonzero(hour == 200)
    failed[inside[:5]] = 1
    series = HourlySeries.of(cells_of(hour), n, failed, everything(hour), event=1)
    _, log_p = series.worst(np.array([200]), np.array([201]))
    kind = kind_of(MONDAY, hour)
    rate = failed[kind == kind[inside[0]]].mean()
    expected = scipy.stats.binomtest(5, len(inside), rate, alternative="greater").pvalue
    assert log_p == pytest.approx(math.log(2 * expected), rel=1e-6)


def test_two_failures_are_bad_luck():
    _, hour, n = random_log()
    failed = np.zeros(len(hour))
    failed[np.flatnonzero(hour == 200)[:2]] = 1
    series = HourlySeries.of(cells_of(hour), n, failed, everything(hour), event=1)
    assert series.worst(np.array([200]), np.array([201]))[1] == 0


def test_a_planted_window_is_found_with_its_ends():
    rng, hour, n = random_log(conversations=6000)
    total = (rng.normal(3, 1, len(n)) + 1.5 * ((hour >= 101) & (hour < 139))) * n
    series = HourlySeries.of(cells_of(hour), n, total, everything(hour), event=None)
    start, end, log_p, _ = search(series)
    assert log_p < math.log(1e-6)
    assert refine(series, start, end) == (101, 139)


def test_what_began_and_did_not_end_goes_on_until_the_end():
    rng, hour, n = random_log(conversations=6000)
    total = (rng.normal(3, 1, len(n)) + 1.5 * (hour >= 250)) * n
    series = HourlySeries.of(cells_of(hour), n, total, everything(hour), event=None)
    start, end, *_ = search(series)
    start, end = refine(series, start, end)
    assert end == 24 * DAYS
    assert abs(start - 250) <= 1


def test_noise_alone_is_rarely_worse_than_its_p_says():
    """p is multiplied by all windows, so of quiet logs at most a share p shows anything below p."""
    below = 0
    for seed in range(200):
        rng, hour, n = random_log(seed, 600)
        total = rng.lognormal(0, 0.7, len(n)) * n
        below += search(HourlySeries.of(cells_of(hour), n, total, everything(hour), event=None))[2] < math.log(0.1)
    assert below <= scipy.stats.binom.ppf(0.999, 200, 0.1)


def test_every_measure_has_a_unit_that_sentences_know():
    assert {measure.unit for measure in SCAN_MEASURES.values()} <= {"s", "USD", "tokens", "points", "times", ""}


def wandering(rng, deviation, kept=0.8, hours=24 * DAYS):
    """An AR(1) series with this deviation: hours that differ without anything having changed."""
    effect = np.zeros(hours)
    effect[0] = rng.normal(0, deviation)
    for hour in range(1, hours):
        effect[hour] = kept * effect[hour - 1] + rng.normal(0, deviation * math.sqrt(1 - kept**2))
    return effect


def log_of(seed, deviation, change=0.0, rise=0.0):
    """Return a series of 3,000 conversations of one turn: noise, hours that differ, a step, a steady rise a day."""
    rng, hour, _ = random_log(seed)
    total = rng.normal(0, 0.5, len(hour)) + wandering(rng, deviation)[hour]
    total += change * ((hour >= 96) & (hour < 168)) + rise * hour / 24
    return HourlySeries.of(cells_of(hour), np.ones(len(hour)), total, everything(hour), event=None)


WINDOW = np.array([96]), np.array([168])


def test_errors_that_know_how_hours_differ_are_the_scatter_of_many_logs():
    changes, plain, wide = [], [], []
    for seed in range(150):
        series = log_of(seed, 0.3)
        change, error = series.difference(*WINDOW)
        changes.append(change[0])
        plain.append(error[0])
        wide.append(series.allowing(series.restlessness(0, 1)).difference(*WINDOW)[1][0])
    assert np.std(changes) > 2.5 * np.mean(plain)
    assert np.sqrt(np.mean(np.square(wide))) == pytest.approx(np.std(changes), rel=0.3)


def test_how_hours_differ_does_not_depend_on_the_change_that_is_looked_at():
    quiet, changed = log_of(1, 0.3), log_of(1, 0.3, change=5.0)
    spreads = [one.restlessness(96, 168).variance(*WINDOW)[0] for one in (quiet, changed)]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-6)


def test_a_steady_rise_is_no_restlessness():
    still, rising = (log_of(2, 0.0, rise=rise).restlessness(0, 1).whole for rise in (0.0, 0.5))
    assert rising == pytest.approx(still, abs=1e-4)


@pytest.mark.parametrize(("deviation", "change", "claimed"), [(0.3, 0.0, False), (0.0, 0.0, False), (0.3, 4.0, True),
                                                             (0.0, 0.25, True)])  # fmt: skip
def test_hours_that_differ_are_no_change_and_a_change_is_one_through_them(deviation, change, claimed):
    most = math.log(0.001)
    found = [surest(one, search(one), most, list) for one in (log_of(seed, deviation, change) for seed in range(8))]
    assert sum(log_p < most for _, _, log_p, _ in found) == (8 if claimed else 0)
    if claimed:
        assert all(abs(start - 96) < 24 and abs(end - 168) < 24 for start, end, _, _ in found)


def test_each_day_on_which_some_region_has_a_weekend_is_of_a_kind_of_its_own():
    hour = np.arange(24 * 7)
    kinds = local_kind_of(MONDAY, hour)
    assert len(set(kinds)) == 40
    assert [len(set(kinds[24 * day : 24 * day + 24]) & set(kinds[24:48])) for day in range(7)] == [0, 8, 8, 8, 0, 0, 0]
    assert (kinds[:3] == kinds[0]).all()
    assert kinds[3] != kinds[0]
