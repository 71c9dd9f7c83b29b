"""The map itself: its schema, its refusals, and the draft of one."""

import json
import tomllib

import jsonschema
import pytest

from chatmon._tools.paths import REPO
from chatmon.importers import draft_map, map_schema, open_logs

WHOLE = """
where = "stage = 'prod'"

[file]
delimiter = ";"
encoding = "cp1252"
decimal = ","
thousands = "."
null = ["-"]

[columns]
timestamp = { column = "ts", format = ["%d.%m.%Y"], zone = "Europe/Berlin" }
response_time = { column = "ms", unit = "ms" }
cost = { column = "eur", currency = "EUR", rate = 1.08, on = 2026-03-01 }
user_satisfaction = { column = "note", range = [6, 1] }
task_completed = { column = "done", values = { ja = true } }
error_type = { column = "status", ok = ["gut"] }
input_tokens = { columns = ["a", "b"] }
output_tokens = { column = "use", path = "out.total" }
region = { file = "region=([a-z]+)/" }
user_id = "who"

[constants]
provider = "openai"

[attributes]
team = "team"

[sessions]
minutes = 30
"""


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value if isinstance(value, str | int | float | list) else str(value)


def test_the_schema_for_editors_is_the_one_that_is_shipped_and_is_a_schema():
    schema = map_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert json.loads((REPO / "docs" / "columns.schema.json").read_text(encoding="utf-8")) == schema


def test_schema_and_check_agree_on_a_map_that_says_everything(tmp_path):
    document = tomllib.loads(WHOLE)
    jsonschema.validate(plain(document), map_schema())
    (tmp_path / "x.csv").write_text("ts;ms;eur;note;done;status;a;b;use;who;team;stage\n", encoding="cp1252")
    with open_logs(tmp_path / "x.csv", columns=document) as logs:
        assert logs.report.turns == 0


@pytest.mark.parametrize(
    ("part", "key", "value", "complaint"),
    [
        ("columns", "cost", {"column": "x", "currency": "EUR"}, r"another currency needs all of currency"),
        ("columns", "cost", {"column": "x", "unit": "eur"}, r"unit is one of usd, cents; currency = \"EUR\""),
        ("columns", "user_satisfaction", {"column": "x", "range": [5]}, "range is two numbers, the worst and the best"),
        ("columns", "user_satisfaction", {"column": "x", "range": [5, 5]}, "range is two numbers"),
        ("columns", "intent", {"column": "x", "range": [1, 5]}, "range is none of its options"),
        ("columns", "intent", {"column": "x", "pattern": "x"}, "pattern is a regular expression with one group"),
        ("columns", "intent", {"unit": "x"}, "it is a column's name, or"),
        ("columns", "intent", {"column": "x", "columns": ["x"]}, "take one of column, columns and until"),
        ("columns", "error_type", {"column": "x", "ok": "yes"}, "ok is a list of texts"),
        ("columns", "timestamp", {"column": "x", "zone": "Berlin"}, "zone is a time zone"),
        ("columns", "team", "x", r"a dimension of your own stands in \[attributes\]"),
        ("file", "decimal", ",,", "decimal = ',,' in .file.: it is one character"),
        ("file", "encoding", "cp9999", "it is an encoding, such as cp1252"),
        ("file", "page", "one", r"a key is one of encoding, delimiter"),
        ("file", "header", 0, "it is the number of a line or row, from 1"),
        ("messages", "text", "x", "has no role"),
        ("messages", "role", "x", "needs a conversation_id"),
        ("sessions", "minutes", 30, "needs minutes, and a user_id"),
        ("sessions", "minutes", 0, "it is a number above 0"),
    ],
)
def test_what_a_map_cannot_mean_is_refused_with_the_key_and_what_is_allowed(tmp_path, part, key, value, complaint):
    (tmp_path / "x.csv").write_text("ts,x\n2026-03-02,1\n", encoding="utf-8")
    document = {"columns": {"timestamp": "ts"}}
    document.setdefault(part, {})[key] = value
    with pytest.raises(ValueError, match=complaint):
        open_logs(tmp_path / "x.csv", columns=document)


TICKETS = """Id;Erstellt;Gespräch;Kunde;Dauer (ms);Kosten;Daumen;Status;Team;Frei
1;07.09.2026 08:00;g1;k1;911;0,02;1;ok;EU;
2;07.09.2026 08:30;g1;k1;1.422;0,05;-1;Zeit;EU;
3;17.09.2026 09:00;g2;k2;2.150;0,01;1;ok;US;
"""


def test_a_draft_says_what_each_column_probably_is_and_reads_the_table(tmp_path):
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    drafted = tomllib.loads(draft_map(tmp_path / "tickets.csv"))
    assert drafted["file"] == {"decimal": ",", "thousands": "."}
    assert drafted["columns"]["timestamp"] == {"column": "Erstellt", "format": "%d.%m.%Y %H:%M"}
    assert drafted["columns"]["response_time"] == {"column": "Dauer (ms)", "unit": "ms"}
    assert drafted["columns"]["user_satisfaction"] == {"column": "Daumen", "values": {"1": 5, "-1": 1}}
    assert drafted["columns"]["cost"] == "Kosten"
    assert drafted["attributes"] == {"Team": "Team"}
    jsonschema.validate(drafted, map_schema())
    with open_logs(tmp_path / "tickets.csv", columns=drafted, tz="Europe/Berlin") as logs:
        frame = logs.frame()
    assert sorted(frame["response_time"]) == [0.911, 1.422, 2.15]
    assert (float(frame["cost"].sum()), sorted(frame["user_satisfaction"])) == (0.08, [1, 5, 5])


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["03/04/2026", "05/06/2026"], '# timestamp = { column = "when", format = "%m/%d/%Y" }  # month first'),
        (["13/04/2026", "05/06/2026"], 'timestamp = { column = "when", format = "%d/%m/%Y" }'),
        (["2026-03-04T05:06:07Z"], 'timestamp = "when"  # times, such as 2026-03-04T05:06:07Z'),
        (["2026-03-04 05:06:07"], "times name no zone: add zone ="),
        (["1788768000", "1788768001"], 'timestamp = "when"'),
        (["soon", "later"], "# timestamp = ...  # needed: no column looks like the time of a turn"),
    ],
)  # fmt: skip
def test_a_draft_says_how_times_are_written_and_what_it_cannot_tell(tmp_path, cells, line):
    (tmp_path / "x.csv").write_text("when,x\n" + "".join(f"{cell},1\n" for cell in cells), encoding="utf-8")
    assert line in draft_map(tmp_path / "x.csv")


def test_a_draft_of_messages_makes_turns_of_them(tmp_path):
    rows = "id,at,thread_id,role\n1,2026-03-02T09:00:00Z,a,user\n2,2026-03-02T09:00:01Z,a,assistant\n"
    (tmp_path / "x.csv").write_text(rows, encoding="utf-8")
    drafted = tomllib.loads(draft_map(tmp_path / "x.csv"))
    assert drafted["messages"] == {"role": "role"}
    with open_logs(tmp_path / "x.csv", columns=drafted) as logs:
        assert logs.report.turns == 1


def test_there_is_no_draft_of_what_is_no_table(tmp_path):
    (tmp_path / "x.csv").write_text("", encoding="utf-8")
    assert draft_map(tmp_path / "x.csv") == ""


def test_a_draft_of_a_file_that_is_not_utf_8_says_so_and_reads_it(tmp_path):
    text = "Référence;Date;Durée (s);Coût;Région\n" + "".join(
        f"{number};{number + 10}/09/2026 14:05;1 234,5;0,02;Île-de-France\n" for number in range(4)
    )
    (tmp_path / "x.csv").write_text(text, encoding="cp1252")
    drafted = tomllib.loads(draft_map(tmp_path / "x.csv"))
    assert drafted["file"] == {"encoding": "cp1252", "decimal": ",", "thousands": " "}
    with open_logs(tmp_path / "x.csv", columns=drafted) as logs:
        frame = logs.frame()
        assert (frame["response_time"].tolist(), float(frame["cost"].sum())) == ([1234.5] * 4, 0.08)
        assert frame["timestamp"].min().isoformat() == "2026-09-10T14:05:00+00:00"
        assert logs.report.warnings == ()


def test_a_draft_does_not_take_another_currency_for_dollars(tmp_path):
    (tmp_path / "x.csv").write_text("when,price\n2026-03-02T09:00:00Z,R$ 0.12\n", encoding="utf-8")
    assert 'in BRL? add currency = "BRL"' in draft_map(tmp_path / "x.csv")
