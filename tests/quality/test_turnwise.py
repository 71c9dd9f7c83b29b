"""A corrected rate as a mean over turns: its interval holds the truth wherever the rate is shown."""

import math

import numpy as np
import pytest

from chatmon.quality import correction

REPLIES = 800


def shown(seed, rate, finds, rejects, labels):
    """What turns add up to, as whoever adds turns up has it: mean and standard error; None where it is not shown."""
    draw = np.random.default_rng(seed)
    truth = draw.random(REPLIES) < rate
    word = np.where(truth, draw.random(REPLIES) < finds, draw.random(REPLIES) >= rejects).astype(float)
    label, said = truth[:labels].astype(float), word[:labels]
    found = correction(REPLIES, labels, label.sum(), said.sum(), (label * said).sum(), labels)
    if isinstance(found, str):
        return None
    adds = found.weight * word + found.rest
    adds[:labels] += found.times * (label - found.weight * said - found.rest)
    return adds.mean(), adds.std(ddof=1) / math.sqrt(REPLIES)


@pytest.mark.parametrize("rate", [0.05, 0.85, 0.9, 0.95])
@pytest.mark.parametrize(("finds", "rejects"), [(0.9, 0.8), (0.95, 0.95), (0.7, 0.6), (0.5, 0.5)])
def test_of_a_rate_near_0_or_1_what_forty_labels_show_holds_the_truth(rate, finds, rejects):
    found = [one for seed in range(500) if (one := shown(seed, rate, finds, rejects, 40)) is not None]
    held = sum(abs(mean - rate) <= 1.96 * error for mean, error in found)
    assert len(found) > 250
    assert held / len(found) >= 0.93


def test_what_widens_it_moves_no_rate_and_is_nothing_for_many_labels():
    few, many = (correction(20 * n, n, 0.8 * n, 0.8 * n, 0.74 * n, n) for n in (40, 4000))
    for n, one in ((40, few), (4000, many)):
        labels = 0.8 * n - one.weight * 0.8 * n - one.rest * n
        assert labels == pytest.approx(0, abs=1e-9), "the rests of the labelled add up to nothing"
    assert few.times > 20 * 1.05
    assert many.times == pytest.approx(20, rel=0.002)


def test_a_judge_that_made_no_error_on_the_labels_is_not_taken_for_one_that_makes_none():
    found = correction(1000, 40, 30, 30, 30, 40)
    assert found.weight < 1
    assert found.times > 1000 / 40
