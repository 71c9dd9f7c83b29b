"""The answers that lesson 1's exercises are tried with."""

import numpy as np
from cases import Cases

from chatmon import estimates
from chatmon.paths import data_file
from chatmon.turns import read_parquet

TURNS = read_parquet(data_file("local_turns.parquet"))
TUESDAY = [turn for turn in TURNS if turn.timestamp.day == 6]
AFTERNOON = sorted(turn.response_time for turn in TUESDAY if turn.timestamp.hour >= 12)
HOUR = [turn for turn in TUESDAY if turn.timestamp.hour == 14]
BAD = sum(turn.error_type is not None or turn.response_time > 2 for turn in HOUR) / len(HOUR)
RATED = sum(turn.user_satisfaction is not None for turn in TUESDAY)

CASES = {
    "1.1": Cases(
        right=estimates.percentile(AFTERNOON, 0.95).value,
        other_right=np.float64(round(float(np.percentile(AFTERNOON, 95)), 2)),
        wrong=[
            (AFTERNOON[int(0.95 * len(AFTERNOON))], "wrong way"),
            (float(np.median(AFTERNOON)), "the median"),
            (sum(AFTERNOON) / len(AFTERNOON), "the mean"),
            (AFTERNOON[-1], "slowest"),
            (float(np.percentile([turn.response_time for turn in TUESDAY], 95)), "whole of Tuesday"),
            (1000 * float(np.percentile(AFTERNOON, 95)), "milliseconds"),
            (AFTERNOON, "no number"),
            (float("nan"), "selection"),
            (1.0, "is not it"),
        ],
    ),
    "1.2": Cases(
        right=RATED / len(TUESDAY),
        other_right=np.float64(RATED / len(TUESDAY)),
        wrong=[
            (RATED, "how many were rated"),
            (100 * RATED / len(TUESDAY), "per cent"),
            (RATED / len(TURNS), "both days"),
            (1 - RATED / len(TUESDAY), "not rated"),
            (1.0, "leaves out"),
            (True, "no number"),
        ],
    ),
}
