"""One world of traffic: conversations turn by turn, all at once, each turn following from the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon.lab.traffic import _desk as desk
from chatmon.lab.traffic._arrivals import HOUR, arrivals, busyness

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatmon.lab.traffic._arrivals import Arrivals
    from chatmon.lab.traffic._draws import Draws, Floats, Keys
    from chatmon.lab.traffic._problems import Effects

REQUESTS: Final = 1 << 5
"""Requests that one conversation's keys have room for, for each of its turns."""
FAILURES: Final = (*desk.FAILURES, desk.BROKEN[0])
ANSWERED: Final = -1
"""The place in ``FAILURES`` of a request that did not fail."""
_MODELS: Final[dict[str, np.ndarray]] = {
    name: np.array([getattr(model, name) for model in desk.MODELS]) for name in desk.Model._fields[1:]
}
_INTENTS: Final[dict[str, np.ndarray]] = {
    name: np.array([getattr(one, name) for one in desk.INTENTS.values()])
    for name in ("handbook", "context", "long", "solved", "more", "mood")
}


@dataclass(slots=True)
class World:
    """Requests and replies in order of time, one value of each array for each.

    Attributes:
        arrivals: The conversations.
        columns: Arrays by name: ``conversation`` (place in ``arrivals``), ``key``, ``seconds`` (from the start of the
            traffic), ``response_time``, ``first`` (seconds to the first token), ``input``, ``cached``, ``output``,
            ``reasoning``, ``failure`` (place in ``FAILURES``), ``relevance``, ``satisfaction`` (0 where not rated),
            ``completed``, ``price`` (factor), ``words``.
    """

    arrivals: Arrivals
    columns: dict[str, np.ndarray]

    @property
    def abandoned(self) -> int:
        """Conversations whose last reply did not complete the task."""
        conversation = self.columns["conversation"]
        last = np.zeros(len(self.arrivals.key), dtype=bool)
        last[conversation] = self.columns["completed"]  # rows are in order of time: the last one stays
        return int((~last[np.unique(conversation)]).sum())


@dataclass(slots=True)
class _Turn:
    """The turns that are asked at the same place of their conversations.

    Attributes:
        at: Places of their conversations.
        key: What each is drawn with.
        seconds: When it is asked.
        said: Tokens said in the conversation so far.
        dimensions: Values by dimension.
    """

    at: np.ndarray
    key: Keys
    seconds: Floats
    said: np.ndarray
    dimensions: dict[str, np.ndarray]


def build(draws: Draws, effects: Effects, turns_per_day: float) -> World:
    """Return the world in which these problems have these effects.

    Conversations are independent once they have begun, so the n-th turns of all of them are worked out together.
    """
    came = arrivals(draws, effects, turns_per_day)
    n = len(came.key)
    seconds, said, going = came.start.copy(), np.zeros(n, dtype=np.int64), np.arange(n)
    # How alike a conversation's turns are: some matters are harder than others.
    hardness = draws.normal("hardness", came.key)
    rows: list[dict[str, np.ndarray]] = []
    for nth in range(desk.MOST_TURNS):
        turn = _Turn(
            going,
            (came.key[going] * np.uint64(desk.MOST_TURNS) + np.uint64(nth)) * np.uint64(REQUESTS),
            seconds[going],
            said[going],
            {name: values[going] for name, values in came.dimensions.items()},
        )
        row = _reply(draws, effects, came, turn, turns_per_day, hardness[going])
        storm = _storm(draws, effects, turn, row)
        rows += [*storm, row]
        stays = _stays(draws, came, turn, row) & (nth < desk.MOST_TURNS - 1)
        after = row["seconds"] + row["response_time"]
        answered = row["failure"] == ANSWERED
        said[going] += np.where(answered, row["asked"] + row["output"] - row["reasoning"], 0)
        seconds[going] = after + draws.lognormal("thinks", turn.key, *desk.THINKS)
        going = going[stays]
    columns = {name: np.concatenate([row[name] for row in rows]) for name in rows[0] if name != "asked"}
    order = np.lexsort((columns["key"], columns["seconds"]))
    return World(came, {name: values[order] for name, values in columns.items()})


def _reply(
    draws: Draws, effects: Effects, came: Arrivals, turn: _Turn, turns_per_day: float, hardness: Floats
) -> dict[str, np.ndarray]:
    """Return the request and the reply of each turn."""
    strikes: Callable[[str], Floats] = lambda kind: effects.of(kind, turn.dimensions, turn.seconds)  # noqa: E731
    intent, model = came.intent[turn.at], came.model[turn.at]
    asked = _whole(draws.lognormal("question", turn.key, *desk.QUESTION))
    share, pasted, spread = desk.PASTED
    asked += np.where(
        draws.uniform("pastes", turn.key) < share, _whole(draws.lognormal("pasted", turn.key, pasted, spread)), 0
    )
    before = desk.INSTRUCTIONS + _INTENTS["handbook"][intent] + strikes("prompt_bloat").astype(np.int64) + turn.said
    context = _whole(draws.lognormal("context", turn.key, _INTENTS["context"][intent], desk.CONTEXT_SPREAD))
    input_tokens = np.minimum(before + context + asked, desk.LARGEST)
    cached = _cached(draws, effects, came, turn, turns_per_day, np.minimum(before, input_tokens), strikes)
    long = draws.uniform("long", turn.key) < _INTENTS["long"][intent]
    output = np.where(
        long, draws.lognormal("answer", turn.key, *desk.LONG), draws.lognormal("answer", turn.key, *desk.SHORT)
    )
    reasoning = np.where(model == desk.REASONING, _whole(draws.lognormal("reasoning", turn.key, desk.THOUGHT, 0.7)), 0)
    output = _whole(output) + reasoning
    failure, failed_after = _failures(draws, strikes("error_burst"), came.broken[turn.at], turn)
    first = _MODELS["first"][model] + _MODELS["prompt"][model] * (input_tokens - cached)
    first += _MODELS["token"][model] * reasoning
    pace: Floats = np.array([pace for _, pace in desk.REGIONS.values()])[came.region[turn.at]]
    pace = pace * draws.lognormal("pace", turn.key, 1.0, 0.28) * strikes("latency_step")
    queued = np.where(draws.uniform("queued", turn.key) < 0.25, strikes("abandonment"), 0.0)
    queued = queued * draws.lognormal("queue", turn.key, 1.0, 0.3)
    answered = failure == ANSWERED
    first = first * pace + queued
    wait = np.where(answered, first + _MODELS["token"][model] * (output - reasoning) * pace, failed_after)
    wait = np.round(wait, 6).astype(np.float64)
    completed = answered & (
        draws.uniform("completed", turn.key)
        < _chance(_INTENTS["solved"][intent, np.minimum(model, desk.STRONG)], hardness, strikes("quality_drop"))
    )
    relevance = np.clip(0.56 + 0.14 * completed + 0.09 * draws.normal("relevance", turn.key), 0, 1)
    return {
        "conversation": turn.at,
        "key": turn.key,
        "seconds": turn.seconds,
        "response_time": wait,
        "first": np.where(answered, np.round(np.minimum(first, wait), 6), np.nan),
        "input": np.where(answered, input_tokens, -1),
        "cached": np.where(answered, cached, -1),
        "output": np.where(answered, output, -1),
        "reasoning": np.where(answered, reasoning, -1),
        "failure": failure,
        "relevance": np.where(answered, np.round(relevance, 3), np.nan),
        "satisfaction": _ratings(draws, turn.key, _INTENTS["mood"][intent], wait, completed, answered),
        "completed": completed,
        "price": strikes("price_change"),
        "words": came.words[turn.at] * np.uint64(desk.MOST_TURNS)
        + turn.key // np.uint64(REQUESTS) % np.uint64(desk.MOST_TURNS),
        "asked": asked,
    }


def _cached(
    draws: Draws,
    effects: Effects,
    came: Arrivals,
    turn: _Turn,
    turns_per_day: float,
    prefix: np.ndarray,
    strikes: Callable[[str], Floats],
) -> np.ndarray:
    """Return the tokens read from the cache: of the prefix, whole blocks, if somebody asked for it lately.

    A conversation's own prefix was asked for a moment ago; a handbook's by whoever had that intent in that region.
    """
    hours = round((effects.end - effects.start).total_seconds() / HOUR)
    hour = np.minimum((turn.seconds // HOUR).astype(np.int64), hours - 1)
    shares = np.array([share for share, _ in desk.REGIONS.values()])[came.region[turn.at]]
    weights = np.array([one.weight for one in desk.INTENTS.values()])
    asked = weights[came.intent[turn.at]] / weights.sum() * shares * turns_per_day / 24 / HOUR
    asked *= busyness(effects.start, hours)[hour]
    kept = np.where(turn.said > 0, 1.0, 1 - np.exp(-asked * desk.PREFIX_KEPT_SECONDS))
    hit = draws.uniform("cache", turn.key) < kept * desk.HIT
    missed = draws.uniform("uncached", turn.key) < strikes("uncached_prefix")
    blocks = np.where(prefix >= desk.LEAST_CACHED, prefix // desk.BLOCK * desk.BLOCK, 0)
    return np.where(hit & ~missed, blocks, 0)


def _failures(draws: Draws, burst: Floats, broken: np.ndarray, turn: _Turn) -> tuple[np.ndarray, Floats]:
    """Return which failure each turn ends in, and after how many seconds."""
    chance = draws.uniform("failure", turn.key)
    ordinary = draws.choice("failure kind", turn.key, np.array([share for share, _, _ in desk.FAILURES.values()]))
    in_burst = np.where(chance < desk.FAILS, ordinary, FAILURES.index(desk.BURST_FAILURE))
    failure = np.where(chance < np.minimum(desk.FAILS * burst, 0.95), in_burst, ANSWERED)
    failure = np.where(broken, FAILURES.index(desk.BROKEN[0]), failure)
    medians = np.array([*(median for _, median, _ in desk.FAILURES.values()), desk.BROKEN[1]])
    # A timeout comes when the client's clock says so; the others when the server does.
    spread = np.where(failure == FAILURES.index("APITimeoutError"), 0.002, 0.5)
    return failure, medians[failure] * np.exp(spread * draws.normal("failed after", turn.key))


def _storm(draws: Draws, effects: Effects, turn: _Turn, row: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Return the requests that a client gave up and sent again, and move what it got in the end to after them."""
    share = effects.of("retry_storm", turn.dimensions, turn.seconds)
    struck = (draws.uniform("storm", turn.key) < share) & (row["failure"] == ANSWERED)
    times = np.where(struck, 3 + np.floor(6 * draws.uniform("storm times", turn.key)).astype(np.int64), 0)
    given_up = []
    for nth in range(int(times.max(initial=0))):
        again = times > nth
        lost = {name: values[again] for name, values in row.items()}
        lost["key"] = lost["key"] + np.uint64(nth + 1)
        lost["seconds"] = turn.seconds[again] + nth * desk.GIVES_UP * 0.8
        lost["response_time"] = np.full(again.sum(), desk.GIVES_UP * 0.8)
        lost |= {name: np.full(again.sum(), np.nan) for name in ("first", "relevance", "satisfaction")}
        lost["failure"] = np.full(again.sum(), FAILURES.index(desk.STORM_FAILURE))
        lost["completed"] = np.zeros(again.sum(), dtype=bool)
        given_up.append(lost)
    row["seconds"] = turn.seconds + times * desk.GIVES_UP * 0.8
    return given_up


def _stays(draws: Draws, came: Arrivals, turn: _Turn, row: dict[str, np.ndarray]) -> np.ndarray:
    """Say who asks again: after a completed task for more, after any other reply the less the longer it took."""
    base, per_second = desk.LEAVES
    leaves = 1 / (1 + np.exp(-(base + per_second * row["response_time"])))
    more = _INTENTS["more"][came.intent[turn.at]]
    stays: np.ndarray = draws.uniform("stays", turn.key) < np.where(row["completed"], more, 1 - leaves)
    return stays


def _ratings(
    draws: Draws, key: Keys, mood: Floats, wait: Floats, completed: np.ndarray, answered: np.ndarray
) -> Floats:
    """Return 1 to 5 where the user gave a rating, which most do not, else NaN."""
    score = 4.6 - mood - 0.12 * np.maximum(wait - 2, 0) - 1.6 * ~completed - 0.6 * ~answered
    score = np.clip(np.round(score + 0.7 * draws.normal("rating", key)), 1, 5)
    contented, discontented = desk.RATED
    rates = draws.uniform("rates", key) < np.where(score >= 4, contented, discontented)
    return np.where(rates, score, np.nan)


def _chance(solved: Floats, hardness: Floats, odds: Floats) -> Floats:
    """Return the chance of a completed task: odds moved by how hard the matter is, and by a drop in quality."""
    against: Floats = (1 - solved) / (solved * odds) * np.exp(0.8 * hardness)
    return 1 / (1 + against)


def _whole(numbers: Floats) -> np.ndarray:
    return np.maximum(np.round(numbers), 1).astype(np.int64)
