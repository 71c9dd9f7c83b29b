"""Turns of an experiment added up to users in DuckDB, and users to what statistics need."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations_with_replacement, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from chatmon._tools.sql import text
from chatmon.analysis.source import asked, between, instant, moment, query, relation
from chatmon.experiment._judged import is_judged, put_right, with_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from chatmon.analysis.source import Turns
    from chatmon.experiment._metrics import Metric
    from chatmon.experiment._plan import Experiment

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


class Arm(NamedTuple):
    """The users of one variant, added up. A metric has four columns: see ``columns``.

    Attributes:
        users: How many.
        turns: Of these users, in the experiment.
        known: Metric to the users with a known value of it.
        known_before: Metric to the users with a known value of it before the experiment.
        means: Column to its mean over users.
        covariances: Two columns of a metric to their covariance over users, or one column twice to its variance.
        unknown: Metric to why nothing can be said of it here.
    """

    users: int
    turns: int
    known: Mapping[str, int]
    known_before: Mapping[str, int]
    means: Mapping[str, float]
    covariances: Mapping[tuple[str, str], float]
    unknown: Mapping[str, str] = MappingProxyType({})


class Users(NamedTuple):
    """The users of an experiment up to a moment.

    Attributes:
        arms: Variant to its users.
        new: For each time from look to look, variant to the users first seen then.
        several: Users that saw more than one variant, who are left out.
        bots: Variant to users with too many turns, who are left out.
        strange: Variants that the plan does not have, to their users.
    """

    arms: Mapping[str, Arm]
    new: Sequence[Mapping[str, int]]
    several: int
    bots: Mapping[str, int]
    strange: Mapping[str, int]


def columns(metric: Metric) -> tuple[str, str, str, str]:
    """Return the columns of a metric: a user's sum and number of known values, and the same before the experiment."""
    return f"{metric.name}_value", f"{metric.name}_count", f"{metric.name}_value_before", f"{metric.name}_count_before"


def add_up(turns: Turns, plan: Experiment, metrics: Sequence[Metric], times: Sequence[datetime]) -> list[Users]:
    """Return the experiment's users up to each of several moments, with the moments of each metric.

    A user counts from the first turn that carries a variant. One of whom a value is not known adds nothing to either
    sum of its ratio. Turns from one moment to the next are added up in DuckDB, so no turn ever comes to Python.

    Args:
        turns: Any holder of turns.
        plan: The experiment.
        metrics: What to add up.
        times: The moments, rising; turns from the last one on are not read.

    Raises:
        ValueError: A metric has a value that is no finite number.
    """
    import numpy as np

    source, own, asked_for = relation(turns), _own(plan), metrics
    metrics = with_labels(metrics)
    # A hash for the name: among a million users, two are taken for one once in 40 million experiments.
    seen = asked(between(source, plan.start, times[-1]), f"SELECT DISTINCT hash(user_id) AS key FROM turns WHERE {own}")  # noqa: S608
    state = _State(np.sort(_plain(seen.fetchnumpy()["key"])), metrics, asked_for)
    if plan.pre_days:
        past = between(source, plan.start - timedelta(days=plan.pre_days), plan.start)
        # Who saw a variant before the planned start is moved by it already, and that must not be taken out (CUPED).
        untouched = f"user_id IS NOT NULL AND experiment IS DISTINCT FROM {text(plan.name)}"
        state.add_before(_per_user(past, plan, metrics, untouched))
    found = []
    for place, (begin, end) in enumerate(pairwise((plan.start, *times))):
        state.add(_per_user(between(source, begin, end), plan, metrics, own), place)
        users = state.users(plan, place)
        if users.strange:
            users = users._replace(strange=_strange(between(source, plan.start, end), plan))
        found.append(users)
    return found


class Loose(NamedTuple):
    """Turns of an experiment that cannot be counted, and when its turns are.

    Attributes:
        without_user: Turns without a user.
        without_variant: Turns with a user, but without a variant.
        before: Turns before the planned start.
        first: The first turn's time; None where there is none.
        last: The last turn's, of any turn at all; None where there is none.
    """

    without_user: int
    without_variant: int
    before: int
    first: datetime | None
    last: datetime | None


def loose(turns: Turns, plan: Experiment, until: datetime) -> Loose:
    """Return what cannot be counted of an experiment's turns up to a moment, and when they are."""
    (row,) = query(
        turns,
        f"""SELECT count(*) FILTER (own AND user_id IS NULL AND timestamp < {moment(until)}),
            count(*) FILTER (own AND user_id IS NOT NULL AND variant IS NULL AND timestamp < {moment(until)}),
            count(*) FILTER (own AND timestamp < {moment(plan.start)}),
            epoch_us(min(timestamp) FILTER (own)), epoch_us(max(timestamp))
        FROM (SELECT *, experiment IS NOT DISTINCT FROM {text(plan.name)} AS own FROM turns)""",  # noqa: S608
    )
    return Loose(*row[:3], *map(instant, row[3:]))


def _own(plan: Experiment) -> str:
    return f"user_id IS NOT NULL AND experiment = {text(plan.name)} AND variant IS NOT NULL"


def _per_user(turns: Turns, plan: Experiment, metrics: Sequence[Metric], condition: str) -> dict[str, Floats]:
    """Return each user's sums over some turns; ``lowest`` and ``highest`` are places of variants, from 1."""
    import numpy as np

    variants = ", ".join(text(variant) for variant in plan.variants)
    sums = ", ".join(
        f"CAST(coalesce(sum({metric.value}), 0) AS DOUBLE) AS value_{at}, "
        f"CAST({metric.divisor()} AS DOUBLE) AS count_{at}"
        for at, metric in enumerate(metrics)
    )
    rows = asked(
        turns,
        f"""SELECT hash(user_id) AS key, CAST(min(place) AS DOUBLE) AS lowest, CAST(max(place) AS DOUBLE) AS highest,
            CAST(count(*) AS DOUBLE) AS turns, {sums}
        FROM (SELECT *, coalesce(list_position([{variants}], variant), 0) AS place FROM turns WHERE {condition})
        GROUP BY key ORDER BY key""",  # noqa: S608
    ).fetchnumpy()
    found = {name: _plain(values) for name, values in rows.items()}
    for at, metric in enumerate(metrics):
        if odd := int((~np.isfinite(found[f"value_{at}"])).sum()):
            raise ValueError(
                f"{metric.name} of {odd} of {len(found['key'])} users is no finite number: what is unknown is NULL"
            )
    return found


def _strange(turns: Turns, plan: Experiment) -> dict[str, int]:
    """Return the users of variants that the plan does not have."""
    known = ", ".join(text(variant) for variant in plan.variants)
    rows = query(
        turns,
        f"""SELECT variant, count(DISTINCT user_id) FROM turns
        WHERE {_own(plan)} AND variant NOT IN ({known}) GROUP BY variant ORDER BY variant""",  # noqa: S608
    )
    return dict(rows)


def _plain(values: Any) -> Any:
    """Return an array of DuckDB's without its mask: nothing in it is unknown."""
    import numpy as np

    return np.asarray(values)


class _State:
    """Every user's sums so far, in the order of the keys."""

    def __init__(self, keys: Any, metrics: Sequence[Metric], asked_for: Sequence[Metric]) -> None:
        import numpy as np

        self.keys, self.metrics, self.asked_for, number = keys, metrics, asked_for, len(keys)
        self.lowest, self.highest = np.full(number, np.inf), np.full(number, -np.inf)
        self.turns, self.first = np.zeros(number), np.full(number, np.inf)
        # A row for each column of the metrics, as ``_rows`` has them: what is added to and read is side by side.
        self.sums = np.zeros((4 * len(metrics), number))

    def _rows(self, at: int) -> tuple[int, int, int, int]:
        """Return the rows of a metric's columns."""
        before = 2 * len(self.metrics)
        return 2 * at, 2 * at + 1, before + 2 * at, before + 2 * at + 1

    def add_before(self, rows: Mapping[str, Floats]) -> None:
        """Take the sums of the days before, of the users that are in the experiment."""
        import numpy as np

        if len(self.keys):
            places = np.minimum(np.searchsorted(self.keys, rows["key"]), len(self.keys) - 1)
            known = self.keys[places] == rows["key"]
            for at in range(len(self.metrics)):
                *_, value, count = self._rows(at)
                self.sums[value, places[known]] = rows[f"value_{at}"][known]
                self.sums[count, places[known]] = rows[f"count_{at}"][known]

    def add(self, rows: Mapping[str, Floats], time: int) -> None:
        """Add what came from one moment to the next, which is the ``time``-th."""
        import numpy as np

        places = np.searchsorted(self.keys, rows["key"])
        self.lowest[places] = np.minimum(self.lowest[places], rows["lowest"])
        self.highest[places] = np.maximum(self.highest[places], rows["highest"])
        self.first[places] = np.minimum(self.first[places], time)
        self.turns[places] += rows["turns"]
        for at, metric in enumerate(self.metrics):
            value, count, *_ = self._rows(at)
            self.sums[value, places] += rows[f"value_{at}"]
            if metric.per == "user":
                self.sums[count, places] = 1
            else:
                self.sums[count, places] += rows[f"count_{at}"]

    def users(self, plan: Experiment, time: int) -> Users:
        """Return the users so far, added up."""
        import numpy as np

        seen = self.turns > 0
        one, people = seen & (self.lowest == self.highest), self.turns <= plan.most_turns
        arms, new, bots = dict[str, Arm](), list[list[int]](), dict[str, int]()
        for place, variant in enumerate(plan.variants, start=1):
            own = one & (self.lowest == place)
            counted = own & people
            arms[variant] = self._arm(counted)
            new.append(np.bincount(self.first[counted].astype(int), minlength=time + 1).tolist())
            if many := int((own & ~people).sum()):
                bots[variant] = many
        return Users(
            arms=arms,
            new=[dict(zip(arms, counts, strict=True)) for counts in zip(*new, strict=True)],
            several=int((seen & ~one).sum()),
            bots=bots,
            strange={"": strange} if (strange := int((one & (self.lowest == 0)).sum())) else {},
        )

    def _arm(self, counted: Any) -> Arm:
        number, turns = int(counted.sum()), int(self.turns[counted].sum())
        sums = self.sums[:, counted]
        unknown = self._put_right(sums)
        has = (sums[1::2] > 0).sum(axis=1).tolist()
        names = [metric.name for metric in self.metrics]
        known = dict(zip(names, has[: len(names)], strict=True)), dict(zip(names, has[len(names) :], strict=True))
        means, covariances = dict[str, float](), dict[tuple[str, str], float]()
        if number < 2:
            return Arm(number, turns, *known, means, covariances, unknown)
        centres = sums.mean(axis=1)
        sums -= centres[:, None]
        spread = sums @ sums.T / (number - 1)
        for at, metric in enumerate(self.asked_for):
            places = dict(zip(columns(metric), self._rows(at), strict=True))
            means |= {name: float(centres[place]) for name, place in places.items()}
            for (one, this), (other, that) in combinations_with_replacement(places.items(), 2):
                covariances[one, other] = float(spread[this, that])
        return Arm(number, turns, *known, means, covariances, unknown)

    def _put_right(self, sums: Floats) -> dict[str, str]:
        """Put what a judge said right by the labels, in place; return why it cannot be, by metric."""
        beside, unknown = len(self.asked_for), {}
        for at, metric in enumerate(self.asked_for):
            if not is_judged(metric):
                continue
            value, count, *before = self._rows(at)
            (labels, labelled, *_), (same, *_), (both, *_) = (self._rows(beside + place) for place in range(3))
            beside += 3
            why = put_right(*(sums[row] for row in (value, count, labels, labelled, same, both)))
            sums[before] = 0.0  # of the days before nothing is taken out: they have no labels of their own
            if why:
                unknown[metric.name] = why
        return unknown
