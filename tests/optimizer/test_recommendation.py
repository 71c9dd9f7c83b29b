import numpy as np
import pytest

from chatmon.optimizer import Amount


def test_new_traffic_falls_into_the_interval_ahead_as_often_as_it_says_and_into_the_scaled_one_too_rarely():
    draw = np.random.default_rng(11)
    users, share, ahead, scaled = 400, 0.25, 0, 0
    for _ in range(1_500):
        log, new = (draw.exponential(2.0, n) * (draw.random(n) < 0.6) for n in (users, int(users * share)))
        saving = Amount.around(log.sum(), np.sqrt(users) * log.std(ddof=1))
        expected, narrow = saving.ahead(share), saving.times(share)
        ahead += expected.low <= new.sum() <= expected.high
        scaled += narrow.low <= new.sum() <= narrow.high
    assert 0.93 < ahead / 1_500 < 0.97
    assert scaled / 1_500 < 0.75


def test_new_traffic_needs_a_size():
    with pytest.raises(ValueError, match=r"share \(0\) must be above 0"):
        Amount(1.0, 0.5, 1.5).ahead(0)
