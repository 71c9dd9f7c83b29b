from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from analysis.by_hand import MONDAY, turn

from chatmon import turns as table
from chatmon.analysis import between, cost_by, percentiles, segments, summary
from chatmon.analysis._periods import periods
from chatmon.analysis.source import DIMENSIONS, cut, on_the_clock, query, relation

HOURS = [turn(place, hours=place) for place in range(6)]


def ids(relation):
    return [row[0] for row in relation.order("timestamp").project("turn_id").fetchall()]


def test_turns_are_cut_with_the_start_in_and_the_end_out():
    found = between(HOURS, MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=4))
    assert ids(found) == ["t2", "t3"]


def test_two_neighbours_share_no_turn_and_lose_none():
    noon = MONDAY + timedelta(hours=3)
    assert ids(between(HOURS, end=noon)) + ids(between(HOURS, noon)) == [one.turn_id for one in HOURS]


def test_a_moment_of_another_zone_is_the_same_moment():
    there = datetime.fromisoformat("2026-10-05T05:00:00+02:00")
    assert ids(between(HOURS, there)) == ["t3", "t4", "t5"]


def test_a_cut_without_zone_or_with_its_ends_swapped_is_refused():
    with pytest.raises(ValueError, match=r"end .* has no time zone"):
        between(HOURS, end=datetime(2026, 10, 5))  # noqa: DTZ001
    with pytest.raises(ValueError, match="is not after start"):
        between(HOURS, MONDAY, MONDAY)


@pytest.mark.parametrize("name", ["start", "end"])
def test_a_cut_at_no_moment_says_how_many_turns_have_one(name):
    turns = table.to_frame([turn(0), turn(1)]).assign(timestamp=[MONDAY, None])
    with pytest.raises(ValueError, match=rf"{name} \(NaT\) is no moment: 1 of 2 turns have a timestamp"):
        between(turns, **{name: pd.NaT})


def test_dimensions_are_the_columns_of_text():
    assert {"intent", "region", "user_id", "error_type"} <= set(DIMENSIONS)
    assert not {"cost", "timestamp", "task_completed", "attributes"} & set(DIMENSIONS)
    assert cut([], ["intent", "region"])[1] == ["intent", "region"]
    with pytest.raises(ValueError, match=r"nothing is no dimension of turns.*: take from"):
        cut([], [])


TEAMS = [
    turn(n, response_time=1.0, attributes={"team": team} if team else {})
    for n, team in enumerate(["north", "south", "north", None])
]


def test_turns_are_cut_by_a_dimension_of_one_s_own_too():
    found = segments(TEAMS, "team").set_index("team")["turns"]
    assert (found["north"], found["south"]) == (2, 1)
    assert found[found.index.isna()].tolist() == [1]
    both = segments(TEAMS, ["team", "intent"])
    assert both.columns[:2].tolist() == ["team", "intent"]
    assert cost_by(TEAMS, "team")["turns"].sum() == 4
    assert set(percentiles(TEAMS, by="team")["team"].dropna()) == {"north", "south"}


def test_a_dimension_that_no_turn_has_is_refused_and_so_is_a_word_of_sql():
    with pytest.raises(ValueError, match="customer is no dimension of turns, and no turn's attributes have it"):
        segments(TEAMS, "customer")
    with pytest.raises(ValueError, match="is no dimension of turns"):
        segments(TEAMS, "team) FROM turns --")
    with pytest.raises(ValueError, match="group is a word of SQL"):
        segments([turn(0, attributes={"group": "a"})], "group")


def test_on_the_clock_of_a_zone_a_day_begins_at_its_midnight():
    late = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    shown = query(
        on_the_clock([replace(turn(0), timestamp=late)], "Europe/Berlin"),
        "SELECT CAST(timestamp AS VARCHAR) FROM turns",
    )
    assert shown == [("2026-10-25 01:30:00+00",)]
    after = query(
        on_the_clock([replace(turn(0), timestamp=late + timedelta(hours=3))], "Europe/Berlin"),
        "SELECT CAST(timestamp AS VARCHAR) FROM turns",
    )
    assert after == [("2026-10-25 03:30:00+00",)], "summer time has ended"
    with pytest.raises(ValueError, match="Mars/Olympus"):
        on_the_clock([], "Mars/Olympus")


def test_periods_are_all_there_and_say_how_much_of_them_is():
    turns = [turn(0, hours=6), turn(1, hours=8), turn(2, hours=54)]
    found = periods(turns, "day", "count(*) AS n")
    assert found["period"].dt.strftime("%a").tolist() == ["Mon", "Tue", "Wed"]
    assert found["n"].fillna(0).tolist() == [2, 0, 1]
    assert found["covered"].tolist() == [0.75, 1.0, 0.25]
    assert periods(turns[:2], "day", "count(*) AS n")["covered"].tolist() == pytest.approx([2 / 24])


def test_a_period_of_another_length_is_refused():
    with pytest.raises(ValueError, match="every \\('week'\\) is unknown: it is one of hour, day"):
        periods(HOURS, "week", "count(*) AS n")


def test_a_frame_with_a_column_called_turns_is_a_frame_all_the_same():
    frame = table.to_frame([turn(1)]).assign(turns=3)
    assert relation(frame).query("turns", "SELECT count(*) FROM turns").fetchall() == [(1,)]


@pytest.mark.parametrize("older", [0, 1])
def test_files_of_an_older_release_are_read_beside_newer_ones(tmp_path, older):
    for number in range(2):
        path = tmp_path / f"{number}.parquet"
        table.write_parquet([replace(turn(f"t{number}"), usage_details={"web_searches": 3})], path)
        if number == older:
            pq.write_table(pq.read_table(path).drop_columns(["usage_details"]), path)
    (counts,) = relation(str(tmp_path / "*.parquet")).aggregate("count(*), count(usage_details)").fetchall()
    assert counts == (2, 1)


FRAME = pd.DataFrame(
    {
        "turn_id": ["a", "b"],
        "conversation_id": ["c", "c"],
        "timestamp": pd.to_datetime(["2026-10-05T09:00:00Z", "2026-10-05T09:01:00Z"]),
        "user_satisfaction": [5.0, 3.0],
    }
)


@pytest.mark.parametrize("hold", [lambda frame: frame, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (pd.concat([FRAME, FRAME]), "2 of 4 rows are there twice"),
        (FRAME.assign(user_satisfaction=[10.0, 3.0]), "user_satisfaction is outside 1 to 5 in 1 of 2 rows, up to 10"),
        (FRAME.assign(timestamp=FRAME.timestamp.dt.tz_localize(None)), "timestamp has no time zone: say which"),
        (FRAME.assign(timestamp=["2026-10-05 09:00:00", "2026-10-05T09:00:00Z"]), "timestamp has no time zone"),
    ],
)
def test_what_somebody_put_together_is_held_to_what_an_import_is(frame, complaint, hold):
    with pytest.raises(ValueError, match=complaint):
        summary(hold(frame))


def test_times_in_text_that_name_their_zone_and_ids_that_begin_again_are_read():
    again = FRAME.assign(timestamp=["2026-10-06T09:00:00+02:00", "2026-10-06T09:01:00Z"])
    both = pd.concat([FRAME.assign(timestamp=["2026-10-05T09:00:00Z", "2026-10-05T09:01:00Z"]), again])
    assert summary(both).turns == 4


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+02:00"])
def test_times_of_any_unit_and_zone_are_read_as_the_moments_they_are(unit, zone):
    moved = FRAME.assign(timestamp=FRAME.timestamp.dt.tz_convert(zone).dt.as_unit(unit))
    assert summary(moved).until == FRAME.timestamp.max()


def test_a_relation_whose_times_have_no_zone_is_refused():
    with duckdb.connect() as connection:
        naive = connection.sql(
            "SELECT 'a' AS turn_id, 'c' AS conversation_id, TIMESTAMP '2026-10-05 09:00:00' AS timestamp"
        )
        with pytest.raises(ValueError, match="timestamp has no time zone"):
            summary(naive)
