import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from children import started
from importers.conversations import some_turns
from importers.writers_langsmith import runs, write_lines
from waits import PATIENCE

from chatmon import __version__
from chatmon._tools.models import course_models
from chatmon.lab.services import _child as child
from chatmon.lab.traffic import Truth
from chatmon.turns import read_parquet

THEIRS_ALONE = 0.18
"""Seconds of the processor for what typer imports to show a help, where nothing else runs."""
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHATMON_MODEL")}


def chatmon(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chatmon", *arguments], env=CLEAN | env, capture_output=True, text=True, timeout=PATIENCE
    )


@contextmanager
def served(*arguments: str, **env: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    command = [sys.executable, "-m", "chatmon", "serve", "llm", *arguments]
    with started(*command, env=CLEAN | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        lines = [process.stdout.readline() for _ in range(4)]
        yield process, {line[:10].strip(): line[10:].strip() for line in lines[:3]}


def asking(base_url: str, api_key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=PATIENCE)


def used(*arguments: str) -> float:
    """Return the seconds of the processor that a Python takes: a busy machine keeps it waiting beside."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=CLEAN, capture_output=True, check=True, timeout=PATIENCE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_comes_within_two_tenths_of_a_second() -> None:
    result = chatmon("--help")
    assert result.returncode == 0
    assert all(command in result.stdout for command in ("doctor", "fetch-model", "serve"))
    rounds = [(used("-m", "chatmon", "--help"), used("-c", "import typer.rich_utils")) for _ in range(5)]
    ours, theirs = (min(seconds) for seconds in zip(*rounds, strict=True))
    # Two threads of one core share it, so that others stretch the processor's time as well, by half at times; and as
    # much that of what typer imports for a help with boxes, which ours leaves out.
    assert ours < 0.2 * max(1.0, theirs / THEIRS_ALONE)


@pytest.mark.parametrize(
    "command",
    ["doctor", "lab", "demo", "fetch-model", "inspect", "convert", "report", "replay", "optimize", "simulate", "serve"],
)
def test_every_command_says_what_it_does(command: str) -> None:
    result = chatmon(command, "--help")

    assert (result.returncode, result.stderr) == (0, "")
    assert "Usage" in result.stdout


def test_the_version_is_the_packages() -> None:
    assert chatmon("--version").stdout == f"chatmon {__version__}\n"


def test_a_served_model_answers_the_openai_client_and_stops_cleanly_on_ctrl_c() -> None:
    with served() as (process, shown):
        with asking(shown["base URL"], shown["API key"]) as client:
            reply = client.chat.completions.create(
                model=shown["model"], messages=[{"role": "user", "content": "Say hello."}], max_tokens=8
            )
        assert reply.choices[0].message.content
        assert shown["model"] == course_models().local.alias
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (out, err, process.returncode) == ("\nStopped.\n", "", 0)
    assert not child.answers(int(shown["base URL"].rpartition(":")[2].removesuffix("/v1")))


def test_a_key_and_a_port_of_ones_own_are_used_and_the_key_is_not_shown() -> None:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    with served("--port", str(port), CHATMON_API_KEY="my-own-key") as (_, shown):
        assert shown["base URL"] == f"http://127.0.0.1:{port}/v1"
        assert "my-own-key" not in shown["API key"]
        with asking(shown["base URL"], "my-own-key") as client:
            assert [model.id for model in client.models.list()] == [shown["model"]]


def test_a_taken_port_is_one_line_and_status_1() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = chatmon("serve", "llm", "--port", str(port))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"chatmon: port {port} cannot be opened")
    assert result.stderr.count("\n") == 1


def test_a_missing_model_is_one_line_and_status_1(tmp_path: Path) -> None:
    result = chatmon("serve", "llm", CHATMON_CACHE=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.endswith("run `chatmon fetch-model`\n")
    assert result.stderr.count("\n") == 1


def test_fetching_what_is_there_says_so() -> None:
    result = chatmon("fetch-model")
    assert result.returncode == 0
    assert result.stdout.startswith("The model is there, and whole: ")


def test_fetching_without_a_network_is_one_line_and_status_1(tmp_path: Path) -> None:
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    result = chatmon("fetch-model", CHATMON_CACHE=str(tmp_path / "cache"), **nowhere)
    assert result.returncode == 1
    assert result.stdout.startswith("Fetching the model: no model file at ")
    assert result.stderr.startswith("chatmon: pip cannot get ")
    assert result.stderr.count("\n") == 1


def test_doctor_ends_with_its_status() -> None:
    result = chatmon("doctor", CHATMON_MODEL="/nowhere.gguf")
    assert result.returncode == 1
    assert "FAIL  model file" in result.stdout


@pytest.mark.parametrize("arguments", [("nonsense",), ("serve", "nonsense"), ("serve", "llm", "--port", "0")])
def test_a_wrong_command_line_is_explained_with_status_2(arguments: tuple[str, ...]) -> None:
    result = chatmon(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_any_command_says_what_is_missing_where_packages_are() -> None:
    result = subprocess.run(
        [sys.executable, "-S", "-m", "chatmon", "fetch-model"],
        cwd=Path(child.__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 1
    assert "chatmon: its packages cannot be loaded (No module named 'typer')" in result.stderr
    assert "FAIL  packages" in result.stdout
    assert "Traceback" not in result.stderr


def test_inspect_says_what_an_export_holds_and_convert_makes_turns_of_it(tmp_path: Path) -> None:
    exported = tmp_path / "runs.jsonl"
    write_lines([*runs(some_turns()), {"colour": "red"}], exported)
    said = chatmon("inspect", str(exported))
    assert said.returncode == 0, said.stderr
    for text in ("langsmith: run", "40", "no known shape: its keys are colour", "error rate", "rate limit"):
        assert text in said.stdout
    written = chatmon("convert", str(exported), "-o", str(tmp_path / "turns.parquet"))
    assert written.returncode == 0, written.stderr
    assert len(read_parquet(tmp_path / "turns.parquet")) == 40


def test_a_folder_that_is_not_there_is_named_before_anything_is_written(tmp_path: Path) -> None:
    exported = tmp_path / "x.jsonl"
    write_lines(runs(some_turns(3)), exported)
    for command, name in (("convert", "turns.parquet"), ("report", "page.html")):
        said = chatmon(command, str(exported), "-o", str(tmp_path / "nowhere" / name))
        assert said.returncode == 1
        assert f"no folder {tmp_path / 'nowhere'} for {name}" in said.stderr


def test_inspect_of_what_holds_no_turns_fails_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"colour": "red"}\n', encoding="utf-8")
    said = chatmon("inspect", str(tmp_path / "x.jsonl"))
    assert said.returncode == 1
    assert "its keys are colour" in said.stdout
    assert "no turns in these logs" in said.stderr
    missing = chatmon("inspect", str(tmp_path / "nothing.jsonl"))
    assert missing.returncode == 1
    assert "nothing.jsonl" in missing.stderr


def test_a_teacher_gets_a_log_and_its_answer_key_for_each_seed(tmp_path: Path) -> None:
    for seed in ("1", "2", "2"):
        made = chatmon("simulate", "--seed", seed, "--days", "7", "--surprise", "2", "-o", str(tmp_path / seed))
        assert made.returncode == 0, made.stderr
        assert "2 planted" in made.stdout
    truths = [Truth.from_json((tmp_path / seed / "truth.json").read_text(encoding="utf-8")) for seed in "12"]

    assert len(read_parquet(tmp_path / "1" / "turns.parquet")) == truths[0].turns
    assert [plant.problem for plant in truths[0].plants] != [plant.problem for plant in truths[1].plants]


def test_a_problem_may_be_named_and_a_wrong_name_is_told_the_right_ones(tmp_path: Path) -> None:
    right = chatmon(
        "simulate", "--days", "2", "--problem", "latency_step:region=uk:severe@2026-10-06", "-o", str(tmp_path)
    )
    wrong = chatmon("simulate", "--problem", "slowness", "-o", str(tmp_path))
    listed = chatmon("simulate", "--problem", "list", "-o", str(tmp_path))

    assert '"region": "uk"' in (tmp_path / "truth.json").read_text(encoding="utf-8")
    assert right.returncode == 0
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "latency_step" in wrong.stderr
    assert "latency_step: the model takes 1.25 or 1.6 or 2.2 times as long" in listed.stdout


def test_optimize_says_what_to_do_and_with_the_answer_key_how_right_that_is(tmp_path: Path) -> None:
    problem = ("--problem", "quality_drop:intent=billing:severe@2026-10-12")
    chatmon("simulate", "-o", str(tmp_path), "--seed", "5", "--turns-per-day", "900", *problem)

    said = chatmon("optimize", str(tmp_path / "turns.parquet"), "--truth", str(tmp_path / "truth.json"))

    assert (said.returncode, said.stderr) == (0, "")
    assert "recommendations: 1 from" in said.stdout
    assert "recommendation: [high] Replies about billing completed" in said.stdout
    assert "1 of 1 planted problems found, 0 false recommendations" in said.stdout
