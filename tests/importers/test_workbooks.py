"""Sheets as people have them, by openpyxl, xlwt and odfpy: what is read is what a sheet shows, or it is refused."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from properties import examples

from chatmon import turns as table
from chatmon.importers import draft_map, open_logs

MADE = Path(__file__).parent / "workbooks"
"""What the libraries write that write these kinds."""
AT = datetime.fromisoformat("2026-09-07T08:00:01.500000")
BERLIN = {"column": "Created", "zone": "Europe/Berlin"}


def book(tmp_path, rows, *, name="desk.xlsx", change=None):
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Tickets"
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(made)
    made.save(tmp_path / name)
    return tmp_path / name


def read(path, columns, *, file=None, **more):
    said = {"columns": {"timestamp": BERLIN, **columns}, **({"file": file} if file else {})}
    with open_logs(path, columns=said, **more) as logs:
        found = table.from_frame(logs.frame())
        return sorted(found, key=lambda one: int(one.turn_id.rpartition(":")[2])), logs.report


def test_a_sheet_with_a_title_over_it_and_empty_rows_is_read_as_it_shows(tmp_path):
    def merge(made):
        made.active.merge_cells("A1:D1")

    rows = [["Desk, September"], [], ["Created", "ms", " Cost ", "Ok"], [AT, 1422, 0.1, True], [],
            [datetime.fromisoformat("2026-09-07T09:00"), 911.5, 0.25, False], ["Total", None, 0.35]]  # fmt: skip
    path = book(tmp_path, rows, change=merge)
    columns = {"response_time": {"column": "ms", "unit": "ms"}, "cost": "Cost", "task_completed": "Ok"}
    found, report = read(path, columns)
    assert [one.timestamp for one in found] == [AT.replace(hour=6, tzinfo=UTC), datetime(2026, 9, 7, 7, tzinfo=UTC)]
    assert [one.response_time for one in found] == [1.422, 0.9115]
    assert [one.cost for one in found] == [Decimal("0.1"), Decimal("0.25")]
    assert [one.task_completed for one in found] == [True, False]
    assert [(one.line, one.reason) for one in report.examples] == [
        (7, "timestamp (Total) is no time that is read: name its format")
    ]


@pytest.mark.parametrize("epoch", ["1900", "1904"])
def test_days_are_those_of_the_workbook_s_own_calendar(tmp_path, epoch):
    def count_from_1904(made):
        made.epoch = CALENDAR_MAC_1904

    path = book(tmp_path, [["Created"], [AT]], change=count_from_1904 if epoch == "1904" else None)
    [turn], _ = read(path, {})
    assert turn.timestamp == AT.replace(hour=6, tzinfo=UTC)


def test_a_number_is_never_taken_for_text_of_another_country(tmp_path):
    rows = [["Created", "ms", "Cost"], [AT, 1.422, 1.5], [AT, "1.422", "1,5"], [AT, 0.00001, 1234.5]]
    file = {"decimal": ",", "thousands": "."}
    found, report = read(
        book(tmp_path, rows), {"response_time": {"column": "ms", "unit": "s"}, "cost": "Cost"}, file=file
    )
    assert [one.response_time for one in found] == [1.422, 1422, 0.00001]
    assert [one.cost for one in found] == [Decimal("1.5"), Decimal("1.5"), Decimal("1234.5")]
    assert not report.lost


def test_texts_that_are_numbers_in_two_ways_are_refused_beside_numbers_too(tmp_path):
    path = book(tmp_path, [["Created", "ms"], [AT, 911], [AT, "1.422"]])
    with pytest.raises(ValueError, match=r"1\.422 may be 1422 or 1\.422"):
        read(path, {"response_time": {"column": "ms", "unit": "ms"}})


def test_a_clock_and_a_span_of_time_are_durations(tmp_path):
    rows = [
        ["Created", "took"],
        [AT, time(0, 0, 42)],
        [AT, timedelta(hours=25, seconds=1)],
        [AT, timedelta(seconds=0.25)],
    ]
    found, _ = read(book(tmp_path, rows), {"response_time": {"column": "took", "unit": "s"}})
    assert [one.response_time for one in found] == [42, 90001, 0.25]


def test_days_that_are_numbers_are_named_and_read_where_the_map_says_so(tmp_path):
    path = book(tmp_path, [["Created"], [46272.375], [46272.25]])
    with pytest.raises(ValueError, match=r'46272\.375 is the day .* unit = "days"'):
        read(path, {})
    with open_logs(path, columns={"columns": {"timestamp": BERLIN | {"unit": "days"}}}) as logs:
        said = logs.frame()["timestamp"].tolist()
    assert said == [datetime(2026, 9, 7, hour, tzinfo=ZoneInfo("Europe/Berlin")) for hour in (6, 9)]
    assert 'timestamp = { column = "Created", unit = "days" }' in draft_map(path)


def test_dates_beside_texts_are_read_and_warned_of(tmp_path):
    path = book(tmp_path, [["Created"], [datetime.fromisoformat("2026-07-09T08:00")], ["13.09.2026 08:00"]])
    with open_logs(path, columns={"columns": {"timestamp": BERLIN | {"format": "%d.%m.%Y %H:%M"}}}) as logs:
        assert [f"{one:%m-%d}" for one in logs.frame()["timestamp"]] == ["07-09", "09-13"]
        assert "of the cells of 'Created' 1 are dates and 1 are texts" in logs.report.warnings[0]


def test_one_sheet_of_several_is_named(tmp_path):
    def add(made):
        made.create_sheet("Old").append(["Created", "Intent"])
        made["Old"].append([AT, "refund"])
        made.create_sheet("Empty")
        made.create_sheet("Hidden").append(["x"])
        made["Hidden"].sheet_state = "hidden"

    path = book(tmp_path, [["Created", "Intent"], [AT, "parcel"], [AT, "parcel"]], change=add)
    found, report = read(path, {"intent": "Intent"})
    assert not found
    assert report.examples[0].reason == (
        "no known shape: a workbook with the sheets 'Tickets', 'Old': name one in a map, sheet = \"...\" in [file]"
    )
    found, _ = read(path, {"intent": "Intent"}, file={"sheet": "Old"})
    assert [one.intent for one in found] == ["refund"]
    assert 'sheet = "Tickets"  # not Old (2 rows)' in draft_map(path)
    _, report = read(path, {"intent": "Intent"}, file={"sheet": "New"})
    assert "no sheet 'New': there are 'Tickets', 'Old'" in report.examples[0].reason


def test_rows_that_share_a_cell_are_refused(tmp_path):
    def merge(made):
        made.active.merge_cells("A2:A3")

    path = book(tmp_path, [["Chat", "Created"], ["c1", AT], [None, AT]], change=merge)
    found, report = read(path, {"conversation_id": "Chat"})
    assert not found
    assert "merged over rows, the first in column 1 over rows 2 to 3: undo that" in report.examples[0].reason


def test_formulas_without_a_value_are_refused_and_those_with_one_are_read(tmp_path):
    found, report = read(book(tmp_path, [["Created", "Cost"], [AT, "=1+1"], [AT, 2]]), {"cost": "Cost"})
    assert not found
    assert report.examples[0].reason.startswith("1 formulas have no value")


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_older_and_open_workbooks_mean_what_they_show(kind):
    columns = {"conversation_id": "Chat", "response_time": {"column": "Seconds", "unit": "s"}, "cost": "Cost",
               "user_satisfaction": "Stars"}  # fmt: skip
    found, report = read(MADE / f"desk.{kind}", columns)
    assert [f"{one.timestamp:%d %H:%M:%S}" for one in found] == ["07 06:00:00", "06 22:00:00", "08 07:30:15"]
    assert [one.conversation_id for one in found] == ["c1", "c1", "c2"]
    assert [one.response_time for one in found] == [1.5, 2.25, 0.9]
    assert [one.cost for one in found] == [Decimal("0.1"), None, Decimal("0.003")]
    assert [one.user_satisfaction for one in found] == [5, 3, None]
    assert not report.lost


@pytest.mark.parametrize(
    ("name", "why"), [("merged", "has 1 cells that are merged over rows"), ("unsolved", "1 formulas have no value")]
)
def test_an_open_workbook_that_shows_something_else_is_refused(name, why):
    found, report = read(MADE / f"{name}.ods", {"conversation_id": "Chat"})
    assert not found
    assert why in report.examples[0].reason


@pytest.mark.parametrize("start", [b"PK\x03\x04rest of a zip", b"\xd0\xcf\x11\xe0rest of a sheet"])
def test_what_only_begins_as_a_workbook_is_refused(tmp_path, start):
    (tmp_path / "desk.xlsx").write_bytes(start)
    found, report = read(tmp_path / "desk.xlsx", {})
    assert not found
    assert report.examples[0].reason.startswith("no workbook that can be read")


def test_the_row_of_the_names_can_be_said(tmp_path):
    rows = [["a note", "another", "and a third"], ["Created", "Intent"], [AT, "parcel"]]
    found, _ = read(book(tmp_path, rows), {"intent": "Intent"}, file={"header": 2})
    assert [one.intent for one in found] == ["parcel"]


def test_a_sheet_saved_as_csv_means_the_same(tmp_path):
    rows = [["Created", "Cost", "Stars"], ["2026-09-07 08:00", 0.1, 5], ["2026-09-07 08:30", None, 3]]
    columns = {"cost": "Cost", "user_satisfaction": "Stars"}
    path = tmp_path / "desk.csv"
    path.write_text("\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows))
    of_sheet, of_csv = (read(one, columns)[0] for one in (book(tmp_path, rows), path))
    assert [(one.timestamp, one.cost, one.user_satisfaction) for one in of_sheet] == [
        (one.timestamp, one.cost, one.user_satisfaction) for one in of_csv
    ]


CELLS = st.one_of(
    st.integers(0, 10**12),
    st.floats(0, 1e6, allow_subnormal=False).map(lambda value: float(f"{value:.6g}")),
)


@examples(40)
@given(
    st.lists(CELLS, min_size=1, max_size=5), st.sampled_from([{}, {"decimal": ","}, {"decimal": ",", "thousands": "."}])
)
def test_a_number_keeps_its_value_whatever_the_map_says_of_texts(tmp_path_factory, values, file):
    path = book(tmp_path_factory.mktemp("book"), [["Created", "s"], *([AT, value] for value in values)])
    found, report = read(path, {"response_time": {"column": "s", "unit": "s"}}, file=file)
    assert [one.response_time for one in found] == [float(value) for value in values]
    assert not report.lost


@pytest.mark.parametrize("midnight", [date(2026, 9, 7), datetime.fromisoformat("2026-09-07T00:00")])
@pytest.mark.parametrize("how", [{}, {"format": "%d.%m.%Y"}])
def test_midnight_is_a_moment_and_needs_no_format(tmp_path, midnight, how):
    path = book(tmp_path, [["Created"], [midnight]])
    with open_logs(path, columns={"columns": {"timestamp": BERLIN | how}}) as logs:
        assert logs.frame()["timestamp"].tolist() == [datetime(2026, 9, 6, 22, tzinfo=UTC)]
