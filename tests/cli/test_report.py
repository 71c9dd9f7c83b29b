import subprocess
import sys

from importers.conversations import some_turns

from chatmon._tools.paths import REPO
from chatmon.turns import write_jsonl


def report(*arguments):
    command = [sys.executable, "-m", "chatmon", "report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_log_becomes_one_page(tmp_path):
    write_jsonl(some_turns(30), tmp_path / "log.jsonl")
    done = report(tmp_path / "log.jsonl", "-o", tmp_path / "page.html", "--tz", "Europe/Berlin")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'page.html'} reports on 30 turns: open it in a browser.\n"
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "30 turns" in page
    assert "log.jsonl" in page


def test_a_missing_file_is_named_and_no_page_is_made(tmp_path):
    done = report(tmp_path / "nothing.jsonl", "-o", tmp_path / "page.html")
    assert done.returncode == 1
    assert "nothing.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_log_without_turns_says_why_and_makes_no_page(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text("{broken\n", encoding="utf-8")
    done = report(log, "-o", tmp_path / "page.html")
    assert done.returncode == 1
    assert "no turns" in done.stderr
    assert "rejected" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    write_jsonl(some_turns(3), tmp_path / "log.jsonl")
    done = report(tmp_path / "log.jsonl", "-o", tmp_path / "no" / "page.html")
    assert done.returncode == 1
    assert f"no folder {tmp_path / 'no'} for page.html" in done.stderr
    assert "Traceback" not in done.stderr


def test_make_report_asks_for_the_logs():
    line = next(
        line for line in (REPO / "Makefile").read_text(encoding="utf-8").splitlines() if "chatmon report" in line
    )
    assert "$(LOGS)" in line
