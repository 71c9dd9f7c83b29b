"""Every block of code in the README and in docs/ is run: Python, examples with their results, commands, TOML."""

import doctest
import gzip
import re
import shlex
import shutil
import sqlite3

import pytest
from importers.conversations import some_turns
from importers.writers_langsmith import runs, write_lines

from chatmon._tools.paths import REPO, data_file

DOCS = REPO / "docs"
PAGES = {"README": (REPO / "README.md").read_text(encoding="utf-8")} | {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
}
RULE = '[[rule]]\nname = "errors"\nmeasure = "error"\nstatistic = "rate"\nwindow = "5m"\nabove = 0.5\n'


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)


def commands(page):
    """Return the commands of chatmon in a page's indented blocks, without their comments."""
    return [
        shlex.split(line, comments=True) for line in re.findall(r"^    (chatmon [^&\n]*)$", PAGES[page], re.MULTILINE)
    ]


@pytest.fixture
def called(monkeypatch, capsys):
    """Run a command of the command line, and return what it printed."""
    from chatmon.cli._logs import run

    def call(words):
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code in (0, None), words
        return capsys.readouterr().out

    return call


@pytest.fixture
def export(tmp_path, monkeypatch):
    """Stand in a folder with an export of LangSmith, as the pages name it."""
    write_lines(runs(some_turns()), tmp_path / "my_export.jsonl")
    whole = (tmp_path / "my_export.jsonl").read_bytes()
    (tmp_path / "my_export.jsonl.gz").write_bytes(gzip.compress(whole, mtime=0))
    (tmp_path / "my_rules.toml").write_text(RULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def own_table(folder):
    header = "turn_id,conversation_id,timestamp,response_time,model,input_tokens,output_tokens,cached_tokens"
    rows = ["a,c1,2026-10-05T09:00:00Z,1.5,gpt-4.1,100,20,0", "b,c1,2026-10-05T09:01:00Z,2,gpt-4.1,200,10,0"]
    (folder / "my_export.csv").write_text("\n".join([header, *rows]), encoding="utf-8")


LANGUAGES = ("python", "pycon", "toml", "ini", "")
RUN_HERE = {("README", "python"): 1, ("my_bot", "python"): 1, ("my_export", "python"): 2, ("erase_a_user", "python"): 1}
RUN_HERE |= {("alerts", "python"): 1, ("alerts", "toml"): 1, ("many_hosts", "ini"): 1}
BY_REDIS = {("many_hosts", "python"): 1}
"""What `tests/system/test_redis_stream.py` runs against a real server."""
SHOWN = {("learner", ""): 1}
"""What a run printed: `tests/lab/cli/test_demo.py` compares it. The README's block is run by `tests/test_readme.py`."""


def test_no_block_of_code_is_left_out():
    found = {}
    for page, text in PAGES.items():
        for language in re.findall(r"^```(\w*)\n.*?^```$", text, re.DOTALL | re.MULTILINE):
            assert language in LANGUAGES, f"{page}: a block of {language} that nothing runs"
            found[page, language] = found.get((page, language), 0) + 1
    assert {key: count for key, count in found.items() if key[1] != "pycon"} == RUN_HERE | BY_REDIS | SHOWN


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_give_what_it_says(page):
    assert not re.search(
        r"^>>> ", re.sub(r"^```pycon\n.*?^```$", "", PAGES[page], flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks(page, "pycon")), {}, page, None, 0)
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_my_bot_in_ten_lines(tmp_path, monkeypatch):
    from langchain_core.language_models import FakeListChatModel

    monkeypatch.chdir(tmp_path)
    names = {"llm": FakeListChatModel(responses=["It is due on the first."]), "messages": "When is my bill due?"}
    (block,) = blocks("my_bot", "python")
    assert len(block.strip().splitlines()) <= 10
    exec(block, names)
    assert names["reply"].content == "It is due on the first."
    (turn,) = names["monitor"].to_frame().to_dict("records")
    assert (turn["conversation_id"], turn["intent"], turn["user_satisfaction"]) == ("c-17", "billing", 4)
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_my_export_in_python(export, capsys):
    (block,) = [block for block in blocks("my_export", "python") if "open_logs" in block]
    exec(block, {})
    assert "langsmith: run" in capsys.readouterr().out


def test_a_table_in_python(tmp_path, monkeypatch):
    (block,) = [block for block in blocks("my_export", "python") if "my_export.csv" in block]
    own_table(tmp_path)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(block, names)
    assert names["what_if"](names["frame"], "gpt-4.1-mini")["gpt-4.1-mini"].would_be.turns == 2


def test_the_map_of_a_table_of_one_s_own(tmp_path, monkeypatch):
    from chatmon import open_logs

    (written,) = re.findall(r"\n\n((?:    .*\n)*    \[columns\]\n(?:    .*\n)+)", PAGES["my_export"])
    (tmp_path / "map.toml").write_text(re.sub("^    ", "", written, flags=re.MULTILINE), encoding="utf-8")
    table = "ts,chat,latency_ms,thumb\n2026-10-05 11:00:00,c1,1500,up\n2026-10-05 11:01:00,c1,500,down\n"
    (tmp_path / "my.csv").write_text(table, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    first, second = open_logs("my.csv", columns="map.toml").frame().to_dict("records")
    assert (first["timestamp"].isoformat(), first["response_time"]) == ("2026-10-05T09:00:00+00:00", 1.5)
    assert (first["user_satisfaction"], second["user_satisfaction"], first["provider"]) == (5, 1, "openai")


def test_the_commands_for_an_export(export, called, tmp_path):
    (tmp_path / "solves.md").write_text("Does the reply solve it?", encoding="utf-8")
    elsewhere = ("alerts", "label", "judge")
    asked = [words for words in commands("my_export") if words[1] not in elsewhere and "--scores" not in words]
    said = {words[1]: called(words) for words in asked}
    assert list(said) == ["inspect", "report", "convert", "replay", "optimize", "export"]
    assert "langsmith: run" in said["inspect"]
    assert {"report.html", "turns.parquet", "history.lp"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("page", ["my_export", "alerts"])
def test_rules_are_suggested_from_an_export_of_some_weeks(page, tmp_path, monkeypatch, called):
    shutil.copy(data_file("four_weeks_langsmith.jsonl.gz"), tmp_path / "my_export.jsonl.gz")
    monkeypatch.chdir(tmp_path)
    (words,) = [words for words in commands(page) if words[1] == "alerts"]
    called(words)
    assert "[[rule]]" in (tmp_path / "my_rules.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words", [words for words in commands("my_export") if words[1] in ("label", "judge")], ids=" ".join
)
def test_what_asks_a_person_or_a_model_knows_its_arguments(words):
    import typer.main

    from chatmon.cli._logs import app

    command = typer.main.get_command(app).commands[words[1]]
    assert command.make_context(words[1], words[2:]).params["rubric"] is not None


def test_keep_turns_and_erase_a_user(tmp_path, monkeypatch, capsys, called):
    from chatmon.live.monitor import ChatMonitor

    (block,) = blocks("erase_a_user", "python")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATMON_PSEUDONYM_KEY_FILE", str(tmp_path / "keys" / "file"))
    monitor = ChatMonitor(capture_content=True)
    names = {"monitor": monitor}
    exec(block, names)
    with monitor.track("c-17", "u-4") as turn:
        turn.set(question="where is my parcel?")
    monitor.rate(turn.turn_id, 4)
    names["store"].close()
    assert "written" in capsys.readouterr().out
    said = [called(words) for words in commands("erase_a_user")]
    assert "1 days now hold 1 turns" in said[0]
    assert "kept 1 days" in said[1]
    assert "holds 1 turns" in said[2]
    assert "nothing of this user is in them" in said[3]


def test_the_service_that_receives_turns_is_a_command_that_there_is():
    import configparser

    import typer.main

    from chatmon.cli._logs import app

    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(blocks("many_hosts", "ini")[0])
    program, group, name, *rest = shlex.split(unit["Service"]["ExecStart"])
    receive = typer.main.get_command(app).commands[group].commands[name]
    given = receive.make_context(name, rest).params
    assert program.endswith("/chatmon")
    assert (given["folder"].name, given["redis"]) == ("turns", "redis://127.0.0.1:6379")


def test_a_rule_and_where_it_rings(tmp_path, monkeypatch):
    from chatmon.lab.services import inbox
    from chatmon.live.monitor import ChatMonitor

    (rule,), (block,) = blocks("alerts", "toml"), blocks("alerts", "python")
    (tmp_path / "my_rules.toml").write_text(rule, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with inbox.start() as receiver:
        names = {"url": receiver.slack_url, "monitor": ChatMonitor()}
        exec(block, names)
        with names["monitor"].track("c-1") as turn:
            turn.record_error(TimeoutError("too slow"))
        names["running"].stop()
    assert not names["monitor"].listeners
    with sqlite3.connect(tmp_path / "alerts" / "alerts.db") as saved:
        assert saved.execute("SELECT count(*) FROM engine").fetchone() == (1,)
    saved.close()


def test_a_student_s_log_and_its_answer_key_and_a_class_s(tmp_path, monkeypatch, called):
    monkeypatch.chdir(tmp_path)
    simulate, student, grade, results = commands("teacher")
    called(simulate)
    assert {path.name for path in (tmp_path / "incident17").iterdir()} >= {"turns.parquet", "truth.json"}
    called(student)
    assert {path.name for path in (tmp_path / "Ada").iterdir()} == {"turns.parquet", "diagnosis.toml"}
    (tmp_path / "handed_in").mkdir()
    (tmp_path / "Ada").rename(tmp_path / "handed_in" / "Ada")
    assert "Ada" in called(grade)
    shutil.copytree(REPO / "notebooks", tmp_path / "work_of_the_class" / "Ada", ignore=shutil.ignore_patterns("so*"))
    called(results)
    assert {"class.csv", "class.html", "checks.csv"} <= {path.name for path in tmp_path.iterdir()}


def test_an_incident_for_each_student_and_its_grades(tmp_path, monkeypatch, called):
    monkeypatch.chdir(tmp_path)
    simulate, grade = commands("teaching/capstone")
    called(simulate)
    assert "Ada" in called(grade)


def test_verdicts_and_labels_are_joined_to_an_export(export, called, tmp_path):
    ids = [run["trace_id"] for run in runs(some_turns()) if run.get("parent_run_id") is None]
    for name in ("verdict", "label"):
        rows = [f"{turn},solves,yes" for turn in ids]
        (tmp_path / f"{name}s.csv").write_text("\n".join([f"turn_id,name,{name}", *rows]), encoding="utf-8")
    (words,) = commands("verdicts")
    called(words)
    assert "Was it any good?" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_draft_of_a_map_and_what_became_of_each_column(tmp_path, monkeypatch, called):
    rows = [f"2026-10-05T09:{minute:02d}:00Z;c{minute // 2};1.5;gpt-4.1" for minute in range(40)]
    (tmp_path / "tickets.csv").write_text("\n".join(["timestamp;chat;seconds;model", *rows]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    draft, look, report = commands("tables")
    called(draft)
    assert "2026-10-05 09:39" in called(look)
    called(report)
    assert (tmp_path / "report.html").exists()


def test_the_line_for_every_monday(tmp_path, export, called):
    (line,) = re.findall(r"&& (chatmon report .*?) 2> ", PAGES["ten_questions"])
    (tmp_path / "exports").mkdir()
    (tmp_path / "my_export.jsonl").rename(tmp_path / "exports" / "my_export.jsonl")
    called(shlex.split(re.sub(r'"\$\(date .*?\)"', "2026-01-01", line)))
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_every_page_are_run_or_start_the_course(page):
    runs_itself = {"my_export", "erase_a_user", "tables", "teacher", "teaching/capstone", "verdicts", "alerts"}
    runs_itself |= {name for name, _ in BY_REDIS}
    left = {words[1] for words in commands(page)} if page not in runs_itself else set()
    # What a bundle holds comes from a package index: `tests/system/test_bundle.py` makes one.
    assert left <= {"fetch-model", "lab", "bundle"}, f"{page}: {left} is run by no test"
