"""The answers that lesson 4's exercises are tried with."""

from decimal import Decimal

from cases import Cases

from chatmon.estimates import Estimate

RULE = (
    '[[rule]]\nname = "burst"\nmeasure = "first_error"\nstatistic = "sum"\nwindow = "30m"\nabove = 2\nby = ["region"]\n'
)
NAIVE = '[[rule]]\nname = "e"\nmeasure = "error"\nstatistic = "rate"\nwindow = "15m"\nabove = 0.05\n'

CASES = {
    "4.1": Cases(
        right=20,
        other_right=20.0,
        wrong=[
            (21, "above 5 %: one less will do"),
            (19, "5.3 %"),
            (40, "a smaller minimum"),
            (5, "20.0 %"),
            (0.05, "whole number"),
            ("20", "no number"),
            (float("nan"), "no answer"),
        ],
    ),
    "4.2": Cases(
        right=18,
        other_right=Estimate(0.9 / (1 - 0.95), None, None, 30),
        wrong=[
            (0.9 / 0.01, "for 99 %"),
            (0.9 / 0.95, "by the objective"),
            (0.9, "divide it by the share"),
            (0.9 / 5, "not 5"),
            (0.1 / 0.05, "good turns"),
            (27 / 0.05, "their share"),
            (17, "is not it"),
            ("18", "no number"),
        ],
    ),
    "4.3": Cases(
        right=RULE,
        other_right=RULE + 'keep_firing_for = "10m"\nseverity = "page"\n',
        wrong=[
            (NAIVE, "false alarms in three weeks"),
            (NAIVE + "min_n = 500\n", "0 of 2 bursts caught"),
            ('[[rule]]\nname = "e"\nmeasure = "cost"\nwindow = "1h"\nabove = 1\n', "watch cost"),
            ('[[rule]]\nname = "e"\nmeasur = "error"\n', "has no such key"),
            ("rule", "no rules: no TOML"),
            (7, "no text"),
        ],
    ),
    "4.4": Cases(
        right=0.05,
        other_right=Decimal("0.05"),
        wrong=[
            (5, "per cent"),
            (6 / 720, "share of the time"),
            (0.001, "in the burn rate already"),
            (0.72, "of which budget"),
            (1.2, "in hours"),
            (0.5, "is not it"),
            ("0.05", "no number"),
        ],
    ),
}
