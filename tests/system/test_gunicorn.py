"""gunicorn forks its workers from a process that has opened the store: each keeps its turns, recycled ones too."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from children import started
from programs import answered, free_port
from waits import PATIENCE

from chatmon._tools.paths import REPO, cache_folder
from chatmon.importers import open_logs

pytestmark = pytest.mark.system

GUNICORN = "gunicorn==23.0.0"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def packages():
    """The folder in which gunicorn is installed, once for every run."""
    folder = cache_folder() / "python" / GUNICORN
    if not (folder / "installed").exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), GUNICORN]
        subprocess.run(install, check=True, timeout=300)
        (folder / "installed").touch()
    return folder


def ask(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("recycled", [0, 15])
def test_no_turn_of_a_worker_is_lost(tmp_path, packages, recycled):
    port, log = free_port(), tmp_path / "gunicorn.log"
    paths = os.pathsep.join(map(str, (packages, REPO, HERE)))
    environment = os.environ | {"PYTHONPATH": paths, "BOT_STORE": str(tmp_path / "bot")}
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "3", "--bind", f"127.0.0.1:{port}"]
    command += ["--max-requests", str(recycled), "gunicorn_app:app"]
    with log.open("wb") as output, started(*command, env=environment, stdout=output, stderr=output) as server:
        answered(f"http://127.0.0.1:{port}/ready", log)
        with ThreadPoolExecutor(4) as pool:
            workers = Counter(pool.map(lambda n: ask(f"http://127.0.0.1:{port}/c{n}"), range(200)))
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")[-3000:]
    with open_logs(tmp_path / "bot") as logs:
        kept = logs.turns.query("turns", "SELECT conversation_id, attributes FROM turns").fetchall()
        assert logs.report.duplicates == 0
    asked = [conversation for conversation, _ in kept if conversation != "ready"]
    assert sorted(asked) == sorted(f"c{number}" for number in range(200))
    assert len(workers) >= (2 if not recycled else 4), "more than one worker answered, and recycled ones gave way"
