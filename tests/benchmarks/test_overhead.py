"""The promise of docs/run_time.md about what tracking costs, on a short run of its benchmark."""

import time

from overhead import MOST_OF_A_SPAN, measure


def test_tracking_a_turn_costs_at_most_a_fifth_of_a_bare_span():
    figures = measure(rounds=5, turns=1000, timer=time.thread_time)
    assert figures["chatmon track()"] <= MOST_OF_A_SPAN * figures["OpenTelemetry span"], figures
    assert figures["empty call"] < figures["chatmon track()"] < figures["LangSmith @traceable"]
