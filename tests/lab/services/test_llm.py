"""The local model is tested as it is used: real processes, the real model, the real client."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import psutil
import pytest
from children import started, until_gone
from waits import PATIENCE, until

from chatmon._tools.models import course_models
from chatmon.lab.services import _child as child
from chatmon.lab.services import model
from chatmon.lab.services._user_keys import user_key
from chatmon.lab.services.errors import (
    LocalModelError,
    ModelDamagedError,
    ModelMissingError,
    PortTakenError,
    ServerCrashedError,
)
from chatmon.lab.services.llm import SHARED, LocalLLM, SharedLLM, shared_address, start

OPENS_AND_WAITS = """
import sys, time
from chatmon.lab.services.llm import start
llm = start()
print(llm.pid, llm.port, llm.api_key, flush=True)
{then}
"""


@pytest.fixture(scope="module")
def llm() -> Iterator[LocalLLM]:
    with start() as running:
        yield running


def client(llm: LocalLLM) -> openai.OpenAI:
    return openai.OpenAI(base_url=llm.base_url, api_key=llm.api_key, max_retries=0, timeout=PATIENCE)


def ask(llm: LocalLLM, question: str, tokens: int = 12) -> str:
    with client(llm) as opened:
        reply = opened.chat.completions.create(
            model=llm.model, messages=[{"role": "user", "content": question}], max_tokens=tokens
        )
    assert reply.usage is not None
    assert 0 < reply.usage.completion_tokens <= tokens
    return reply.choices[0].message.content or ""


@contextmanager
def parent(then: str) -> Iterator[tuple["subprocess.Popen[str]", int, int]]:
    """Start a Python that starts the model, and give it with the model's process and port."""
    command = [sys.executable, "-c", OPENS_AND_WAITS.format(then=then)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(*command, start_new_session=True, **pipes) as process:
        pid, port, _ = process.stdout.readline().split()
        yield process, int(pid), int(port)


def used_to_be_ready() -> float:
    """Return the seconds of the processor that a model took until it was ready, seen to answer and to be gone."""
    before = time.process_time()
    with start(api_key="own") as fresh:  # a server apart from the shared one
        its = psutil.Process(fresh.pid).cpu_times()
        used = its.user + its.system + time.process_time() - before
        assert ask(fresh, "Say hello.")
    until_gone(fresh.pid, fresh.port)
    return used


def test_the_model_is_ready_within_three_seconds_and_gone_after_the_block() -> None:
    # Of the processor, whose time others on the machine stretch too: the first of a few starts does on an idle one.
    assert any(used_to_be_ready() < 3 for _ in range(5))


def test_the_openai_client_gets_a_real_reply_under_the_configured_name(llm: LocalLLM) -> None:
    assert llm.model == course_models().local.alias
    assert "4" in ask(llm, "What is 2 + 2?", tokens=24)


def test_a_question_asked_again_gets_the_same_reply(llm: LocalLLM) -> None:
    first, second = (ask(llm, "Name a colour.", tokens=16) for _ in range(2))
    assert first == second


def test_ten_users_at_once_all_get_replies(llm: LocalLLM) -> None:
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda n: ask(llm, f"Count from {n}.", tokens=8), range(10)))
    assert len(replies) == 10
    assert all(replies)


def test_a_tool_that_this_model_cannot_call_is_refused_and_not_passed_over(llm: LocalLLM) -> None:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}
    with client(llm) as opened, pytest.raises(openai.BadRequestError, match="tools has no place in this model's") as no:
        opened.chat.completions.create(
            model=llm.model, messages=[{"role": "user", "content": "Hi"}], tools=[tool], max_tokens=4
        )
    assert (no.value.param, no.value.code) == ("tools", "unsupported_parameter")


def test_a_reply_is_streamed_piece_by_piece_through_the_front(llm: LocalLLM) -> None:
    with client(llm) as opened:
        stream = opened.chat.completions.create(
            model=llm.model, messages=[{"role": "user", "content": "Count to nine."}], max_tokens=20, stream=True
        )
        begun = time.monotonic()
        at = [time.monotonic() - begun for piece in stream if piece.choices and piece.choices[0].delta.content]
    assert len(at) > 5
    assert at[0] < at[-1] / 2


def test_it_has_four_slots_of_at_least_4096_tokens(llm: LocalLLM) -> None:
    key = {"Authorization": f"Bearer {llm.api_key}"}
    answer = httpx.get(llm.base_url.removesuffix("v1") + "props", headers=key, timeout=PATIENCE)
    props = answer.json()
    assert props["total_slots"] == 4
    assert props["default_generation_settings"]["n_ctx"] >= 4096


def test_a_wrong_key_is_refused(llm: LocalLLM) -> None:
    with (
        openai.OpenAI(base_url=llm.base_url, api_key="wrong", max_retries=0, timeout=PATIENCE) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model=llm.model, messages=[{"role": "user", "content": "Hi"}])


def test_a_second_start_gives_the_model_that_runs(llm: LocalLLM) -> None:
    with start() as again:
        assert again is llm
    assert llm.running  # the fixture's block has not ended


def test_a_plain_start_outlives_the_blocks_of_others_until_stop() -> None:
    plain = start(api_key="own")
    with start(api_key="own") as same:
        assert same is plain
    assert plain.running
    plain.check()
    plain.stop()
    plain.stop()
    assert not plain.running
    with pytest.raises(LocalModelError, match=r"was stopped: call start\(\) again"):
        plain.check()


def test_the_key_shows_in_no_repr_no_log_and_no_list_of_processes(llm: LocalLLM) -> None:
    process = psutil.Process(llm.pid)
    shown = [repr(llm), llm._repr_html_(), " ".join(process.cmdline()), " ".join(process.environ().values())]
    assert llm.model in shown[0]
    assert not [text for text in shown if llm.api_key in text]
    log = llm.log_path.read_text(encoding="utf-8")
    assert "model" in log
    assert llm.api_key not in log


def test_the_log_does_not_hold_what_users_say(llm: LocalLLM) -> None:
    ask(llm, "My name is Zanzibarius.", tokens=4)
    assert "Zanzibarius" not in llm.log_path.read_text(encoding="utf-8")


def test_nothing_is_printed_where_the_model_is_started() -> None:
    with parent(then="") as (process, pid, port):
        out, err = process.communicate(timeout=PATIENCE)
        assert (out, err) == ("", "")
        assert process.returncode == 0
        until_gone(pid, port)


def test_the_model_dies_with_a_parent_that_is_killed() -> None:
    with parent(then="time.sleep(600)") as (process, pid, port):
        assert child.answers(port)
        process.kill()
        until_gone(pid, port)


def test_a_fork_neither_keeps_the_model_alive_nor_ends_it() -> None:
    in_fork = "llm.check(); llm.stop(); print(os.getpid(), flush=True)"
    with parent(f"import os\nif not os.fork():\n    {in_fork}\ntime.sleep(600)") as (process, pid, port):
        assert process.stdout is not None
        fork = int(process.stdout.readline())  # it has done what it does to the model
        try:
            assert child.answers(port)
            process.kill()
            until_gone(pid, port)
        finally:
            os.kill(fork, signal.SIGKILL)


def test_an_interrupt_in_the_notebook_leaves_the_model_running() -> None:
    then = (
        "try:\n    print('waits', flush=True)\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    llm.check()\n    print('still here', flush=True)"
    )
    with parent(then) as (process, _, _):
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("still here\n", "")


def test_a_file_beside_the_notebook_does_not_get_into_the_models_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with start(api_key="own") as running:
        running.check()


def test_a_model_killed_in_mid_reply_can_say_so_and_a_new_start_replaces_it() -> None:
    dying = start(api_key="own")
    with client(dying) as opened:
        stream = opened.chat.completions.create(
            model=dying.model,
            messages=[{"role": "user", "content": "Tell me a long story."}],
            max_tokens=2000,
            stream=True,
        )
        with pytest.raises((openai.APIError, httpx.HTTPError)):  # noqa: PT012 - the error comes from the loop
            for number, _ in enumerate(stream):
                if number == 3:
                    os.kill(dying.pid, signal.SIGKILL)
    until(lambda: not dying.running)  # the stream may break before its last thread has ended
    with pytest.raises(ServerCrashedError) as caught:
        dying.check()
    message = str(caught.value)
    assert f"process {dying.pid}" in message
    assert "status -9" in message
    assert "Call start() again" in message
    assert str(dying.log_path) in message
    assert "slot" in message  # a line of the log
    with start(api_key="own") as fresh:
        assert fresh.pid != dying.pid
        assert ask(fresh, "Hello!")


def test_a_start_right_after_a_crash_does_not_give_the_dying_model() -> None:
    dying = start(api_key="own")
    os.kill(dying.pid, signal.SIGKILL)
    with start(api_key="own") as fresh:
        assert fresh.pid != dying.pid
        fresh.check()


def test_a_missing_model_names_the_place_and_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATMON_CACHE", str(tmp_path))
    with pytest.raises(ModelMissingError, match=f"no model file at {tmp_path}.*: run `chatmon fetch-model`"):
        start()
    with pytest.raises(ModelMissingError, match="name another GGUF file"):
        start(tmp_path / "none.gguf")


def test_a_file_that_is_no_model_is_refused_before_anything_starts(tmp_path: Path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<!doctype html>", encoding="utf-8")
    with pytest.raises(ModelDamagedError, match=r"page\.gguf begins with b'<!do', a GGUF model with b'GGUF'"):
        start(page)


def test_a_model_cut_short_is_refused_with_both_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / course_models().local.file).write_bytes(b"GGUF" + bytes(1000))
    monkeypatch.setenv("CHATMON_CACHE", str(tmp_path))
    with pytest.raises(ModelDamagedError, match=f"has 1004 bytes, the model has {course_models().local.bytes}: run"):
        start()


def test_a_model_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(model.path().read_bytes()[:5_000_000])
    with pytest.raises(ModelDamagedError, match=r"llama\.cpp cannot load .*broken\.gguf(.|\n)*failed to load model"):
        start(broken)


def test_another_model_goes_by_the_name_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.gguf").symlink_to(model.path())
    monkeypatch.setenv("CHATMON_MODEL", str(tmp_path / "mine.gguf"))
    with start() as mine:
        assert mine.model == "mine"


def test_a_taken_port_is_named() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} cannot be opened .*choose another"):
            start(port=port)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"port": 0}, r"port \(0\) must be"),
        ({"port": 65536}, r"port \(65536\)"),
        ({"threads": 0}, r"threads \(0\)"),
        ({"slots": 0}, r"slots \(0\)"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        start(**arguments)  # type: ignore[arg-type] - only integers are given


def test_old_logs_are_cleared_and_new_ones_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATMON_CACHE", str(tmp_path))
    (tmp_path / "logs").mkdir()
    for day in range(10, 31):
        (tmp_path / "logs" / f"llm-202001{day}T000000-1-abc.log").touch()
    new = child.new_log("llm")
    kept = sorted(file.name for file in new.parent.iterdir())
    assert len(kept) == 19
    assert kept[0] == "llm-20200112T000000-1-abc.log"
    assert new.name > kept[-1]


def test_a_shared_model_is_found_by_a_user_s_address_and_answers_as_one_of_one_s_own(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(api_key="of a class", slots=1) as of_class:
        monkeypatch.setenv(SHARED, shared_address("ada", of_class.api_key, of_class.port))
        with start() as found:
            assert isinstance(found, SharedLLM)
            assert (found.base_url, found.model, found.running) == (of_class.base_url, llm.model, True)
            assert found.api_key == user_key("ada", "of a class")
            assert found.api_key not in repr(found)
            with ThreadPoolExecutor(4) as pool:
                replies = list(pool.map(lambda n: ask(found, f"Name {n} colours.", tokens=16), [2, 3, 2, 3]))
            assert replies == [ask(llm, f"Name {n} colours.", tokens=16) for n in (2, 3, 2, 3)]
        assert of_class.running  # who found it does not end it
        with start(api_key="of a class", slots=1) as asked_for:  # who asks for one in particular gets that
            assert asked_for is of_class
    with pytest.raises(LocalModelError, match=r"shared model at .* does not answer .*unset CHATMON_SHARED_LLM"):
        found.check()
    assert not found.running


def test_a_shared_model_wants_a_user_s_key(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, f"http://ada:00@127.0.0.1:{llm.port}")
    with pytest.raises(LocalModelError, match="status 401"):
        start()


@pytest.mark.parametrize(
    "address", ["127.0.0.1:4040", "http://127.0.0.1:4040", "http://k@192.0.2.1:1", "http://k@127.0.0.1"]
)
def test_an_address_of_another_form_is_said_to_be(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, address)
    with pytest.raises(ValueError, match="CHATMON_SHARED_LLM is not of the form"):
        start()
