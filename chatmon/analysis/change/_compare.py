"""What changed between two periods of turns, and whether by more turns, other turns or turns that differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.outcomes import FAILED
from chatmon.analysis._periods import WHOLE, periods
from chatmon.analysis.change._comparison import Change, Comparison, DimensionSplit, Period, Segment
from chatmon.analysis.change.clustered import ConversationTotals, Difference, by_day, effects, holm
from chatmon.analysis.change.decompose import Sums, decompose, money, money_parts
from chatmon.analysis.source import MICROSECONDS, arrow, cut, query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import duckdb

    from chatmon.analysis.change.clustered import Effects, Floats
    from chatmon.analysis.change.decompose import Decomposition
    from chatmon.analysis.source import Turns

BY: Final = ("intent", "model", "prompt_version", "region", "channel")


class ComparedMeasure(NamedTuple):
    """What is compared as a mean over the turns whose value is known.

    Attributes:
        sql: A turn's value, exact; NULL where it is unknown.
        unit: Of the mean.
    """

    sql: str
    unit: str


COMPARED_MEASURES: Final[dict[str, ComparedMeasure]] = {
    "cost": ComparedMeasure("cost", "USD a turn"),
    "tokens": ComparedMeasure("input_tokens + output_tokens", "tokens a turn"),
    "errors": ComparedMeasure(f"CAST({FAILED} AS INTEGER)", "of turns"),
    "response_time": ComparedMeasure("CAST(response_time AS DECIMAL(18, 6))", "s"),
    "completion": ComparedMeasure("CASE WHEN task_completed THEN 1 WHEN NOT task_completed THEN 0 END", "of turns"),
    "satisfaction": ComparedMeasure("CAST(user_satisfaction AS DECIMAL(18, 6))", "of 5"),
}
WIDTH: Final = 2 * len(COMPARED_MEASURES)


def compare(a: Turns, b: Turns, by: str | Sequence[str] = BY) -> Comparison:
    """Return what changed from one period to another, measure by measure, and how sure that is.

    The change of each total is split by each dimension into volume (more turns or fewer), mix (turns moved between
    segments) and rate (turns of the same segment changed): see ``decompose.decompose``. Intervals take conversations as
    what was drawn (``clustered.effects``), and days for the volume. Where nothing changed, nothing at all is claimed 95
    times of 100: half of the chance to be wrong is spent on the means, half on all the parts and segments, and in each
    half p is corrected for all that was looked at (Holm).

    Args:
        a: The turns of the first period: ``between`` cuts them.
        b: The turns of the second.
        by: Text columns of turns; one with the same single value in all turns is left out.

    Raises:
        ValueError: A period has no turn with a timestamp, or ``by`` is no text column of turns.

    Example:
        >>> from chatmon.analysis.source import between
        >>> from chatmon.lab.traffic import simulate
        >>> log = simulate(3, start=datetime(2026, 10, 5, tzinfo=UTC), days=2, turns_per_day=300)
        >>> midnight = log.truth.start + timedelta(days=1)
        >>> found = compare(between(log.turns, end=midnight), between(log.turns, midnight))
        >>> [change.measure for change in found.changes if change.changed]
        []
    """
    (first_cut, names), (second_cut, _) = cut(a, by), cut(b, by)
    sources = first_cut, second_cut
    first, second = (query(source, "SELECT count(timestamp) FROM turns")[0][0] for source in sources)
    if not first or not second:
        raise ValueError(
            f"the first period has {first:,} turns with a timestamp and the second {second:,}: each needs one. Cut "
            "after the first turn and not after the last, or compare a log of more turns"
        )
    before, after = (_Side(source, names) for source in sources)
    volume = by_day(before.days, after.days) if len(before.days) and len(after.days) else None
    found: dict[tuple[str, str | None], _Contrast] = {}
    found |= {(measure, None): one for measure, one in _contrasts(before, after, None, [None])}
    for name in names:
        values = sorted(before.values(name) | after.values(name), key=lambda value: (value is None, value or ""))
        if len(values) > 1:
            found |= {(measure, name): one for measure, one in _contrasts(before, after, name, values)}
    wholes = [volume, *(one.effects.rate for (_, by), one in found.items() if by is None)]
    parts = [each for (_, by), one in found.items() if by is not None for each in one.differences()]
    of_whole, of_part = _judge(wholes), _judge(parts)
    changes = [_of_volume(before, after, of_whole(volume))]
    for measure, (_, unit) in COMPARED_MEASURES.items():
        whole = found.get((measure, None))
        splits = [_split(name, found[measure, name], of_part) for name in names if (measure, name) in found]
        changes.append(_of_measure(measure, unit, whole, splits, of_whole))
    return Comparison(before.period, after.period, tuple(changes), len(wholes) + len(parts))


def _judge(differences: Sequence[Difference | None]) -> Callable[..., Any]:
    """Return what adds the corrected p to each of these differences. Half of the level is theirs."""
    ps = [one.p for one in differences if one is not None and one.p is not None]
    corrected = {p: min(1.0, 2 * after) for p, after in zip(ps, holm(ps), strict=True)}
    return lambda one: None if one is None else one._replace(corrected=corrected.get(one.p))


class _Side:
    """One period: what its segments add up to exactly, and each conversation's part in it to say how sure that is."""

    def __init__(self, turns: duckdb.DuckDBPyRelation, names: Sequence[str]) -> None:
        import numpy as np

        self.turns = turns
        number, conversations, first, last, weekend = query(
            self.turns,
            f"""SELECT count(*), count(DISTINCT conversation_id), {MICROSECONDS}(min(timestamp)),
                {MICROSECONDS}(max(timestamp)), count(*) FILTER (WHERE
                extract(DAY FROM date_trunc('day', timestamp) - date_trunc('week', timestamp)) >= 5) FROM turns""",  # noqa: S608
        )[0]
        self.period = Period(_moment(first), _moment(last), number, conversations, weekend / number)
        days = periods(self.turns, "day", "count(*) AS turns")
        self.days: Floats = days.loc[days["covered"] >= WHOLE, "turns"].fillna(0).to_numpy(dtype=float)
        columns = list(dict.fromkeys(["conversation_id", *names]))
        known = ", ".join(f"count({sql}), CAST(sum({sql}) AS DOUBLE)" for sql, _ in COMPARED_MEASURES.values())
        rows = arrow(
            self.turns,
            f"SELECT {', '.join(columns)}, {known} FROM turns GROUP BY {', '.join(columns)}",  # noqa: S608 - our own
        )
        self._texts = {
            name: rows.column(place).combine_chunks().dictionary_encode() for place, name in enumerate(columns)
        }
        self._numbers = [np.nan_to_num(each.to_numpy().astype(float)) for each in rows.columns[len(columns) :]]

    def values(self, name: str) -> set[str | None]:
        """Return the values of a dimension."""
        texts = self._texts[name]
        return {*texts.dictionary.to_pylist(), *([None] if texts.null_count else [])}

    def sums(self, name: str | None) -> list[dict[str | None, Sums]]:
        """Return what each segment of a dimension adds up to, measure by measure."""
        segment = name or "CAST(NULL AS STRING)"
        known = ", ".join(f"count({sql}), sum({sql})" for sql, _ in COMPARED_MEASURES.values())
        rows = query(self.turns, f"SELECT {segment} AS segment, {known} FROM turns GROUP BY 1")  # noqa: S608
        return [
            {row[0]: Sums(row[place], Fraction(row[place + 1])) for row in rows if row[place]}
            for place in range(1, WIDTH, 2)
        ]

    def cells(self, name: str | None, values: Sequence[str | None]) -> list[ConversationTotals]:
        """Return what each conversation adds to each segment of a dimension, measure by measure."""
        import numpy as np

        conversation = self._texts["conversation_id"].indices.to_numpy().astype(np.int64)
        segment = np.zeros(len(conversation), dtype=np.int64)
        if name is not None:
            texts = self._texts[name]
            places = [values.index(value) for value in (*texts.dictionary.to_pylist(), values[-1])]
            segment = np.array(places, dtype=np.int64)[texts.indices.fill_null(len(places) - 1).to_numpy()]
        pairs, place = np.unique(conversation * len(values) + segment, return_inverse=True)
        conversation, segment = np.divmod(pairs, len(values))
        numbers: list[Floats] = [np.bincount(place, each, len(pairs)).astype(float) for each in self._numbers]
        return [
            ConversationTotals(segment[turns > 0], conversation[turns > 0], turns[turns > 0], total[turns > 0])
            for turns, total in zip(numbers[::2], numbers[1::2], strict=True)
        ]


class _Contrast(NamedTuple):
    """One measure by one dimension: exact parts, and how sure they are."""

    values: Sequence[str | None]
    before: Mapping[str | None, Sums]
    after: Mapping[str | None, Sums]
    parts: Decomposition[str | None]
    effects: Effects

    def differences(self) -> list[Difference | None]:
        """Return all that is looked at."""
        return [self.effects.mix, self.effects.rate, *self.effects.segments]


def _contrasts(
    before: _Side, after: _Side, name: str | None, values: Sequence[str | None]
) -> Iterator[tuple[str, _Contrast]]:
    """Yield each measure that both periods know."""
    sides = [zip(side.sums(name), side.cells(name, values), strict=True) for side in (before, after)]
    for measure, (sums0, cells0), (sums1, cells1) in zip(COMPARED_MEASURES, *sides, strict=True):
        if sums0 and sums1:
            yield (
                measure,
                _Contrast(values, sums0, sums1, decompose(sums0, sums1), effects(cells0, cells1, len(values))),
            )


def _of_volume(before: _Side, after: _Side, difference: Difference | None) -> Change:
    was, now = (side.period.turns for side in (before, after))
    mean_before, mean_after = (float(side.days.mean()) if len(side.days) else None for side in (before, after))
    totals = money(Fraction(was)), money(Fraction(now))
    return Change("turns", "a day", mean_before, mean_after, was, now, *totals, difference, ())


def _of_measure(
    measure: str,
    unit: str,
    whole: _Contrast | None,
    splits: Sequence[DimensionSplit],
    judged: Callable[..., Difference | None],
) -> Change:
    if whole is None:
        return Change(measure, unit, None, None, 0, 0, None, None, None, ())
    parts = whole.parts
    return Change(
        measure,
        unit,
        float(parts.before / parts.turns_before),
        float(parts.after / parts.turns_after),
        parts.turns_before,
        parts.turns_after,
        money(parts.before),
        money(parts.after),
        judged(whole.effects.rate),
        tuple(splits),
    )


def _split(name: str, found: _Contrast, judged: Callable[..., Any]) -> DimensionSplit:
    parts, values = found.parts, [value for value in found.values if value in found.parts.segments]
    volume, mix, rate = money_parts([parts.volume, parts.mix, parts.rate], money(parts.after - parts.before))
    mixes = money_parts([parts.segments[value].mix for value in values], mix)
    rates = money_parts([parts.segments[value].rate for value in values], rate)
    segments = []
    for value, by_mix, by_rate in zip(values, mixes, rates, strict=True):
        was, now = found.before.get(value), found.after.get(value)
        segments.append(
            Segment(
                value,
                was.turns if was else 0,
                now.turns if now else 0,
                float(was.total / was.turns) if was else None,
                float(now.total / now.turns) if now else None,
                judged(found.effects.segments[found.values.index(value)]),
                by_mix,
                by_rate,
            )
        )
    return DimensionSplit(
        name, volume, mix, rate, judged(found.effects.mix), judged(found.effects.rate), tuple(segments)
    )


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
