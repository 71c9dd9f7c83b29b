"""The exercises of lesson 1: a percentile and a response rate."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise
from chatmon.lab.course._reading import Number, as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

METHODS: Final = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "midpoint",
)  # fmt: skip
"""What numpy calls the definitions of a percentile."""
WHY_P95: Final = (
    "That is the bot's patience, not the users': it gives up after 4 seconds, and no turn takes much longer."
)


@cache
def recorded() -> pd.DataFrame:
    """Return the two days of recorded turns, which the judges share: they only read them."""
    from chatmon._tools.paths import data_file
    from chatmon.turns import read_parquet, to_frame

    return to_frame(read_parquet(data_file("local_turns.parquet")))


def percentiles(values: Iterable[float], q: float) -> list[float]:
    """Return the ``q``-quantile by every definition in use, of which small samples know several.

    These are the nine that Hyndman and Fan (1996) collected, among them those of ``statistics.quantiles``, and the
    midpoint. No two of a bot's percentiles are comparable before one knows which it was; none of them is wrong.

    Example:
        >>> sorted({round(one, 2) for one in percentiles(range(1, 101), 0.95)})
        [95.0, 95.05, 95.5, 95.61, 95.65, 95.95]
    """
    import numpy as np

    ordered = np.sort(np.asarray(list(values), dtype=float))
    return [float(np.quantile(ordered, q, method=method)) for method in METHODS]


def judge_p95(answer: Any) -> str:
    """Judge exercise 1.1: the 95th percentile of Tuesday afternoon's response times."""
    turns = recorded()
    seconds, hours = turns["response_time"], turns["timestamp"].dt.hour
    on_tuesday = turns["timestamp"].dt.day_name() == "Tuesday"
    afternoon = seconds[on_tuesday & (hours >= 12)]
    mistakes: list[tuple[float, str]] = [
        (float(afternoon.median()), "That is the median: half of the afternoon's turns were slower."),
        (float(afternoon.mean()), "That is the mean: what of the slowest twentieth?"),
        (float(afternoon.max()), "That is the slowest turn: one in all, not one in twenty."),
        (len(afternoon), "That is how many turns there were: of their `response_time`, what is the p95?"),
    ]
    for selected, told in (
        (on_tuesday, "That is the whole of Tuesday: the afternoon starts at 12:00."),
        (on_tuesday & (hours > 12), "The hour from 12:00 to 13:00 is missing: it belongs to the afternoon."),
        (on_tuesday & (hours < 12), "That is Tuesday's morning: take the hours from 12 on."),
        (on_tuesday & (hours == 12), "That is one hour: take all hours from 12 on."),
        (hours >= 12, "Monday's afternoon is in there too."),
        (~on_tuesday & (hours >= 12), "That is Monday's afternoon."),
    ):
        mistakes += [(one, told) for one in percentiles(seconds[selected], 0.95)]
    for q in (0.9, 0.99, 0.05):
        mistakes += [(one, f"That is the p{100 * q:g}: you want the p95.") for one in percentiles(afternoon, q)]
    number = as_number(answer)
    why = judge_percentile(number, afternoon.tolist(), mistakes)
    if number.near(float(seconds[on_tuesday & (hours > 12)].quantile(0.95))):
        return (
            f"{why} (The turns after 13:00 alone have the same p95 by another definition: did you take 12:00 to 13:00?)"
        )
    return why


def judge_percentile(number: Number, values: list[float], mistakes: Iterable[tuple[float, str]]) -> str:
    """Judge the p95 of some values: any definition will do, but an index that is one too far is none.

    Where ``int(0.95 * n)`` gives what a definition gives, the number is right, and told that this is luck.
    """
    ordered, n = sorted(values), len(values)
    rights = percentiles(values, 0.95)
    index, below = ordered[int(0.95 * n)], ordered[int(0.95 * (n - 1))]
    told = {
        index: "That is the index of this lesson's wrong way: one value too far, because Python counts from 0.",
        below: f"Only {sum(one <= below for one in values)} of the {n} turns took no longer than that, less than 95 %.",
    }
    milliseconds = [(1000 * one, "Those are milliseconds: give seconds, as the column has them.") for one in rights]
    judge_number(
        number,
        rights,
        [*mistakes, *milliseconds, *((one, reason) for one, reason in told.items() if one not in rights)],
        f"{number:g} s is not it, by any definition in use. Print how many turns your selection has, and look at one.",
        within=0.005,
    )
    if not number.near(index):
        return WHY_P95
    luck = f"With {n} turns that is one of the definitions in use; with 120 it would be one value too far."
    return f"{WHY_P95} (Your number also stands at the place `int(0.95 * n)`. {luck})"


def judge_response_rate(answer: Any) -> str:
    """Judge exercise 1.2: the share of Tuesday's turns that were rated."""
    turns = recorded()
    rated = turns["user_satisfaction"].notna()
    tuesday = turns["timestamp"].dt.day_name() == "Tuesday"
    number, right, count = as_number(answer), float(rated[tuesday].mean()), float(rated[tuesday].sum())
    judge_number(
        number,
        right,
        [
            (count, "That is how many were rated: divide by the turns of Tuesday."),
            (100 * right, "That is the share in per cent: give it between 0 and 1."),
            (
                float(turns.loc[tuesday, "user_satisfaction"].mean()),
                "That is the mean rating, not the share of turns rated.",
            ),
            (
                float(turns.loc[tuesday, "user_satisfaction"].median()),
                "That is the median rating, not the share of turns rated.",
            ),
            (float(rated.mean()), "That is the share of both days."),
            (float(rated[~tuesday].mean()), "That is Monday's share."),
            (count / len(turns), "You divided Tuesday's ratings by the turns of both days."),
            (count / float(rated.sum()), "You divided Tuesday's ratings by the ratings of both days."),
            (float(rated.sum()) / float(tuesday.sum()), "You divided the ratings of both days by Tuesday's turns."),
            (1 - right, "That is the share that was not rated."),
            (float(tuesday.sum()), "That is how many turns Tuesday has: which share of them was rated?"),
            (float(tuesday.sum()) - count, "That is how many were not rated: give the share that was."),
            (1 / right, "The fraction is upside down: those rated over all."),
            (1.0, "`count` leaves out what is missing: divide by `len`, which counts every turn."),
        ],
        f"{number:g} is not it: the turns of Tuesday that have a `user_satisfaction`, over all turns of Tuesday.",
        within=0.002,
    )
    return "A mean rating speaks for these users alone; the others may have been happier, or gone."


EXERCISES = [
    Exercise(
        "1.1",
        hints=(
            "Select twice: the day, then the hours from 12 on. `turns['timestamp'].dt.hour` is the hour.",
            "`estimates.percentile(afternoon['response_time'], 0.95).value`, with `afternoon` as what you selected.",
        ),
        judge=judge_p95,
    ),
    Exercise(
        "1.2",
        hints=(
            "A turn that nobody rated has no `user_satisfaction`: `.notna()` says which have one.",
            "The mean of a column of truth values is the share of those that are true.",
        ),
        judge=judge_response_rate,
    ),
]
