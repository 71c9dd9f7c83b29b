"""A world of traffic as the table of turns."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np

from chatmon import turns
from chatmon._tools.paths import data_file
from chatmon.cost.prices import prices_of
from chatmon.lab.traffic import _desk as desk
from chatmon.lab.traffic._world import ANSWERED, FAILURES

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from chatmon.lab.traffic._draws import Draws, Keys
    from chatmon.lab.traffic._world import World

PLACES: Final = 14
"""Decimal places in which costs are added up: a price per million tokens has 6, a token 6 more, a price change 2."""


def cost_units(world: World, at: datetime) -> np.ndarray:
    """Return what each request costs, in units of 10 to the power of -14 US dollars; 0 where nothing was used.

    Args:
        world: Its requests.
        at: The day of the list prices, which come from ``chatmon.cost``.

    Raises:
        ValueError: A model of the desk has no list price that day.
    """
    columns, rates = world.columns, np.array([_rates(model.name, at) for model in desk.MODELS], dtype=np.int64)
    used = columns["input"] >= 0
    fresh, cached, output = rates[world.arrivals.model[columns["conversation"]]].T
    per_token = (columns["input"] - columns["cached"]) * fresh + columns["cached"] * cached + columns["output"] * output
    percent = np.round(columns["price"] * 100).astype(np.int64)
    units: np.ndarray = np.where(used, per_token * percent, 0)
    return units


def _rates(model: str, at: datetime) -> tuple[int, int, int]:
    """Return the prices of a fresh, a cached and a written token in units of 10 to the power of -12 US dollars."""
    prices = prices_of(model, provider=desk.PROVIDER)
    period = None if isinstance(prices, str) else prices.at(at)
    if period is None:
        raise ValueError(
            f"no list price for {model!r} on {at:%Y-%m-%d}: name models with a public price in models.toml"
        )
    rates = period.tiers[0][1]
    per_million = [rate if rate is not None else Decimal(0) for rate in (rates.input, rates.cached, rates.output)]
    fresh, cached, output = (int((rate * 10**6).to_integral_exact()) for rate in per_million)
    return fresh, cached, output


def to_arrow(world: World, draws: Draws, start: datetime) -> pa.Table:
    """Return the turns of a world, in order of time, with ``turns.schema()``.

    Args:
        world: Its requests and replies.
        draws: The seed's, for ids.
        start: When the traffic starts.
    """
    import pyarrow as pa

    came, columns = world.arrivals, world.columns
    place = columns["conversation"]
    microseconds = np.round(columns["seconds"] * 1e6).astype("timedelta64[us]")
    answered, used = columns["failure"] == ANSWERED, columns["input"] >= 0
    units, day = cost_units(world, start), f"list price of {start:%Y-%m-%d}"
    models = came.model[place]
    failure = np.array(FAILURES, dtype=object)[columns["failure"]]
    messages = {name: text for name, (_, _, text) in desk.FAILURES.items()} | {desk.BROKEN[0]: desk.BROKEN[2]}
    number = len(place)
    filled = {
        "turn_id": _uuids(draws, columns["key"]),
        "conversation_id": np.array([f"conv-{bits:016x}" for bits in draws.bits("conversation id", came.key)])[place],
        "user_id": np.array([f"user-{user:04d}" for user in came.user])[place],
        "timestamp": np.datetime64(start.replace(tzinfo=None), "us") + microseconds,
        "response_time": columns["response_time"],
        "time_to_first_token": _known(columns["first"]),
        "provider": [desk.PROVIDER] * number,
        "model": np.array([model.name for model in desk.MODELS])[models],
        "input_tokens": pa.array(columns["input"], mask=~used),
        "cached_tokens": pa.array(columns["cached"], mask=~used),
        "output_tokens": pa.array(columns["output"], mask=~used),
        "reasoning_tokens": pa.array(columns["reasoning"], mask=~used),
        "usage_source": pa.array(["reported"] * number, mask=~used),
        "cost": [Decimal(int(one)).scaleb(-PLACES) if known else None for one, known in zip(units, used, strict=True)],
        "price_source": [
            None if not known else day if factor == 1 else f"{day} times {factor:g}"
            for factor, known in zip(columns["price"], used, strict=True)
        ],
        "error_type": pa.array(failure, mask=answered),
        "error_message": pa.array([messages[name] for name in failure], mask=answered),
        "finish_reason": pa.array(["stop"] * number, mask=~answered),
        "attempts": np.where(answered & (draws.uniform("attempts", columns["key"]) < desk.RETRIED), 2, 1),
        "intent": came.dimensions["intent"][place],
        "context_relevance": _known(columns["relevance"]),
        "user_satisfaction": _known(columns["satisfaction"]),
        "task_completed": columns["completed"],
        "prompt_version": came.dimensions["prompt_version"][place],
        "region": came.dimensions["region"][place],
        "channel": came.dimensions["channel"][place],
        "attributes": ["{}"] * number,
        "question": _questions(world, draws),
    }
    arrays = []
    for field in turns.schema():
        values = filled.get(field.name)
        if values is None:
            arrays.append(pa.nulls(number, field.type))
        elif isinstance(values, pa.Array):
            arrays.append(values.cast(field.type))
        else:
            arrays.append(pa.array(values).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=turns.schema())


def _known(values: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))


def _uuids(draws: Draws, keys: Keys) -> list[str]:
    high, low = draws.bits("turn id, first half", keys), draws.bits("turn id, second half", keys)
    return [str(UUID(int=int(a) << 64 | int(b), version=4)) for a, b in zip(high, low, strict=True)]


def _questions(world: World, draws: Draws) -> list[str]:
    """Return what was asked: ways to ask from the knowledge base, the same words for the same draw."""
    base = json.loads(data_file("knowledge_base.json").read_text(encoding="utf-8"))
    ways: dict[str, list[str]] = {name: [] for name in desk.INTENTS}
    for entry in base["entries"]:
        ways[entry["intent"]] += [entry["question"], *entry["phrasings"]]
    intents = world.arrivals.dimensions["intent"][world.columns["conversation"]]
    chances = draws.uniform("phrasing", world.columns["words"])
    return [ways[intent][int(chance * len(ways[intent]))] for intent, chance in zip(intents, chances, strict=True)]
