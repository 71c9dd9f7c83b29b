import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chatmon.analysis import quality
from chatmon.quality import corrected_rate
from chatmon.turns import Turn, write_parquet

START = datetime(2026, 10, 5, 9, tzinfo=UTC)


def turns(number, said):
    """Turns of conversations of two, each with the attributes that ``said`` gives to its place."""
    return [
        Turn(turn_id=f"t{place:05}", conversation_id=f"c{place // 2}", user_id=f"u{place // 6}", response_time=1.0,
             timestamp=START + timedelta(minutes=place), attributes=said(place))
        for place in range(number)
    ]  # fmt: skip


def judged(judge, number=2000, every=10, rate=0.6):
    """Turns whose truth is known, of which every tenth has a label; and their true rate."""
    draw = random.Random(11)
    truth = [draw.random() < rate for _ in range(number)]
    words = [judge(true, draw) for true in truth]

    def said(place):
        return {"verdict_solves": words[place]} | ({"label_solves": truth[place]} if place % every == 0 else {})

    return turns(number, said), sum(truth) / number


JUDGES = {
    "kind": lambda true, draw: draw.random() < (0.95 if true else 0.6),
    "always yes": lambda true, draw: True,
    "random": lambda true, draw: draw.random() < 0.5,
    "opposite": lambda true, draw: not true,
    "right": lambda true, draw: true,
}


@pytest.mark.parametrize("judge", JUDGES)
def test_whatever_the_judge_is_the_corrected_rate_holds_the_truth(judge):
    given, truth = judged(JUDGES[judge])
    (one,) = quality(given)
    assert one.rate.low < truth < one.rate.high
    assert one.rate.n == 200
    if judge in ("kind", "always yes", "opposite"):
        assert not one.judged.low < truth < one.judged.high
    assert any("its word is the same for every reply" in note for note in one.notes) == (judge == "always yes")


def test_it_is_what_corrected_rate_says_of_the_same_words_by_user(tmp_path):
    given, _ = judged(JUDGES["kind"], number=300)
    path = tmp_path / "turns.parquet"
    write_parquet(given, path)
    (one,) = quality(path)
    words, labels = ([turn.attributes.get(f"{side}_solves") for turn in given] for side in ("verdict", "label"))
    assert one.corrected.rate == corrected_rate(words, labels, [turn.user_id for turn in given]).rate


def test_without_a_label_nothing_is_claimed_but_the_judges_own_rate():
    (one,) = quality(turns(40, lambda place: {"verdict_solves": place % 4 > 0, "verdict_solves_by": "judge-1"}))
    assert one.rate is None
    assert one.agreement is None
    assert one.judged.value == 0.75
    assert str(one).startswith("solves: not measured: no turn has a label.")
    assert one.whose == "judge-1"


def test_labels_without_verdicts_are_a_rate_of_their_own():
    (one,) = quality(turns(40, lambda place: {"label_solves": place % 4 > 0}))
    assert (one.rate.value, one.judged.value, one.agreement) == (0.75, None, None)


def test_labels_of_one_class_have_a_rate_and_no_specificity():
    given = turns(60, lambda place: {"verdict_solves": place % 3 > 0} | ({"label_solves": True} if place < 20 else {}))
    (one,) = quality(given)
    assert one.rate.value > 0.9
    assert one.agreement.specificity.value is None
    assert one.agreement.sensitivity.n == 20


def test_one_user_who_wrote_everything_is_said():
    given, _ = judged(JUDGES["kind"], number=100)
    assert "One user wrote" not in str(quality(given)[0])
    (one,) = quality([replace(turn, user_id="u") for turn in given])
    assert "One user wrote 100 of 100 turns: others may fare otherwise." in one.notes
    assert (one.rate.low, one.rate.high) == (None, None), "one user tells nothing of others"
    (one,) = quality([replace(turn, user_id=None, conversation_id="c") for turn in given])
    assert (one.rate.low, one.rate.high) == (None, None), "nor does one conversation"


def test_what_is_neither_yes_nor_no_is_unknown_and_counted():
    words = [True, "yes", 1, 1.0, "True", False, "no", 0, "0", 0.7, "maybe", None]
    (one,) = quality(turns(len(words), lambda place: {"verdict_solves": words[place]}))
    assert (one.judged.value, one.judged.n) == (5 / 9, 9)
    assert "verdict_solves says neither yes nor no in 2 turns, which count as unknown." in one.notes


def test_each_rubric_is_measured_and_versions_are_told_apart():
    given = turns(
        10,
        lambda place: {
            "verdict_b": True,
            "verdict_b_version": f"v{place % 2}",
            "label_a": False,
            "label": True,
            "x": 1,
        },
    )
    first, second = quality(given)
    assert (first.name, second.name) == ("a", "b")
    assert second.version == "v0, v1"
    assert any("2 versions of the rubric" in note for note in second.notes)
    assert quality(turns(3, lambda place: {"team": "verdict_x"})) == []
    assert quality([]) == []
