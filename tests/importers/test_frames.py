"""Tables as pandas writes them to JSON, by the real pandas: by column, split, as a table with its schema."""

import json

import pandas as pd
import pytest
from importers import writers_otlp
from importers.conversations import SHAPES, facts, some_turns
from importers.dialects import WRITERS
from importers.writers_langsmith import write_lines

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = some_turns(12, seed=1168, shapes=SHAPES)
ROWS = {
    "langsmith: run": WRITERS["langsmith: run"],
    "mlflow: rows of search_traces": writers_otlp.mlflow_rows,
    "phoenix: dataframe": writers_otlp.phoenix_rows,
}


def read_back(path):
    with open_logs(path) as logs:
        return table.from_frame(logs.frame()), logs.report


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("orient", ["columns", "split", "records", "table"])
def test_however_pandas_lays_a_frame_out_it_gives_the_same_turns(tmp_path, name, orient):
    frame = pd.DataFrame(list(ROWS[name](TURNS)))
    frame.to_json(tmp_path / "x.json", orient=orient, date_format="iso", date_unit="us")
    found, report = read_back(tmp_path / "x.json")
    assert facts(found) == facts(TURNS)
    assert report.files[0].dialect == name
    assert not report.rejected


@pytest.mark.parametrize("name", ROWS)
def test_a_frame_s_csv_whose_cells_are_python_text_gives_the_same_turns(tmp_path, name):
    pd.DataFrame(list(ROWS[name](TURNS))).to_csv(tmp_path / "x.csv")
    assert facts(read_back(tmp_path / "x.csv")[0]) == facts(TURNS)


def test_rows_that_do_not_fit_their_columns_are_rejected_with_the_reason(tmp_path):
    document = {"columns": ["id", "run_type"], "index": [0], "data": [["r"]]}
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    (example,) = read_back(tmp_path / "x.json")[1].examples
    assert example.reason.startswith("no table: ")


def test_feedback_on_a_trace_of_mlflow_is_read_by_its_name_and_other_names_are_told(tmp_path):
    feedback = [
        {"assessment_name": "user_satisfaction", "feedback": {"value": 4}},
        {"assessment_name": "tone", "feedback": {"value": 0.5}},
        {"assessment_name": "answer", "expectation": {"value": "Near."}},
    ]
    (trace,) = WRITERS["mlflow: traces"](TURNS[:1])
    trace["info"]["assessments"] = feedback
    write_lines([trace], tmp_path / "x.jsonl")
    (turn,), report = read_back(tmp_path / "x.jsonl")
    assert turn.user_satisfaction == 4
    assert any("named for: tone. Written as" in text for text in report.assumptions)
