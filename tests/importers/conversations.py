"""Turns of a small support desk, for writers to export and importers to read back."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, tzinfo=UTC)


def some_turns(number=40, seed=3):
    """Turns with everything an export can carry: cache, reasoning, errors, retries, feedback that most leave out."""
    draw = random.Random(seed)
    turns = []
    for position in range(number):
        whole, written = draw.randint(40, 4000), draw.randint(5, 600)
        failed = draw.random() < 0.1
        turns.append(
            Turn(
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
        )
    return turns


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
