import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from importers.conversations import START, some_turns
from properties import examples

from chatmon.connect.exporters._influx import in_tag, lines, write_influx

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.text('a\\ ,="\n\r#', min_size=1, max_size=8)


ESCAPED = r"(?:\\[,= ]|\\(?![,= ])|[^,= \\])+"
STRING = r'"(?:\\["\\]|[^"\\])*"'
LINE = re.compile(
    rf"chatmon_turn((?:,{ESCAPED}={ESCAPED})*) (\w+=(?:{STRING}|[\w.+-]+)(?:,\w+=(?:{STRING}|[\w.+-]+))*) (\d+)"
)


def parsed(line):
    """A line by the published grammar: tags, fields, nanoseconds."""
    tags, fields, moment = LINE.fullmatch(line).groups()
    values = {}
    for key, value in re.findall(rf"(\w+)=({STRING}|[\w.+-]+)", fields):
        if value.startswith('"'):
            values[key] = re.sub(r'\\(["\\])', r"\1", value[1:-1])
        elif value in ("true", "false"):
            values[key] = value == "true"
        else:
            values[key] = int(value[:-1]) if value.endswith("i") else float(value)
    pairs = re.findall(rf",({ESCAPED})=({ESCAPED})", tags)
    return {key: re.sub(r"\\([,= ])", r"\1", value) for key, value in pairs}, values, int(moment)


def tags_of(line):
    return LINE.fullmatch(line)[1]


@given(model=TEXT, user=TEXT, conversation=TEXT)
@examples(150)
def test_any_text_is_read_back_but_for_what_line_protocol_cannot_hold(model, user, conversation):
    turn = replace(some_turns(1)[0], model=model, user_id=user, conversation_id=conversation)
    (line,) = lines([turn])
    tags, fields, _ = parsed(line)
    held = model.replace("\n", " ").replace("\r", " ")
    assert tags["model"] == (held + " " if held.endswith("\\") else held)
    assert (fields["user_id"], fields["conversation_id"]) == (user, conversation)


def test_a_turn_is_a_point_with_its_numbers_as_they_are():
    turn = replace(some_turns(1)[0], cost=Decimal("0.000123"), user_satisfaction=4.0)
    tags, fields, moment = parsed(next(lines([turn])))
    assert tags == {
        "model": "gpt-4.1-mini", "provider": "openai", "intent": turn.intent, "region": turn.region,
        "prompt_version": turn.prompt_version,
    }  # fmt: skip
    assert fields["turn_id"] == turn.turn_id
    assert fields["input_tokens"] == turn.input_tokens
    assert isinstance(fields["input_tokens"], int)
    assert (fields["cost"], fields["user_satisfaction"]) == (0.000123, 4.0)
    assert fields["response_time"] == turn.response_time
    assert fields["task_completed"] is turn.task_completed
    assert 0 <= moment - round(turn.timestamp.timestamp() * 1e6) * 1000 < 10**9  # START tells seconds


def test_what_users_wrote_is_in_no_line_and_whose_it_is_in_no_tag():
    turn = replace(some_turns(1)[0], question="my secret", answer="your secret", error_type="E", error_message="secret")
    line = next(lines([turn]))
    assert "secret" not in line
    assert not {"user_id", "conversation_id", "turn_id"} & parsed(line)[0].keys()


def test_what_is_unknown_is_left_out():
    turn = replace(some_turns(1)[0], cost=None, price_source=None, region=None, intent="")
    tags, fields, _ = parsed(next(lines([turn])))
    assert not {"region", "intent"} & tags.keys()
    assert "cost" not in fields


def test_turns_of_one_moment_are_points_of_their_own():
    one = some_turns(1)[0]
    for finest in (timedelta(seconds=1), timedelta(milliseconds=1), timedelta(microseconds=1)):
        begun = START + finest
        moments = [parsed(line)[2] for line in lines(replace(one, timestamp=begun) for _ in range(5))]
        late = [moment - round(begun.timestamp() * 1e6) * 1000 for moment in moments]
        assert len(set(moments)) == 5
        assert all(0 <= one < finest / timedelta(microseconds=1) * 1000 for one in late)  # no more than is left open


def test_exports_of_two_hosts_do_not_replace_each_others_points():
    one = some_turns(1)[0]
    hosts = [[replace(one, turn_id=f"{host}{place}", timestamp=START + timedelta(seconds=place)) for place in range(50)]
             for host in "ab"]  # fmt: skip
    points = {(tags_of(line), parsed(line)[2]) for turns in hosts for line in lines(turns)}
    assert len(points) == 100
    assert points >= {(tags_of(line), parsed(line)[2]) for line in lines(hosts[0])}  # sent again, they are the same


def test_a_backslash_at_the_end_does_not_escape_what_follows():
    assert in_tag("a\\") == "a\\\\ "


def test_the_file_is_in_order_of_time(tmp_path):
    assert write_influx(list(reversed(some_turns(9))), tmp_path / "points.txt") == 9
    moments = [parsed(line)[2] for line in (tmp_path / "points.txt").read_text(encoding="utf-8").splitlines()]
    assert moments == sorted(moments)
