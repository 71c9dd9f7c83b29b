import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from chatmon.analysis.search.cells import SCAN_MEASURES, Cells
from chatmon.analysis.search.windows import HourlySeries, kind_of, refine, search

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
    series = HourlySeries(cells_of(hour), n, total, everything(hour), event=None)
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
        change, error = HourlySeries(cells_of(hour), n, total, everything(hour), event=None).difference(
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
    series = HourlySeries(cells_of(hour), n, n * np.where(weekend, 9.0, 1.0), everything(hour), event=None)
    assert series.difference(np.array([5 * 24]), np.array([7 * 24]))[0][0] == pytest.approx(0)


def test_something_rare_is_judged_by_the_binomial_test():
    _, hour, n = random_log()
    failed = np.zeros(len(hour))
    inside = np.flatnonzero(hour == 200)
    failed[inside[:5]] = 1
    series = HourlySeries(cells_of(hour), n, failed, everything(hour), event=1)
    _, log_p = series.worst(np.array([200]), np.array([201]))
    kind = kind_of(MONDAY, hour)
    rate = failed[kind == kind[inside[0]]].mean()
    expected = scipy.stats.binomtest(5, len(inside), rate, alternative="greater").pvalue
    assert log_p == pytest.approx(math.log(2 * expected), rel=1e-6)


def test_two_failures_are_bad_luck():
    _, hour, n = random_log()
    failed = np.zeros(len(hour))
    failed[np.flatnonzero(hour == 200)[:2]] = 1
    series = HourlySeries(cells_of(hour), n, failed, everything(hour), event=1)
    assert series.worst(np.array([200]), np.array([201]))[1] == 0


def test_a_planted_window_is_found_with_its_ends():
    rng, hour, n = random_log(conversations=6000)
    total = (rng.normal(3, 1, len(n)) + 1.5 * ((hour >= 101) & (hour < 139))) * n
    series = HourlySeries(cells_of(hour), n, total, everything(hour), event=None)
    start, end, log_p, _ = search(series)
    assert log_p < math.log(1e-6)
    assert refine(series, start, end) == (101, 139)


def test_what_began_and_did_not_end_goes_on_until_the_end():
    rng, hour, n = random_log(conversations=6000)
    total = (rng.normal(3, 1, len(n)) + 1.5 * (hour >= 250)) * n
    series = HourlySeries(cells_of(hour), n, total, everything(hour), event=None)
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
        below += search(HourlySeries(cells_of(hour), n, total, everything(hour), event=None))[2] < math.log(0.1)
    assert below <= scipy.stats.binom.ppf(0.999, 200, 0.1)


def test_every_measure_has_a_unit_that_sentences_know():
    assert {measure.unit for measure in SCAN_MEASURES.values()} <= {"s", "USD", "tokens", "points", "times", ""}
