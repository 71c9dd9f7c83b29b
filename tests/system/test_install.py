"""What an installation brings: the wheel alone for reading logs, and for each extra what it is for."""

import json
import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from chatmon._tools.paths import DATA, REPO

pytestmark = pytest.mark.system
MOST_PACKAGES = 40
UV = Path(sys.executable).with_name("uv")
WEIGHED = """
import json
from importlib.metadata import distributions
sizes = {one.name: sum(file.size or 0 for file in one.files or []) for one in distributions()}
print(json.dumps(sizes))
"""
EXTRAS = {
    "alerts": "from chatmon.alerts.channels import Slack; Slack('https://hooks.example.org/x')",
    "experiment": """
from datetime import UTC, datetime
from chatmon import Experiment
from chatmon.experiment import analyse
plan = Experiment(name="e", hypothesis="h", variants={"control": 1, "v2": 1}, primary="task_completion", effect=0.05,
                  users=200, start=datetime(2026, 10, 5, tzinfo=UTC), days=7, looks=1)
analyse([], plan, look=1)
""",
    "exporters": "from chatmon.connect.prometheus import Metrics; Metrics()",
    "judge": """
from chatmon.quality import Judge, Rubric
Judge(Rubric("polite", "Is it?"), None)
from langchain_openai import ChatOpenAI
""",
    "langchain": "from chatmon import ChatMonitor; ChatMonitor().callback()",
    "langsmith": "from chatmon.live import ChatMonitor, TurnTrace; TurnTrace(ChatMonitor().track('c1'))",
    "langtail": "from chatmon.connect.langtail import LangtailClient; LangtailClient('key')",
    "privacy": "from chatmon.store.privacy import Protection, Pseudonyms; Protection(Pseudonyms(b'1' * 32))",
    "quality": "from chatmon.quality import context_relevance; context_relevance('a bill', 'the bill')",
    "redis": "from chatmon.connect.redis import StreamStore; StreamStore('redis://127.0.0.1:1')",
}
"""What a user of each extra makes first."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=REPO, check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def pins(tmp_path_factory):
    """The lock's versions, as constraints: a constraint has no hash."""
    path = tmp_path_factory.mktemp("pins") / "constraints.txt"
    lines = (REPO / "requirements.lock").read_text(encoding="utf-8").splitlines()
    kept = [line.removesuffix("\\").strip() for line in lines if "==" in line]
    path.write_text("\n".join(kept), encoding="utf-8")
    return path


def index():
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60).stdout.strip()
    chosen = os.environ.get("PIP_INDEX_URL") or configured
    return os.environ | ({"UV_DEFAULT_INDEX": chosen} if chosen else {})


def installed(wheel, pins, folder, extra=None):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=120)
    python = folder / "bin" / "python"
    what = f"chatmon[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    command = [UV, "pip", "install", "--quiet", "--python", python, "--constraint", pins, what]
    subprocess.run(command, check=True, env=index(), timeout=600)
    return python


@pytest.fixture(scope="session")
def alone(wheel, pins, tmp_path_factory):
    return installed(wheel, pins, tmp_path_factory.mktemp("alone") / "venv")


def run(python, *arguments, cwd):
    return subprocess.run([python, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", DATA / "four_weeks.parquet"),
        ("report", DATA / "four_weeks.parquet"),
        ("optimize", DATA / "four_weeks.parquet"),
        ("replay", DATA / "alert_rules.toml", DATA / "four_weeks.parquet"),
        ("convert", DATA / "four_weeks.parquet", "-o", "turns.parquet"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_wheel_alone_reads_logs_and_advises(alone, tmp_path, arguments):
    done = run(alone, "-m", "chatmon", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_wheel_alone_brings_few_packages_and_less_than_half_of_the_course_s_bytes(alone, tmp_path):
    sizes = json.loads(run(alone, "-c", WEIGHED, cwd=tmp_path).stdout)
    of_course = sum(file.size or 0 for one in distributions() for file in one.files or [])
    assert len(sizes) - 1 <= MOST_PACKAGES
    assert sum(sizes.values()) < of_course / 2


def test_a_moment_can_be_fetched_by_duckdb_itself(alone, tmp_path):
    code = "import duckdb, sys; print(duckdb.sql(f\"SELECT timestamp FROM '{sys.argv[1]}' LIMIT 1\").fetchall())"
    done = run(alone, "-c", code, DATA / "four_weeks.parquet", cwd=tmp_path)
    assert "datetime.datetime(2026" in done.stdout, done.stderr


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_extra_is_for_says_which_it_is_where_it_is_missing_and_works_where_it_is_there(
    alone, wheel, pins, tmp_path, extra
):
    missing = run(alone, "-c", EXTRAS[extra], cwd=tmp_path)
    assert missing.stderr.strip().endswith(f"pip install 'chatmon[{extra}]'"), missing.stderr
    assert "MissingPackageError" in missing.stderr
    there = run(installed(wheel, pins, tmp_path / "venv", extra), "-c", EXTRAS[extra], cwd=tmp_path)
    assert "MissingPackageError" not in there.stderr, there.stderr
