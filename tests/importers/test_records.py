import json
import time
import tracemalloc
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon.importers import _records as records
from chatmon.importers import files, open_logs
from chatmon.importers._records import Rejected

RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=5),
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.text(max_size=8)
        | st.lists(st.integers(), max_size=3),
        max_size=4,
    ),
    min_size=1,
    max_size=6,
)


def read(path):
    found = list(records.read(files.look(path)))
    return [one[1] for one in found if not isinstance(one, Rejected)], [
        one for one in found if isinstance(one, Rejected)
    ]


@given(RECORDS, st.sampled_from([None, 2]), st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_json_comes_back_whole_however_it_is_laid_out(tmp_path_factory, given_records, indent, as_array, end, marked):
    path = tmp_path_factory.mktemp("records") / "any.json"
    documents = [json.dumps(record, indent=indent, ensure_ascii=False) for record in given_records]
    text = json.dumps(given_records, indent=indent) if as_array else end.join(documents) + end
    path.write_text(("\ufeff" if marked else "") + text, encoding="utf-8", newline="")
    assert read(path) == (given_records, [])


@given(st.binary(max_size=300))
def test_no_bytes_raise_and_what_is_not_read_is_rejected(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("records") / "any.jsonl"
    path.write_bytes(content)
    file = files.look(path)
    if file.kind != "parquet" and file.compression is None:
        found, rejected = read(path)
        assert found or rejected or not content.strip()


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "empty"), ('{"a": 1}\n{"b": ', "no JSON"), ('[{"a": 1},\n{"b": 2', "not whole"), ("[1, 2]", "no object")],
)
def test_what_is_wrong_is_said(tmp_path, content, reason):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    assert reason in read(path)[1][0].reason


def test_a_cut_element_of_an_array_costs_only_itself(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('[\n{"a": 1},\n{"b": 2, \n{"c": 3}\n]', encoding="utf-8")
    found, rejected = read(path)
    assert found == [{"a": 1}, {"c": 3}]
    assert [one.line for one in rejected] == [3]


def test_a_csv_with_a_short_row_keeps_the_others(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('id,name\n1,"a\nb"\n2\n3,c\n', encoding="utf-8")
    found, rejected = read(path)
    assert found == [{"id": "1", "name": "a\nb"}, {"id": "3", "name": "c"}]
    assert [(one.line, one.reason) for one in rejected] == [(4, "1 cells, the header has 2")]


def seconds_to_read(path):
    before = time.process_time()
    deque(records.read(files.look(path)), maxlen=0)
    return time.process_time() - before


def test_an_array_on_one_line_takes_twice_as_long_for_twice_the_records(tmp_path):
    paths = {count: tmp_path / f"{count}.json" for count in (10_000, 20_000)}
    for count, path in paths.items():
        path.write_text(json.dumps([{"id": number, "text": "x" * 480} for number in range(count)]), encoding="utf-8")
        found, rejected = read(path)
        assert ([one["id"] for one in found], rejected) == (list(range(count)), [])
    rounds = [[seconds_to_read(path) for path in paths.values()] for _ in range(5)]
    taken = [min(seconds) for seconds in zip(*rounds, strict=True)]
    assert taken[1] < 3 * taken[0]
    assert taken[1] < 3


def test_an_array_on_one_line_is_never_in_memory_as_a_whole(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"id": number, "text": "x" * 480} for number in range(40_000)]), encoding="utf-8")
    tracemalloc.start()
    try:
        count = sum(1 for _ in records.read(files.look(path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert peak < path.stat().st_size / 2


@given(RECORDS, st.integers(4, 12), st.sampled_from([None, 2]))
def test_an_array_comes_back_whole_wherever_its_pieces_end(tmp_path_factory, given_records, chunk, indent):
    path = tmp_path_factory.mktemp("records") / "x.json"
    path.write_text("\ufeff" + json.dumps(given_records, indent=indent, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "CHUNK", chunk)
        assert read(path) == (given_records, [])


def test_a_piece_that_is_an_object_by_itself_may_be_inside_another(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "CHUNK", 8)
    path = tmp_path / "x.json"
    path.write_text('[{"aaa":{"b": 1}}]', encoding="utf-8")
    assert read(path) == ([{"aaa": {"b": 1}}], [])


def test_an_array_cut_on_one_line_loses_only_the_record_it_is_cut_in(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('[{"a": 1}, {"b": 2}, {"c": ', encoding="utf-8")
    found, rejected = read(path)
    assert found == [{"a": 1}, {"b": 2}]
    assert [(one.line, "not whole" in one.reason) for one in rejected] == [(1, True)]


def test_each_record_has_the_line_it_starts_on_however_many_share_one(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('[\n\n{"a": 1}, {"b":\n2}, 3,\n\n{"c": 4}, {"d":\n', encoding="utf-8")
    found = list(records.read(files.look(path)))
    assert [one.line if isinstance(one, Rejected) else one[0] for one in found] == [3, 3, 4, 6, 6]


@pytest.mark.parametrize(
    ("layout", "line"),
    [("%s\n%s\n%s\n", 2), ("[%s,%s,%s]", 1), ("[\n%s,\n%s,\n%s\n]", 3)],
)
def test_a_record_that_is_not_utf8_is_rejected_and_the_others_kept(tmp_path, layout, line):
    path = tmp_path / "x.json"
    whole, other = '{"id": "é"}'.encode(), '{"id": "è"}'.encode()
    path.write_bytes(layout.encode() % (whole, '{"id": "é"}'.encode("latin-1"), other))
    found, rejected = read(path)
    assert found == [{"id": "é"}, {"id": "è"}]
    assert [one.line for one in rejected] == [line]
    assert "not UTF-8: byte 0xe9" in rejected[0].reason


def test_a_row_that_is_not_utf8_is_rejected_and_the_others_kept(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'id,name\n\xe9,"a\nb"\n\xc3\xa9,c\n\xe8,d\n')
    found, rejected = read(path)
    assert found == [{"id": "é", "name": "c"}]
    assert [(one.line, one.reason) for one in rejected] == [
        (2, "no CSV: not UTF-8: byte 0xe9 at character 1"),
        (5, "no CSV: not UTF-8: byte 0xe8 at character 1"),
    ]


def test_a_surrogate_that_json_escapes_is_no_fault_of_the_encoding(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"id": "\\udce9"}\n', encoding="utf-8")
    assert read(path) == ([{"id": "\udce9"}], [])


@given(st.integers(1, 30), st.sets(st.integers(0, 29), max_size=6))
def test_a_stray_quote_costs_a_csv_its_own_line_only(tmp_path_factory, count, strays):
    path = tmp_path_factory.mktemp("records") / "x.csv"
    rows = [f'{number},"text,more\n' if number in strays else f'{number},text,"a, b"\n' for number in range(count)]
    path.write_text("id,text,more\n" + "".join(rows), encoding="utf-8")
    found, rejected = read(path)
    wrong = sorted(number for number in strays if number < count)
    assert [int(one["id"]) for one in found] == [number for number in range(count) if number not in strays]
    assert [one.line for one in rejected] == [number + 2 for number in wrong]


def test_a_quote_that_nothing_closes_is_rejected_with_the_lines_it_spans(tmp_path):
    path = tmp_path / "x.csv"
    rows = [f"{number},{chr(34) * (number == 4)}text\n" for number in range(50)]
    path.write_text("id,text\n" + "".join(rows), encoding="utf-8")
    found, rejected = read(path)
    assert len(found) == 49
    assert [one.line for one in rejected] == [6]
    assert "in lines 6 to 51" in rejected[0].reason


def test_a_row_that_is_too_wide_over_several_lines_is_read_again_from_its_second(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('id,a,b\n1,"x,y\n2,x,y\n3,x",y,z\n4,x,y\n', encoding="utf-8")
    found, rejected = read(path)
    assert [one["id"] for one in found] == ["2", "4"]
    assert [(one.line, one.reason) for one in rejected] == [
        (2, "4 cells in lines 2 to 4, the header has 3"),
        (4, "4 cells, the header has 3"),
    ]


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "b": 2,\n "c": [3]}', '{"a": 1, "b": 2,\n\n"c": [3]}\n',
     '{"a": 1, "b": 2, "c": [\n3]}', '{"a": 1, "b": 2\n, "c":\n[3]}'],
    ids=["indented", "at the margin", "a list", "a comma first"],
)  # fmt: skip
def test_a_document_may_have_several_keys_in_its_first_line(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert read(path) == ([{"a": 1, "b": 2, "c": [3]}], [])


def test_a_line_that_was_cut_costs_no_other_line_anything(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"a": 1}\n{"a": 2, "b": 3,\n{"a": 3}\n\n{"a": 4, "b":\n{"a": 5}\n{"a": 6, "b": 7,', encoding="utf-8"
    )
    found, rejected = read(path)
    assert found == [{"a": 1}, {"a": 3}, {"a": 5}]
    assert [one.line for one in rejected] == [2, 5, 7]


LINE = '{{"id": "r{0}", "trace_id": "r{0}", "run_type": "llm", "session_id": "p", "start_time": "2026-03-02T09:00:00Z"'


@pytest.mark.parametrize("ending", [",}", "},", ', "inputs": {"question": "a,}", },}', ', "tags": ["a", ]}', "}"])
@pytest.mark.parametrize("place", [0, 25])
@pytest.mark.parametrize("broken", [[], ["{oops"]])
def test_whether_another_line_is_broken_changes_nothing_for_one_with_a_comma_too_many(tmp_path, ending, place, broken):
    lines = [LINE.format(number) + "}" for number in range(30)]
    lines[place] = LINE.format(place) + ending
    (tmp_path / "x.jsonl").write_text("\n".join([*lines, *broken]) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert (logs.report.turns, sum(logs.report.rejected.values())) == (30, len(broken))


@pytest.mark.parametrize("line", ['{"a": 1,, "b": 2}', '{"a": , "b": 2}', "{oops,}"])
def test_a_line_that_is_no_json_even_so_says_why_as_it_stands(tmp_path, line):
    (tmp_path / "x.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(json.JSONDecodeError) as told:
        json.loads(line)
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert logs.report.examples[0].reason == f"no JSON: {told.value}"


@pytest.mark.parametrize("between", ["", " ", "\n"])
@pytest.mark.parametrize("place", [0, 25])
@pytest.mark.parametrize("broken", [[], ["{oops"]])
def test_objects_one_after_another_in_a_line_are_each_read(tmp_path, between, place, broken):
    lines = [LINE.format(number) + "}" for number in range(30)]
    lines[place] += between + LINE.format(30) + "}" + between + LINE.format(31) + "}"
    (tmp_path / "x.jsonl").write_text("\n".join([*lines, *broken]) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert (logs.report.turns, sum(logs.report.rejected.values())) == (32, len(broken))


def test_what_is_no_object_after_one_is_rejected_and_the_object_kept(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}{"b": 2}{"c": \n{"d": 4}\n{"e": 5} oops\n', encoding="utf-8")
    found, rejected = read(path)
    assert found == [{"a": 1}, {"b": 2}, {"d": 4}]
    assert [one.line for one in rejected] == [1, 3]


ODD = [[], {}, [{}], {"a": []}, 5, None, True]


@pytest.mark.parametrize("name", ["type", "columns", "data", "rows", "result", "trace", "spans", "context", "events"])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_record_of_any_types_is_read_or_refused_and_never_stops_the_others(tmp_path, name, value):
    odd = {
        "id": value,
        "project_id": "p",
        "trace_id": value,
        "start_time": value,
        "columns": [{"name": []}],
        name: value,
    }
    lines = [LINE.format(1) + "}", json.dumps(odd), json.dumps({name: value}), LINE.format(2) + "}"]
    (tmp_path / "x.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert {"r1", "r2"} <= set(logs.frame()["turn_id"])
