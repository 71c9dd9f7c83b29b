"""What real libraries emitted, recorded by `make producers`, against what the server that they asked knows."""

import pytest
from producers.run import HERE, libraries
from producers.server import CALLS, MODEL

from chatmon import turns as table
from chatmon.importers import open_logs

COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


@pytest.mark.parametrize("name", libraries())
def test_a_library_s_spans_say_what_the_server_knows(name):
    said = {"unknown": {}, "error_types": ["RateLimitError"]} | libraries()[name]
    with open_logs(HERE / "recorded" / f"{name}.jsonl") as logs:
        turns = table.from_frame(logs.frame())
        assert not logs.report.rejected
    answered = {turn.input_tokens: turn for turn in turns if turn.error_type is None}
    assert len(turns) == len(CALLS)
    for call, counts in CALLS.items():
        if counts is not None:
            turn = answered[counts["input_tokens"]]
            wanted = {one: None if one in said["unknown"].get(call, ()) else counts[one] for one in COUNTS}
            assert {one: getattr(turn, one) for one in COUNTS} == wanted
            assert (turn.attempts, turn.model) == (1, MODEL)
    (failed,) = [turn for turn in turns if turn.error_type is not None]
    assert (failed.input_tokens, failed.error_type in said["error_types"]) == (None, True)
    assert "say:" not in "".join(map(str, turns))
