"""What of a turn is stored, and that every operational figure is the same whatever is kept of the texts."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.importers import open_logs
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
from chatmon.store.privacy import Protection, Pseudonyms
from chatmon.turns import COLUMNS, Turn

PSEUDONYMS = Pseudonyms(bytes(32))
START = datetime(2026, 10, 5, 9, tzinfo=UTC)
PRIVATE = {"user_id", "question", "answer", "error_message", "attributes"}


def a_turn(**columns):
    return Turn(turn_id="t1", conversation_id="c1", timestamp=START, **{"user_id": "ada"} | columns)


def test_content_is_off_unless_asked_for_and_redacted_where_it_is_on():
    turn = a_turn(question="I am ada@example.org", answer="Hello ada@example.org")
    off, on = Protection(PSEUDONYMS)(turn), Protection(PSEUDONYMS, content=True)(turn)
    assert (off.question, off.answer) == (None, None)
    assert (on.question, on.answer) == ("I am [email]", "Hello [email]")


def test_errors_and_attributes_are_redacted_however_deep():
    turn = a_turn(
        error_message="no account ada@example.org",
        attributes={"plan": "pro", "seen": [{"from": "203.0.113.7"}, 3], "ok": True},
    )
    stored = Protection(PSEUDONYMS)(turn)
    assert stored.error_message == "no account [email]"
    assert stored.attributes == {"plan": "pro", "seen": [{"from": "[ip]"}, 3], "ok": True}


def test_a_user_becomes_a_pseudonym_and_nobody_stays_nobody():
    assert Protection(PSEUDONYMS)(a_turn()).user_id == PSEUDONYMS.of("ada")
    assert Protection(PSEUDONYMS)(a_turn(user_id=None)).user_id is None


def test_a_redactor_of_ones_own_is_used():
    protect = Protection(PSEUDONYMS, content=True, redactor=lambda text: text.replace("Ada", "[name]"))
    assert protect(a_turn(question="I am Ada")).question == "I am [name]"


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
@examples(50)
def test_protecting_twice_is_protecting_once_and_leaves_every_measure(question, error, content):
    turn = a_turn(question=question, error_message=error, input_tokens=7, cost=Decimal("0.01"), response_time=0.5)
    protect = Protection(PSEUDONYMS, content=content)
    stored = protect(turn)
    assert protect(stored) == stored
    for name in set(COLUMNS) - PRIVATE:
        assert getattr(stored, name) == getattr(turn, name)


def summary_of(folder, *, content):
    """The same traffic through a store, with content or without, and what it adds up to."""
    clock = ManualClock(START)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer, capture_content=content)
    with Store(folder, clock=lambda: START.timestamp(), protect=Protection(PSEUDONYMS, content=content)) as store:
        store.attach(monitor)
        for number in range(40):
            with monitor.track(f"c{number // 4}", f"user-{number % 5}", intent="billing") as turn:
                turn.set(question=f"card 4111 1111 1111 1111, question {number}", answer="pay to ada@example.org")
                turn.set(input_tokens=10 + number, output_tokens=5, cost=Decimal("0.001") * number)
                clock.advance(0.1 + number / 100)
                if number % 9 == 0:
                    turn.record_error(ValueError("no account ada@example.org"))
        store.flush()
    live = monitor.summary(hours=24)
    with open_logs(folder, content=True) as logs:
        frame = logs.frame()
    return live, frame


def test_runs_with_and_without_content_have_the_same_operational_figures(tmp_path):
    (live_off, off), (live_on, on) = (summary_of(tmp_path / name, content=name == "on") for name in ("off", "on"))
    assert off["question"].isna().all()
    assert on["question"].str.contains(r"\[card\]").all()
    private = ["turn_id", "question", "answer"]
    assert off.drop(columns=private).equals(on.drop(columns=private))
    assert off["user_id"].nunique() == 5
    names = [field.name for field in fields(live_off) if field.name != "health"]
    assert [getattr(live_off, name) for name in names] == [getattr(live_on, name) for name in names]
    assert live_on.turns == 40


def test_a_conversation_that_says_whose_it_is_becomes_a_pseudonym_that_groups():
    protect = Protection(PSEUDONYMS)
    number = "+14155552671"
    stored = [
        protect(replace(a_turn(user_id=number), conversation_id=f"whatsapp:{number}")).conversation_id for _ in "ab"
    ]
    assert stored[0] == stored[1]
    assert "4155552671" not in stored[0]
    by_name = protect(replace(a_turn(user_id="customer-77"), conversation_id="chat-of-customer-77"))
    assert "customer-77" not in by_name.conversation_id
    assert protect(by_name) == by_name
    assert protect(a_turn()).conversation_id == "c1"


def test_names_and_numbers_of_attributes_and_dimensions_are_redacted_and_what_is_secret_is_whatever_it_says():
    turn = a_turn(
        intent="mail ada@example.org", region="203.0.113.7", channel="web",
        attributes={"ada@example.org": "cc", "phone": 14155552671, "said": "call +14155552671", "n": 42,
                    "api_key": "correct horse", "db.password": "x", "max_tokens": 500, "sent": {"auth-token": "none"}},
    )  # fmt: skip
    stored = Protection(PSEUDONYMS)(turn)
    assert (stored.intent, stored.region, stored.channel) == ("mail [email]", "[ip]", "web")
    assert stored.attributes == {
        "[email]": "cc", "phone": "[phone]", "said": "call [phone]", "n": 42,
        "api_key": "[key]", "db.password": "[key]", "max_tokens": 500, "sent": {"auth-token": "[key]"},
    }  # fmt: skip


TEXTS = st.text(max_size=30) | st.sampled_from(["I am ada@example.org", "ring +49 30 1234567", ""])
TOLD = st.fixed_dictionaries(
    {},
    optional={
        "question": TEXTS,
        "answer": TEXTS,
        "region": TEXTS,
        "attributes": st.dictionaries(TEXTS, TEXTS | st.integers() | st.lists(TEXTS, max_size=2), max_size=3),
    },
)


@given(st.sampled_from(["c1", "chat of customer-77", "call +49 30 1234567"]), TOLD, st.booleans())
@examples(100)
def test_a_turn_is_protected_alike_as_the_monitor_has_it(conversation, told, content):
    monitor = ChatMonitor(capture_content=True)
    with monitor.track(conversation, "customer-77", intent="billing") as turn:
        turn.set(**told)
        turn.record_error(ValueError("no account ada@example.org"))
    before = turn.to_turn()
    protect = Protection(PSEUDONYMS, content=content)
    assert protect.live(turn).to_turn() == protect(before)
    assert turn.to_turn() == before


def test_what_a_redactor_of_ones_own_makes_of_a_turn_is_checked(tmp_path):
    monitor = ChatMonitor(capture_content=True)
    with Store(tmp_path, protect=Protection(PSEUDONYMS, content=True, redactor=lambda text: 3)) as store:
        store.attach(monitor)
        with monitor.track("c") as turn:
            turn.set(question="anything")
        store.flush()
        assert (store.status().refused, store.status().written) == (1, 0)
