"""Compaction loses and doubles nothing, wherever it is interrupted and whoever reads meanwhile."""

import shutil
import threading
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from stored_turns import a_turn, ids, killed_at
from waits import PATIENCE

from chatmon.store import Store
from chatmon.store.compaction import compact, sources_of
from chatmon.store.layout import Hold, contents, parts
from chatmon.turns import read_parquet

DAYS = 2
CHANGES = {"open", "os.rename", "os.remove", "os.chmod", "os.mkdir"}


def filled(folder, numbers=range(60)):
    """Store turns of two days from a process that is gone."""
    with Store(folder) as store:
        for number in numbers:
            store.append(a_turn(number, timestamp=datetime(2026, 10, 5 + number % DAYS, tzinfo=UTC)))
    return sorted(f"t{number}" for number in numbers)


def in_parquet(folder):
    """The ids in the Parquet files alone, as Spark or DuckDB would read them."""
    found = duckdb.sql(f"SELECT turn_id FROM read_parquet('{folder}/turns/*/*.parquet') ORDER BY turn_id")
    return [row[0] for row in found.fetchall()]


def test_a_days_file_holds_its_turns_in_order_of_time(tmp_path):
    filled(tmp_path)
    done = compact(tmp_path)
    assert (done.days, done.files, done.turns) == (tuple(date(2026, 10, 5 + n) for n in range(DAYS)), DAYS, 60)
    for day, part in parts(tmp_path).items():
        turns = read_parquet(part)
        assert {turn.timestamp.date() for turn in turns} == {day}
        assert turns == sorted(turns, key=lambda turn: (turn.timestamp, turn.turn_id))


def test_files_that_are_written_to_are_left_alone(tmp_path):
    with Store(tmp_path) as store:
        store.append(a_turn(1))
        store.flush()
        assert (compact(tmp_path).living, compact(tmp_path).files) == (1, 0)
        assert contents(tmp_path).written_to == 1
        assert ids(tmp_path) == ["t1"]
    assert (compact(tmp_path).living, contents(tmp_path).written_to) == (0, 0)


def test_lines_stay_for_the_grace_and_go_with_the_next_compaction(tmp_path):
    wanted = filled(tmp_path)
    assert compact(tmp_path, clock=lambda: 1000.0).removed == 0
    assert compact(tmp_path, clock=lambda: 4599.0).removed == 0
    assert ids(tmp_path) == in_parquet(tmp_path) == wanted
    done = compact(tmp_path, clock=lambda: 4600.0)
    assert (done.removed, done.files) == (DAYS, 0)
    assert not list(tmp_path.rglob("*.jsonl"))
    assert ids(tmp_path) == wanted


def test_what_comes_later_joins_its_day_and_a_turn_written_again_counts_once_as_it_was_last(tmp_path):
    wanted = filled(tmp_path)
    compact(tmp_path, grace=0)
    with Store(tmp_path) as store:
        store.append(a_turn(0, timestamp=datetime(2026, 10, 5, tzinfo=UTC), user_satisfaction=2.0))
        store.append(a_turn(0, timestamp=datetime(2026, 10, 5, tzinfo=UTC), user_satisfaction=4.0))
        store.append(a_turn(99, timestamp=datetime(2026, 10, 5, tzinfo=UTC)))
    compact(tmp_path, grace=0)
    assert in_parquet(tmp_path) == sorted([*wanted, "t99"])
    (first,) = (turn for turn in read_parquet(parts(tmp_path)[date(2026, 10, 5)]) if turn.turn_id == "t0")
    assert first.user_satisfaction == 4.0


def test_a_second_compaction_at_once_is_refused(tmp_path):
    filled(tmp_path)
    with Hold(tmp_path / ".compaction", make=True), pytest.raises(BlockingIOError, match="another compaction"):
        compact(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no store at"):
        compact(tmp_path / "none")


@pytest.mark.parametrize("grace", [0, 3600])
def test_killed_before_any_step_nothing_is_lost_or_doubled_and_the_next_one_ends_it(tmp_path, grace):
    source = tmp_path / "source"
    wanted = filled(source, range(20))
    compact(source, grace=0)
    wanted = sorted(wanted + filled(source, range(20, 40)))
    step, died = 0, True
    while died:
        step += 1
        folder = tmp_path / f"copy-{step}"
        shutil.copytree(source, folder)
        died = killed_at(step, CHANGES, folder, lambda folder=folder: compact(folder, grace=grace))
        if (folder / "turns").exists() and parts(folder):
            held = in_parquet(folder)
            assert len(held) == len(set(held))
        if step % 4 == 1 or not died:
            assert ids(folder) == wanted
        compact(folder, grace=0)
        compact(folder, grace=0)
        assert in_parquet(folder) == wanted
        assert not [
            path for path in folder.rglob("*") if path.is_file() and path.name not in (".compaction", "part-0.parquet")
        ]
        shutil.rmtree(folder)
    assert step > 5 * DAYS


def test_who_reads_while_it_runs_sees_each_turn_once(tmp_path):
    wanted = filled(tmp_path)
    stop, faults, rounds = threading.Event(), [], []

    def work():
        more = 1000
        while not stop.is_set():
            filled(tmp_path, range(more, more + 3))
            more += 3
            try:
                compact(tmp_path)
            except Exception as error:  # noqa: BLE001 - the test says which
                faults.append(error)
            rounds.append(more)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while len(rounds) < 6 and not faults:
            found = ids(tmp_path)
            assert set(wanted) <= set(found)
            assert len(found) == len(set(found))
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not faults


def test_the_note_of_what_a_file_holds_forgets_lines_that_are_gone(tmp_path):
    filled(tmp_path, range(0, 60, DAYS))
    compact(tmp_path, grace=0)
    filled(tmp_path, range(90, 120, DAYS))
    compact(tmp_path)
    (part,) = parts(tmp_path).values()
    assert len(sources_of(part)) == 1


def test_contents_count_files_turns_and_torn_ends(tmp_path):
    filled(tmp_path)
    path = next(tmp_path.rglob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-5])
    found = contents(tmp_path)
    assert (found.live[0], found.torn, found.compacted, found.first) == (DAYS, 1, 0, date(2026, 10, 5))
    compact(tmp_path, grace=0)
    assert (contents(tmp_path).live, contents(tmp_path).compacted) == ((0, 0), 59)
    assert "59 turns of 2 days" in contents(tmp_path)._repr_html_()
    assert contents(tmp_path).last - contents(tmp_path).first == timedelta(days=1)
