"""`chatmon demo` does what it shows: one run with the real model, read by the tests of this file."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from analysis.by_hand import turn
from children import started
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.lab.bot._knowledge import KnowledgeBase
from chatmon.lab.cli import _demo as demo
from chatmon.turns import read_parquet

SEED = (
    "What's the weather like today?", "How can I reset my password?", "Explain quantum computing in simple terms",
    "What are your business hours?", "Help me troubleshoot my connection issues",
)  # fmt: skip


def command(*arguments):
    return [sys.executable, "-m", "chatmon", "demo", *map(str, arguments)]


ELSEWHERE = {
    "CHATMON_LLM": "openai", "LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "k",
    "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
}  # fmt: skip
"""An environment that would have the bot ask, and tell, services that are not there."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What a run with ten turns says, and the folder that it wrote into."""
    folder = tmp_path_factory.mktemp("demo")
    wanted = ("--output", "page.html", "--turns", 10, "--log", "turns.parquet")
    done = subprocess.run(
        command(*wanted), cwd=folder, env=os.environ | ELSEWHERE, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, folder


def test_every_question_has_its_reply_and_what_was_recorded_below_it(ran):
    said, folder = ran
    turns = read_parquet(folder / "turns.parquet")
    for place, (question, recorded) in enumerate(zip(demo.SCRIPT, turns, strict=False), 1):
        _, _, shown = said.partition(f"\n{place}. {question.user_id}")
        asked, reply, *rest = shown.splitlines()
        assert asked.endswith(f": {question.text}")
        assert recorded.question == question.text
        assert reply.startswith(f"   bot: {str(recorded.answer).splitlines()[0]}")
        assert f"   {demo.told(recorded)}" in rest[:8]


def test_the_follow_up_is_in_its_conversation_and_one_turn_fails_as_it_was_said_to(ran):
    said, folder = ran
    turns = read_parquet(folder / "turns.parquet")
    assert len(turns) == 10
    assert turns[4].conversation_id == turns[3].conversation_id
    assert len({one.conversation_id for one in turns[:8]}) == 7
    assert [one.error_type for one in turns] == [None] * 7 + ["ReplyTimeoutError"] + [None] * 2
    assert "8. user_7 (fails on purpose: it has 1 ms): When is my bill due?" in said
    assert "ReplyTimeoutError: 1" in said


def test_the_numbers_the_health_and_the_optimizer_s_silence_are_shown(ran):
    said, _ = ran
    places = [
        said.index(text)
        for text in (
            "== What it adds up to", "10 in ", "this process", "the machine", "== What the optimizer says ==",
            "everything: 10 turns: at least 200 are needed", "`chatmon demo --turns 200` makes enough in about",
            "== What is written ==", "page.html reports on 10 turns: open it in a browser.", "turns.parquet holds them",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    assert re.search(r"2 more from simulated users: about \d+ s\.", said)


def test_what_it_writes_is_whole_and_nothing_else_is_there(ran):
    _, folder = ran
    assert sorted(path.name for path in folder.iterdir()) == ["page.html", "turns.parquet"]
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")


def shape(line):
    """Return a line without what differs from one machine or run to another: numbers, and a reply's words."""
    return re.sub(r"(   bot: ).*", r"\1", re.sub(r"\d[\d.,]*", "0", line).replace("MiB", "").rstrip())


def test_the_learner_s_page_shows_the_lines_of_a_run_in_their_order(ran):
    said, _ = ran
    page = (REPO / "docs" / "learner.md").read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "make demo" in block]
    assert len(block.splitlines()) <= 15
    lines = iter([shape(line) for line in said.replace("page.html", "report.html").splitlines()])
    shown = [shape(line) for line in block.splitlines() if line not in ("$ make demo", "...")]
    assert [line for line in shown if line not in lines] == []  # each is looked for behind the one before


def test_ctrl_c_ends_it_with_its_model_and_leaves_no_file(tmp_path):
    with started(*command(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.startswith("The model was ready"):
                break
        [model] = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (err, process.returncode) == ("\nStopped: the model has ended, and no file is half-written.\n", 130)
    assert list(tmp_path.iterdir()) == []
    until(lambda: not model.is_running())


def test_the_script_has_the_five_first_questions_a_follow_up_and_a_failure():
    assert set(SEED) < {question.text for question in demo.SCRIPT}
    assert [question.text for question in demo.SCRIPT if question.follows] == ["Are you open on Sundays too?"]
    [failing] = [question for question in demo.SCRIPT if question.timeout is not None]
    assert f"{1000 * failing.timeout:g} ms" in failing.note


@pytest.mark.parametrize("number", [0, 1, 192, 3000])
def test_simulated_users_ask_as_many_questions_of_the_knowledge_base_as_are_wanted(number):
    asked = demo.questions(number)
    known = {text for entry in KnowledgeBase.load().entries for text in (entry.question, *entry.phrasings)}
    assert len(asked) == number
    assert {one.text for one in asked} <= known
    assert asked == demo.questions(number)
    if number > 1:
        assert len({one.conversation_id for one in asked}) < number, "some go on"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "unknown time; tokens: unknown in, unknown out; intent: unknown; task: unknown"),
        ({"response_time": 1.239, "input_tokens": 0, "output_tokens": 7, "intent": "billing", "task_completed": False},
         "1.24 s; tokens: 0 in, 7 out; intent: billing; task: not completed"),
        ({"response_time": 0.5, "task_completed": True},
         "0.50 s; tokens: unknown in, unknown out; intent: unknown; task: completed"),
        ({"response_time": 0.001, "error_type": "TimeoutError"}, "failed after 0.00 s: TimeoutError"),
        ({"error_type": "TimeoutError"}, "failed after unknown time: TimeoutError"),
    ],
)  # fmt: skip
def test_a_turn_is_told_in_a_line_in_which_unknown_is_not_zero(columns, said):
    assert demo.told(turn(0, **columns)) == said


@pytest.mark.parametrize(
    ("seconds", "left", "said"), [(8, 2, "2 s"), (8, 119, "119 s"), (8, 120, "2 min"), (80, 600, "100 min")]
)
def test_what_is_left_takes_as_long_as_what_was_done(seconds, left, said):
    assert demo.estimate(seconds, 8, left) == f"about {said}"


@pytest.mark.parametrize(
    ("output", "log", "error", "said"),
    [
        ("no/page.html", None, FileNotFoundError, r"no folder .*no for page\.html: make it first, or name another"),
        ("page.html", "no/turns.parquet", FileNotFoundError, r"no folder .*no for turns\.parquet"),
        ("here", None, IsADirectoryError, r"here is a folder: name a file in it, such as .*here.report\.html"),
        ("page.html", "turns.csv", ValueError, r"the log is to be turns\.csv: name it \.parquet"),
        ("a.parquet", "a.parquet", ValueError, r"the report and the log are both to be a\.parquet: name two files"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_asked(output, log, error, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here").mkdir()
    heard = []
    with pytest.raises(error, match=said):
        demo.run(Path(output), log=log and Path(log), say=heard.append)
    assert heard == []


def test_fewer_turns_than_the_script_has_are_refused_with_both_numbers(tmp_path):
    with pytest.raises(ValueError, match="7 turns are asked for and the demonstration has 8: ask for as many or more"):
        demo.run(tmp_path / "page.html", turns=7, say=pytest.fail)
