"""A cheaper model is as good by verdicts only where labels of both models say so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from chatmon.optimizer import recommend
from chatmon.optimizer._models import as_good, completes_as_many
from chatmon.optimizer._sample import take
from chatmon.turns import Turn

START = datetime(2026, 10, 5, tzinfo=UTC)


def turns(*, cheap=0.8, dear=0.8, kindness=0.0, labels=0.3, n=8000, tasks=False, judge=None, seed=1):
    """Turns of an intent on two models, good at rates that are known; the judge is kinder to the cheap one."""
    draw, made = np.random.default_rng(seed), []
    for place in range(n):
        model = "cheap" if draw.random() < 0.5 else "dear"
        good = bool(draw.random() < (cheap if model == "cheap" else dear))
        word = draw.random() < (0.9 if good else 0.4) + (kindness if model == "cheap" else 0.0)
        said = {"verdict_solves": bool(word if judge is None else judge(good, draw))}
        if draw.random() < labels:
            said["label_solves"] = good
        made.append(
            Turn(
                turn_id=f"t{place}", conversation_id=f"c{place // 2}", user_id=f"u{place // 8}", model=model,
                intent="x" if place % 10 else "rare",
                timestamp=START + timedelta(minutes=3 * place), response_time=1.0, input_tokens=300, output_tokens=50,
                cost=Decimal("0.001") if model == "cheap" else Decimal("0.01"), attributes=said,
                task_completed=True if tasks and place % 10 else False if tasks else None,
            )
        )  # fmt: skip
    return made


def judged_as_good(**options):
    return as_good(take(turns(**options)), "x", "cheap", "dear")


def test_a_model_that_is_as_good_is_called_so_by_its_corrected_rate():
    found = judged_as_good()
    assert found.rubric == "solves"
    assert (found.cheap, found.dear) == (pytest.approx(0.8, abs=0.05), pytest.approx(0.8, abs=0.05))


def test_a_judge_that_loves_the_cheap_models_style_is_not_believed():
    assert judged_as_good(cheap=0.7, kindness=0.1, labels=0.0) is None
    assert judged_as_good(cheap=0.7, kindness=0.1) is None


@pytest.mark.parametrize(
    "judge", [lambda good, draw: True, lambda good, draw: draw.random() < 0.5, lambda good, draw: not good]
)
def test_a_judge_that_knows_nothing_or_says_the_opposite_makes_no_advice_wrong(judge):
    assert judged_as_good(cheap=0.65, judge=judge) is None
    assert judged_as_good(labels=0.9, judge=judge) is not None


def test_few_labels_labels_of_one_class_or_of_one_conversation_leave_it_unknown():
    assert judged_as_good(labels=0.01) is None
    good_only = [
        replace(turn, attributes={name: said for name, said in turn.attributes.items() if said or name[0] == "v"})
        for turn in turns()
    ]
    assert as_good(take(good_only), "x", "cheap", "dear") is None
    one = [
        replace(turn, conversation_id="c" if "label_solves" in turn.attributes else turn.turn_id) for turn in turns()
    ]
    assert as_good(take(one), "x", "cheap", "dear") is None


def test_it_has_to_hold_by_tasks_and_by_verdicts():
    both = judged_as_good(tasks=True)
    assert [one.rubric for one in (both, *both.also)] == [None, "solves"]
    assert [name for name, _ in both.rows("cheap")] == ["tasks cheap completes", "solves of cheap, corrected"]
    assert judged_as_good(tasks=True, cheap=0.7) is None, "tasks are as many, but replies are worse"
    assert judged_as_good(tasks=True, labels=0.0).rubric is None, "without labels verdicts say nothing"
    few = judged_as_good(tasks=True, labels=0.005)
    assert (few.rubric, few.also) == (None, ()), "too few labels leave it to the tasks"


def test_advice_that_verdicts_hold_back_is_said_to_be():
    assert "about x" not in recommend(turns(tasks=True)).unable.get("overpowered_model", "")
    held = recommend(turns(tasks=True, cheap=0.7))
    assert not [one for one in held if one.kind == "overpowered_model"]
    assert "not shown to stay as good by solves" in held.unable["overpowered_model"]


def test_advice_rests_on_verdicts_where_the_log_says_nothing_of_tasks():
    (found,) = [one for one in recommend(turns()) if one.kind == "overpowered_model"]
    assert "is no better at them than cheap" in found.title
    assert any(name == "solves of cheap, corrected" for name, _ in found.evidence)
    assert "overpowered_model" not in recommend(turns()).unable
    nothing = recommend(turns(labels=0.0))
    assert not [one for one in nothing if one.kind == "overpowered_model"]
    assert "no turn has task_completed" in nothing.unable["overpowered_model"]


def test_a_prompt_is_held_against_the_others_by_verdicts_too():
    def versions(better):
        return take(
            [
                replace(turn, model="dear", prompt_version="long" if turn.model == "dear" else "short")
                for turn in turns(cheap=0.8 - better)
            ]
        )

    assert completes_as_many(versions(0.0), {"prompt_version": "long"})
    assert not completes_as_many(versions(0.15), {"prompt_version": "long"})
