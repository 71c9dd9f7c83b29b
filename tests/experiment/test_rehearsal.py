import numpy as np
import pandas as pd
import pytest
import tea_tasting

from chatmon.experiment import aa_check
from chatmon.experiment._rehearsal import ratio_z


def test_halves_of_the_same_users_differ_as_often_as_alpha_says(alike):
    found = aa_check(alike, ["task_completion", "tokens_per_turn", "turns_per_user", "satisfaction"], seed=1)
    assert all(0.03 <= estimate.value <= 0.07 for estimate in found.values()), found
    assert {estimate.n for estimate in found.values()} == {1000}


def test_a_test_of_turns_is_wrong_far_more_often(alike):
    found = aa_check(alike, ["tokens_per_turn", "response_time"], seed=1, unit="turn")
    assert all(estimate.low > 0.15 for estimate in found.values()), found


def test_the_same_seed_gives_the_same_halves(alike):
    one, again, other = (aa_check(alike, ["task_completion"], seed=s, replications=200) for s in (1, 1, 2))
    assert one == again != other


def test_many_ways_at_once_are_tea_tasting_s_one_by_one():
    random = np.random.default_rng(4)
    count = 1.0 + random.poisson(3, 400)
    total = random.gamma(2, count)
    treated = (random.random((5, 400)) < 0.4).astype(float)
    metric = tea_tasting.Experiment(m=tea_tasting.RatioOfMeans("total", "count", use_t=False))
    for row, z in zip(treated, ratio_z(treated, total, count), strict=True):
        frame = pd.DataFrame({"total": total, "count": count, "variant": row.astype(int)})
        assert z == pytest.approx(metric.analyze(frame, control=0)["m"].statistic, rel=1e-9)


def test_too_few_users_and_another_unit_are_refused(alike):
    with pytest.raises(ValueError, match="3 users are too few"):
        aa_check(alike[alike.user_id.isin(["user-1", "user-2", "user-3"])], ["task_completion"], seed=1)
    with pytest.raises(ValueError, match="'user' or 'turn'"):
        aa_check(alike, ["task_completion"], seed=1, unit="conversation")
