"""Whole days go, the oldest first; today's never do, and what went is said."""

import os
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_turns import a_turn, ids, killed_at
from typer.testing import CliRunner

from chatmon.cli._logs import app
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.layout import Hold
from chatmon.store.retention import retain, too_many

TODAY = date(2026, 10, 7)


def at_noon():
    return datetime(2026, 10, 7, 12, tzinfo=UTC).timestamp()


def filled(folder):
    with Store(folder) as store:
        for day in (4, 5, 6, 7):
            store.append(a_turn(day, timestamp=datetime(2026, 10, day, tzinfo=UTC)))
    return folder


def test_days_are_counted_with_today_among_them_in_both_forms(tmp_path):
    filled(tmp_path)
    compact(tmp_path)
    done = retain(tmp_path, days=2, clock=at_noon)
    assert [day for day, _ in done.removed] == [date(2026, 10, 4), date(2026, 10, 5)]
    assert ids(tmp_path) == ["t6", "t7"]
    assert "removed 2026-10-04" in str(done)
    compact(tmp_path, grace=0)
    assert ids(tmp_path) == ["t6", "t7"]
    assert not retain(tmp_path, days=2, clock=at_noon).removed


def test_killed_before_any_step_only_days_that_are_to_go_are_touched_and_the_next_one_ends_it(tmp_path):
    step, died = 0, True
    while died:
        step += 1
        folder = filled(tmp_path / f"store-{step}")
        compact(folder)
        died = killed_at(
            step, {"open", "os.remove", "os.rmdir"}, folder, lambda folder=folder: retain(folder, days=2, clock=at_noon)
        )
        left = ids(folder)
        assert left[-2:] == ["t6", "t7"]
        assert len(left) == len(set(left))
        begun = {path.name[-1] for path in folder.glob(".removing-*")}
        retain(folder, days=400, clock=at_noon)  # whatever is to be kept by now, a day that was begun goes whole
        whole = [one for one in left if one[1] not in begun]
        assert ids(folder) == whole
        assert not list(folder.glob(".removing-*"))
    assert whole == ["t6", "t7"]
    assert step > 8


def test_while_a_compaction_is_under_way_nothing_is_removed(tmp_path):
    filled(tmp_path)
    with Hold(tmp_path / ".compaction", make=True), pytest.raises(BlockingIOError, match="a compaction of"):
        retain(tmp_path, days=1, clock=at_noon)
    assert len(ids(tmp_path)) == 4


def test_by_size_the_oldest_go_and_today_stays_whatever_its_size(tmp_path):
    filled(tmp_path)
    done = retain(tmp_path, gigabytes=1e-9, clock=at_noon)
    assert len(done.removed) == 3
    assert ids(tmp_path) == ["t7"]
    assert done.kept_bytes == sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl"))


@given(
    st.dictionaries(st.dates(date(2026, 9, 1), date(2026, 10, 20)), st.integers(1, 1000)),
    st.none() | st.integers(1, 40),
    st.none() | st.integers(1, 10_000),
)
def test_no_more_goes_than_has_to_and_all_that_has_to(sizes, days, limit):
    gone = too_many(sizes, today=TODAY, days=days, limit=limit)
    past = sorted(day for day in sizes if day < TODAY)
    assert gone == past[: len(gone)]
    left = {day: size for day, size in sizes.items() if day not in gone}
    can_go = [day for day in left if day < TODAY]
    if can_go:
        assert days is None or (TODAY - min(can_go)).days < days
        assert limit is None or sum(left.values()) <= limit
    if gone:
        last = gone[-1]
        too_old = days is not None and (TODAY - last).days >= days
        assert too_old or (limit is not None and sum(left.values()) + sizes[last] > limit)


@pytest.mark.parametrize(
    ("options", "said"), [({}, "nothing says"), ({"days": 0}, "above 0"), ({"gigabytes": 0}, "above 0")]
)
def test_what_would_keep_nothing_is_refused(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        retain(tmp_path, **options)


def test_the_commands_say_what_they_did(tmp_path):
    filled(tmp_path)
    for arguments, said in (
        (["status"], "4 files"),
        (["compact"], "4 days now hold 4 turns"),
        (["retain", "--gigabytes", "0.000000001"], "removed 2026-10-04"),
    ):
        done = CliRunner().invoke(app, ["store", arguments[0], str(tmp_path), *arguments[1:]])
        assert done.exit_code == 0, done.output
        assert said in done.output


def test_a_file_that_a_bot_begins_in_a_day_that_goes_stays_until_the_next_time(tmp_path, monkeypatch):
    old = tmp_path / "live" / "2025-09-01"
    old.mkdir(parents=True)
    (old / "a-1-1.jsonl").write_text("{}\n", encoding="utf-8")
    rmdir = os.rmdir

    def late(path, **options):
        (old / "b-2-2.jsonl").write_text("{}\n", encoding="utf-8")
        monkeypatch.setattr(os, "rmdir", rmdir)
        rmdir(path, **options)

    monkeypatch.setattr(os, "rmdir", late)
    retain(tmp_path, days=3)
    assert [one.name for one in old.iterdir()] == ["b-2-2.jsonl"]
    retain(tmp_path, days=3)
    assert not old.exists()
