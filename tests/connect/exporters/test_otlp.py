import hashlib
import json
import uuid
from dataclasses import replace
from datetime import timedelta

from importers.conversations import facts, some_turns

from chatmon import turns as table
from chatmon.connect.exporters import write_otlp
from chatmon.connect.exporters._otlp import ATTRIBUTES, SPANS, span
from chatmon.importers import open_logs
from chatmon.importers.attributes import FREE
from chatmon.importers.names import ALIASES


def read_back(turns, folder, *, content=False):
    write_otlp(turns, folder / "spans.jsonl")
    with open_logs(folder / "spans.jsonl", "otlp", content=content) as logs:
        assert logs.report.turns == len(turns), str(logs.report)
        return table.from_arrow(logs.turns.to_arrow_table().cast(table.schema()))


def test_the_importer_reads_the_same_turns_back(tmp_path):
    turns = [replace(one, attempts=1) for one in some_turns(SPANS + 50)]
    back = read_back(turns, tmp_path)
    assert facts(back) == facts(turns)
    more = {one.turn_id.replace("-", ""): (one.provider, one.time_to_first_token, one.error_message) for one in turns}
    assert more == {one.turn_id: (one.provider, one.time_to_first_token, one.error_message) for one in back}
    assert {json.dumps(one.attributes) for one in back} == {"{}"}


def test_every_column_that_a_span_can_carry_comes_back(tmp_path):
    full = replace(
        some_turns(1)[0], attempts=1, cache_write_tokens=3, finish_reason="length", context_relevance=0.25,
        user_satisfaction=2.0, variant="b", experiment="tone", channel="app", answer="On its way.",
        usage_details={"input_audio_tokens": 4, "hidden_tokens": 5, "service_tier": "flex"},
        attributes={"tier": "gold", "seats": 12, "ratio": 0.5, "beta": True, "tags": ["a", "b"]},
    )  # fmt: skip
    (back,) = read_back([full], tmp_path, content=True)
    for name in table.COLUMNS:
        if name != "turn_id":
            assert getattr(back, name) == getattr(full, name), name


def test_what_is_unknown_stays_unknown(tmp_path):
    bare = table.Turn(turn_id=str(uuid.UUID(int=5)), conversation_id="c", timestamp=some_turns(1)[0].timestamp)
    (back,) = read_back([bare], tmp_path)
    assert {name for name in table.COLUMNS if getattr(back, name) is not None} == {
        "turn_id", "conversation_id", "timestamp", "attributes", "attempts",
    }  # fmt: skip


def test_a_uuid_is_the_traces_id_and_any_other_id_is_kept_beside_one_made_of_it(tmp_path):
    one = some_turns(1)[0]
    assert uuid.UUID(span(one)["traceId"]) == uuid.UUID(one.turn_id)
    (back,) = read_back([replace(one, turn_id="turn 7")], tmp_path)
    assert back.turn_id == hashlib.sha256(b"turn 7").hexdigest()[:32]
    assert back.attributes == {"chatmon.turn_id": "turn 7"}


def test_ids_are_hexadecimal_and_64_bit_integers_are_text_as_otlp_has_them():
    made = span(some_turns(1)[0])
    assert (len(made["traceId"]), len(made["spanId"])) == (32, 16)
    int(made["traceId"] + made["spanId"], 16)
    values = {pair["key"]: pair["value"] for pair in made["attributes"]}
    assert values["gen_ai.usage.input_tokens"] == {"intValue": str(some_turns(1)[0].input_tokens)}
    assert isinstance(made["startTimeUnixNano"], str)


def test_a_span_lasts_as_long_as_the_turn():
    one = replace(some_turns(1)[0], response_time=1.234567)
    made = span(one)
    assert int(made["endTimeUnixNano"]) - int(made["startTimeUnixNano"]) == 1_234_567_000
    assert timedelta(
        microseconds=int(made["startTimeUnixNano"]) // 1000
    ) == one.timestamp - one.timestamp.fromtimestamp(0, one.timestamp.tzinfo)


def test_every_name_is_one_that_the_importer_knows():
    known = {alias.attribute for alias in ALIASES} | {f"chatmon.{name}" for name in FREE}
    assert set(ATTRIBUTES.values()) <= known


def test_a_turn_that_failed_says_why():
    one = replace(some_turns(1)[0], error_type="TimeoutError", error_message="too slow")
    assert span(one)["status"] == {"code": 2, "message": "too slow"}
    assert "status" not in span(replace(one, error_type=None, error_message=None))
