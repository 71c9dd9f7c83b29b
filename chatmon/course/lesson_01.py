"""The exercises of lesson 1: a percentile and a response rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon.course.exercises import Exercise, Wrong, as_number
from chatmon.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def _turns() -> pd.DataFrame:
    from chatmon.paths import data_file
    from chatmon.turns import read_parquet, to_frame

    return to_frame(read_parquet(data_file("local_turns.parquet")))


def _number(answer: Any) -> float:
    """Return an answer as a float; an estimate stands for its value."""
    return as_number(answer.value if isinstance(answer, Estimate) else answer)


def _judge(number: float, right: float, mistakes: Iterable[tuple[float, str]], within: float) -> None:
    """Raise the reason of the mistake that gives this number, or a plain one, unless the number is right."""
    if abs(number - right) <= within:
        return
    for wrong, reason in mistakes:
        if abs(number - wrong) <= within:
            raise Wrong(reason)
    raise Wrong(f"{number:g} is not it. Print how many turns are in your selection, and look at one of them.")


def judge_p95(answer: Any) -> str:
    """Judge exercise 1.1: the 95th percentile of Tuesday afternoon's response times."""
    turns = _turns()
    tuesday = turns[turns["timestamp"].dt.day_name() == "Tuesday"]
    afternoon = tuesday.loc[tuesday["timestamp"].dt.hour >= 12, "response_time"]
    after_noon = tuesday.loc[tuesday["timestamp"].dt.hour > 12, "response_time"]
    all_afternoons = turns.loc[turns["timestamp"].dt.hour >= 12, "response_time"]
    right = float(afternoon.quantile(0.95))
    mistakes = [
        (float(sorted(afternoon)[int(0.95 * len(afternoon))]), "That is the index of this lesson's wrong way."),
        (float(afternoon.median()), "That is the median: half of the afternoon's turns were slower."),
        (float(afternoon.mean()), "That is the mean."),
        (float(afternoon.max()), "That is the slowest turn: one in one, not one in twenty."),
        (
            float(tuesday["response_time"].quantile(0.95)),
            "That is the whole of Tuesday: the afternoon starts at 12:00.",
        ),
        (float(after_noon.quantile(0.95)), "The hour from 12:00 to 13:00 is missing: it belongs to the afternoon."),
        (float(all_afternoons.quantile(0.95)), "Monday's afternoon is in there too."),
        (1000 * right, "Those are milliseconds: give seconds, as the column has them."),
    ]
    _judge(_number(answer), right, mistakes, 0.0051)
    return "That is the bot's patience, not the users': it gives up after 4 seconds, and no turn takes much longer."


def judge_response_rate(answer: Any) -> str:
    """Judge exercise 1.2: the share of Tuesday's turns that were rated."""
    turns = _turns()
    rated = turns["user_satisfaction"].notna()
    tuesday = turns["timestamp"].dt.day_name() == "Tuesday"
    right = float(rated[tuesday].mean())
    mistakes = [
        (float(rated[tuesday].sum()), "That is how many were rated: divide by the turns of Tuesday."),
        (100 * right, "That is the share in per cent: give it between 0 and 1."),
        (
            float(turns.loc[tuesday, "user_satisfaction"].mean()),
            "That is the mean rating, not the share of turns rated.",
        ),
        (float(rated.mean()), "That is the share of both days."),
        (float(rated[~tuesday].mean()), "That is Monday's share."),
        (float(rated[tuesday].sum() / len(turns)), "You divided Tuesday's ratings by the turns of both days."),
        (1 - right, "That is the share that was not rated."),
        (1.0, "`count` leaves out what is missing: divide by `len`, which counts every turn."),
    ]
    _judge(_number(answer), right, mistakes, 0.002)
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
