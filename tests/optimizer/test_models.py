from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from chatmon.optimizer._models import as_good, completion
from chatmon.optimizer._sample import take
from chatmon.turns import Turn


def sample(cheap, dear, n=800):
    turns = []
    for model, done in (("cheap", cheap), ("dear", dear)):
        for place in range(n):
            turns.append(
                Turn(
                    turn_id=f"{model}{place}", conversation_id=f"{model}{place}", user_id=f"u{place}", model=model,
                    timestamp=datetime(2026, 10, 5, tzinfo=UTC) + timedelta(minutes=place), intent="x",
                    task_completed=place < done * n,
                )
            )  # fmt: skip
    return take(turns)


@pytest.mark.parametrize("margin", [0.02, 0.03, 0.04, 0.05, 0.06, 0.08])
def test_it_decides_as_statsmodels_interval_does(margin):
    low, _ = confint_proportions_2indep(632, 800, 640, 800, method="wald", alpha=0.1)
    found = as_good(sample(0.79, 0.80), "x", "cheap", "dear", margin)
    assert (found is not None) == (low > -margin)
    if found is not None:
        assert (found.cheap, found.dear, found.cheap_n, found.dear_n) == (0.79, 0.8, 800, 800)
        assert found.lowest == pytest.approx(low, abs=1e-4)


def test_a_model_that_is_worse_is_not_as_good_and_neither_is_one_that_is_hardly_known():
    assert not as_good(sample(0.70, 0.80), "x", "cheap", "dear")
    assert not as_good(sample(0.80, 0.80, n=40), "x", "cheap", "dear")
    assert not as_good(sample(0.80, 0.80), "x", "cheap", "unheard-of")


@pytest.mark.parametrize("cheap", [0.80, 0.84, 0.85, 0.87])
def test_a_cheap_model_that_is_better_beyond_doubt_had_the_easier_questions(cheap):
    # Of what makes them easy the log may know nothing: a dearer model is not worse for being dear.
    low, _ = confint_proportions_2indep(round(800 * cheap), 800, 640, 800, method="wald", alpha=0.02)
    assert (as_good(sample(cheap, 0.80), "x", "cheap", "dear") is None) == (low > 0)


def test_a_router_that_shows_over_all_intents_is_believed_in_none():
    # In each of four intents the cheap one is better by 3 points, which 800 turns leave in doubt, and 3,200 do not.
    turns = []
    for intent in "wxyz":
        for model, done in (("cheap", 664), ("dear", 640)):
            turns += [
                Turn(
                    turn_id=f"{intent}{model}{place}", conversation_id=f"{intent}{model}{place}", user_id=f"u{place}",
                    timestamp=datetime(2026, 10, 5, tzinfo=UTC) + timedelta(minutes=place), intent=intent,
                    model=model, task_completed=place < done,
                )
                for place in range(800)
            ]  # fmt: skip
    assert as_good(take(turns), "x", "cheap", "dear") is None
    assert as_good(take([one for one in turns if one.intent == "x"]), "x", "cheap", "dear") is not None


def routed(hard_on_dear, hard_on_cheap, cheap_at_hard, n=6000):
    """Turns of an intent of which half are hard: five times as long, and done by the dearer model in 92 of 100."""
    random, turns = np.random.default_rng(3), []
    for place in range(n):
        hard = bool(random.random() < 0.5)
        model = "dear" if random.random() < (hard_on_dear if hard else 1 - hard_on_cheap) else "cheap"
        good = 0.95 if not hard else 0.92 if model == "dear" else cheap_at_hard
        turns.append(
            Turn(
                turn_id=f"t{place}", conversation_id=f"c{place}", user_id=f"u{place % 900}", model=model, intent="x",
                timestamp=datetime(2026, 10, 5, tzinfo=UTC) + timedelta(minutes=place), output_tokens=100,
                input_tokens=int(random.normal(1500 if hard else 300, 30)), task_completed=bool(random.random() < good),
            )
        )  # fmt: skip
    return take(turns)


def test_a_cheap_model_that_never_saw_the_hard_half_is_not_judged():
    # All that is hard goes to the dear model, and all that is easy to the cheap one: both complete what they get.
    assert completion(routed(1.0, 1.0, 0.4), "x", "cheap", "dear") is None


def test_a_cheap_model_that_saw_some_of_the_hard_half_is_judged_by_it():
    # In sum the cheap one completes 87.5 of 100; of what is as hard as the dear one's turns, far fewer.
    worse = completion(routed(0.9, 0.9, 0.4), "x", "cheap", "dear")
    assert worse.dear == pytest.approx(0.92, abs=0.02)
    assert worse.cheap == pytest.approx(0.9 * 0.4 + 0.1 * 0.95, abs=0.06)
    assert as_good(routed(0.9, 0.9, 0.4), "x", "cheap", "dear") is None
    good = as_good(routed(0.9, 0.7, 0.93), "x", "cheap", "dear")
    assert good.like == 1
    assert abs(good.cheap - good.dear) < 0.04
