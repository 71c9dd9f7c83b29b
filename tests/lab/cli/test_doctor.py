"""Each failure is brought about in a controlled environment; most in a process of its own, as a reader would run it."""

import os
import shutil
import socket
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from waits import PATIENCE

from chatmon._tools.models import course_models
from chatmon._tools.paths import REPO
from chatmon.lab.cli import _doctor as doctor
from chatmon.lab.cli._doctor import Diagnosis
from chatmon.lab.services import model

PREFIXES = ("LANGSMITH_", "LANGCHAIN_", "OPENAI_", "CHATMON_", "PYTHON")
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(PREFIXES) and not name.lower().endswith("_proxy")
}


def run(*flags: str, cwd: Path = REPO, python: str = sys.executable, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, *flags, "-m", "chatmon", "doctor"],
        cwd=cwd,
        env=CLEAN | env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the course where nothing has been set up."""
    folder = tmp_path / "clone"
    shutil.copytree(REPO / "chatmon", folder / "chatmon", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.lock").write_text("typer==0.1 \\\n    --hash=sha256:00\nxllamacpp==0.1\n", encoding="utf-8")
    (folder / "Makefile").write_text("setup:\n", encoding="utf-8")
    return folder


def test_the_checks_come_in_the_order_in_which_to_mend_and_the_model_replies() -> None:
    findings = {finding.name: finding for finding in doctor.diagnose()}
    assert list(findings)[:5] == ["Python", "packages", "model file", "free port", "first reply"]
    assert findings["model file"].ok
    assert findings["free port"].ok
    assert findings["first reply"].ok
    assert "ready after" in findings["first reply"].detail


def test_a_bare_python_is_told_what_is_missing_and_the_command(clone: Path) -> None:
    result = run("-S", cwd=clone)
    assert result.returncode == 1
    assert "FAIL  packages: 2 of the 2 packages in requirements.lock" in result.stdout
    assert "typer is missing, xllamacpp is missing" in result.stdout
    assert "to mend it: make setup\n" in result.stdout
    assert "first reply: not tried: it needs the package xllamacpp" in result.stdout
    assert result.stderr == ""


def test_a_bare_python_beside_a_course_that_is_set_up_is_sent_there(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "chatmon").touch()
    assert "to mend it: .venv/bin/chatmon doctor\n" in run("-S", cwd=clone).stdout


def test_an_empty_environment_is_told_to_fill_itself(clone: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True, timeout=PATIENCE)
    python = str(tmp_path / "empty" / "bin" / "python")
    result = run(cwd=clone, python=python)
    assert result.returncode == 1
    assert f"{python} -m pip install --require-hashes -r requirements.lock" in result.stdout


def test_without_a_lock_the_declared_packages_are_what_counts(tmp_path: Path) -> None:
    finding = doctor.check_packages(tmp_path / "requirements.lock")
    assert finding.ok
    assert "that chatmon declares (there is no requirements.lock)" in finding.detail


def test_under_conda_the_declared_packages_are_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    finding = doctor.check_packages()
    assert finding.ok
    assert "that chatmon declares (conda chose)" in finding.detail


def test_a_package_of_another_version_than_the_locks_is_named_with_both(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("pytest==0.1\n", encoding="utf-8")
    finding = doctor.check_packages(lock)
    assert finding.ok is False
    assert "1 of the 1 packages" in finding.detail
    assert f"pytest is {pytest.__version__}, not ==0.1" in finding.detail
    assert finding.remedy == f"{sys.executable} -m pip install --require-hashes -r {lock}"


def test_a_reader_who_has_seen_enough_is_no_error(clone: Path) -> None:
    reader = subprocess.run(
        f"{sys.executable} -S -m chatmon doctor | true",
        cwd=clone,
        env=CLEAN,
        shell=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert reader.stderr == ""


def test_an_old_python_fails_and_the_rest_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    old = doctor.check_python((3, 10, 4))
    assert old.ok is False
    assert old.detail.startswith("3.10.4 at ")
    assert old.detail.endswith("needs 3.11 or later")
    assert doctor.check_python((3, 11, 0)).ok
    monkeypatch.setattr(doctor, "check_python", lambda: old)
    assert [finding.ok for finding in doctor.diagnose()][:5] == [False, None, None, None, None]


def test_a_missing_model_names_the_command_and_nothing_is_started(tmp_path: Path) -> None:
    result = run(CHATMON_CACHE=str(tmp_path))
    assert result.returncode == 1
    assert f"FAIL  model file: no model file at {tmp_path / course_models().local.file}\n" in result.stdout
    assert "fetch-model\n" in result.stdout
    assert "-     first reply: not tried: it needs the model file\n" in result.stdout
    assert not list(tmp_path.iterdir())


def test_a_model_with_one_bit_changed_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = bytearray(model.path().read_bytes())
    altered[50_000_000] ^= 1
    (tmp_path / course_models().local.file).write_bytes(altered)
    monkeypatch.setenv("CHATMON_CACHE", str(tmp_path))
    finding = doctor.check_model()
    assert finding.ok is False
    assert course_models().local.sha256 in finding.detail


def test_a_model_that_loads_no_more_than_a_stone_fails_at_the_first_reply(tmp_path: Path) -> None:
    (tmp_path / "stone.gguf").write_bytes(b"GGUF" + bytes(4000))
    result = run(CHATMON_MODEL=str(tmp_path / "stone.gguf"))
    assert result.returncode == 1
    assert "ok    model file" in result.stdout
    assert "FAIL  first reply: llama.cpp cannot load" in result.stdout
    assert "to mend it: unset CHATMON_MODEL\n" in result.stdout


def test_no_free_port_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    finding = doctor.check_port()
    assert finding.ok is False
    assert "Cannot assign requested address" in finding.detail
    assert finding.remedy
    reply = doctor.check_reply(Diagnosis("model file", True, ""), finding)
    assert (reply.ok, reply.detail) == (None, "not tried: it needs the free port")


@pytest.mark.parametrize(
    "environ",
    [
        {"LANGSMITH_TRACING": "true"},
        {"LANGCHAIN_TRACING_V2": "true"},
        {"LANGSMITH_ENDPOINT": "secret-place"},
        {"OPENAI_BASE_URL": "secret-place"},
        {"CHATMON_LLM": "local", "OPENAI_BASE_URL": "secret-place"},
        {"CHATMON_LLM": "ollama", "OPENAI_BASE_URL": "secret-place"},
        {"OPENAI_API_BASE": "secret-place"},
        {"OPENAI_PROXY": "secret-place"},
        {"OPENAI_LOG": "debug"},
    ],
)
def test_a_variable_that_redirects_the_lessons_fails_without_showing_its_value(environ: dict[str, str]) -> None:
    (finding,) = doctor.check_environment(environ)
    name, value = list(environ.items())[-1]
    assert (finding.name, finding.ok, finding.remedy) == (name, False, f"unset {name}")
    assert value not in finding.detail


def test_another_address_for_openai_is_meant_where_openai_was_chosen() -> None:
    environ = {"CHATMON_LLM": "openai", "OPENAI_API_KEY": "secret", "OPENAI_BASE_URL": "secret-place"}
    chosen, others = doctor.check_environment(environ)
    assert (chosen.name, chosen.ok, chosen.remedy) == ("CHATMON_LLM", True, None)
    assert chosen.detail.endswith("to the address in OPENAI_BASE_URL, which is meant")
    assert (others.ok, others.detail) == (True, "no other variable redirects the lessons")
    assert "secret" not in chosen.detail


def test_openai_without_another_address_is_said_to_be_openai() -> None:
    chosen, _ = doctor.check_environment({"CHATMON_LLM": "openai", "OPENAI_API_KEY": "secret"})
    assert chosen.detail.endswith("text and key, to OpenAI")


def test_having_chosen_openai_excuses_no_other_variable() -> None:
    environ = {"CHATMON_LLM": "openai", "OPENAI_BASE_URL": "secret-place", "OPENAI_API_BASE": "secret-place"}
    assert [(found.name, found.ok) for found in doctor.check_environment(environ)] == [
        ("CHATMON_LLM", True),
        ("OPENAI_API_BASE", False),
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LANGSMITH_TRACING": "false"},
        {"OPENAI_BASE_URL": ""},
        {"OPENAI_API_KEY": "secret"},
        {"HTTP_PROXY": "secret", "NO_PROXY": "localhost, 127.0.0.1"},
        {"https_proxy": "secret"},
    ],
)
def test_a_variable_that_changes_nothing_is_well(environ: dict[str, str]) -> None:
    (finding,) = doctor.check_environment(environ)
    assert finding.ok
    assert "secret" not in finding.detail


def test_a_proxy_that_would_catch_requests_to_the_local_model_fails() -> None:
    (finding,) = doctor.check_environment({"http_proxy": "http://user:secret@proxy"})
    assert (finding.name, finding.ok) == ("HTTP_PROXY", False)
    assert "secret" not in finding.detail
    assert finding.remedy == 'export NO_PROXY="127.0.0.1,localhost,$NO_PROXY"'


def test_unsetting_a_variable_turns_its_failure_into_ok(tmp_path: Path) -> None:
    no_model = {"CHATMON_CACHE": str(tmp_path)}  # quick: nothing to start
    before, after = run(LANGSMITH_TRACING="true", **no_model), run(**no_model)
    assert "FAIL  LANGSMITH_TRACING: is set: it sends" in before.stdout
    assert "to mend it: unset LANGSMITH_TRACING\n" in before.stdout
    assert "ok    environment" in after.stdout


def test_findings_are_printed_with_status_and_remedy() -> None:
    out = StringIO()
    findings = [
        Diagnosis("a", True, "well"),
        Diagnosis("b", False, "ill\nvery", "do this"),
        Diagnosis("c", None, "not tried"),
    ]
    assert doctor.show(iter(findings), out) == 1
    assert out.getvalue() == (
        "ok    a: well\n"
        "FAIL  b: ill\n        very\n"
        "        to mend it: do this\n"
        "-     c: not tried\n"
        "1 to mend, from the top.\n"
    )
    assert doctor.show(iter(findings[:1]), StringIO()) == 0
