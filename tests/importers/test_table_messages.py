"""Rows that are messages: one of a user and the replies to it are a turn."""

import random
from decimal import Decimal

import pytest

from chatmon import turns as table
from chatmon.importers import open_logs

COLUMNS = {"turn_id": "id", "timestamp": "at", "conversation_id": "talk", "user_id": "author"}
HEADER = "id,at,talk,role,author,usd,tokens,grade,body"


def line(number, clock, talk, role, author, usd="", tokens="", grade="", body=""):
    return f"m{number},2026-03-02T{clock}Z,{talk},{role},{author},{usd},{tokens},{grade},{body}"


TALKS = [
    line(0, "08:00:00", "a", "assistant", "bot", "0.01", "5", body="Hello"),
    line(1, "08:00:10", "a", "user", "ann", body="Where is it"),
    line(2, "08:00:14", "a", "assistant", "bot", "0.02", "7", body="On its way"),
    line(3, "08:00:20", "a", "assistant", "bot", "0.03", "9", "4", body="Anything else"),
    line(4, "08:05:00", "a", "user", "ann", body="No"),
    line(5, "08:05:01", "a", "user", "ann", body="Thanks"),
    line(6, "08:05:03", "a", "assistant", "bot", "0.04", "1", body="Bye"),
    line(7, "08:00:12", "b", "user", "ben", body="Hi"),
    line(8, "08:00:13", "b", "system", "", body="escalated"),
]


def read(tmp_path, rows, *, messages=None, content=False, **more):
    path = tmp_path / "messages.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    said = {"columns": COLUMNS | more, "messages": messages or {"role": "role", "text": "body"}}
    with open_logs(path, columns=said, content=content) as logs:
        return {one.turn_id: one for one in table.from_frame(logs.frame())}, logs.report


@pytest.mark.parametrize("seed", range(3))
def test_a_message_and_the_replies_to_it_are_a_turn_in_whatever_order_the_rows_stand(tmp_path, seed):
    rows = list(TALKS)
    random.Random(seed).shuffle(rows)
    more = {"cost": "usd", "output_tokens": "tokens", "user_satisfaction": "grade"}
    found, report = read(tmp_path, rows, content=True, **more)
    assert found.keys() == {"m1", "m4", "m5", "m7"}
    assert {one.user_id for one in found.values()} == {"ann", "ben"}
    first, unanswered, last = found["m1"], found["m4"], found["m5"]
    assert (first.response_time, unanswered.response_time, last.response_time) == (4, None, 2)
    # What the bot said before anybody asked was paid for as well.
    assert (first.cost, first.output_tokens, first.user_satisfaction) == (Decimal("0.06"), 21, 4)
    assert (first.question, first.answer) == ("Where is it", "Hello\nOn its way\nAnything else")
    assert (unanswered.cost, unanswered.answer) == (None, None)
    assert (report.read, report.spans, report.halves, sum(report.rejected.values())) == (9, 4, 4, 1)
    assert report.warnings == ()


def test_a_sum_over_replies_of_which_one_says_nothing_is_unknown(tmp_path):
    rows = [
        line(1, "08:00:00", "a", "user", "ann"),
        line(2, "08:00:01", "a", "bot", "", "0.02"),
        line(3, "08:00:02", "a", "bot", ""),
    ]
    found, _ = read(tmp_path, rows, cost="usd")
    assert found["m1"].cost is None


def test_messages_of_one_moment_keep_the_order_that_a_column_says(tmp_path):
    rows = ["m1,2026-03-02T08:00:00Z,a,assistant,,,10,,", "m2,2026-03-02T08:00:00Z,a,user,ann,,9,,"]
    rows += ["m3,2026-03-02T08:00:00Z,a,user,ann,,11,,"]
    found, _ = read(tmp_path, rows, messages={"role": "role", "order": "tokens"})
    assert {name: one.response_time for name, one in found.items()} == {"m2": 0, "m3": None}


def test_a_reply_that_says_what_it_answers_is_believed(tmp_path):
    rows = ["m1,2026-03-02T08:00:00Z,a,user,ann,,,,", "m2,2026-03-02T08:00:01Z,a,user,ann,,,,"]
    rows += ["m3,2026-03-02T08:00:05Z,a,bot,,0.2,,,m1", "m4,2026-03-02T08:00:07Z,a,bot,,0.3,,,m2"]
    rows += ["m5,2026-03-02T08:00:09Z,a,bot,,0.4,,,gone"]
    found, _ = read(tmp_path, rows, messages={"role": "role", "answers": "body"}, cost="usd")
    assert {name: (one.response_time, one.cost) for name, one in found.items()} == {
        "m1": (5, Decimal("0.2")),
        "m2": (6, Decimal("0.7")),
    }


def test_words_for_who_wrote_are_known_or_asked_for(tmp_path):
    rows = [line(1, "08:00:00", "a", "Kunde", "ann"), line(2, "08:00:03", "a", "KI", "")]
    with pytest.raises(
        ValueError, match=r"'Kunde' is neither the user nor the bot: write user = \[\.\.\.\] and assistant"
    ):
        read(tmp_path, rows)
    found, _ = read(tmp_path, rows, messages={"role": "role", "user": ["Kunde"], "assistant": ["KI"]})
    assert found["m1"].response_time == 3


def test_rows_that_are_messages_are_not_taken_for_turns(tmp_path):
    path = tmp_path / "messages.csv"
    path.write_text("\n".join([HEADER, *TALKS]) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"its rows are messages, .* Add \[messages\] with role = \"role\""):
        open_logs(path, columns={"columns": COLUMNS})
    with open_logs(path, columns={"columns": COLUMNS, "attributes": {"who": "role"}}) as logs:
        assert logs.report.turns == len(TALKS)


def test_what_the_bot_says_where_no_user_wrote_is_no_turn(tmp_path):
    found, report = read(tmp_path, [line(1, "08:00:00", "a", "user", "ann"), line(2, "08:00:00", "b", "bot", "")])
    assert (found.keys(), list(report.rejected)) == ({"m1"}, ["no turn: no user wrote in its conversation"])
