"""A short run of the benchmark of experiments among unlike users."""

import pytest
from experiment_worlds import WORLDS, shares


@pytest.mark.parametrize("name", list(WORLDS))
def test_a_difference_is_seldom_found_where_there_is_none(name):
    nothing, something = shares(name, 150)
    assert nothing <= 0.1  # 5 % of 150, and three standard errors
    assert something > 0.2
