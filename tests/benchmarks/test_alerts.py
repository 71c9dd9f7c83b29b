"""The promises about what alerting costs, on a short run of the benchmark, with room for a slow machine."""

from alerts import MOST_MICROSECONDS, MOST_SECONDS_A_MILLION, live, replayed, twenty_rules

ROOM = 4


def test_a_turn_costs_the_chat_next_to_nothing_and_little_in_all():
    figures = live(turns=4_000, rounds=3)
    assert figures["chat"] < 1, figures
    assert figures["chat"] < figures["turn"] <= ROOM * MOST_MICROSECONDS, figures


def test_a_replay_with_twenty_rules_keeps_to_the_promised_pace():
    assert len(twenty_rules()) == 20
    number, seconds = replayed(100_000)
    assert number > 90_000
    assert seconds <= ROOM * MOST_SECONDS_A_MILLION * number / 1_000_000 + 2
