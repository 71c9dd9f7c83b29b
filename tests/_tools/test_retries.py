from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon._tools.retries import LONGEST_WAIT, seconds_until_retry

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class Response:
    def __init__(self, retry_after: str | None) -> None:
        self.headers = {} if retry_after is None else {"retry-after": retry_after}


class ServiceError(Exception):
    def __init__(self, status_code: object, retry_after: str | None = None) -> None:
        self.status_code = status_code
        self.response = Response(retry_after)


def wait(error: Exception, attempt: int = 1, draw: float = 0.5) -> float | None:
    return seconds_until_retry(error, attempt, now=NOW, random=lambda: draw)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529, 599])
def test_refusals_and_failures_of_the_service_are_retried(status: int) -> None:
    assert wait(ServiceError(status)) == 0.25


@pytest.mark.parametrize(
    "error",
    [*map(ServiceError, [400, 401, 403, 404, 408, 409, 422, 600, 200, None, "500"]), TimeoutError(), ConnectionError()],
)
def test_everything_else_is_not(error: Exception) -> None:
    assert wait(error) is None


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_spread_from_0_to_a_limit_that_doubles(attempt: int, draw: float) -> None:
    assert wait(ServiceError(500), attempt, draw) == pytest.approx(draw * min(8.0, 0.5 * 2 ** (attempt - 1)))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("3", 3.0),
        ("0", 0.25),
        ("8", 8.0),
        ("9", None),
        ("86400", None),
        (format_datetime(NOW.replace(second=5), usegmt=True), 5.0),
        (format_datetime(NOW.replace(minute=5), usegmt=True), None),
        (format_datetime(NOW.replace(year=2020), usegmt=True), 0.25),
        ("soon", 0.25),
        ("", 0.25),
        ("-3", 0.25),
        ("²", 0.25),
        ("Mon, 05 Oct 2026 09:00:05", 0.25),
    ],
)
def test_retry_after_is_the_least_wait_and_one_beyond_the_longest_ends_it(header: str, expected: float | None) -> None:
    assert wait(ServiceError(429, header)) == expected


def test_a_longer_backoff_beats_a_shorter_retry_after() -> None:
    assert wait(ServiceError(429, "1"), attempt=6, draw=0.75) == 0.75 * LONGEST_WAIT


def test_another_policy_waits_longer_and_takes_a_longer_retry_after() -> None:
    policy = {"now": NOW, "random": lambda: 0.5, "first": 2.0, "longest": 20.0}
    assert [seconds_until_retry(ServiceError(503), attempt, **policy) for attempt in (1, 2, 5)] == [1.0, 2.0, 10.0]
    assert [seconds_until_retry(ServiceError(429, asked), 1, **policy) for asked in ("20", "21")] == [20.0, None]
