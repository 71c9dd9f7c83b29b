"""The set-up check: what is wrong on this machine, and the one command that mends it.

It has to run where nothing else does, so it imports only the standard library, reads on Python 3.8, and loads what a
check needs inside that check. `examine` finds, `show` prints: neither does the other's work.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import shutil
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from subprocess import list2cmdline
from typing import TYPE_CHECKING, NamedTuple, TextIO
from urllib import request

from chatmon._tools.paths import REPO
from chatmon.lab.cli import _installed as installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OLDEST_PYTHON = (3, 11)
LOCK = REPO / "requirements.lock"
_OFF = ("", "0", "false", "False")

# What each variable would do to the lessons. `_FLAGS` do it only when they are not off.
_TRACES = "sends the text of every turn that passes LangChain to LangSmith"
_ELSEWHERE = "sends traces to its own address in place of the lesson's"
_FLAGS = {
    "LANGSMITH_TRACING": _TRACES,
    "LANGSMITH_TRACING_V2": _TRACES,
    "LANGCHAIN_TRACING": _TRACES,
    "LANGCHAIN_TRACING_V2": _TRACES,
    "LANGSMITH_HIDE_INPUTS": "blanks the questions that lesson 5 reads back",
    "LANGSMITH_HIDE_OUTPUTS": "blanks the answers that lesson 5 reads back",
    "LANGSMITH_TEST_TRACKING": "changes what experiments send to LangSmith",
    "OPENAI_LOG": "writes every request into the output of the cells",
}
_CONFLICTS = {
    **_FLAGS,
    "LANGSMITH_ENDPOINT": _ELSEWHERE,
    "LANGCHAIN_ENDPOINT": _ELSEWHERE,
    "LANGSMITH_RUNS_ENDPOINTS": _ELSEWHERE,
    "LANGSMITH_TRACING_SAMPLING_RATE": "drops part of the traces, so that counts come out too low",
    "OPENAI_BASE_URL": "sends what is meant for OpenAI, text and key, to its own address",
    "OPENAI_API_BASE": "sends what LangChain means for OpenAI, text and key, to its own address",
    "OPENAI_PROXY": "sends LangChain's requests, those to the local model too, through a proxy",
    "OPENAI_CUSTOM_HEADERS": "adds its headers to every request, those to the local model too",
}


class Diagnosis(NamedTuple):
    """What one check found.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be; None where it could not be tried.
        detail: What was found, or why it was not tried.
        remedy: The one command that mends it; None where nothing is to be mended.
    """

    name: str
    ok: bool | None
    detail: str
    remedy: str | None = None


def diagnose() -> list[Diagnosis]:
    """Run every check and return what they found."""
    return list(examine())


def examine() -> Iterator[Diagnosis]:
    """Run the checks one after the other, giving each finding as soon as there is one."""
    python = check_python()
    yield python
    if not python.ok:
        old = "it needs a newer Python"
        for name in ("packages", "model file", "free port", "first reply"):
            yield _not_tried(name, old)
    else:
        yield check_packages()
        model, port = check_model(), check_port()
        yield from (model, port)
        yield check_reply(model, port)
    yield from check_environment(os.environ)


def check_python(version: Sequence[int] = sys.version_info[:3]) -> Diagnosis:
    """Look at the version of the Python that runs this."""
    found, oldest = ".".join(map(str, version)), ".".join(map(str, OLDEST_PYTHON))
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return Diagnosis("Python", True, f"{found}, at {sys.executable}")
    names = ("python3.13", "python3.12", f"python{oldest}")
    newer = next((name for name in names if shutil.which(name)), f"py -{oldest}" if os.name == "nt" else names[-1])
    detail = f"{found} at {sys.executable}, and the course needs {oldest} or later"
    return Diagnosis("Python", False, detail, f"{newer} -m chatmon doctor")


def check_packages(lock: Path = LOCK) -> Diagnosis:
    """Hold the installed packages against the lock; where there is none, or conda chose, against what is declared."""
    conda = (Path(sys.prefix) / "conda-meta").is_dir()
    if lock.is_file() and not conda:
        against = f"packages in {lock.name}"
        verdict = installed.judge(installed.locked(lock.read_text(encoding="utf-8")))
    else:
        against = f"packages that chatmon declares ({'conda chose' if conda else f'there is no {lock.name}'})"
        verdict = installed.judge(installed.declared(REPO / "pyproject.toml"))
    aside = f"; {verdict.unjudged} cannot be judged without the package packaging" if verdict.unjudged else ""
    problems = verdict.problems
    if not problems:
        return Diagnosis("packages", True, f"the {verdict.wanted} {against} are installed{aside}")
    some = ", ".join(problems[:4]) + (f" and {len(problems) - 4} more" if len(problems) > 4 else "")
    detail = f"{len(problems)} of the {verdict.wanted} {against} are not installed as they should be: {some}{aside}"
    return Diagnosis("packages", False, detail, _install(verdict.unmet, lock, conda=conda))


def check_model() -> Diagnosis:
    """Look for the model file and read all of it."""
    from chatmon.lab.services import errors, model

    try:
        file = model.verify()
    except errors.LocalModelError as error:
        mend = _unset("CHATMON_MODEL") if model.override() else _chatmon("fetch-model")
        return Diagnosis("model file", False, str(error).rpartition(": ")[0] or str(error), mend)
    except OSError as error:
        return Diagnosis("model file", False, f"cannot be read: {error}", _chatmon("fetch-model"))
    judged = "a GGUF file; CHATMON_MODEL asks for it" if model.override() else "its SHA-256 is right"
    return Diagnosis("model file", True, f"{file}, {file.stat().st_size / 1e6:.0f} MB, {judged}")


def check_port() -> Diagnosis:
    """Open a free port on loopback, as every service of the course will."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
            return Diagnosis("free port", True, f"127.0.0.1 has free ports, {probe.getsockname()[1]} for one")
    except OSError as error:
        up = {"win32": "netsh winsock reset", "darwin": "sudo ifconfig lo0 up"}.get(
            sys.platform, "sudo ip link set lo up"
        )
        mend = "ulimit -n 4096" if error.errno == errno.EMFILE else up
        return Diagnosis("free port", False, f"127.0.0.1 gives no port: {error.strerror or error}", mend)


def check_reply(model: Diagnosis, port: Diagnosis) -> Diagnosis:
    """Start the local model and ask it something, unless what it needs is known to be missing."""
    missing = [finding.name for finding in (model, port) if not finding.ok]
    missing += [] if find_spec("xllamacpp") else ["package xllamacpp"]
    if missing:
        return _not_tried("first reply", f"it needs the {' and the '.join(missing)}")
    from chatmon.lab.services import errors, llm

    before = time.perf_counter()
    try:
        with llm.start() as running:
            ready = time.perf_counter() - before
            reply = _ask(running.base_url, running.api_key, running.model)
    except (errors.LocalModelError, OSError, ValueError) as error:
        overridden = bool(os.environ.get("CHATMON_MODEL"))
        mend = _unset("CHATMON_MODEL") if overridden else _install(["xllamacpp"], LOCK)
        return Diagnosis("first reply", False, f"{error}", mend)
    waited = time.perf_counter() - before - ready
    return Diagnosis("first reply", True, f"ready after {ready:.1f} s, replied after {waited:.1f} s more: {reply!a}")


def check_environment(environ: Mapping[str, str]) -> list[Diagnosis]:
    """Look for variables that would change what the lessons do. Values are never shown: some are secrets.

    Whoever chose ``CHATMON_LLM=openai`` means ``OPENAI_BASE_URL`` too: there it is no fault.

    Example:
        >>> [(found.ok, found.remedy) for found in check_environment({"LANGSMITH_TRACING": "false"})]
        [(True, None)]
    """
    meant = ("OPENAI_API_KEY", "OPENAI_BASE_URL") if environ.get("CHATMON_LLM") == "openai" else ()
    found = [
        Diagnosis(name, False, f"is set: it {effect}", _unset(name))
        for name, effect in _CONFLICTS.items()
        if name not in meant and environ.get(name, "") not in (_OFF if name in _FLAGS else ("",))
    ]
    lower = {name.lower(): value for name, value in environ.items()}
    proxies = [name for name in ("http_proxy", "all_proxy") if lower.get(name)]
    exempt = [host.strip() for host in lower.get("no_proxy", "").split(",")]
    if proxies and not {"127.0.0.1", "*"} & set(exempt):
        effect = "is set and NO_PROXY leaves out 127.0.0.1: requests to the local model would go through a proxy"
        found.append(Diagnosis(proxies[0].upper(), False, effect, _exempt("127.0.0.1,localhost")))
    chosen = []
    if meant:
        where = "the address in OPENAI_BASE_URL, which is meant" if environ.get("OPENAI_BASE_URL") else "OpenAI"
        chosen = [Diagnosis("CHATMON_LLM", True, f"is openai: the bot sends its requests, text and key, to {where}")]
    if found:
        return chosen + found
    prefixes = ("LANGSMITH_", "LANGCHAIN_", "OPENAI_")
    others = sorted(name for name in environ if name.startswith(prefixes) and name not in meant)
    harmless = f"; {', '.join(others)} changes nothing in the lessons' own cells" if others else ""
    which = "no other variable" if chosen else "no variable"
    return [*chosen, Diagnosis("environment", True, f"{which} redirects the lessons{harmless}")]


def show(findings: Iterator[Diagnosis], out: TextIO) -> int:
    """Print findings as they come and return the exit status: 1 when something fails, else 0."""
    failed = 0
    for finding in findings:
        mark = {True: "ok", False: "FAIL", None: "-"}[finding.ok]
        failed += finding.ok is False
        detail = finding.detail.replace("\n", "\n" + " " * 8)
        out.write(f"{mark:<6}{finding.name}: {detail}\n")
        if finding.remedy is not None:
            out.write(f"{'':8}to mend it: {finding.remedy}\n")
        out.flush()
    out.write(f"{failed} to mend, from the top.\n" if failed else "All is well.\n")
    return 1 if failed else 0


def _ask(base_url: str, api_key: str, model: str) -> str:
    """Have one chat completion from an OpenAI-compatible server and return its text."""
    body = {"model": model, "max_tokens": 12, "messages": [{"role": "user", "content": "Say hello."}]}
    wanted = request.Request(  # noqa: S310 - the address is that of our own server on 127.0.0.1
        f"{base_url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
    )
    direct = request.build_opener(request.ProxyHandler({}))
    with direct.open(wanted, timeout=60) as response:
        text: str = json.load(response)["choices"][0]["message"]["content"]
    return text


def _install(unmet: list[str], lock: Path, *, conda: bool = False) -> str:
    """Return the command that installs what is missing, by the way this Python was set up."""
    if conda and (REPO / "environment.yml").is_file():
        return _command("conda", "env", "update", "--file", REPO / "environment.yml")
    bare = sys.prefix == sys.base_prefix and not conda
    if bare and (script := _script(REPO / ".venv")):
        return _command(script, "doctor")  # the course is set up, only not for the Python that runs this
    # In an environment that is set up already, make sees nothing to do, however its packages have changed since.
    if bare and os.name == "posix" and (REPO / "Makefile").is_file():
        return "make setup" if Path.cwd() == REPO else _command("make", "-C", REPO, "setup")
    pip = (sys.executable, "-m", "pip", "install")
    if lock.is_file() and not conda:
        return _command(*pip, "--require-hashes", "-r", lock)
    return _command(*pip, *unmet)


def _chatmon(*words: str) -> str:
    """Return the command line of chatmon for this Python; the way to get one where there is none yet."""
    script = _script(Path(sys.prefix)) or _script(REPO / ".venv")
    if script:
        return _command(script, *words)
    if find_spec("typer"):
        return _command(sys.executable, "-m", "chatmon", *words)
    return _install(["typer"], LOCK)


def _script(environment: Path) -> Path | None:
    folder, name = ("Scripts", "chatmon.exe") if os.name == "nt" else ("bin", "chatmon")
    script = environment / folder / name
    return script if script.is_file() else None


def _command(*words: str | Path) -> str:
    """Return a command to type here: quoted, with paths below the working folder made relative."""
    here = str(Path.cwd()) + os.sep
    texts = [str(word).removeprefix(here) if isinstance(word, Path) else word for word in words]
    return list2cmdline(texts) if os.name == "nt" else shlex.join(texts)


def _unset(name: str) -> str:
    return f"Remove-Item Env:{name}" if os.name == "nt" else f"unset {name}"


def _exempt(hosts: str) -> str:
    return f'$env:NO_PROXY = "{hosts}"' if os.name == "nt" else f'export NO_PROXY="{hosts},$NO_PROXY"'


def _not_tried(name: str, why: str) -> Diagnosis:
    return Diagnosis(name, None, f"not tried: {why}")


def main() -> int:
    """Check the set-up, print what is found, and return the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path that the terminal cannot spell is no reason to fail
    try:
        return show(examine(), sys.stdout)
    except BrokenPipeError:  # whoever read has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
