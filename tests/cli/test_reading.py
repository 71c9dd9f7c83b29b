"""The options of reading logs, the same in every command, and what is said where it cannot be missed."""

import gzip
import shlex
from dataclasses import replace

import pytest
from importers.conversations import some_turns
from typer.testing import CliRunner

from chatmon._tools.paths import data_file
from chatmon.cli._logs import app
from chatmon.turns import read_parquet, write_jsonl, write_parquet

COMMANDS = ("inspect", "convert", "report", "replay", "optimize", "export", "compare")
OPTIONS = ("--format", "--tz", "--columns", "--where", "--since", "--until", "--price")
MAP = """
[columns]
timestamp = "at"
conversation_id = "talk"
user_satisfaction = "stars"
cost = "usd"

[attributes]
team = "team"
"""


def chatmon(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def desk(tmp_path):
    rows = [f"2026-03-{day:02d} 23:30,c{day},{day % 5 + 1},0.5,{'EU' if day % 2 else 'US'}" for day in range(1, 11)]
    (tmp_path / "desk.csv").write_text("\n".join(["at,talk,stars,usd,team", *rows, ""]), encoding="utf-8")
    (tmp_path / "desk.toml").write_text(MAP, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_reads_logs_reads_them_by_the_same_options(command):
    said = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert [option for option in OPTIONS if option not in said] == []


@pytest.mark.parametrize(
    ("options", "days"),
    [
        (["--since", "2026-03-03", "--until", "2026-03-05"], [3, 4]),
        (["--since", "2026-03-03", "--until", "2026-03-05", "--tz", "Asia/Tokyo"], [3, 4]),
        (["--since", "2026-03-03T23:30:00", "--until", "2026-03-05T00:00:00+00:00"], [3, 4]),
        (["--where", "team = 'EU' AND cost > 0"], [1, 3, 5, 7, 9]),
        (["--where", "team = 'EU'", "--since", "2026-03-08"], [9]),
    ],
)
def test_turns_are_chosen_by_what_they_say_and_when_they_came(desk, options, days):
    output = desk / "turns.parquet"
    done = chatmon("convert", desk / "desk.csv", "--columns", desk / "desk.toml", "-o", output, *options)
    assert done.exit_code == 0, done.output
    assert sorted(int(one.conversation_id[1:]) for one in read_parquet(output)) == days
    assert f"{10 - len(days)} more left out, as you said" in done.stdout


def test_a_moment_that_is_none_and_a_choice_that_leaves_nothing_are_said(desk):
    given = (desk / "desk.csv", "--columns", desk / "desk.toml")
    assert "'tomorrow' is no moment: write 2026-09-21" in chatmon("inspect", *given, "--since", "tomorrow").output
    nothing = chatmon("inspect", *given, "--since", "2027-01-01")
    assert "all 10 were left out by --where, --since or --until" in str(nothing.exception)


def test_what_was_lost_stands_first_in_inspect_and_the_page_and_on_standard_error(desk):
    text = (desk / "desk.csv").read_text(encoding="utf-8")
    (desk / "desk.csv").write_text(text.replace("c1,2,", "c1,many,"), encoding="utf-8")
    given = (desk / "desk.csv", "--columns", desk / "desk.toml")
    lost = "user_satisfaction: 1 of 10 cells could not be read"
    inspected = chatmon("inspect", *given)
    assert inspected.stdout.startswith("warning")
    assert lost in inspected.stdout.splitlines()[0]
    assert lost in inspected.stderr
    reported = chatmon("report", *given, "-o", desk / "page.html")
    assert lost in reported.stderr
    page = (desk / "page.html").read_text(encoding="utf-8")
    assert page.index(lost) < page.index(">Three things to know</h2>")


def test_inspect_shows_what_each_column_became(desk):
    said = chatmon("inspect", desk / "desk.csv", "--columns", desk / "desk.toml").stdout
    assert any(
        line.split()[:3] == ["user_satisfaction", "10", "0"] and "1 to 5, median 3" in line
        for line in said.splitlines()
    )
    assert "EU (5), US (5)" in said


def test_from_an_unknown_table_to_its_numbers_by_the_programs_own_messages(desk, monkeypatch):
    monkeypatch.chdir(desk)
    said = chatmon("inspect", "desk.csv")
    assert said.exit_code == 1
    commands = [line.strip() for line in said.stdout.splitlines() if line.startswith("  chatmon ")]
    for command in commands:
        done = chatmon(*shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
    assert "turns                          10 in 10 conversations" in done.stdout
    assert "error rate                     unknown" in done.stdout


def test_two_logs_or_two_parts_of_one_are_compared(tmp_path):
    log = data_file("four_weeks.parquet")
    said = chatmon("compare", log, "--split", "2026-10-19", "--by", "model").stdout
    assert "10,215 turns" in said.splitlines()[0]
    assert "9,754 turns" in said.splitlines()[1]
    write_jsonl(some_turns(30), tmp_path / "a.jsonl")
    assert "30 turns" in chatmon("compare", tmp_path / "a.jsonl", tmp_path / "a.jsonl").stdout
    assert "1 logs to compare: name two, or one with --split" in str(chatmon("compare", log).exception)


@pytest.mark.parametrize("command", ["inspect", "report", "optimize", "convert"])
@pytest.mark.parametrize("kind", ["parquet", "jsonl.gz"])
def test_a_file_that_breaks_off_is_said_and_is_in_the_exit_status(tmp_path, command, kind):
    turns = some_turns(300)
    for number in range(3):
        path = tmp_path / f"day={number}" / f"part.{kind}"
        path.parent.mkdir()
        of_day = [replace(turn, turn_id=f"{turn.turn_id}-{number}") for turn in turns]
        if kind == "parquet":
            write_parquet(of_day, path)
        else:
            write_jsonl(of_day, tmp_path / "plain.jsonl")
            path.write_bytes(gzip.compress((tmp_path / "plain.jsonl").read_bytes()))
    (tmp_path / "plain.jsonl").unlink(missing_ok=True)
    whole = chatmon(command, tmp_path, *(["-o", tmp_path.parent / "whole"] if command in ("report", "convert") else []))
    assert whole.exit_code == 0, whole.output
    broken = tmp_path / "day=1" / f"part.{kind}"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    done = chatmon(command, tmp_path, *(["-o", tmp_path.parent / "cut"] if command in ("report", "convert") else []))
    assert done.exit_code == 3, done.output
    assert f"warning: the rest of day=1/part.{kind} is missing from every number" in done.stderr
    if command == "report":
        page = (tmp_path.parent / "cut").read_text(encoding="utf-8")
        assert page.index(f"day=1/part.{kind}") < page.index("Three things to know")


def test_a_file_of_no_known_shape_beside_others_is_no_file_that_breaks_off(tmp_path):
    write_jsonl(some_turns(30), tmp_path / "turns.jsonl")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    assert chatmon("inspect", tmp_path).exit_code == 0
