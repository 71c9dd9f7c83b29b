"""Waits that end: as soon as something has come about, or when it has taken so long that it never will."""

import time

PATIENCE = 120.0
"""Seconds to wait for what takes a few on an idle machine: a busy one may be many times slower."""


def until(true, seconds=PATIENCE, pause=0.01):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come about within {seconds:g} s"
        time.sleep(pause)
