"""Phoenix, which is not ours, takes the spans of a log, knows model calls and conversations, and has them all."""

import json
import os
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

import pytest
from importers.conversations import some_turns
from programs import answered, free_port, running

from chatmon._tools.paths import cache_folder
from chatmon.connect.exporters import write_otlp

pytestmark = pytest.mark.phoenix

CONVERT = Path(__file__).with_name("otlp_to_protobuf.py")


def programs():
    """The folder of Phoenix's programs: it has an environment of its own, because its packages are not ours."""
    folder = Path(os.environ.get("CHATMON_PHOENIX", cache_folder() / "phoenix"))
    if not (folder / "bin" / "phoenix").is_file():
        raise RuntimeError(
            f"no Phoenix in {folder}: python3 -m venv {folder} && {folder}/bin/pip install arize-phoenix"
        )
    return folder / "bin"


@pytest.fixture
def phoenix(tmp_path, monkeypatch):
    port, grpc, log = free_port(), free_port(), tmp_path / "phoenix.log"
    settings = {"HOST": "127.0.0.1", "PORT": port, "GRPC_PORT": grpc, "WORKING_DIR": tmp_path}
    for name, value in (settings | {"TELEMETRY_ENABLED": "false"}).items():
        monkeypatch.setenv(f"PHOENIX_{name}", str(value))
    with running(log, programs() / "phoenix", "serve"):
        answered(f"http://127.0.0.1:{port}/healthz", log, within=240)
        yield f"http://127.0.0.1:{port}/v1"


def spans_of(address, wanted):
    """The spans that Phoenix has once it has stored so many."""
    until = time.monotonic() + 60
    while True:
        with urllib.request.urlopen(f"{address}/projects/default/spans?limit=1000", timeout=30) as reply:
            found = json.load(reply)["data"]
        if len(found) >= wanted or time.monotonic() > until:
            return found
        time.sleep(0.5)


def test_phoenix_has_every_turn_with_its_conversation_tokens_and_error(phoenix, tmp_path):
    turns = some_turns(120)
    write_otlp(turns, tmp_path / "spans.jsonl")
    done = subprocess.run(
        [programs() / "python", CONVERT],
        input=(tmp_path / "spans.jsonl").read_bytes(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    kind = {"Content-Type": "application/x-protobuf"}
    with urllib.request.urlopen(urllib.request.Request(f"{phoenix}/traces", done.stdout, kind), timeout=60) as reply:
        assert reply.status == 200
    found = {uuid.UUID(span["context"]["trace_id"]): span for span in spans_of(phoenix, len(turns))}
    assert found.keys() == {uuid.UUID(turn.turn_id) for turn in turns}
    for turn in turns:
        span = found[uuid.UUID(turn.turn_id)]
        said = span["attributes"]
        assert (span["span_kind"], span["name"]) == ("LLM", "chat gpt-4.1-mini")
        # Phoenix' own names, which it made of OpenTelemetry's.
        assert said["session.id"] == turn.conversation_id
        assert said.get("llm.token_count.prompt") == turn.input_tokens
        assert said.get("llm.token_count.completion") == turn.output_tokens
        assert span["status_code"] == ("ERROR" if turn.error_type else "UNSET")
        assert span["start_time"] == turn.timestamp.isoformat()
        assert said["chatmon.region"] == turn.region
