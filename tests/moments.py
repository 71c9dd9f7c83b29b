"""A moment that tests share."""

from datetime import UTC, datetime

MORNING = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
