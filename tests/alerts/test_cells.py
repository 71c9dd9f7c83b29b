"""Cells against a plain recount of the same turns, and bins against what they promise."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from chatmon._tools.histogram import bin_of, value_of_bin
from chatmon.alerts._batch import EPOCH, Batch
from chatmon.alerts._cells import CellSeries, GroupCells, Ticks, add_up, ticks_of

MINUTES = Ticks(60)


@pytest.mark.parametrize(
    ("seconds", "lies_in", "evaluated_by"),
    [(-60, -1, -2), (-1e-6, -1, -1), (0, 0, -1), (59.999999, 0, 0), (60, 1, 0), (60.000001, 1, 1), (3600, 60, 59)],
)
def test_a_tick_begins_with_its_first_moment_and_is_evaluated_at_its_end(seconds, lies_in, evaluated_by):
    moment = EPOCH + timedelta(seconds=seconds)
    assert MINUTES.holding(moment) == lies_in
    assert MINUTES.evaluates(moment) == evaluated_by
    assert MINUTES.end(evaluated_by - 1) < moment <= MINUTES.end(evaluated_by)
    assert MINUTES.end(59) == EPOCH + timedelta(hours=1)


@pytest.mark.parametrize(("seconds", "ticks"), [(1, 1), (60, 1), (89, 1), (91, 2), (3600, 60), (604_800, 10_080)])
def test_a_length_is_the_nearest_number_of_ticks_and_at_least_one(seconds, ticks):
    assert MINUTES.span(timedelta(seconds=seconds)) == ticks


QUANTILES = (0, 0.25, 0.5, 0.9, 1)
ADDED = [(10, [1, 5]), (10, [2]), (11, [7]), (15, [3, 3, 40]), (15, [100]), (15, [9]), (22, [4])]


def add(cells, tick, amounts):
    histogram = Counter(bin_of(amount) for amount in amounts)
    cells.add(tick, len(amounts), sum(amounts), sum(amount**2 for amount in amounts), histogram)


def recount(added, tick, length):
    return [amount for when, amounts in added if tick - length < when <= tick for amount in amounts]


def assert_windows_hold(cells, added, first):
    """Compare every window that begins with a tick or later."""
    for tick in range(first, 32):
        for length in range(1, tick - first + 2):
            inside = recount(added, tick, length)
            assert cells.sums(tick, length) == (len(inside), sum(inside), sum(amount**2 for amount in inside))
            found = [cells.percentile(tick, length, q) for q in QUANTILES]
            if inside:
                assert np.allclose(found, np.quantile(inside, QUANTILES), rtol=0.01, atol=0)
            else:
                assert found == [None] * len(QUANTILES)


def test_every_window_is_what_a_recount_of_its_turns_gives():
    cells = GroupCells(9)
    for place, (tick, amounts) in enumerate(ADDED):
        add(cells, tick, amounts)
        newest = recount(ADDED[: place + 1], tick, 1)
        n, total, squares, histogram = cells.newest()
        assert (n, total, squares) == (len(newest), sum(newest), sum(amount**2 for amount in newest))
        assert histogram == Counter(bin_of(amount) for amount in newest)
    assert_windows_hold(cells, ADDED, 5)


@pytest.mark.parametrize(("before", "left"), [(10, [10, 11, 15, 22]), (12, [15, 22]), (15, [15, 22]), (23, [])])
def test_what_is_forgotten_takes_no_place_and_later_windows_stay_as_they_were(before, left):
    cells = GroupCells(9)
    for tick, amounts in ADDED:
        add(cells, tick, amounts)
    cells.forget(before)
    later = [(25, [6]), (25, [8]), (30, [11])]
    for tick, amounts in later:
        add(cells, tick, amounts)
    assert cells.ticks == [*left, 25, 30]
    assert len(cells.histograms) == len(cells.ticks) == len(cells.counts) - 1
    assert_windows_hold(cells, ADDED + later, before)


def test_cells_without_histograms_add_up_and_know_no_percentile():
    cells = GroupCells(0)
    cells.add(1, 2, 5, 13, None)
    cells.add(1, 1, 1, 1, None)
    assert cells.newest() == (3, 6, 14, None)
    assert cells.percentile(1, 1, 0.5) is None


def test_a_histogram_that_was_added_stays_the_giver_s():
    cells, given = GroupCells(0), Counter({7: 1})
    cells.add(1, 1, 1, 1, given)
    cells.add(1, 1, 1, 1, Counter({8: 1}))
    assert given == {7: 1}


def test_a_bin_stands_for_its_values_within_one_percent():
    for place in range(1500):
        value = 1e-6 * 1.02**place
        assert value_of_bin(bin_of(value)) == pytest.approx(value, rel=0.010001)
    assert bin_of(0.0) == bin_of(1e-9) == bin_of(1e-6) < bin_of(1.1e-6)


REGIONS, MODELS = ["uk", "france"], ["small", "large", "huge"]


def turns(*rows):
    """Return a batch of turns, given as the tick each ended in, its region and model, and its response time."""
    ticks, regions, models, seconds = zip(*rows, strict=True)
    within = np.arange(len(rows)) * 7919 % 60 * 1_000_000  # somewhere in the tick
    places = {None: -1, **{name: place for names in (REGIONS, MODELS) for place, name in enumerate(names)}}
    return Batch(
        np.array(ticks) * 60_000_000 + within,
        {"response_time": np.array(seconds, dtype=float)},
        {
            "region": (np.array([places[one] for one in regions]), REGIONS),
            "model": (np.array([places[one] for one in models]), MODELS),
        },
        np.zeros(len(rows), dtype=np.int64),
    )


def many():
    rng = np.random.default_rng(3)
    return [
        (
            int(rng.integers(100, 112)),
            rng.choice([*REGIONS, None]),
            rng.choice([*MODELS, None]),
            rng.choice([0.0, float("nan"), round(float(rng.lognormal()), 3)]),
        )
        for _ in range(300)
    ]


NAN = float("nan")


@pytest.mark.parametrize("by", [(), ("region",), ("model", "region")])
@pytest.mark.parametrize(
    "rows",
    [
        many(),
        [(100, "france", "huge", 1.5)],
        [(100, "uk", "small", NAN), (103, "france", "large", 1.5), (103, "france", "large", 2.0)],
        [(100, "france", "large", 1.5), (101, "uk", "small", 2.5)],
        [(104, "uk", "small", 2.5), (100, "france", "large", 1.5), (101, "uk", "small", 3.5)],
    ],
    ids=["many", "one", "only the second group is known", "the first group begins later", "not in order"],
)
def test_the_cells_of_a_batch_are_what_a_recount_of_its_turns_gives(rows, by):
    expected = {}
    for tick, region, model, seconds in rows:
        group = tuple({"region": region, "model": model}[name] for name in by)
        if None not in group and not np.isnan(seconds):
            expected.setdefault((group, tick), []).append(seconds)
    batch = turns(*rows)
    tick = ticks_of(batch, MINUTES)
    assert tick.tolist() == [row[0] for row in rows]
    flat = add_up(batch, CellSeries("response_time", by, binned=True), tick)
    places = list(zip(flat.group.tolist(), flat.tick.tolist(), strict=True))
    assert places == sorted(places)
    assert sorted(flat.groups) == sorted({group for group, _ in expected})
    sums = zip(flat.n.tolist(), flat.total.tolist(), flat.squares.tolist(), strict=True)
    found = {(flat.groups[group], when): one for (group, when), one in zip(places, sums, strict=True)}
    assert len(found) == len(places)
    # In microseconds; a square in microseconds of a second squared.
    assert found == {
        key: (len(times), round(sum(times) * 1e6), round(sum(time**2 for time in times) * 1e6))
        for key, times in expected.items()
    }
    histograms = flat.histograms(0, len(places))
    for (group, when), histogram in zip(places, histograms, strict=True):
        assert histogram == Counter(bin_of(time) for time in expected[flat.groups[group], when])
    assert flat.histograms(1, len(places)) == histograms[1:]
    assert flat.histograms(0, len(places) - 1) == histograms[:-1]


def test_histograms_are_kept_only_where_they_are_asked_for():
    batch = turns(*many())
    flat = add_up(batch, CellSeries("response_time", ("region",), binned=False), ticks_of(batch, MINUTES))
    assert len(flat.n)
    assert [len(part) for part in (flat.bin_cell, flat.bin, flat.bin_n)] == [0, 0, 0]


@pytest.mark.parametrize(("by", "groups"), [((), [()]), (("region",), [])])
def test_without_any_turn_that_has_the_measure_only_the_rule_for_all_turns_has_a_group(by, groups):
    batch = turns((100, "uk", "small", NAN))
    flat = add_up(batch, CellSeries("response_time", by, binned=True), ticks_of(batch, MINUTES))
    assert flat.groups == groups
    arrays = (flat.group, flat.tick, flat.n, flat.total, flat.squares, flat.bin_cell, flat.bin, flat.bin_n)
    assert [len(part) for part in arrays] == [0] * 8
