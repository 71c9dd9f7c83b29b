from datetime import UTC, datetime, timedelta

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from chatmon.optimizer._models import as_good
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
