"""Turns added up by conversation, hour and slice: what a search over windows reads, in one pass of SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from chatmon._tools.outcomes import FAILED
from chatmon.analysis.search.by_model import case, fit, weighed
from chatmon.analysis.source import asked, query, relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pandas as pd

    from chatmon.analysis.source import Turns

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
    Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
    Bools: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

DIMENSIONS: Final = ("intent", "model", "region", "channel", "prompt_version", "variant")
"""The columns that slices are cut by."""
MIX: Final = "mix"
VALUES: Final = 20
"""Values of a dimension that are looked at, the most frequent ones."""


@dataclass(frozen=True, slots=True)
class ScanMeasure:
    """What is looked at.

    Attributes:
        name: What to call it.
        unit: Its unit, ``s``, ``USD``, ``tokens``, ``points`` or ``times``; empty for a share.
        sql: The value of a turn that is tested: a logarithm where values are spread over magnitudes. Empty for the
            slice's share of all conversations.
        shown: The value that is shown, where another one is tested.
        event: For something rare: how much of it in a conversation makes the conversation count; None for a mean.
        worse: 1 where more is worse, -1 where less is, 0 where neither.
        ideal: Where nothing could be better: what all turns are short of it is what a change is held against.
        by: The dimensions whose slices are looked at; empty for all turns and every dimension.
    """

    name: str
    unit: str
    sql: str
    shown: str | None = None
    event: int | None = None
    worse: int = 1
    ideal: float = 0.0
    by: tuple[str, ...] = ()


_FAILED: Final = f"CAST({FAILED} AS INTEGER)"
_DONE: Final = "CASE WHEN task_completed THEN 1 WHEN NOT task_completed THEN 0 END"
_CACHED: Final = "CASE WHEN input_tokens > 0 THEN cached_tokens / CAST(input_tokens AS DOUBLE) END"
_LOG: Final = "ln(CASE WHEN {0} > 0 THEN {0} END)"
_SLOW: Final = (
    "CASE WHEN {1} > (SELECT percentile_cont(0.98) WITHIN GROUP (ORDER BY {1}) FROM turns) THEN 1.0 "
    "WHEN {1} IS NOT NULL THEN 0.0 END"
)
_COST: Final = "CAST(cost AS DOUBLE)"
_LEAST_SECONDS: Final = 0.05
"""Seconds that any reply takes."""
SCAN_MEASURES: Final[dict[str, ScanMeasure]] = {
    "errors": ScanMeasure("failed turns", "", _FAILED, event=1),
    "repeats": ScanMeasure("turns failing in a row", "", _FAILED, event=3),
    "completion": ScanMeasure("completed tasks", "", _DONE, worse=-1, ideal=1.0),
    "response_time": ScanMeasure("response time", "s", _LOG.format("response_time"), "response_time"),
    "slow": ScanMeasure("replies as slow for their work as the slowest 2 of 100", "", _SLOW, event=1),
    "satisfaction": ScanMeasure("rating", "points", "user_satisfaction", worse=-1, ideal=5.0),
    # What a model costs is its price, its tokens, and who is sent to it: each is looked at by itself.
    "cost": ScanMeasure(
        "cost of a turn", "USD", _LOG.format(_COST), _COST, by=("intent", "region", "channel", "variant")
    ),
    "price": ScanMeasure("price of the same tokens", "times", "ln({0})", "{0}", by=("model",)),
    "input_tokens": ScanMeasure("input tokens of a turn", "tokens", _LOG.format("input_tokens"), "input_tokens"),
    "cached": ScanMeasure("input read from the cache", "", _CACHED, worse=-1, ideal=1.0),
    MIX: ScanMeasure("share of conversations", "", "", worse=0, by=("intent", "region", "channel")),
}
"""In the order in which they are looked at. ``slow`` is what the mean of a logarithm does not see, a tail that grows,
and is told where ``response_time`` is silent. ``price`` is a turn's cost over what its tokens cost in the whole log."""
USAGE: Final = (
    "CAST(input_tokens - coalesce(cached_tokens, 0) AS DOUBLE)",
    "CAST(coalesce(cached_tokens, 0) AS DOUBLE)",
    "CAST(output_tokens AS DOUBLE)",
)
"""What a price is of."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A row for each hour, conversation and combination of dimensions, in this order: none that depends on chance.

    Attributes:
        turns: Turns of the log.
        begin: The hour in which the log begins, UTC.
        hours: Hours from then to the log's end.
        hour: Each row's hour, from 0.
        cluster: Each row's conversation and hour, numbered from 0.
        user: Each row's user by their place in ``users``; -1 where unknown.
        users: Every user.
        tested: For each measure, the number of known values and their sum.
        shown: The same of the values that are shown.
        dimensions: For each dimension, each row's value; None where unknown.
    """

    turns: int
    begin: datetime
    hours: int
    hour: Ints
    cluster: Ints
    user: Ints
    users: Sequence[str]
    tested: Mapping[str, tuple[Floats, Floats]]
    shown: Mapping[str, tuple[Floats, Floats]]
    dimensions: Mapping[str, pd.Series[Any]]

    def values(self, name: str) -> list[str]:
        """Return the values of a dimension, the frequent ones first; none where it has but one."""
        column = self.dimensions[name]
        counts = column.value_counts()
        counts = counts[counts > 0]
        if len(counts) + int(column.isna().any()) < 2:
            return []
        return sorted(counts.index, key=lambda value: (-counts[value], value))[:VALUES]

    def where(self, values: Mapping[str, str]) -> Bools:
        """Return which rows have these values of these dimensions: all of them where none is named."""
        rows: Bools = np.ones(len(self.hour), dtype=bool)
        for name, value in values.items():
            rows = rows & np.asarray((self.dimensions[name] == value).fillna(False), dtype=bool)
        return rows

    def sums(self, values: str | Mapping[str, float]) -> tuple[Floats, Floats]:
        """Return each row's number of values and their sum.

        Args:
            values: The name of one that is shown, or the weights of several that are added up; the first one says how
                many there are.
        """
        if isinstance(values, str):
            return self.shown[values]
        totals = [weight * self.shown[name][1] for name, weight in values.items()]
        return self.shown[next(iter(values))][0], np.asarray(sum(totals))

    def of(self, rows: Bools) -> Cells:
        """Return some of the rows, in the same hours."""
        _, cluster = np.unique(self.cluster[rows], return_inverse=True)

        def some(sums: Mapping[str, tuple[Floats, Floats]]) -> dict[str, tuple[Floats, Floats]]:
            return {name: (n[rows], total[rows]) for name, (n, total) in sums.items()}

        return replace(
            self,
            turns=round(float(self.shown["errors"][0][rows].sum())),  # of every turn it is known whether it failed
            hour=self.hour[rows],
            cluster=cluster,
            user=self.user[rows],
            tested=some(self.tested),
            shown=some(self.shown),
            dimensions={name: values[rows].reset_index(drop=True) for name, values in self.dimensions.items()},
        )

    def less_usual(self, n: Floats, total: Floats) -> Floats:
        """Return sums less what is usual for their intent: other questions are no other answers.

        Args:
            n: Each row's number of values.
            total: Their sum.
        """
        intent, names = self.dimensions["intent"].factorize(use_na_sentinel=False)
        usual = np.bincount(intent, total, len(names)) / np.maximum(np.bincount(intent, n, len(names)), 1)
        return np.asarray(total - usual[intent] * n)

    def short_of_ideal(self, measure: str) -> float:
        """Return what all of the log is short of the ideal: seconds waited, dollars, failures, tasks not completed."""
        n, total = self.shown[measure]
        return float(abs(SCAN_MEASURES[measure].ideal * n.sum() - total.sum()))


def read(turns: Turns, also: Mapping[str, str] | None = None) -> Cells | None:
    """Add turns up, for every measure at once; None where there are none.

    Args:
        turns: Any holder of turns.
        also: Further values of a turn to add up, name to SQL; they are shown and not tested.
    """
    source = relation(turns)
    if not query(source, "SELECT count(*) FROM turns")[0][0]:
        return None
    ratios = _price(source), _slowness(source)
    read = {name: measure for name, measure in SCAN_MEASURES.items() if measure.sql}
    wanted = {name: measure.sql.format(*ratios) for name, measure in read.items()}
    # What is shown as it is tested is read once.
    wanted |= {f"{name}_shown": measure.shown.format(*ratios) for name, measure in read.items() if measure.shown}
    wanted |= also or {}
    columns = [
        f"CAST(count({text}) AS INTEGER) AS n_{name}, CAST(sum({text}) AS DOUBLE) AS sum_{name}"
        for name, text in wanted.items()
    ]
    dimensions = ", ".join(DIMENSIONS)
    # Codes instead of texts: a million turns have half a million conversations.
    found = asked(
        source,
        f"""SELECT conversation_id, date_trunc('hour', timestamp) AS hour, {dimensions}, min(user_id) AS user_id,
            count(*) AS turns, {", ".join(columns)}
        FROM turns GROUP BY conversation_id, date_trunc('hour', timestamp), {dimensions}
        ORDER BY hour, conversation_id, {dimensions}""",  # noqa: S608 - our own expressions
    ).to_arrow_table()

    def numbers(name: str) -> Floats:
        return np.asarray(np.nan_to_num(found.column(name).to_numpy().astype(float)))

    def codes(name: str) -> pd.Series[Any]:
        coded: pd.Series[Any] = found.column(name).dictionary_encode().to_pandas()
        return coded

    hour = found.column("hour").to_numpy().astype("datetime64[h]").astype(np.int64)
    first = int(hour.min())
    conversation, user = codes("conversation_id").cat.codes.to_numpy(), codes("user_id").cat
    cluster = np.cumsum((np.diff(conversation, prepend=conversation[0]) != 0) | (np.diff(hour, prepend=hour[0]) != 0))
    part = 1 / np.bincount(cluster)[cluster]
    summed = {name: (numbers(f"n_{name}"), numbers(f"sum_{name}")) for name in wanted}
    return Cells(
        turns=int(numbers("turns").sum()),
        begin=datetime.fromtimestamp(first * 3600, UTC),
        hours=int(hour.max()) - first + 1,
        hour=hour - first,
        cluster=cluster,
        user=user.codes.to_numpy().astype(np.int64),
        users=user.categories.tolist(),
        tested={name: summed[name] for name in read} | {MIX: (part, part)},
        shown={name: summed.get(f"{name}_shown", summed[name]) for name in (*read, *(also or {}))}
        | {MIX: (part, part)},
        dimensions={name: codes(name) for name in DIMENSIONS},
    )


def _slowness(source: duckdb.DuckDBPyRelation) -> str:
    """Return the SQL of a reply's time over what its work usually takes.

    Of replies as a whole the slowest are the longest ones, whatever else holds some up. A log without any tokens says
    nothing of the work: then each reply is a piece of it.
    """
    columns = ("input_tokens", "output_tokens")
    counts = query(source, f"SELECT {', '.join(f'count({name})' for name in columns)} FROM turns")[0]  # noqa: S608 - our own names
    known = [name for name, count in zip(columns, counts, strict=True) if count]
    answered = " AND ".join(["error_type IS NULL AND response_time > 0", *(f"{name} IS NOT NULL" for name in known)])
    work = ["1.0", *(f"CAST({name} AS DOUBLE)" for name in known)]
    takes = fit(source, "response_time", work, answered, weight="1 / (response_time * response_time)")
    usual = case({model: weighed(each, work) for model, each in takes.items()})
    return f"CASE WHEN {answered} THEN response_time / greatest({usual}, {_LEAST_SECONDS}) END"


def token_prices(source: duckdb.DuckDBPyRelation) -> dict[str, tuple[float, ...]]:
    """Return what a token of each kind in ``USAGE`` usually costs in US dollars, model by model.

    A list price is so much for each kind of token, so the costs in a log tell the prices without a table of them.
    """
    priced = "model IS NOT NULL AND cost > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL"
    return fit(source, _COST, USAGE, priced)


def _price(source: duckdb.DuckDBPyRelation) -> str:
    """Return the SQL of a turn's cost over what its tokens usually cost.

    It hardly varies until a price changes, however much the cost of turns does.
    """
    prices = token_prices(source)
    usual = case({model: weighed(each, USAGE) for model, each in prices.items()}).replace("{", "{{").replace("}", "}}")
    # To a tenth of a per cent: what lies below is rounding, and rounding is no change of price.
    return f"nullif(round({_COST} / nullif(greatest({usual}, 0), 0), 3), 0)"
