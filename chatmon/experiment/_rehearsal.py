"""The A/A check: past users shared out at random, again and again, with nothing to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from chatmon import estimates
from chatmon.analysis.source import query
from chatmon.experiment._judged import is_judged
from chatmon.experiment._metrics import metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from chatmon.analysis.source import Turns
    from chatmon.estimates import Estimate

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


def aa_check(
    turns: Turns,
    metrics: Iterable[str],
    *,
    seed: int,
    replications: int = 1000,
    unit: str = "user",
    alpha: float = 0.05,
) -> dict[str, Estimate]:
    """Return how often a test finds a difference between two halves of the same users, by metric.

    That should be as often as ``alpha`` says. With ``unit="turn"`` the test takes each turn for itself, as many
    dashboards do: a user's turns are alike, so it is sure of itself too soon.

    Args:
        turns: Past turns.
        metrics: Names of metrics.
        seed: Of the random halves.
        replications: How often to share out.
        unit: What the test takes to be independent: ``user`` or ``turn``. Users are what is shared out either way.
        alpha: The level of the test.

    Raises:
        ValueError: There are fewer than 4 users, or no such metric or unit.
    """
    import numpy as np

    if unit not in ("user", "turn"):
        raise ValueError(f"unit ({unit!r}) is 'user' or 'turn'")
    found = {}
    for name in metrics:
        one = metric(name)
        if is_judged(one):
            raise ValueError(f"{name}: halves of the same users have no labels of their own; take another metric")
        rows = query(
            turns,
            f"""SELECT coalesce(sum({one.value}), 0), {one.divisor()}, coalesce(sum(power({one.value}, 2)), 0)
            FROM turns WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY user_id""",  # noqa: S608 - names of our own
        )
        if len(rows) < 4:
            raise ValueError(f"{len(rows)} users are too few to share out: 4 or more are needed")
        total, count, squares = np.array(rows, dtype=float).T
        random = np.random.default_rng(seed)
        passed = 0
        # So many at a time that a million users do not fill the memory.
        for begin in range(0, replications, step := max(1, 20_000_000 // len(rows))):
            half = (random.random((min(step, replications - begin), len(rows))) < 0.5).astype(float)
            z = ratio_z(half, total, count) if unit == "user" else _turn_z(half, total, count, squares)
            passed += int((np.abs(z) > _critical(alpha)).sum())
        found[name] = estimates.rate(passed, replications)
    return found


def ratio_z(treated: Floats, total: Floats, count: Floats) -> Floats:
    """Return the difference of two ratios of sums in standard errors, by the delta method, for many ways to share out.

    Args:
        treated: A row for each way, with 1 for a treated user and 0 for one of the control.
        total: Of each user, what is added up.
        count: Of each user, what it is divided by.
    """
    import numpy as np

    products = np.stack([np.ones_like(total), total, count, total**2, count**2, total * count], axis=1)
    treatment = treated @ products
    sides = [products.sum(axis=0) - treatment, treatment]
    ratios, variances = [], []
    for side in sides:
        n, value, known, of_value, of_known, together = side.T
        ratio = value / known
        squares = of_value - 2 * ratio * together + ratio**2 * of_known
        ratios.append(ratio)
        variances.append(squares * n / (n - 1) / known**2)
    z: Floats = (ratios[1] - ratios[0]) / np.sqrt(variances[0] + variances[1])
    return z


def _turn_z(treated: Floats, total: Floats, count: Floats, squares: Floats) -> Floats:
    import numpy as np

    treatment = treated @ np.stack([total, count, squares], axis=1)
    control = np.array([total.sum(), count.sum(), squares.sum()]) - treatment
    means = [side[:, 0] / side[:, 1] for side in (control, treatment)]
    errors = [
        (side[:, 2] / side[:, 1] - mean**2) / side[:, 1] for side, mean in zip((control, treatment), means, strict=True)
    ]
    z: Floats = (means[1] - means[0]) / np.sqrt(errors[0] + errors[1])
    return z


def _critical(alpha: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(alpha / 2))
