"""The answers that lesson 9's exercises are tried with."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from cases import Cases, forms

CASES = {
    "9.1": Cases(
        right=[
            5940,
            np.mean(np.arange(100)) * 6 * 20,
            sum(range(100)) / 100 * 6 * 20,
            np.int64(99 * 60),
            *forms("5940"),
        ],
        wrong=[
            (6000, "is empty then"),
            (12_000, "a full list"),
            (11_880, "worst case"),
            (5880, "is not 49"),
            (990, "one process"),
            (297, "one deployment"),
            (49.5, "one kill of one process"),
            (120, "Those are the kills"),
            (1287, "are added up"),
            (71_280, "That is a year"),
            (178_200, "not of a day"),
            (594_000, "take the mean"),
            (7, "is not it"),
            ("5940", "no number"),
            ([5940], "take it out"),
        ],
    ),
    "9.2": Cases(
        right=[
            date(2026, 10, 22),
            "2026-10-22",
            datetime(2026, 10, 22, 14, tzinfo=UTC),
            pd.Timestamp("2026-10-22", tz="UTC"),
            np.datetime64("2026-10-22"),
            pd.Period("2026-10-22", "D"),
            pd.Series(pd.to_datetime(["2026-10-22"])),
            pa.scalar(date(2026, 10, 22)),
            [date(2026, 10, 22)],
            " 2026-10-22 00:00:00",
            np.array(["2026-10-22"], dtype="datetime64[s]"),
        ],
        wrong=[
            ("2026-11-02", "the Monday we know"),
            (pd.Timestamp("2026-11-02"), "the Monday we know"),
            (date(2026, 10, 21), "`outside` is True on one other day"),
            (np.datetime64("2026-10-23"), "`outside` is True on one other day"),
            (date(2025, 10, 22), "`outside` is True on one other day"),
            ("22 October", "is no day"),
            ("22.10.2026", "is no day"),
            ("10/22/2026", "is no day"),
            ("p95", "is no day"),
            (22, "is no day"),
            (None, "is no day"),
            (pd.NaT, "is no day"),
            ([], "give one day"),
            (["2026-10-22", "2026-11-02"], "give one day"),
            (pd.Series(["2026-10-22", "2026-11-02"]), "give one day"),
            (True, "is no day"),
        ],
    ),
}
