"""A process of our own that serves on loopback: started, talked to, and never left behind.

The parent holds the writing end of the child's standard input. When the parent goes, even by SIGKILL, the system
closes that pipe, and a child that reads it sees the end and leaves. No signal, handler or process number is involved,
so it holds on Linux, macOS and Windows alike.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatmon._tools.paths import cache_folder, private_file, private_folder

_KEPT_LOGS = 20
Process = subprocess.Popen[bytes]


def spawn(module: str, log: Path) -> Process:
    """Start a module of this package as a child, in a group that an interrupt at the terminal does not reach.

    Args:
        module: The module's full name. It reads its settings from standard input and leaves at the end of that.
        log: Where its standard error goes.
    """
    package_root = str(Path(__file__).resolve().parents[3])
    search = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    private_file(log)  # a service may quote in it what it was asked
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - a module of our own, in the Python we run in
            # -P: a file named json.py beside a notebook is not for the child.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(search)},
            **group,
        )


def introduce(process: Process, settings: Mapping[str, Any]) -> dict[str, str]:
    """Send a child its settings, which thus show in no list of processes, and return its answer, empty if it died."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes: start it with spawn()")
    with contextlib.suppress(BrokenPipeError):  # it died: the missing answer says so
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
    line = process.stdout.readline()
    answer: dict[str, str] = json.loads(line) if line else {}
    return answer


def let_go(process: Process) -> None:
    """Close our ends of a child's pipes."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def end(process: Process) -> None:
    """Let a child go, which ends it; by force if it does not answer to that within a second."""
    let_go(process)
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Return whether anything listens at a port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def unusable(port: int) -> str | None:
    """Return why a port of 127.0.0.1 cannot be opened, None if it can. Port 0 asks for any free one."""
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def new_log(name: str) -> Path:
    """Return the path of a new log file in the cache, and clear all but the last few of that name."""
    folder = cache_folder() / "logs"
    private_folder(folder)
    for old in sorted(folder.glob(f"{name}-*.log"))[: -_KEPT_LOGS + 1]:
        with contextlib.suppress(OSError):  # it may be open elsewhere, or already gone
            old.unlink()
    return folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}-{secrets.token_hex(3)}.log"


def tail(log: Path, lines: int = 5) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (empty)"
