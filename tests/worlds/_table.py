"""A run as the table of turns."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chatmon.turns import schema
from worlds._replies import ERRORS, MODELS, PROVIDERS
from worlds._traffic import CHANNELS, INTENTS


def dollars(t):
    """Return what a run cost, exactly."""
    return Decimal(int(t["cost"].sum())) / 10**9


def table(world, t, begins):
    """Return a run's turns, in the order of time."""
    order = np.argsort(t["at"], kind="stable")
    t = {name: values[order] for name, values in t.items()}
    fine = t["error"] < 0
    columns = {
        "turn_id": _ids("t", np.arange(len(order))),
        "conversation_id": _ids("c", t["conversation"]),
        "user_id": _ids("u", t["user"]),
        "timestamp": pa.array(int(begins.timestamp()) * 10**6 + (t["at"] * 3.6e9).astype(np.int64)),
        "response_time": pa.array(np.round(t["seconds"], 3)),
        "time_to_first_token": pa.array(np.round(t["first"], 3), from_pandas=True),
        "provider": _named(PROVIDERS, t["model"]),
        "model": _named(MODELS, t["model"]),
        "input_tokens": pa.array(t["input"]),
        "cached_tokens": pa.array(t["cached"], mask=~fine),
        "output_tokens": pa.array(t["output"]),
        "cost": _money(t["cost"]),
        "error_type": _named(ERRORS, t["error"], fine),
        "user_satisfaction": pa.array(t["rating"], from_pandas=True),
        "task_completed": pa.array(t["done"]),
        "intent": _named(INTENTS, t["intent"]),
        "region": _named(tuple(world.clocks), t["region"]),
        "channel": _named(CHANNELS, t["channel"]),
    }
    arrays = []
    for kind in schema():
        there = columns.get(kind.name) if kind.name not in world.missing else None
        arrays.append(pa.nulls(len(order), kind.type) if there is None else there.cast(kind.type))
    return pa.table(arrays, schema=schema())


def _ids(letter, numbers):
    return pc.binary_join_element_wise(pa.scalar(letter), pa.array(numbers).cast(pa.string()), "")


def _named(names, numbers, unknown=None):
    filled = np.where(numbers < 0, 0, numbers).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(filled, mask=unknown), pa.array(names)).cast(pa.string())


def _money(billionths):
    """Return billionths of a dollar as decimals of 18 places: two words of 64 bits each, the upper one 0."""
    words = np.zeros((len(billionths), 2), dtype="<i8")
    words[:, 0] = billionths * 10**9
    return pa.Array.from_buffers(pa.decimal128(38, 18), len(words), [None, pa.py_buffer(words.tobytes())])
