"""Frames of turns for the tests of costs."""

from datetime import UTC, datetime

import pytest

from chatmon.turns import Turn, to_frame

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture
def frame_of():
    """Make a frame of turns from the columns that matter; the rest is filled in."""

    def make(*columns):
        rest = {"conversation_id": "c", "timestamp": NOON, "response_time": 1.0}
        return to_frame(Turn(**{"turn_id": f"t{n}", **rest, **given}) for n, given in enumerate(columns))

    return make
