"""What real libraries emitted, recorded by `make producers`, against what the server that they asked knows."""

import pytest
from producers.run import libraries, recorded
from producers.server import AFTER_FIRST, BEFORE_FIRST, CALLS, COUNTS, MODEL, used

from chatmon import turns as table
from chatmon.importers import open_logs

LIBRARIES = libraries()
STREAMED = ("streamed", "uncounted")


@pytest.fixture(scope="module", params=LIBRARIES)
def told(request):
    """What a library is said to tell, its turns by what was asked, and the report."""
    said = {"says": [], "unknown": {}, "attempts": {}, "leaves_out": []} | LIBRARIES[request.param]
    with open_logs(recorded(request.param)) as logs:
        turns = sorted(table.from_frame(logs.frame()), key=lambda turn: turn.timestamp)
        report = logs.report
    names = [name for name in CALLS if name not in said["leaves_out"]]
    return said, dict(zip(names, turns, strict=True)), report


def test_nothing_is_rejected_but_a_turn_whose_call_has_no_span(told):
    said, _, report = told
    assert sum(report.rejected.values()) == ("refused" in said["leaves_out"])


def test_tokens_are_those_that_the_server_counted(told):
    said, turns, _ = told
    for name, turn in turns.items():
        unknown = {*said["unknown"].get("all", ()), *said["unknown"].get(name, ())}
        wanted = {unit: None if unit in unknown else count for unit, count in used(name).items()}
        if name == "uncounted" and {"guess", "unmarked guess"} & {*said["says"]}:
            assert (turn.usage_source == "estimated") == ("guess" in said["says"])
            continue
        assert {unit: getattr(turn, unit) for unit in COUNTS} == wanted, name
        counted = (turn.input_tokens, turn.output_tokens) != (None, None)
        assert turn.usage_source == ("reported" if counted else None)


def test_each_answered_call_is_one_attempt(told):
    said, turns, _ = told
    answered = {name: said["attempts"].get(name, max(len(CALLS[name]), 1)) for name in turns}
    assert {name: turn.attempts for name, turn in turns.items()} == answered


def test_only_the_turn_that_ended_in_an_error_failed(told):
    said, turns, _ = told
    failed = {name: turn.error_type for name, turn in turns.items() if turn.error_type is not None}
    wanted = {"refused": said.get("error_type", "RateLimitError")}
    assert failed == (wanted if "refused" in turns else {})


def test_the_model_is_the_one_that_answered_or_the_one_that_was_asked(told):
    _, turns, _ = told
    models = {turn.model for name, turn in turns.items() if name != "refused"}
    assert {model.removeprefix("openai/") for model in models} <= {MODEL, "kitten-1"}


def test_the_first_token_comes_when_the_server_sent_it(told):
    said, turns, _ = told
    for name, turn in turns.items():
        streamed = name in STREAMED or (said.get("always_streams") and name != "refused")
        if not streamed or "first token" not in said["says"]:
            assert turn.time_to_first_token is None, name
        elif name == "streamed":
            assert 0.9 * BEFORE_FIRST <= turn.time_to_first_token < turn.response_time - 0.5 * AFTER_FIRST


def test_whose_turns_they_are_is_as_the_application_said(told):
    said, turns, _ = told
    conversations = {turn.conversation_id for turn in turns.values()}
    assert (conversations == {"c-1"}) == ("conversation" in said["says"])
    assert len(conversations) in (1, len(turns))
    assert {turn.user_id for turn in turns.values()} == ({"u-1"} if "user" in said["says"] else {None})


def test_no_text_is_read(told):
    _, turns, _ = told
    assert "say:" not in "".join(map(str, turns.values()))


def test_at_least_sixteen_libraries_of_python_and_six_of_javascript_are_recorded():
    languages = [said.get("language", "python") for said in LIBRARIES.values()]
    assert (languages.count("python") >= 16, languages.count("javascript") >= 6) == (True, True)
