"""Compaction loses and doubles nothing, wherever it is interrupted and whoever reads meanwhile."""

import json
import os
import shutil
import threading
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow.parquet as pq
import pytest
from stored_turns import a_turn, ids, killed_at
from waits import PATIENCE

from chatmon.store import Store, compaction
from chatmon.store.compaction import compact, sources_of
from chatmon.store.layout import Hold, contents, parts
from chatmon.turns import read_parquet

DAYS = 2
FIRST, SECOND = (date(2026, 10, 5 + number) for number in range(DAYS))
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


def as_line(number, **changes):
    """A turn's line as it is stored, with some of it changed; None leaves it out."""
    row = {"turn_id": f"t{number}", "conversation_id": "c1", "timestamp": f"{FIRST}T09:00:00+00:00"} | changes
    return json.dumps({name: value for name, value in row.items() if value is not None}) + "\n"


def a_rating(number, satisfaction, **changes):
    return as_line(
        number, conversation_id=None, rated_at=f"{FIRST}T10:00:00+00:00", user_satisfaction=satisfaction, **changes
    )


def put(folder, name, *lines, day=FIRST):
    """Leave a file of lines, as a process of that name that is gone."""
    path = folder / "live" / day.isoformat() / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def rated(folder):
    return {turn.turn_id: turn.user_satisfaction for part in parts(folder).values() for turn in read_parquet(part)}


IMPOSSIBLE = (
    as_line(8, turn_id=None), as_line(8, conversation_id=None), as_line(8, timestamp=None), "no JSON\n",
    a_rating(1, 6), a_rating(1, 0), a_rating(1, None), a_rating(1, "good"), a_rating(1, 4, turn_id=None),
    as_line(9)[:-9],
)  # fmt: skip
"""Lines that are no turn and no rating; the last one is torn."""


def test_lines_that_are_no_turn_are_left_out_and_counted_and_all_others_count(tmp_path):
    for place, line in enumerate(IMPOSSIBLE):  # a file for each: where all but one are sound, it has to be found
        put(tmp_path, f"a-{place}", as_line(10 + place), line)
    put(tmp_path, "b", as_line(1), as_line(2, attributes={"plan": "pro"}), *IMPOSSIBLE)
    put(tmp_path, "c", as_line(3), a_rating(3, 1), a_rating(2, 5), a_rating(2, 2))
    put(tmp_path, "d")
    put(tmp_path, "e", "torn")
    done = compact(tmp_path)
    assert (done.files, done.turns, done.unreadable) == (14, 13, 21)
    assert rated(tmp_path) == {f"t{10 + place}": None for place in range(10)} | {"t1": None, "t2": 2, "t3": 1}
    assert {"plan": "pro"} in [turn.attributes for turn in read_parquet(parts(tmp_path)[FIRST])]
    assert str(done) == (
        "14 files of lines compacted: 1 days now hold 13 turns; 21 unreadable lines left out, "
        "0 files of earlier compactions removed, 0 are still written to"
    )


def test_a_turn_written_twice_is_kept_as_it_was_last(tmp_path):
    put(tmp_path, "a", as_line(1, intent="billing"), as_line(2))
    compact(tmp_path)
    put(tmp_path, "b", as_line(1, intent="returns"))
    assert compact(tmp_path).turns == 2
    assert [turn.intent for turn in read_parquet(parts(tmp_path)[FIRST])] == ["returns", None]


def test_a_day_that_has_to_wait_holds_no_other_day_up(tmp_path):
    with Store(tmp_path) as living:
        living.append(a_turn(1))
        living.flush()
        put(tmp_path, "a", as_line(2), a_rating(1, 4))  # of a turn that the other process holds
        put(tmp_path, "b", as_line(3, timestamp=f"{SECOND}T09:00:00+00:00"), day=SECOND)
        done = compact(tmp_path)
        assert (done.days, done.files, done.turns, done.living) == ((SECOND,), 1, 1, 1)
        assert [path.name for path in tmp_path.rglob(".unfinished")] == []
    assert compact(tmp_path).days == (FIRST,)
    assert rated(tmp_path) == {"t1": 4, "t2": None, "t3": None}


def test_a_day_with_nothing_new_is_not_written_and_holds_no_other_day_up(tmp_path):
    with Store(tmp_path) as living:
        living.append(a_turn(1))
        living.flush()
        assert compact(tmp_path).days == ()
        put(tmp_path, "a", as_line(2, timestamp=f"{SECOND}T09:00:00+00:00"), day=SECOND)
        assert compact(tmp_path).days == (SECOND,)
        put(tmp_path, "b", as_line(3))  # beside the living one, which holds none of its turns
        assert compact(tmp_path).days == (FIRST,)


def test_what_was_taken_in_is_not_taken_in_again_while_its_grace_lasts(tmp_path):
    now = 1000.0
    put(tmp_path, "a", as_line(1))
    assert compact(tmp_path, clock=lambda: now).files == 1
    put(tmp_path, "b", as_line(2))
    assert compact(tmp_path, clock=lambda: now + 10).files == 1
    assert sources_of(parts(tmp_path)[FIRST]) == {"a.jsonl": now, "b.jsonl": now + 10}
    done = compact(tmp_path, clock=lambda: now + 20)
    assert (done.days, done.files, done.removed) == ((), 0, 0)


def test_without_any_grace_lines_go_at_once_and_with_the_shortest_they_stay(tmp_path):
    put(tmp_path, "a", as_line(1))
    assert compact(tmp_path, grace=0.5, clock=lambda: 1000.0).removed == 0
    assert len(list(tmp_path.rglob("*.jsonl"))) == 1
    for name in ("b", "c"):
        put(tmp_path, name, as_line(2))
    assert compact(tmp_path, grace=0, clock=lambda: 1000.0).removed == 3
    assert not list(tmp_path.rglob("*.jsonl"))


def test_a_days_file_is_on_the_disk_before_it_takes_the_old_ones_place_and_its_name_after(tmp_path, monkeypatch):
    put(tmp_path, "a", as_line(1))
    part, said = tmp_path / "turns" / f"day={FIRST}" / "part-0.parquet", []
    monkeypatch.setattr(compaction.os, "fsync", lambda _: said.append(("content", part.exists())))
    monkeypatch.setattr(compaction, "sync_folder", lambda folder: said.append((folder, part.exists())))
    compact(tmp_path)
    assert said == [("content", False), (part.parent, True)]


def test_what_a_compaction_writes_is_for_its_owner_only_and_nothing_else_is_left(tmp_path):
    put(tmp_path, "a", as_line(1), "torn")
    spilled = tmp_path / "turns" / f"day={FIRST}" / ".spilled"
    spilled.mkdir(parents=True)
    (spilled / "block").touch()  # of a compaction that was killed
    before = os.umask(0o022)
    try:
        compact(tmp_path, grace=0)
    finally:
        os.umask(before)
    (part,) = spilled.parent.iterdir()
    assert (part.name, part.stat().st_mode & 0o777) == ("part-0.parquet", 0o600)


def test_a_compaction_stays_within_a_gigabyte_spills_beside_its_day_and_reads_times_as_utc(tmp_path, monkeypatch):
    real, asked = duckdb.connect, []

    class Elsewhere:
        """A connection on a machine in another zone, which says its settings when it is closed."""

        def __init__(self):
            self._real = real()
            self._real.execute("SET TimeZone = 'America/New_York'")

        def __getattr__(self, name):
            return getattr(self._real, name)

        def close(self):
            settings = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
            asked.append(self._real.execute(settings).fetchone())
            self._real.close()

    put(tmp_path, "a", as_line(1, timestamp=f"{FIRST}T09:00:00"))
    monkeypatch.setattr(duckdb, "connect", Elsewhere)
    compact(tmp_path)
    monkeypatch.undo()
    assert asked == [("953.6 MiB", str(tmp_path / "turns" / f"day={FIRST}" / ".spilled"))]
    (turn,) = read_parquet(parts(tmp_path)[FIRST])
    assert turn.timestamp == datetime(2026, 10, 5, 9, tzinfo=UTC)


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


def test_a_days_file_from_before_a_column_was_there_is_read_and_written_anew_with_it(tmp_path):
    filled(tmp_path, [0])
    compact(tmp_path)
    part = parts(tmp_path)[FIRST]
    table = pq.read_table(part)
    pq.write_table(table.drop_columns(["usage_details"]), part)
    with Store(tmp_path) as store:
        store.append(a_turn(2, timestamp=datetime(2026, 10, 5, tzinfo=UTC), usage_details={"web_searches": 3}))
    compact(tmp_path)
    assert [turn.usage_details for turn in read_parquet(part)] == [None, {"web_searches": 3}]
