from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from chatmon.lab.bot._knowledge import OUT_OF_SCOPE, KnowledgeBase, KnowledgeEntry, KnowledgeError
from chatmon.quality import task_completed

if TYPE_CHECKING:
    from pathlib import Path

HELD_OUT = {
    "reset-password": "My login password is lost, what now?",
    "change-email": "Can you change the email you have for me?",
    "two-factor": "I would like to use an authenticator app to log in",
    "close-account": "How can I end my subscription with you?",
    "early-exit": "Do I have to pay something when I leave before the year is over?",
    "cooling-off": "Can I still withdraw the order I placed?",
    "view-bill": "I cannot find my last invoice",
    "due-date": "Which day is my bill due?",
    "payment-methods": "Is paying with a credit card possible?",
    "refund": "How many days does it take until I have my refund?",
    "late-fee": "What do you charge when a payment is late?",
    "business-hours": "At what hours can I reach support?",
    "phone-number": "Is there a number that I can call?",
    "complaint": "Who do I write to with a complaint?",
    "connection-issues": "The internet connection at home stopped working",
    "outage": "Do you have a network outage today?",
    "red-light": "There is a red light on the box",
    "slow-internet": "The internet is really slow this evening",
    "plan-speed": "Is the Basic plan fast, how many Mbit/s?",
    "upgrade-plan": "I would like to upgrade to a faster plan",
    "plan-price": "What is the monthly cost of Basic?",
    "student-discount": "I study at university, is there a discount for students?",
    "wifi-name": "I want another name and password for my wifi",
    "router-return": "Must I return the router after cancelling?",
    "router-reset": "How can I set the router to factory defaults?",
    "installation-time": "How long until the installation of my line is done?",
    "reschedule-technician": "The technician appointment does not suit me, another day please",
    "moving-house": "We will move house, does the contract move with us?",
    "data-privacy": "What personal data about me is kept by you?",
    "weather": "What will the weather be tomorrow?",
    "quantum-computing": "Can you explain how quantum computers work?",
    "recipe": "I need a recipe for pasta",
    "write-poem": "Please write me a short poem",
}
"""One more way to ask for each entry, kept out of the knowledge base."""

SOMETHING_ELSE = [
    "Who won the football world cup?",
    "Translate good morning into French",
    "What is the capital of France?",
    "How tall is Mount Everest?",
    "Recommend a good book",
    "How do I fix my bicycle tyre?",
    "What is 17 times 23?",
    "Who are you?",
    "hello",
    "thanks",
    "Can you book a flight to Rome?",
    "Write Python code to sort a list",
    "Why is the sky blue?",
    "My cat is sick",
    "What should I wear to a wedding?",
    "🤔",
    "Tell me about the history of Rome",
    "What time is it in Tokyo?",
    "How do I lose weight?",
    "asdf qwer",
]
"""Questions that no entry answers, about subjects that no entry has."""

NUMBER = re.compile(r"\d+(?:[.:]\d+)*")


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return KnowledgeBase.load()


def test_the_knowledge_base_is_a_support_desk_of_some_size(base: KnowledgeBase) -> None:
    assert len(base.entries) >= 24
    assert len({entry.intent for entry in base.entries}) >= 8


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("What's the weather like today?", OUT_OF_SCOPE),
        ("How can I reset my password?", "account"),
        ("Explain quantum computing in simple terms", OUT_OF_SCOPE),
        ("What are your business hours?", "contact"),
        ("Help me troubleshoot my connection issues", "connection"),
    ],
)
def test_the_first_five_questions_of_the_course_find_their_entry(
    base: KnowledgeBase, question: str, intent: str
) -> None:
    (hit,) = base.retrieve(question)
    assert (hit.entry.question, hit.entry.intent) == (question, intent)


def test_every_way_to_ask_finds_its_entry(base: KnowledgeBase) -> None:
    asked = [(text, entry) for entry in base.entries for text in (entry.question, *entry.phrasings)]
    missed = [text for text, entry in asked if [hit.entry for hit in base.retrieve(text)] != [entry]]
    assert missed == []


def test_ways_to_ask_that_the_base_has_not_seen_find_their_entry(base: KnowledgeBase) -> None:
    assert HELD_OUT.keys() == {entry.id for entry in base.entries}
    known = {text for entry in base.entries for text in (entry.question, *entry.phrasings)}
    assert known.isdisjoint(HELD_OUT.values())
    missed = [text for name, text in HELD_OUT.items() if [hit.entry.id for hit in base.retrieve(text)] != [name]]
    assert missed == []


def test_questions_about_something_else_find_nothing(base: KnowledgeBase) -> None:
    assert [text for text in SOMETHING_ELSE if base.retrieve(text)] == []


def test_the_threshold_lies_between_the_two_sides_that_it_is_said_to(base: KnowledgeBase) -> None:
    def scores(texts: list[str]) -> list[float]:
        return [base.retrieve(text, minimum=-1)[0].score for text in texts]

    inside = [text for entry in base.entries for text in (entry.question, *entry.phrasings)]
    assert len(inside) == 169
    assert min(scores(inside)) >= 0.33
    assert min(scores(list(HELD_OUT.values()))) >= 0.43
    assert (len(SOMETHING_ELSE), max(scores(SOMETHING_ELSE)) < 0.305) == (20, True)


def test_retrieval_orders_by_score_and_gives_as_many_as_asked_for(base: KnowledgeBase) -> None:
    hits = base.retrieve("my bill", k=5, minimum=0)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert base.retrieve("") == []
    with pytest.raises(ValueError, match=r"k \(0\)"):
        base.retrieve("my bill", k=0)


def test_answers_and_facts_agree_in_every_number(base: KnowledgeBase) -> None:
    for entry in base.entries:
        in_answer = set(NUMBER.findall(entry.answer))
        wordings = [wording for fact in entry.facts for wording in fact]
        in_facts = {number for wording in wordings for number in NUMBER.findall(wording)}
        pieces = {piece for number in in_answer for piece in (number, *re.split("[.:]", number))} | {"".join(in_answer)}
        assert in_facts <= pieces | {"08005550142"}, entry.id
        assert in_answer <= in_facts | {"0800", "555", "0142"}, entry.id


def test_an_answer_completes_its_own_task_and_no_other_that_has_other_facts(base: KnowledgeBase) -> None:
    for entry in base.entries:
        assert task_completed(entry.answer, entry.facts)
        others = [other for other in base.entries if not set(other.facts) <= set(entry.facts)]
        assert [other.id for other in others if task_completed(entry.answer, other.facts)] == []


def test_the_refusal_is_what_questions_out_of_scope_get(base: KnowledgeBase) -> None:
    for entry in base.entries:
        assert task_completed(base.refusal, entry.facts) is (entry.intent == OUT_OF_SCOPE)


GOOD = {"id": "a", "intent": "billing", "question": "When?", "answer": "On the 5th.", "facts": [["5th", "fifth"]]}


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "base.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_good_file_is_loaded(tmp_path: Path) -> None:
    base = KnowledgeBase.load(written(tmp_path, {"refusal": "No.", "entries": [GOOD]}))
    assert base.entries == (KnowledgeEntry("a", "billing", "When?", "On the 5th.", (("5th", "fifth"),)),)
    assert base.refusal == "No."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "entry at position 1: id"),
        ({"intent": None}, "entry 'b': intent"),
        ({"answer": "  "}, "entry 'b': answer"),
        ({"question": 5}, "entry 'b': question"),
        ({"facts": []}, "entry 'b': facts"),
        ({"facts": None}, "entry 'b': facts"),
        ({"facts": ["5th"]}, "entry 'b': fact '5th' is not a list"),
        ({"facts": [[]]}, r"entry 'b': fact \[\] is not a list"),
        ({"facts": [["6th"]]}, r"entry 'b': answer \('On the 5th.'\) lacks its own fact \['6th'\]"),
        ({"answer": "On the 6th."}, "entry 'b': answer .* lacks its own fact"),
        ({"phrasings": "How"}, "entry 'b': phrasings"),
        ({"fact": [["5th"]]}, "entry 'b': has unknown keys: fact"),
        ({"id": "a"}, "entry 'a': 'id a' is in the entry at position 0 already"),
        ({"question": "WHEN?"}, "entry 'b': 'WHEN\\?' is in the entry at position 0"),
        ({"phrasings": ["When?"]}, "entry 'b': 'When\\?' is in the entry at position 0"),
    ],
)
def test_a_bad_entry_is_refused_with_its_id_and_the_reason(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    entries = [GOOD, GOOD | {"id": "b", "question": "How?"} | change]
    with pytest.raises(KnowledgeError, match=f"base.json: {message}"):
        KnowledgeBase.load(written(tmp_path, {"refusal": "No.", "entries": entries}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "base.json is not JSON"),
        ([], "needs"),
        ({"refusal": "No.", "entries": []}, "at least one entry"),
        ({"entries": [GOOD]}, "needs a refusal"),
        ({"refusal": "No.", "entries": [5]}, "entry at position 0: is 5, not an object"),
    ],
)
def test_a_file_that_is_no_knowledge_base_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(KnowledgeError, match=message):
        KnowledgeBase.load(written(tmp_path, content))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        KnowledgeBase.load(tmp_path / "none.json")
