"""Turns of a small support desk, for writers to export and importers to read back."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import export_writers

from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
SHAPES = ("attempts", "tool", "fallback", "late error", "elsewhere", "lost", "orphans")
"""How a turn came about: see ``Told``."""
MARGIN = 0.002
"""Seconds that another service takes before it calls the desk, and after the desk's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Turn):
    """A turn, and how it came about.

    Attributes:
        shape: ``attempts``: one call, or several at the same time of which all but the last failed. ``tool``: a first
            call, of another model, asks for a tool, a second one answers; both succeed. ``fallback``: a first call, of
            another model, fails and the second one answers. ``late error``: the call succeeds, what follows fails.
            ``elsewhere``: the trace begins in another service, which calls the desk. ``lost``: so it does, but that
            service's spans are not in the file. ``orphans``: the desk's own span is not in the file either.
    """

    shape: str = "attempts"


def some_turns(number=40, seed=3, shapes=("attempts",)):
    """Turns with everything an export can carry: cache, reasoning, errors, retries, feedback that most leave out."""
    draw = random.Random(seed)
    turns = []
    for position in range(number):
        whole, written = draw.randint(40, 4000), draw.randint(5, 600)
        failed = draw.random() < 0.1
        turn = Told(
            turn_id=str(UUID(int=draw.getrandbits(128))),
            conversation_id=f"c{position // 3}",
            user_id=f"u{position // 6}",
            timestamp=START + timedelta(seconds=37 * position, microseconds=draw.randint(0, 999_999)),
            response_time=draw.randint(200_000, 9_000_000) / 1e6,
            time_to_first_token=None if failed else draw.randint(100_000, 199_999) / 1e6,
            provider="openai",
            model="gpt-4.1-mini",
            input_tokens=None if failed else whole,
            cached_tokens=None if failed else whole // 2,
            cache_write_tokens=None,
            output_tokens=None if failed else written,
            reasoning_tokens=None if failed else written // 3,
            usage_source=None if failed else "reported",
            cost=None if failed else Decimal(whole * 4 + written * 16) / 10**7,
            price_source=None if failed else "stated by the export",
            error_type="RateLimitError" if failed else None,
            error_message="RateLimitError('429')" if failed else None,
            attempts=draw.choice([1, 1, 1, 2]),
            intent=draw.choice(["parcel", "refund", "login"]),
            user_satisfaction=float(draw.randint(1, 5)) if draw.random() < 0.2 else None,
            task_completed=draw.random() < 0.7 if not failed else False,
            prompt_version=draw.choice(["v1", "v2"]),
            region=draw.choice(["eu", "us"]),
            question="Where is my parcel?",
        )
        turns.append(_shaped(turn, shapes[position % len(shapes)]))
    return turns


def _shaped(turn, shape):
    if turn.error_type is not None and shape in ("tool", "fallback", "late error"):
        return turn
    if shape in ("tool", "fallback"):
        later = _cut(turn.response_time) + turn.time_to_first_token / 2
        return replace(turn, shape=shape, attempts=2, time_to_first_token=round(later, 6))
    if shape == "late error":
        said = {"error_type": "ToolError", "error_message": "ToolError('no stock')", "task_completed": False}
        return replace(turn, shape=shape, attempts=1, **said)
    return replace(turn, shape=shape)


def _cut(seconds):
    """Return when the second of two calls begins: after two fifths of the whole."""
    return round(seconds * 0.4, 6)


def calls_of(turn):
    """Yield a turn's model calls, each written as a turn, as its shape says."""
    if turn.shape == "late error":
        yield replace(turn, error_type=None, error_message=None)
    elif turn.shape not in ("tool", "fallback"):
        yield from export_writers.attempts_of(turn)
    else:
        cut = _cut(turn.response_time)
        tokens = {name: getattr(turn, name) for name in export_writers.TOKENS if getattr(turn, name) is not None}
        asked = {name: count // 3 for name, count in tokens.items()} | {"cost": turn.cost / 4}
        if turn.shape == "fallback":
            asked = dict.fromkeys((*export_writers.TOKENS, "cost", "usage_source", "price_source"))
            asked |= {"error_type": "TimeoutError", "error_message": "TimeoutError('30 s')"}
        yield replace(
            turn, response_time=cut, time_to_first_token=None, provider="anthropic", model="claude-haiku-4-5", **asked
        )
        yield replace(
            turn,
            timestamp=turn.timestamp + timedelta(seconds=cut),
            response_time=round(turn.response_time - cut, 6),
            time_to_first_token=round(turn.time_to_first_token - cut, 6),
            **{name: count - (asked[name] or 0) for name, count in tokens.items()},
            cost=turn.cost - (asked["cost"] or 0),
        )


def at_the_desk(turn):
    """Return what the desk's own span has of a turn: another service's begins before it, and ends after it."""
    if turn.shape != "elsewhere":
        return turn
    return replace(
        turn,
        timestamp=turn.timestamp + timedelta(seconds=MARGIN),
        response_time=round(turn.response_time - 2 * MARGIN, 6),
        time_to_first_token=turn.time_to_first_token and round(turn.time_to_first_token - MARGIN, 6),
    )


def facts(turns):
    """What must come out of every format: by turn, without what a format does not carry."""
    return {
        turn.turn_id.replace("-", ""): (
            turn.conversation_id, turn.user_id, turn.timestamp, round(turn.response_time, 6), turn.model,
            turn.input_tokens, turn.cached_tokens, turn.output_tokens, turn.reasoning_tokens, turn.cost,
            turn.error_type, turn.attempts, turn.intent, turn.prompt_version, turn.region,
            turn.user_satisfaction, turn.task_completed,
        )
        for turn in turns
    }  # fmt: skip
