import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon.importers import files, records
from chatmon.importers.records import Rejected

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
