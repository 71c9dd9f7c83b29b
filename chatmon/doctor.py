"""The set-up check: what is wrong on this machine, and the one command that mends it.

It has to run where nothing else does, so it imports only the standard library, reads on Python 3.8, and loads what a
check needs inside that check. `examine` finds, `show` prints: neither does the other's work.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib import request

from chatmon.paths import REPO

OLDEST_PYTHON = (3, 11)
LOCK = REPO / "requirements.lock"
_NO = ("", "0", "false", "False")

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


class Finding(NamedTuple):
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


def diagnose() -> list[Finding]:
    """Run every check and return what they found.

    Example:
        >>> [finding.name for finding in diagnose()][:3]
        ['Python', 'packages', 'model file']
    """
    return list(examine())


def examine() -> Iterator[Finding]:
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


def check_python(version: Sequence[int] = sys.version_info[:3]) -> Finding:
    """Look at the version of the Python that runs this."""
    found, oldest = ".".join(map(str, version)), ".".join(map(str, OLDEST_PYTHON))
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return Finding("Python", True, f"{found}, at {sys.executable}")
    newer = f"py -{oldest} -m chatmon doctor" if os.name == "nt" else f"python{oldest} -m chatmon doctor"
    return Finding("Python", False, f"{found} at {sys.executable}, and the course needs {oldest} or later", newer)


def check_packages(lock: Path = LOCK) -> Finding:
    """Hold the installed packages against the lock; where there is none, or conda chose, against what is declared."""
    conda = (Path(sys.prefix) / "conda-meta").is_dir()
    if lock.is_file() and not conda:
        against, wanted = f"the {{}} packages of {lock.name}", _locked(lock.read_text(encoding="utf-8"))
    else:
        why = "chosen by conda" if conda else f"no {lock.name} here"
        against, wanted = f"the {{}} packages that chatmon declares ({why})", _declared()
    wrong, unjudged, count = [], 0, 0
    for text in wanted:
        problem = _unmet(text)
        count += problem is not _OTHER_PLATFORM
        unjudged += problem is _UNJUDGED
        if problem not in (None, _UNJUDGED, _OTHER_PLATFORM):
            wrong.append(f"{problem}")
    aside = f"; {unjudged} have conditions that need the package `packaging` to be judged" if unjudged else ""
    if not wrong:
        return Finding("packages", True, f"{against.format(count)} are installed as they should be{aside}")
    some = ", ".join(wrong[:4]) + (f" and {len(wrong) - 4} more" if len(wrong) > 4 else "")
    detail = f"{len(wrong)} of {against.format(count)} are not as they should be: {some}{aside}"
    return Finding("packages", False, detail, _install_command(wanted, lock, conda=conda))


def check_model() -> Finding:
    """Look for the model file and read all of it."""
    from chatmon.local import errors, model

    try:
        file = model.verify()
    except errors.LocalModelError as error:
        mend = _unset("CHATMON_MODEL") if model.override() else _chatmon("fetch-model")
        return Finding("model file", False, str(error).rpartition(": ")[0] or str(error), mend)
    except OSError as error:
        return Finding("model file", False, f"cannot be read: {error}", _chatmon("fetch-model"))
    judged = "a GGUF file; CHATMON_MODEL asks for it" if model.override() else "its SHA-256 is right"
    return Finding("model file", True, f"{file}, {file.stat().st_size / 1e6:.0f} MB, {judged}")


def check_port() -> Finding:
    """Open a free port on loopback, as every service of the course will."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
            return Finding("free port", True, f"127.0.0.1 has free ports, {probe.getsockname()[1]} for one")
    except OSError as error:
        up = {"win32": "netsh winsock reset", "darwin": "sudo ifconfig lo0 up"}.get(sys.platform, "sudo ip link set lo up")
        mend = "ulimit -n 4096" if error.errno == errno.EMFILE else up
        return Finding("free port", False, f"127.0.0.1 gives no port: {error.strerror or error}", mend)


def check_reply(model: Finding, port: Finding) -> Finding:
    """Start the local model and ask it something, unless what it needs is known to be missing."""
    missing = [finding.name for finding in (model, port) if not finding.ok]
    missing += [] if find_spec("xllamacpp") else ["package xllamacpp"]
    if missing:
        return _not_tried("first reply", f"it needs the {' and the '.join(missing)}")
    from chatmon.local import errors, llm

    before = time.perf_counter()
    try:
        with llm.start() as running:
            ready = time.perf_counter() - before
            reply = _ask(running.base_url, running.api_key, running.model)
    except (errors.LocalModelError, OSError, ValueError) as error:
        overridden = os.environ.get("CHATMON_MODEL")
        mend = _unset("CHATMON_MODEL") if overridden else _install_command(["xllamacpp"], LOCK, conda=False)
        return Finding("first reply", False, f"{error}", mend)
    waited = time.perf_counter() - before - ready
    return Finding("first reply", True, f"ready after {ready:.1f} s, replied after {waited:.1f} s more: {reply!r}")


def check_environment(environ: Mapping[str, str]) -> list[Finding]:
    """Look for variables that would change what the lessons do. Values are never shown: some are secrets."""
    found = []
    for name, effect in _CONFLICTS.items():
        if environ.get(name, "") not in (_NO if name in _FLAGS else ("",)):
            found.append(Finding(name, False, f"is set: it {effect}", _unset(name)))
    proxied = request.getproxies_environment()  # type: ignore[attr-defined]
    return found


def show(findings: Iterator[Finding], out: TextIO) -> int:
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


def _not_tried(name: str, why: str) -> Finding:
    return Finding(name, None, f"not tried: {why}")
