"""A rating that comes after its turn was written counts, the last of several, in lines and compacted; it is no turn."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from stored_turns import START, a_turn, ids, ratings

from chatmon.importers import open_logs
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.lines import Rating, from_line, to_line
from chatmon.store.privacy import Protection, Pseudonyms
from chatmon.store.retention import retain
from chatmon.turns import read_parquet


def a_rating(number, satisfaction, after=60):
    start = START + timedelta(seconds=number)
    return Rating(f"t{number}", start, start + timedelta(seconds=after), satisfaction)


def store(folder, *given):
    with Store(folder) as into:
        for one in given:
            into.append(one)


@given(st.floats(1, 5), st.integers(0, 10**9))
def test_a_rating_comes_back_from_its_line_on_its_turns_day(satisfaction, after):
    rating = a_rating(7, satisfaction, after)
    day, text = to_line(rating)
    assert from_line(text) == rating
    assert day == to_line(a_turn(7))[0]


def test_what_a_monitor_rates_later_is_stored_beside_what_it_rated_before(tmp_path):
    monitor = ChatMonitor()
    with Store(tmp_path, protect=Protection(Pseudonyms(bytes(32)))) as into:
        into.attach(monitor)
        for _ in range(5):
            with monitor.track("c1", "u1"):
                pass
        first, second, third, *_ = (turn.turn_id for turn in monitor.turns())
        into.flush()
        monitor.rate(first, 2)
        monitor.rate(second, 5)
        into.flush()
        monitor.rate(first, 4)
        into.flush()
        assert ratings(tmp_path) == {first: 4, second: 5}
        assert ids(tmp_path) == sorted(turn.turn_id for turn in monitor.turns())
        monitor.rate(third, 1)
    compact(tmp_path, grace=0)
    assert ratings(tmp_path) == {first: 4, second: 5, third: 1}
    assert len(ids(tmp_path)) == 5


@examples(12)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), max_size=6), st.integers(0, 6), st.booleans())
def test_the_last_rating_counts_wherever_compactions_come_between(tmp_path_factory, given_ratings, at, kept):
    folder = tmp_path_factory.mktemp("store")
    store(folder, *(a_turn(number, user_satisfaction=3.0 if number == 1 else None) for number in (1, 2, 3)))
    wanted = {"t1": 3.0}
    for place, (number, satisfaction) in enumerate(given_ratings):
        if place == at:
            compact(folder, grace=3600 if kept else 0)
        store(folder, a_rating(number, satisfaction, after=60 + place))
        wanted[f"t{number}"] = satisfaction
        assert ratings(folder) == wanted
    compact(folder, grace=0)
    assert ratings(folder) == wanted
    (part,) = folder.rglob("*.parquet")
    assert {turn.turn_id: turn.user_satisfaction for turn in read_parquet(part)} == {"t2": None, "t3": None} | wanted


def test_a_rating_of_a_turn_that_is_gone_makes_no_turn(tmp_path):
    store(tmp_path, a_turn(1))
    retain(tmp_path, days=1, clock=lambda: (START + timedelta(days=3)).timestamp())
    store(tmp_path, a_rating(1, 4), a_turn(99, timestamp=START + timedelta(days=1)))
    with open_logs(tmp_path) as logs:
        assert logs.rejected.project("reason").fetchall() == [("feedback for a trace that is not in the export",)]
    assert ids(tmp_path) == ["t99"]
    compact(tmp_path, grace=0)
    assert ids(tmp_path) == ["t99"]


def test_a_rating_waits_for_a_turn_that_another_process_still_holds(tmp_path):
    with Store(tmp_path) as living:
        living.append(a_turn(1))
        living.flush()
        store(tmp_path, a_rating(1, 4), a_turn(2))
        assert (compact(tmp_path, grace=0).days, ratings(tmp_path)) == ((), {"t1": 4})
    compact(tmp_path, grace=0)
    assert (ids(tmp_path), ratings(tmp_path)) == (["t1", "t2"], {"t1": 4})


@pytest.mark.parametrize("satisfaction", ["6", "0", "null", '"good"'])
def test_an_impossible_rating_is_left_out_and_counted(tmp_path, satisfaction):
    store(tmp_path, a_turn(1))
    (path,) = tmp_path.rglob("*.jsonl")
    bad = to_line(a_rating(1, 4.0))[1].replace(b":4.0", f":{satisfaction}".encode())
    path.write_bytes(path.read_bytes() + bad)
    assert ratings(tmp_path) == {}
    done = compact(tmp_path, grace=0)
    assert (done.turns, done.unreadable) == (1, 1)
    assert ratings(tmp_path) == {}
