"""The rules of the course on a few seeds that nobody tuned them on."""

import alert_scores


def test_on_unseen_seeds_they_catch_most_and_hardly_ever_cry_wolf():
    # Eight seeds are too few for the promise of 50: one missed hour of errors, one false alarm more or less.
    sums = alert_scores.scored(range(9100, 9108))
    assert sums.planted.total() == 24
    assert sums.recall >= 0.75
    assert sums.false_per_week <= 0.35
