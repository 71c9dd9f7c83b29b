"""The README promises what is there: files, targets, and the lessons with their minutes."""

import gzip
import re
import sqlite3

import pytest
from importers.conversations import some_turns
from importers.writers_langsmith import runs, write_lines

from chatmon._tools.paths import REPO
from chatmon.lab.course._lessons import lessons

README = (REPO / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [README, CONTRIBUTING, (REPO / "data" / "README.md").read_text(encoding="utf-8")])
def test_every_link_to_a_file_leads_somewhere(text):
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (REPO / target).exists(), target


def test_the_table_of_lessons_says_what_their_list_says() -> None:
    rows = [
        f"| {lesson.number} | [{lesson.title}](notebooks/{lesson.stem}.ipynb) | {lesson.you_will} | {lesson.minutes} |"
        for lesson in lessons()
    ]
    assert "\n".join(["| | lesson | you will | minutes |", "|---|---|---|---|", *rows]) in README


@pytest.mark.parametrize("text", [README, CONTRIBUTING])
def test_every_make_target_named_is_there(text):
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE)
    assert "test" in named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_map_names_only_modules_that_are_there():
    text = CONTRIBUTING.replace("NN_name", "00_start_here").replace("NN", "03").replace("_acme", "_own")
    for name in re.findall(r"`([\w/]+\.py)`", text):
        places = [REPO, REPO / "chatmon"]
        assert any((place / name).exists() for place in places), name


def test_the_readme_s_way_to_one_s_own_logs_works(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if "my_export.csv" in block]
    header = "turn_id,conversation_id,timestamp,response_time,model,input_tokens,output_tokens,cached_tokens"
    rows = ["a,c1,2026-10-05T09:00:00Z,1.5,gpt-4.1,100,20,0", "b,c1,2026-10-05T09:01:00Z,2,gpt-4.1,200,10,0"]
    (tmp_path / "my_export.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(block, names)
    assert names["what_if"](names["frame"], "gpt-4.1-mini")["gpt-4.1-mini"].would_be.turns == 2


def test_the_readme_s_way_to_an_export_works(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if "open_logs" in block]
    write_lines(runs(some_turns()), tmp_path / "my_export.jsonl")
    whole = (tmp_path / "my_export.jsonl").read_bytes()
    (tmp_path / "my_export.jsonl.gz").write_bytes(gzip.compress(whole, mtime=0))
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    assert "langsmith: run" in capsys.readouterr().out


def test_the_readme_s_way_to_a_store_works(tmp_path, monkeypatch, capsys):
    from chatmon.cli._logs import run
    from chatmon.live.monitor import ChatMonitor

    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if "Store(" in block]
    (commands,) = [text for text in re.findall(r"\n\n((?:    .*\n)+)", README) if "chatmon store compact" in text]
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
    said = []
    for line in commands.splitlines():
        monkeypatch.setattr("sys.argv", line.partition("#")[0].split())
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    assert "1 days now hold 1 turns" in said[0]
    assert "kept 1 days" in said[1]
    assert "holds 1 turns" in said[2]
    assert "nothing of this user is in them" in said[3]


def test_the_readme_s_way_to_alerts_works(tmp_path, monkeypatch):
    from chatmon.lab.services import inbox
    from chatmon.live.monitor import ChatMonitor

    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if "alerts.start" in block]
    rule = '[[rule]]\nname = "errors"\nmeasure = "error"\nstatistic = "rate"\nwindow = "5m"\nabove = 0.5\n'
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
