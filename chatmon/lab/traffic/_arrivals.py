"""When conversations begin, who begins them and what about: everything that is settled before the first reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon.lab.traffic import _desk as desk

if TYPE_CHECKING:
    from datetime import datetime

    from chatmon.lab.traffic._draws import Draws, Floats, Keys
    from chatmon.lab.traffic._problems import Effects

HOUR: Final = 3600.0
MOST_PER_HOUR: Final = 1 << 16
"""Conversations that may begin in an hour."""
TURNS: Final = 1.81
"""Turns of a conversation, on average."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Conversations in order of time, one value of each array for each.

    Attributes:
        key: What each is drawn with.
        start: Seconds from the start of the traffic.
        user: The user's number.
        dimensions: Values by dimension.
        intent: Place in ``desk.INTENTS``.
        model: Place in ``desk.MODELS``.
        region: Place in ``desk.REGIONS``.
        words: What the questions are drawn with: a repeated question has the words of the earlier one.
        broken: Whether its client is the broken one.
    """

    key: Keys
    start: Floats
    user: np.ndarray
    dimensions: dict[str, np.ndarray]
    intent: np.ndarray
    model: np.ndarray
    region: np.ndarray
    words: Keys
    broken: np.ndarray


def busyness(begins: datetime, hours: int) -> Floats:
    """Return how busy each hour is relative to the mean of a week."""
    first = begins.weekday() * 24 + begins.hour
    week = np.outer(desk.WEEK, desk.HOURS).ravel()
    around: Floats = (week / week.mean())[(first + np.arange(hours)) % len(week)]
    return around


def arrivals(draws: Draws, effects: Effects, turns_per_day: float) -> Arrivals:
    """Return the conversations of the traffic.

    Args:
        draws: The seed's.
        effects: Of the problems, which may change what is asked for and which model answers.
        turns_per_day: About how many turns a day has, averaged over a week.
    """
    from scipy.special import gammaincinv
    from scipy.stats import poisson

    hours = round((effects.end - effects.start).total_seconds() / HOUR)
    hour = np.arange(hours, dtype=np.uint64)
    gamma = gammaincinv(desk.BURSTINESS, draws.uniform("hour", hour)) / desk.BURSTINESS
    expected = turns_per_day / 24 / TURNS * busyness(effects.start, hours) * gamma
    counts = np.asarray(poisson.ppf(draws.uniform("arrivals", hour), expected)).astype(np.int64)
    if counts.max(initial=0) >= MOST_PER_HOUR:
        raise ValueError(
            f"{counts.max()} conversations begin in one hour: at most {MOST_PER_HOUR - 1} can be told apart"
        )
    in_hour = np.repeat(hour, counts)
    nth = np.arange(len(in_hour)) - np.repeat(np.cumsum(counts) - counts, counts)
    key = in_hour * np.uint64(MOST_PER_HOUR) + nth.astype(np.uint64)
    start = in_hour * HOUR + draws.uniform("start", key) * HOUR
    order = np.argsort(start, kind="stable")
    return _who_and_what(draws, effects, key[order], start[order])


def _who_and_what(draws: Draws, effects: Effects, key: Keys, start: Floats) -> Arrivals:
    days = np.floor((start + (effects.start.hour * HOUR)) / (24 * HOUR)).astype(np.int64)
    weekend = (effects.start.weekday() + days) % 7 >= 5
    # The more active users come more often: the square of a uniform draw prefers the first numbers.
    user = np.floor(draws.uniform("user", key) ** 2 * desk.USERS).astype(np.int64)
    again, earlier = _repeats(draws, key, start)
    user = np.where(again, user[earlier], user)
    users = user.astype(np.uint64)
    place = {
        "region": draws.choice("region", users, np.array([share for share, _ in desk.REGIONS.values()])),
        "channel": draws.choice("channel", users, np.array(list(desk.CHANNELS.values()))),
        "prompt_version": draws.choice("prompt", key, np.array(list(desk.PROMPTS.values()))),
    }
    dimensions = {name: np.array(desk.DIMENSIONS[name])[codes] for name, codes in place.items()}
    intent = _intents(draws, effects, key, start, weekend, dimensions)
    intent = np.where(again, intent[earlier], intent)
    dimensions["intent"] = np.array(desk.DIMENSIONS["intent"])[intent]
    strong = np.array([one.strong for one in desk.INTENTS.values()])[intent]
    strong ^= draws.uniform("stray", key) < desk.STRAY
    strong |= draws.uniform("overpowered", key) < effects.of("overpowered_model", dimensions, start)
    model = np.where(strong, desk.STRONG, desk.USUAL)
    model = np.where(draws.uniform("tried", key) < desk.TRIED, desk.REASONING, model)
    dimensions["model"] = np.array(desk.DIMENSIONS["model"])[model]
    words = np.where(again, key[earlier], key)
    return Arrivals(key, start, user, dimensions, intent, model, place["region"], words, user == desk.USERS // 2)


def _repeats(draws: Draws, key: Keys, start: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Say which conversations repeat an earlier one, and where that one stands: the last before some hours ago."""
    lag = (2 + 7 * draws.uniform("again after", key)) * HOUR
    earlier = np.searchsorted(start, start - lag) - 1
    earlier, chosen = np.maximum(earlier, 0), (draws.uniform("again", key) < desk.AGAIN) & (earlier >= 0)
    return chosen & ~chosen[earlier], earlier


def _intents(
    draws: Draws, effects: Effects, key: Keys, start: Floats, weekend: np.ndarray, dimensions: dict[str, np.ndarray]
) -> np.ndarray:
    weights = np.array([one.weight for one in desk.INTENTS.values()])
    factors = np.array([one.weekend for one in desk.INTENTS.values()])
    asked = np.where(weekend[:, None], weights * factors, weights)
    for at, name in enumerate(desk.INTENTS):
        everyone = dimensions | {"intent": np.full(len(key), name)}
        asked[:, at] *= effects.of("mix_shift", everyone, start)
    return draws.choice("intent", key, asked)
