"""Turns whose numbers one works out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)


def turn(place, *, hours=0.0, conversation=None, cost=None, **columns):
    """Return the turn at a place, in a conversation of its own where none is given."""
    return Turn(
        turn_id=f"t{place}",
        conversation_id=f"c{place}" if conversation is None else conversation,
        timestamp=MONDAY + timedelta(hours=hours),
        cost=None if cost is None else Decimal(cost),
        **columns,
    )
