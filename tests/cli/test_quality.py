import csv
import json
import math
import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from chatmon.cli._logs import app
from chatmon.turns import Turn, write_parquet

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
RUBRIC = "# Solves it\n\nDoes the reply solve the problem?\n"


@pytest.fixture
def judged_by(monkeypatch):
    """A model that speaks OpenAI's protocol, says yes to replies of ten characters or more, and counts."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            yes = 0.8 if len(json.loads(body["messages"][-1]["content"])["reply"]) >= 10 else 0.1
            top = [{"token": token, "logprob": math.log(one), "bytes": None} for token, one in
                   (("yes", yes), ("no", 1 - yes))]  # fmt: skip
            first = {"token": "yes", "logprob": -0.1, "bytes": None, "top_logprobs": top}
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"},
                      "logprobs": {"content": [first]}}  # fmt: skip
            usage = {"prompt_tokens": 50, "completion_tokens": 1, "total_tokens": 51}
            told = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "j-1",
                               "choices": [choice], "usage": usage}).encode()  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(tmp_path):
    """A hundred turns of fifty conversations: every second reply is long, which this judge loves."""
    turns = [
        Turn(
            turn_id=f"t{number}", conversation_id=f"c{number // 2}", timestamp=START + timedelta(minutes=number),
            response_time=1.0, question=f"Question {number}?", answer="A long reply." if number % 2 else "Short.",
        )
        for number in range(100)
    ]  # fmt: skip
    path = tmp_path / "turns.parquet"
    write_parquet(turns, path)
    (tmp_path / "rubric.md").write_text(RUBRIC, encoding="utf-8")
    return path


def run(*arguments, answers=None):
    found = CliRunner().invoke(app, [str(one) for one in arguments], input=answers)
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.output


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_labels_are_asked_for_at_random_written_as_they_come_and_gone_on_with(log, tmp_path):
    labels = tmp_path / "labels.csv"
    command = ["label", log, "--rubric", tmp_path / "rubric.md", "-o", labels, "--n", 6]
    said = run(*command, answers="y\nn\nperhaps\nn\nq\n")
    assert "Does the reply solve the problem?" in said
    assert "has 3 labels: the same command goes on" in said
    first = rows(labels)
    assert [row["label"] for row in first] == ["yes", "no", "no"]
    assert {row["drawn"] for row in first} == {"at random"}
    said = run(*command, answers="s\ny\ny\n")
    assert re.findall(r"--- \d of \d", said) == ["--- 4 of 6", "--- 5 of 6", "--- 6 of 6"]
    assert "has 6 labels, 1 of them open" in said
    assert rows(labels)[:3] == first
    assert len({row["turn_id"] for row in rows(labels)}) == 6
    assert "has 6 labels" in run(*command)


def test_the_end_of_input_ends_it_with_what_there_is(log, tmp_path):
    labels = tmp_path / "labels.csv"
    run("label", log, "--rubric", tmp_path / "rubric.md", "-o", labels, answers="y\n")
    assert len(rows(labels)) == 1


def test_a_judge_writes_verdicts_and_says_that_its_rate_is_only_its_own(judged_by, log, tmp_path):
    url, asked = judged_by
    output = tmp_path / "verdicts.csv"
    command = ["judge", log, "--rubric", tmp_path / "rubric.md", "--model", "j-1", "--base-url", url, "-o", output]
    said = run(*command)
    assert "100 verdicts of j-1, 0 of them open, by 'Solves it'" in said
    assert "the judge's rate: 0.50" in said
    assert "How wrong it is nobody knows" in said
    assert {row["verdict"] for row in rows(output)} == {"True", "False"}
    assert float(rows(output)[1]["score"]) == pytest.approx(0.8)
    assert output.stat().st_mode & 0o077 == 0
    assert len(asked) == 100
    assert "0 were asked for now" in run(*command)
    assert len(asked) == 100


def test_with_labels_the_rate_is_put_right_and_what_the_judge_loves_is_shown(judged_by, log, tmp_path):
    url, _ = judged_by
    labels = tmp_path / "labels.csv"
    with labels.open("w", encoding="utf-8", newline="") as file:
        # Truly one reply in ten solves it, whatever its length; those at the end were not drawn at random.
        csv.writer(file).writerows(
            [("turn_id", "label", "drawn")]
            + [(f"t{n}", "yes" if n % 10 < 1 else "no", "at random") for n in range(40)]
            + [(f"t{n}", "yes", "uncertain") for n in range(60, 90)]
        )
    said = run("judge", log, "--rubric", tmp_path / "rubric.md", "--model", "j-1", "--base-url", url,
               "-o", tmp_path / "verdicts.csv", "--labels", labels)  # fmt: skip
    corrected = next(line for line in said.splitlines() if line.startswith("corrected rate"))
    assert "n = 40" in corrected
    assert float(corrected.split()[2]) < 0.2
    assert "kappa" in said
    assert said.index("long") < said.index("short")


def test_a_file_that_is_none_of_labels_and_a_log_without_texts_are_refused(log, tmp_path):
    wrong = tmp_path / "wrong.csv"
    common = ["label", log, "--rubric", tmp_path / "rubric.md", "-o", wrong]
    wrong.write_text("id,label\n1,yes\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column turn_id"):
        run(*common)
    wrong.write_text("turn_id,label\nt1,perhaps\n", encoding="utf-8")
    with pytest.raises(ValueError, match="'perhaps' is no label"):
        run(*common)
    bare = tmp_path / "bare.parquet"
    write_parquet([Turn(turn_id="t", conversation_id="c", timestamp=START, response_time=1.0)], bare)
    with pytest.raises(ValueError, match="the log holds no texts"):
        run("label", bare, "--rubric", tmp_path / "rubric.md", "-o", tmp_path / "new.csv")


def test_what_is_written_says_of_which_rubric_it_is_and_is_joined_to_the_log_in_one_line(judged_by, log, tmp_path):
    url, _ = judged_by
    labels, verdicts, rubric = tmp_path / "labels.csv", tmp_path / "verdicts.csv", tmp_path / "rubric.md"
    run("label", log, "--rubric", rubric, "-o", labels, "--n", 20, answers="y\nn\n" * 10)
    run("judge", log, "--rubric", rubric, "--model", "j-1", "--base-url", url, "-o", verdicts)
    assert {(row["name"], row["by"], len(row["version"])) for row in rows(verdicts)} == {("Solves it", "j-1", 8)}
    assert {row["version"] for row in rows(labels)} == {row["version"] for row in rows(verdicts)}
    page = tmp_path / "report.html"
    run("report", log, "--scores", verdicts, "--scores", labels, "-o", page)
    said = page.read_text(encoding="utf-8")
    assert "Solves it: " in said
    assert "20 labels put 100 verdicts right." in said


def test_labels_of_another_version_of_the_rubric_are_refused_and_those_of_another_rubric_left_alone(log, tmp_path):
    labels, rubric = tmp_path / "labels.csv", tmp_path / "rubric.md"
    command = ["label", log, "--rubric", rubric, "-o", labels, "--n", 3]
    run(*command, answers="y\nn\ny\n")
    rubric.write_text(RUBRIC.replace("problem", "whole problem"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"3 of 3 labels are by version .* they answer another question"):
        run(*command)
    rubric.write_text("# Polite\n\nIs it polite?\n", encoding="utf-8")
    assert "has 3 labels" in run(*command, answers="y\nn\ny\n")
    assert [row["name"] for row in rows(labels)] == ["Solves it"] * 3 + ["Polite"] * 3


def test_a_file_of_labels_without_names_is_gone_on_with_as_it_is(log, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("turn_id,label,drawn\nt1,yes,at random\n", encoding="utf-8")
    run("label", log, "--rubric", tmp_path / "rubric.md", "-o", labels, "--n", 2, answers="n\n")
    assert [row["label"] for row in rows(labels)] == ["yes", "no"]
    assert list(rows(labels)[0]) == ["turn_id", "label", "drawn"]
