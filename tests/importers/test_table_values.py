"""A table of one's own, value by value: what its cells say becomes what they mean, or is refused with what to write."""

import gzip
import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies
from properties import examples

from chatmon import turns as table
from chatmon.importers import open_logs

TIME = "2026-03-02T09:00:00Z"

UNSAID = {"failed": None}
"""What the turns of a file that says nothing of failures have among their attributes."""
EUROS = {"currency": "EUR", "rate": "1.08", "on": date(2026, 3, 1), "decimal": ","}


def read(tmp_path, text, columns, *, name="mine.csv", encoding="utf-8", **more):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    parts = {"columns": {"timestamp": "ts", **columns}, **{key: more.pop(key) for key in PARTS if key in more}}
    if "rows" in more:
        parts["where"] = more.pop("rows")
    with open_logs(path, columns=parts, **more) as logs:
        found = table.from_frame(logs.frame())
        return sorted(found, key=lambda one: (len(one.turn_id), one.turn_id)), logs.report


PARTS = ("file", "constants", "attributes", "messages", "sessions")


def cells(tmp_path, name, values, how, **more):
    text = "ts,x\n" + "".join(f'{TIME},"{value}"\n' for value in values)
    found, report = read(tmp_path, text, {name: {"column": "x", **how}}, **more)
    return [getattr(one, name) for one in found], report


@pytest.mark.parametrize(
    ("name", "how", "values", "meant"),
    [
        ("user_satisfaction", {"range": [1, 10]}, ["1", "10", "5.5", ""], [1, 5, 3, None]),
        ("user_satisfaction", {"range": [0, 100]}, ["0", "100", "75"], [1, 5, 4]),
        ("user_satisfaction", {"range": [6, 1]}, ["1", "6", "3.5"], [5, 1, 3]),
        ("user_satisfaction", {"values": {"up": 5, "down": 1}}, ["up", "Down", "n/a"], [5, 1, None]),
        ("user_satisfaction", {"values": {"1": 5, "-1": 1}}, ["1", "-1", "1.0"], [5, 1, 5]),
        ("task_completed", {"values": {"ja": True, "nein": False}}, ["ja", "nein", "-"], [True, False, None]),
        ("task_completed", {}, ["true", "0", "YES"], [True, False, True]),
        ("response_time", {"unit": "ms"}, ["1533 ms", "1533", "1.5 s", "2 min"], [1.533, 1.533, 1.5, 120]),
        ("response_time", {"unit": "s"}, ["0:01:02.5", "3", "250ms"], [62.5, 3, 0.25]),
        ("response_time", {"unit": "min"}, ["2"], [120]),
        ("response_time", {"unit": "ms", "thousands": "."}, ["911", "1.422", "12.345.678"], [0.911, 1.422, 12345.678]),
        ("response_time", {"decimal": ","}, ["1,5", "0,25", "2"], [1.5, 0.25, 2]),
        ("response_time", {"decimal": ",", "thousands": "."}, ["1.234,5", "7"], [1234.5, 7]),
        ("response_time", {"thousands": "'"}, ["1'234.5"], [1234.5]),
        ("input_tokens", {"thousands": ","}, ["1,234", "500", "1,234,567"], [1234, 500, 1234567]),
        ("input_tokens", {"pattern": "^([0-9]+)/"}, ["123/45", "7/1"], [123, 7]),
        ("output_tokens", {"pattern": "/([0-9]+)$"}, ["123/45", "7/1"], [45, 1]),
        ("context_relevance", {"unit": "percent"}, ["85", "85 %", "0"], [0.85, 0.85, 0]),
        ("cost", {"unit": "cents"}, ["12.5", "0.01"], [Decimal("0.125"), Decimal("0.0001")]),
        ("cost", {}, ["$0.02", "3 cents", "0.5 USD", "1e-3"],
         [Decimal("0.02"), Decimal("0.03"), Decimal("0.5"), Decimal("0.001")]),
        ("cost", EUROS, ["0,02 €", "1,5", "EUR 2"],
         [Decimal("0.0216"), Decimal("1.62"), Decimal("2.16")]),
        ("error_type", {}, ["ok", "OK", "success", "200", "0", "false", "", "timeout"], [*[None] * 7, "timeout"]),
        ("error_type", {"ok": ["gut"]}, ["gut", "GUT", "gut", "Zeit"], [None, None, None, "Zeit"]),
        ("intent", {}, ["refund", "\\N", "NULL", "n/a", "-", " refund "], ["refund", None, None, None, None, "refund"]),
        ("region", {}, ["NA", "EU"], ["NA", "EU"]),
        ("region", {"null": ["NA"]}, ["NA", "-"], [None, "-"]),
        ("intent", {"values": {"1": "refund"}}, ["1", "2"], ["refund", "2"]),
    ],
)  # fmt: skip
def test_a_cell_becomes_what_the_map_says_that_it_means(tmp_path, name, how, values, meant):
    found, report = cells(tmp_path, name, values, how)
    assert [value if value is None or isinstance(value, str) else pytest.approx(value) for value in found] == meant
    assert (report.lost, report.warnings) == ({}, ())


@pytest.mark.parametrize(
    ("name", "how", "values", "meant"),
    [
        ("response_time", {"unit": "s", "decimal": ","}, ["1,5", "1.5"], [1.5, None]),
        ("response_time", {"unit": "s"}, ["2.5", "-1"], [2.5, None]),
        ("response_time", {"unit": "s"}, ["2.5", "5 apples"], [2.5, None]),
        ("input_tokens", {}, ["5", "1.5"], [5, None]),
        ("input_tokens", {"thousands": ","}, ["5", "12,34"], [5, None]),
        ("cost", {}, ["0.5", "0.5 €"], [Decimal("0.5"), None]),
        ("cost", {}, ["0.5", "-0.5"], [Decimal("0.5"), None]),
        ("user_satisfaction", {"range": [1, 10]}, ["10", "11"], [5, None]),
        ("user_satisfaction", {"values": {"up": 5}}, ["up", "sideways"], [5, None]),
        ("task_completed", {}, ["true", "perhaps"], [True, None]),
        ("input_tokens", {"pattern": "^([0-9]+)/"}, ["5/1", "five"], [5, None]),
    ],
)
def test_a_cell_that_cannot_be_read_is_lost_and_counted_and_said_and_its_turn_stays(tmp_path, name, how, values, meant):
    found, report = cells(tmp_path, name, values, how)
    assert found == meant
    assert report.lost == {name: 1}
    assert f"{name}: 1 of 2 cells could not be read and count as unknown, such as {values[1]!r}" in report.warnings[0]


def test_one_lost_cell_in_a_hundred_is_counted_and_no_more_is_a_warning(tmp_path):
    found, report = cells(tmp_path, "cost", ["0.5"] * 99 + ["free"], {})
    assert (len(found), report.lost, report.warnings) == (100, {"cost": 1}, ())
    assert ("unknown", "1 cells of cost that could not be read") in report.rows()


@pytest.mark.parametrize(
    ("name", "how", "values", "way"),
    [
        ("response_time", {"unit": "ms"}, ["911", "1.422", "2.150"], 'thousands = "."'),
        ("response_time", {"unit": "ms"}, ["911 ms", "1.422 ms"], 'thousands = "."'),
        ("input_tokens", {}, ["911", "1,422"], 'thousands = ","'),
        ("cost", {}, ["1.250"], 'decimal = "."'),
        ("user_satisfaction", {}, ["1", "-1", "1"], 'values = { "1" = 5, "-1" = 1 }'),
        ("user_satisfaction", {}, ["1", "0"], 'values = { "1" = 5, "0" = 1 }'),
        ("user_satisfaction", {}, ["1"] * 5, "as thumbs are"),
        ("user_satisfaction", {}, ["9", "3", "4"], "range = [1, 9]"),
        ("user_satisfaction", {}, ["0", "3", "5"], "range = [0, 5]"),
        ("user_satisfaction", {}, ["good", "bad"], 'values = { "good" = ..., "bad" = ... }'),
        ("context_relevance", {}, ["80", "90"], "range = [0, 90]"),
        ("error_type", {}, ["erledigt"] * 4 + ["Absturz"], 'ok = ["erledigt"]'),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_what_to_write(tmp_path, name, how, values, way):
    with pytest.raises(ValueError, match="columns: ") as refused:
        cells(tmp_path, name, values, how)
    assert way in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("response_time", ["0.911", "1.422"]),
        ("response_time", ["1.42", "1.422"]),
        ("user_satisfaction", ["1", "2"]),
        ("user_satisfaction", ["1"]),
        ("error_type", ["timeout"] * 9 + ["ok"]),
    ],
)
def test_what_can_be_read_in_one_way_is_read(tmp_path, name, values):
    found, report = cells(tmp_path, name, values, {"unit": "s"} if name == "response_time" else {})
    assert (len(found), report.warnings) == (len(values), ())


def test_a_word_in_a_tenth_of_the_rows_that_is_no_known_error_is_warned_of(tmp_path):
    _, report = cells(tmp_path, "error_type", ["ok"] * 8 + ["escalated"] * 2, {})
    assert "2 of 10 rows say 'escalated', which counts as an error" in report.warnings[0]


@given(number=strategies.integers(0, 10**12), decimals=strategies.integers(0, 10**6 - 1))
@examples(40)
def test_a_number_is_the_same_in_the_writing_of_every_country(tmp_path_factory, number, decimals):
    plain = f"{number}.{decimals:06d}"
    for decimal, thousands in ((".", ","), (",", "."), (",", " "), (".", "'")):
        written = f"{number:,}".replace(",", thousands) + f"{decimal}{decimals:06d}"
        found, report = cells(
            tmp_path_factory.mktemp("country"), "cost", [written, written], {"decimal": decimal, "thousands": thousands}
        )
        assert (found, report.lost) == ([Decimal(plain)] * 2, {})


@given(
    grade=strategies.integers(-50, 50),
    ends=strategies.tuples(strategies.integers(-50, 50), strategies.integers(-50, 50)),
)
@examples(40)
def test_a_grade_keeps_its_place_on_its_scale(tmp_path_factory, grade, ends):
    worst, best = ends
    if worst == best:
        return
    found, _ = cells(tmp_path_factory.mktemp("grade"), "user_satisfaction", [grade], {"range": [worst, best]})
    place = (grade - worst) / (best - worst)
    assert found == [pytest.approx(1 + 4 * place) if 0 <= place <= 1 else None]


@pytest.mark.parametrize(
    ("written", "how", "tz", "meant"),
    [
        ("07.09.2026 08:00", {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}, None, "2026-09-07T06:00:00+00:00"),
        ("07.09.2026 08:00", {"format": "%d.%m.%Y %H:%M"}, "Europe/Berlin", "2026-09-07T06:00:00+00:00"),
        ("09/07/2026 8:05 PM", {"format": "%m/%d/%Y %I:%M %p"}, None, "2026-09-07T20:05:00+00:00"),
        ("2026-09-07 08:00", {"zone": "America/New_York"}, None, "2026-09-07T12:00:00+00:00"),
        ("2026-09-07T08:00:00+02:00", {"zone": "America/New_York"}, None, "2026-09-07T06:00:00+00:00"),
        ("07.09.26", {"format": ["%d.%m.%Y %H:%M", "%d.%m.%y"]}, None, "2026-09-07T00:00:00+00:00"),
        ("1788768000000", {"unit": "ms"}, None, "2026-09-07T08:00:00+00:00"),
    ],
)
def test_a_time_is_read_as_it_is_written_and_where_it_is_meant(tmp_path, written, how, tz, meant):
    found, _ = read(tmp_path, f"ts,x\n{written},1\n", {"timestamp": {"column": "ts", **how}}, tz=tz)
    assert [one.timestamp.isoformat() for one in found] == [meant]


def test_a_time_that_is_not_read_is_rejected_with_the_way_out(tmp_path):
    _, report = read(tmp_path, f"ts,x\n07.09.2026,1\n{TIME},1\n", {"intent": "x"})
    assert [(one.line, one.reason) for one in report.examples] == [
        (2, "timestamp (07.09.2026) is no time that is read: name its format")
    ]
    assert "1 of 2 records were left out (50%)" in report.warnings[0]


def test_two_zones_are_not_one(tmp_path):
    with pytest.raises(ValueError, match=r"tz \('UTC'\) is not the zone of the map \('Europe/Berlin'\)"):
        read(tmp_path, "ts,x\n2026-09-07,1\n", {"timestamp": {"column": "ts", "zone": "Europe/Berlin"}}, tz="UTC")


def test_a_reply_takes_from_the_request_to_the_time_that_a_column_says(tmp_path):
    text = (
        "ts,end\n2026-09-07T08:00:00Z,2026-09-07T08:00:02.5Z\n2026-09-07T08:00:00Z,2026-09-07T07:00:00Z\n2026-09-07,\n"
    )
    found, _ = read(tmp_path, text, {"response_time": {"until": "end"}})
    assert sorted(one.response_time for one in found if one.response_time) == [2.5]
    assert len(found) == 3


def test_several_columns_become_one(tmp_path):
    text = "day,clock,fresh,cached\n2026-09-07,08:30:00,100,20\n2026-09-07,08:31:00,100,\n"
    found, _ = read(
        tmp_path, text, {"timestamp": {"columns": ["day", "clock"]}, "input_tokens": {"columns": ["fresh", "cached"]}}
    )
    assert [(one.timestamp.minute, one.input_tokens) for one in found] == [(30, 120), (31, None)]


def test_a_path_leads_into_json_and_structs_and_dimensions_of_ones_own_are_kept(tmp_path):
    rows = [{"ts": TIME, "use": {"in": 7, "all": [1, 9]}, "team": "EU"}, {"ts": TIME, "use": {"in": 8}, "team": None}]
    columns = {"input_tokens": {"column": "use", "path": "in"}, "output_tokens": {"column": "use", "path": "all.1"}}
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    as_csv = "ts,use,team\n" + "".join(
        f'{TIME},"{json.dumps(row["use"]).replace(chr(34), chr(34) * 2)}",{row["team"] or ""}\n' for row in rows
    )
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mine.parquet")
    read_as = [
        read(tmp_path, lines, columns, name="mine.jsonl", attributes={"team": "team"})[0],
        read(tmp_path, as_csv, columns, attributes={"team": "team"})[0],
    ]
    given_map = {"columns": {"timestamp": "ts", **columns}, "attributes": {"team": "team"}}
    with open_logs(tmp_path / "mine.parquet", columns=given_map) as logs:
        read_as.append(table.from_frame(logs.frame()))
    for found in read_as:
        assert [(one.input_tokens, one.output_tokens, one.attributes) for one in found] == [
            (7, 9, {"team": "EU", **UNSAID}),
            (8, None, UNSAID),
        ]


def test_the_day_and_the_region_are_read_from_the_files_path(tmp_path):
    found, _ = read(
        tmp_path,
        "clock\n08:30:00\n",
        {
            "timestamp": {"column": "clock", "file": r"(\d{4}-\d\d-\d\d)\.csv$"},
            "region": {"file": r"region=(\w+)/"},
        },
        name="region=eu/2026-09-07.csv",
        file={"delimiter": ","},
    )
    assert [(one.timestamp.isoformat(), one.region) for one in found] == [("2026-09-07T08:30:00+00:00", "eu")]


def test_a_filter_of_rows_reads_any_column_and_what_it_leaves_out_is_counted(tmp_path):
    text = f"ts,stage,x\n{TIME},prod,a\n{TIME},test,b\n{TIME},prod,c\n"
    for more in ({}, {"turn_id": "x"}):
        found, report = read(tmp_path, text, {"intent": "x", **more}, rows="stage = 'prod'")
        assert sorted(one.intent for one in found) == ["a", "c"]
        assert (report.read, report.spans, report.filtered) == (3, 2, 1)


@pytest.mark.parametrize(
    "where", ["true; DROP TABLE spans", "ts IN (SELECT 1)", "count(*) OVER () > 1", "1 =", "stage = 'x') OR (true", ""]
)
def test_a_filter_is_an_expression_over_a_row_and_nothing_else(tmp_path, where):
    with pytest.raises(ValueError, match=r"is no expression of SQL|asks for more than a row"):
        read(tmp_path, f"ts,stage\n{TIME},x\n", {}, rows=where)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("before", ["", "sep={}\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_cells_are_told_apart_by_what_stands_between_them_in_any_usual_encoding(tmp_path, delimiter, before, encoding):
    text = before.format(delimiter) + delimiter.join(("ts", "x")) + "\r\n" + delimiter.join((TIME, "Grün")) + "\r\n"
    found, report = read(tmp_path, text, {"intent": "x"}, encoding=encoding)
    assert ([one.intent for one in found], report.rejected) == (["Grün"], {})


def test_another_encoding_is_named_where_it_is_missed_and_read_where_it_is_named(tmp_path):
    text = f"ts,x\n{TIME},Grün\n"
    found, report = read(tmp_path, text, {"intent": "x"}, encoding="cp1252")
    assert not found
    assert 'encoding = "cp1252"' in report.warnings[0]
    found, report = read(tmp_path, text, {"intent": "x"}, encoding="cp1252", file={"encoding": "cp1252"})
    assert ([one.intent for one in found], report.rejected) == (["Grün"], {})


def test_numbers_are_not_read_as_texts_of_another_country(tmp_path):
    how = {"response_time": {"column": "s", "unit": "s", "thousands": "."}}
    text = f'{{"ts": "{TIME}", "s": 1.422}}\n{{"ts": "{TIME}", "s": "1.422"}}\n'
    found, _ = read(tmp_path, text, how, name="mine.jsonl")
    assert sorted(one.response_time for one in found) == [1.422, 1422]
    pq.write_table(pa.table({"ts": [TIME], "s": [1.422]}), tmp_path / "mine.parquet")
    with open_logs(tmp_path / "mine.parquet", columns={"columns": {"timestamp": "ts", **how}}) as logs:
        assert logs.frame()["response_time"].tolist() == [1.422]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["\n", "\r\n"])
def test_lines_before_the_names_of_columns_are_passed_over_where_the_map_says_so(tmp_path, ending, before):
    text = f"# Export of the desk, May{before}{before}" + ending.join(["ts,x", f"{TIME},refund", f"{TIME},parcel", ""])
    found, report = read(tmp_path, text, {"intent": "x"}, file={"header": 3})
    assert sorted(one.intent for one in found) == ["parcel", "refund"]
    assert not report.rejected


def test_two_columns_of_one_name_are_not_guessed_between(tmp_path):
    with pytest.raises(ValueError, match=r"mine.csv has 2 columns called 'x'"):
        read(tmp_path, f"ts,x,x\n{TIME},1,2\n", {"intent": "x"})


def test_numbers_of_a_file_that_says_that_they_are_numbers_are_never_doubted(tmp_path):
    lines = "".join(json.dumps({"ts": TIME, "s": value}) + "\n" for value in (1.422, 2.155))
    found, _ = read(tmp_path, lines, {"response_time": {"column": "s", "unit": "s"}}, name="mine.jsonl")
    assert [one.response_time for one in found] == [1.422, 2.155]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("spoil", [False, True])
def test_a_table_is_the_same_read_at_once_and_row_by_row(tmp_path, compress, spoil):
    rows = [f'r{number},{TIME},"a ""quoted"" word, and\nanother",{number}' for number in range(30)]
    text = "id,ts,x,n\n" + "\n".join(rows) + "\n" + ("too,few\n" if spoil else "")
    path = tmp_path / ("mine.csv.gz" if compress else "mine.csv")
    path.write_bytes(gzip.compress(text.encode()) if compress else text.encode())
    columns = {"turn_id": "id", "timestamp": "ts", "intent": "x", "output_tokens": "n"}
    with open_logs(path, columns={"columns": columns}) as logs:
        found = sorted(table.from_frame(logs.frame()), key=lambda one: one.output_tokens)
        assert [one.output_tokens for one in found] == list(range(30))
        assert {one.intent for one in found} == {'a "quoted" word, and\nanother'}
        assert sum(logs.report.rejected.values()) == spoil


def test_rows_without_an_id_are_known_by_their_places_whatever_the_order_they_are_read_in(tmp_path):
    text = "ts,n\n" + "".join(f"{TIME},{number}\n" for number in range(500))
    found, _ = read(tmp_path, text, {"output_tokens": "n"})
    assert {int(one.turn_id.rpartition(":")[2]) - one.output_tokens for one in found} == {2}


def test_turns_are_chosen_by_time_in_the_zone_of_the_file_and_by_dimensions_of_ones_own(tmp_path):
    text = "ts,team\n2026-09-06 23:30,EU\n2026-09-07 00:30,EU\n2026-09-07 12:00,US\n2026-09-08 00:00,EU\n"
    more = {"attributes": {"team": "team"}, "tz": "Europe/Berlin"}
    found, report = read(
        tmp_path, text, {}, since=date(2026, 9, 7), until=date(2026, 9, 8), where="team = 'EU'", **more
    )
    assert [one.timestamp.isoformat() for one in found] == ["2026-09-06T22:30:00+00:00"]
    assert (report.turns, report.left_out) == (1, 3)
    with pytest.raises(ValueError, match=r"where names 'squad': turns have .*, and of your own team"):
        read(tmp_path, text, {}, where="squad = 'EU'", **more)
    with pytest.raises(ValueError, match="is not after since"):
        read(tmp_path, text, {}, since=date(2026, 9, 7), until=date(2026, 9, 7), **more)


def test_turns_without_a_cost_are_priced_by_tokens_model_and_time_and_told_apart(tmp_path):
    rows = ["gpt-4,1000,100,", "gpt-4,1000,100,0.5", "nobodys-model,1000,100,", "gpt-4,,,"]
    text = "ts,m,i,o,usd\n" + "".join(f"{TIME},{row}\n" for row in rows)
    columns = {"model": "m", "input_tokens": "i", "output_tokens": "o", "cost": "usd"}
    found, report = read(tmp_path, text, columns, price=True)
    assert sorted(str(one.cost and one.cost.normalize()) for one in found) == ["0.036", "0.5", "None", "None"]
    (priced,) = [one for one in found if one.cost == Decimal("0.036")]  # 30 and 60 US dollars per million
    assert "prices of 2026-03-02" in priced.price_source
    assert any(text.startswith("priced here") and "1 turns" in text for text in report.notes)
    assert any(text.startswith("not priced: 1 turns") for text in report.notes)


def test_what_each_column_became_is_shown(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(f"ts,thumb,usd\n{TIME},up,0.5\n{TIME},up,free\n{TIME},down,1.5\n", encoding="utf-8")
    columns = {
        "timestamp": "ts",
        "cost": "usd",
        "user_satisfaction": {"column": "thumb", "values": {"up": 5, "down": 1}},
    }
    with open_logs(path, columns={"columns": columns}) as logs:
        shown = logs.columns().set_index("column")
    assert shown.loc["user_satisfaction", "values"] == "1 to 5, median 5"
    assert shown.loc["cost", ["known", "lost", "values"]].tolist() == [2, 1, "0.5 to 1.5, median 1"]


def test_conversations_are_cut_where_nothing_came_from_a_user_for_so_long(tmp_path):
    text = "ts,who\n" + "".join(
        f"2026-09-07T{clock}:00Z,{who}\n" for clock, who in
        (("08:00", "a"), ("08:30", "a"), ("09:01", "a"), ("08:10", "b"), ("09:20", "a"), ("08:20", ""))
    )  # fmt: skip
    found, _ = read(tmp_path, text, {"user_id": "who"}, sessions={"minutes": 30})
    talks = {}
    for one in found:
        talks.setdefault(one.conversation_id, []).append(f"{one.user_id} {one.timestamp:%H:%M}")
    assert sorted(map(sorted, talks.values())) == [
        ["None 08:20"], ["a 08:00", "a 08:30"], ["a 09:01", "a 09:20"], ["b 08:10"]
    ]  # fmt: skip


def test_a_name_that_speaks_of_another_unit_or_currency_than_the_map_is_not_passed_over(tmp_path):
    text = f"ts,took_ms,kosten_eur\n{TIME},250,0.5\n"
    _, report = read(tmp_path, text, {"response_time": "took_ms"})
    assert "'took_ms' speaks of ms, and the map has it in s: say which, as unit = 'ms'" in report.warnings[0]
    for how in ({"unit": "ms"}, {"unit": "s"}):
        assert read(tmp_path, text, {"response_time": {"column": "took_ms", **how}})[1].warnings == ()
    with pytest.raises(ValueError, match=r"its name speaks of EUR, and a cost is in US dollars"):
        read(tmp_path, text, {"cost": "kosten_eur"})
    assert read(tmp_path, text, {"cost": {"column": "kosten_eur", "unit": "usd"}})[0][0].cost == Decimal("0.5")
