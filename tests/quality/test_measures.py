import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordllama import WordLlama

from chatmon.quality import check_satisfaction, context_relevance, task_completed

QUESTION = "When is my bill due?"
FACTS = [["5th", "fifth"], ["40 euros", "€40"]]
TEXTS = st.text(max_size=200)


@pytest.fixture(scope="module")
def wordllama() -> WordLlama:
    from pathlib import Path

    import wordllama

    return WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def test_relevance_is_the_cosine_that_wordllama_itself_reports(wordllama: WordLlama) -> None:
    answer = "Your bill is due on the 5th of each month."
    assert context_relevance(QUESTION, answer) == pytest.approx(wordllama.similarity(QUESTION, answer), abs=1e-6)


def test_relevance_orders_an_answer_above_small_talk_and_below_the_question_itself() -> None:
    scores = [context_relevance(QUESTION, text) for text in ("Nice hat!", "It is due on the 5th.", QUESTION)]
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(1)


def test_relevance_cannot_tell_a_wrong_answer_from_a_right_one() -> None:
    right = context_relevance(QUESTION, "Your bill is due on the 5th.")
    wrong = context_relevance(QUESTION, "Your bill is due on the 6th.")
    assert wrong == pytest.approx(right, abs=0.05)


@pytest.mark.parametrize(("question", "answer"), [("", "It is."), ("Is it?", ""), (" \n", "It is."), ("Is it?", "\t")])
def test_relevance_of_nothing_is_unknown(question: str, answer: str) -> None:
    assert context_relevance(question, answer) is None


@given(TEXTS, TEXTS)
def test_relevance_of_any_two_texts_is_from_0_to_1_and_symmetric(question: str, answer: str) -> None:
    score = context_relevance(question, answer)
    assert score is None or 0 <= score <= 1
    assert score == pytest.approx(context_relevance(answer, question), abs=1e-6)


@pytest.mark.parametrize(
    ("reply", "completed"),
    [
        ("It is due on the 5th and costs 40 euros.", True),
        ("On the FIFTH you pay €40.", True),
        ("On the fifth you pay\n40\u00a0 euros", True),
        ("It is due on the 5th.", False),
        ("It costs 40 euros.", False),
        ("On the 15th you pay 40 euros.", False),
        ("On the 5th you pay 140 euros.", False),
        ("On the 5th you pay 1.40 euros.", False),
        ("", False),
    ],
)
def test_a_task_is_completed_when_every_fact_is_there(reply: str, completed: bool) -> None:
    assert task_completed(reply, FACTS) is completed


@pytest.mark.parametrize(
    ("reply", "fact"),
    [
        ("A 30\u2011minute link", "30-minute"),
        ("8:00\u201320:00", "8:00-20:00"),
        ("Monday\u2014Saturday", "monday-saturday"),
        ("Click \u201cForgot password\u201d", '"forgot password"'),
        ("I don\u2019t know", "don't know"),
        ("within \uff13\uff10 days", "30 days"),
        ("Open 192.168.1.1.", "192.168.1.1"),
        ("see status.larkwell.example!", "status.larkwell.example"),
        ("STRASSE", "straße"),
    ],
)
def test_typography_makes_no_difference_to_a_fact(reply: str, fact: str) -> None:
    assert task_completed(reply, [[fact]])


@pytest.mark.parametrize(
    ("reply", "fact"), [("8:00 to 20:30", "8:00 to 20"), ("192.168.1.12", "192.168.1.1"), ("5.5 euros", "5 euros")]
)
def test_a_fact_is_not_found_inside_a_longer_number(reply: str, fact: str) -> None:
    assert not task_completed(reply, [[fact]])


def test_no_facts_required_is_completed_and_no_accepted_wording_never_is() -> None:
    assert task_completed("anything", [])
    assert not task_completed("anything", [[]])


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.strip()))
def test_a_reply_that_is_the_fact_itself_is_completed(fact: str) -> None:
    assert task_completed(fact, [[fact]])


@pytest.mark.parametrize("score", [1, 5, 3.5, 1.0])
def test_a_rating_from_1_to_5_is_one(score: float) -> None:
    assert check_satisfaction(score) == score


@pytest.mark.parametrize("score", [0, 0.99, 5.01, -1, math.nan, math.inf])
def test_a_rating_outside_1_to_5_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="user_satisfaction"):
        check_satisfaction(score)


@pytest.mark.parametrize("score", ["4", True, None])
def test_a_rating_that_is_no_number_is_refused(score: object) -> None:
    with pytest.raises(TypeError, match="user_satisfaction"):
        check_satisfaction(score)
