"""The answers that lesson 4's exercises are tried with."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from cases import Cases, forms

from chatmon._tools.paths import data_file
from chatmon.turns import read_parquet

TURNS = read_parquet(data_file("local_turns.parquet"))
TUESDAY = [turn for turn in TURNS if turn.timestamp.day == 6]
HOUR = [turn for turn in TUESDAY if turn.timestamp.hour == 14]


def bad_of(turns):
    return sum(turn.error_type is not None or turn.response_time > 2 for turn in turns) / len(turns)


BAD = bad_of(HOUR)


def rule(text):
    """Return a rule as TOML, from keys such as ``measure error, window 30m``."""
    lines = [line.strip().partition(" ") for line in f"name r, {text}".split(",")]
    written = {"by": '["{}"]', "above": "{}", "below": "{}", "min_n": "{}", "objective": "{}", "recover": "{}"}
    return "[[rule]]\n" + "\n".join(f"{key} = {written.get(key, QUOTED).format(value)}" for key, _, value in lines)


QUOTED = '"{}"'
FIRST = "measure first_error, window 30m, by region"
LESSON = rule(f"{FIRST}, statistic sum, above 2, keep_firing_for 10m")
COSTS = rule("measure cost, window 1d, above 1").replace('"r"', '"costs"')
BURNING = "kind burn_rate, measure error, objective 0.99, window 1h, short_window 5m"

CASES = {
    "4.1": Cases(
        right=[round(1 / 0.05), math.ceil(1 / 0.05) + 0.0, np.int16(1 / 0.05), *forms("20")],
        wrong=[
            (21, "above 5 %: one less will do"),
            (19, "5.3 %"),
            (100, "5 may fail"),
            (40, "a smaller minimum"),
            (5, "20.0 %"),
            (1, "100.0 %"),
            (0.05, "the limit of the rate"),
            (20.5, "a whole number"),
            (0, "there is no rate"),
            (-20, "there is no rate"),
            ("20", "no number"),
            (float("nan"), "no number to work with"),
            (range(20), "give one number"),
            (False, "no number"),
        ],
    ),
    "4.2": Cases(
        right=[
            BAD / 0.05,
            BAD / (1 - 0.95),
            int(100 * BAD) // 5,
            pd.Series([turn.error_type is not None or turn.response_time > 2 for turn in HOUR]).mean() / 0.05,
            *forms("18"),
        ],
        wrong=[
            (BAD / 0.01, "Or: That is the share of bad turns in per cent"),
            (BAD / 0.95, "by the objective"),
            (BAD, "divide it by the share"),
            (BAD / 5, "The budget is a share"),
            (100 * BAD / 0.05, "is between 0 and 1 too"),
            (0.05 / BAD, "upside down"),
            (0.05 * BAD, "You multiplied"),
            ((1 - BAD) / 0.05, "the good turns"),
            (27, "how many turns were bad"),
            (27 / 0.05, "and not their share"),
            (bad_of(TUESDAY) / 0.05, "all of Tuesday"),
            (bad_of(TURNS) / 0.05, "both days"),
            (11 / 30 / 0.05, "Those are failed turns"),
            ("18", "no number"),
            (17.0, "17 is not it"),
        ],
    ),
    "4.3": Cases(
        right=[
            rule(f"{FIRST}, statistic rate, above 0.1, min_n 30"),
            rule(f"{FIRST}, statistic sum, above 8"),
            rule(f"{FIRST}, statistic sum, above 10, keep_firing_for 10m, severity page"),
            rule("measure first_error, statistic sum, window 15m, above 8, by region"),
            rule("measure first_error, statistic sum, window 30m, above 14"),
            rule("measure error, statistic rate, window 30m, above 0.2, min_n 60, by region"),
            rule(f"{BURNING}, above 14.4, min_n 60, by region"),
            rule(f"{BURNING}, above 20, min_n 20, by region"),
            rule("measure first_error, statistic rate, window 15m, above 0.1, min_n 40, by region") + "\n# a comment\n",
            rule(f"{FIRST}, statistic sum, above 12") + "\n" + COSTS,
        ],
        wrong=[
            (LESSON, "a count grows with the traffic"),
            (rule("measure error, statistic rate, window 15m, above 0.05"), "ask for more turns"),
            (rule("measure error, statistic rate, window 15m, above 0.05, min_n 20"), "false alarms in three weeks"),
            (rule(f"{BURNING}, above 14.4, min_n 20, by region"), "with 1 false alarm in three weeks"),
            (rule(f"{BURNING}, above 14.4, min_n 20"), "That is too late"),
            (rule(f"{FIRST}, statistic sum, above 8, for 10m"), "and `for` waits"),
            (rule("measure error, statistic rate, window 1d, above 0.09, min_n 100, by region"), "after 47 minutes"),
            (rule(f"{FIRST}, statistic sum, above 60"), "0 of 2 bursts caught, with no false alarms"),
            (rule("measure incomplete, statistic rate, window 30m, above 0.5, min_n 40, by region"), "false alarms"),
            (rule("measure cost, window 1h, above 1"), "watch cost"),
            (rule("measure response_time, statistic p95, window 15m, above 5"), "watch response_time"),
            (rule("measur error, window 1h, above 1"), "has no such key"),
            (rule("measure error, statistic rate, window 15 min, above 0.05"), "is not a duration"),
            ("rule", "no rules: no TOML"),
            ("", "there are no rules"),
            (7, "no text"),
            ({"measure": "error"}, "A dict is no text"),
        ],
    ),
    "4.4": Cases(
        right=[
            6 * 6 / (30 * 24),
            round(36 / 720, 3) + 0.0001,
            np.float64(pd.Timedelta(hours=6 * 6) / pd.Timedelta(days=30)),
            np.float16(0.05),
            *forms("0.05"),
        ],
        wrong=[
            (5, "per cent"),
            (6 / 720, "share of the time"),
            (0.001, "in the burn rate already"),
            (2.5, "in the burn rate already"),
            (0.72, "of which budget"),
            (0.12, "which part of the month's budget"),
            (1.2, "in hours"),
            (0.2, "of 24 in a day"),
            (0.95, "what is left"),
            (36, "Those are hours of budget"),
            (Fraction(20), "upside down"),
            (Decimal("0.25"), "a quarter of a day"),
            (0.5, "is not it"),
            ("0.05", "no number"),
            (pd.Timedelta(hours=36), "a time with its unit"),
        ],
    ),
}
