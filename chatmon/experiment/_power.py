"""How many users an experiment needs, and how many weeks that takes, from the turns of the weeks before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.shown import escape
from chatmon.analysis.source import instant, moment, query, relation
from chatmon.experiment import _sequential as sequential
from chatmon.experiment._judged import is_judged
from chatmon.experiment._metrics import metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import pandas as pd

    from chatmon.analysis.source import Turns
    from chatmon.experiment._metrics import Metric

MOST_WEEKS: Final = 26
"""An experiment that takes longer is not worth waiting for."""


class Week(NamedTuple):
    """What an experiment of so many weeks could find.

    Attributes:
        weeks: How long.
        users: How many it would have.
        detectable: Metric to the smallest relative change that would be found; for a guardrail, the smallest margin
            that could be shown to hold. None where the metric is not known, or 0.
        foreseen: Whether that is longer than the turns seen, and users are expected to keep coming as in the last week.
    """

    weeks: int
    users: int
    detectable: Mapping[str, float | None]
    foreseen: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How large an experiment has to be.

    Attributes:
        primary: The metric that decides.
        effect: The smallest relative change worth having.
        value: The metric as it is.
        users: How many are needed in all variants together.
        days: How long they take to come, in whole weeks, so that each day of the week counts alike; None where that is
            more than 26 weeks.
        weeks: What shorter and longer experiments could find.
    """

    primary: str
    effect: float
    value: float
    users: int
    days: int | None
    weeks: tuple[Week, ...]

    def __str__(self) -> str:
        """Return the size as a sentence."""
        long = f"{self.days} days" if self.days else f"more than {MOST_WEEKS} weeks: look for a larger effect"
        return f"{self.users:,} users to see {self.primary} move {self.effect:.1%} from {self.value:.3g}: {long}"

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each number of weeks, with the smallest effect of each metric that it could find."""
        return [{"weeks": week.weeks, "users": week.users, **week.detectable} for week in self.weeks]

    def to_frame(self) -> pd.DataFrame:
        """Return ``rows`` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html(index=False, float_format="{:.1%}".format, na_rep="unknown")
        return f"<p>{escape(str(self))}</p>{table}"


def size(
    turns: Turns,
    *,
    primary: str,
    effect: float,
    variants: Mapping[str, float],
    looks: int = 7,
    others: Iterable[str] = (),
    alpha: float = 0.05,
    power: float = 0.8,
    part: float = 1.0,
    most_turns: int = 1000,
) -> Size:
    """Return how many users an experiment needs, and how long they take to come.

    The past is taken for the control: as many users would come, as often, and scatter as much. A longer experiment has
    more users and more turns of each, so both are read off the past for each number of weeks. What the days before an
    experiment explain (CUPED) comes on top, and is not counted on. Made for two-sided tests of each treatment against
    the control, with alpha shared out between treatments, and O'Brien-Fleming looks.

    Args:
        turns: Past turns, of a week or more.
        primary: The metric that decides.
        effect: The smallest relative change worth having, such as 0.05.
        variants: Variant to its weight, the control first.
        looks: How often results are looked at.
        others: Further metrics to show, such as guardrails.
        alpha: The chance of a false win.
        power: The chance of finding the effect.
        part: The share of users that take part.
        most_turns: Users with more are no people.

    Raises:
        ValueError: A number is outside its range, a metric is a judge's word, there is less than a week of turns with
            users, or the primary metric is not known there.
    """
    if not 0 < effect < 1 or not 0 < part <= 1 or len(variants) < 2:
        raise ValueError(
            f"effect ({effect}) and part ({part}) lie between 0 and 1, and variants ({dict(variants)}) are two or more"
        )
    metrics = [_planned(name) for name in dict.fromkeys((primary, *others))]
    turns = relation(turns)
    ends = "SELECT epoch_us(min(timestamp)), epoch_us(max(timestamp)) FROM turns WHERE user_id IS NOT NULL"
    first, last = map(instant, query(turns, ends)[0])
    seen = 0 if first is None or last is None else round((last - first) / timedelta(days=1)) // 7
    if not seen or last is None:
        raise ValueError(f"turns with a user reach from {first} to {last}: a week or more is needed, with whole days")
    start = last - timedelta(days=7 * seen) + timedelta(microseconds=1)
    past = [_spread(turns, metrics, start, start + timedelta(days=7 * week), most_turns) for week in range(1, seen + 1)]
    control, *weights = (weight / sum(variants.values()) for weight in variants.values())
    level = alpha / len(weights)
    # Two groups' variance of the difference for one user in all, and how far apart in errors effect and chance must be.
    groups = 1 / control + 1 / min(weights)
    apart = _apart(looks, level, power)
    coming = past[-1].users - (past[-2].users if seen > 1 else 0)
    weeks, answer = [], None
    for number in range(1, MOST_WEEKS + 1):
        spread = past[min(number, seen) - 1]
        users = round((spread.users + max(0, number - seen) * coming) * part)
        found = {
            name: None if relative is None else apart * math.sqrt(relative * groups / users)
            for name, relative in spread.variances.items()
        }
        weeks.append(Week(number, users, found, number > seen))
        reached = found[primary]
        if reached is None:
            raise ValueError(f"{primary} is not known in the past turns, or 0: nothing to plan with")
        if reached <= effect:
            answer = number
            break
    chosen = past[min(answer or seen, seen) - 1]
    needed = chosen.variances[primary]
    assert needed is not None  # noqa: S101 - the loop has looked at it
    return Size(
        primary=primary,
        effect=effect,
        value=chosen.value,
        users=math.ceil(needed * groups * (apart / effect) ** 2),
        days=None if answer is None else 7 * answer,
        weeks=tuple(weeks),
    )


def _planned(name: str) -> Metric:
    """Return a metric that users can be planned for."""
    one = metric(name)
    if is_judged(one):
        raise ValueError(f"{name}: how many users it needs hangs on the labels; quality.labels_needed counts these")
    return one


def _apart(looks: int, alpha: float, power: float) -> float:
    from scipy.special import ndtri

    once = float(-ndtri(alpha / 2) + ndtri(power))
    shares = [look / looks for look in range(1, looks + 1)]
    return once * math.sqrt(sequential.inflation(shares, alpha, power))


class _Spread(NamedTuple):
    """Users of some weeks: how many, the first metric's value, and each metric's relative variance over users."""

    users: int
    value: float
    variances: dict[str, float | None]


def _spread(turns: Turns, metrics: list[Metric], start: datetime, end: datetime, most_turns: int) -> _Spread:
    per_user = ", ".join(
        f"CAST(coalesce(sum({one.value}), 0) AS DOUBLE) AS {one.name}_value, "
        f"CAST({one.divisor()} AS DOUBLE) AS {one.name}_count"
        for one in metrics
    )
    over = ", ".join(
        f"avg({one.name}_value), avg({one.name}_count), var_samp({one.name}_value), var_samp({one.name}_count), "
        f"covar_samp({one.name}_value, {one.name}_count)"
        for one in metrics
    )
    ((users, *numbers),) = query(
        turns,
        f"""SELECT count(*), {over} FROM (SELECT {per_user} FROM turns
        WHERE user_id IS NOT NULL AND timestamp >= {moment(start)} AND timestamp < {moment(end)}
        GROUP BY user_id HAVING count(*) <= {most_turns:d})""",  # noqa: S608 - names of our own
    )
    variances: dict[str, float | None] = {}
    values = []
    for place, one in enumerate(metrics):
        value, count, of_value, of_count, together = numbers[5 * place : 5 * place + 5]
        known = users > 1 and value > 0 and count > 0
        values.append(value / count if known else 0.0)
        # The delta method for a ratio, over the ratio squared.
        variances[one.name] = (
            of_value / value**2 + of_count / count**2 - 2 * together / (value * count) if known else None
        )
    return _Spread(users, values[0], variances)
