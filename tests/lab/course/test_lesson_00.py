"""The answers that lesson 0's exercise is tried with."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
from cases import Cases

from chatmon._tools.paths import data_file
from chatmon.turns import read_parquet, to_frame

TURNS = to_frame(read_parquet(data_file("local_turns.parquet"))).head(5)

CASES = {
    "0.1": Cases(
        right=[
            len(TURNS.columns),
            float(TURNS.shape[1]),
            Decimal(len(list(TURNS))),
            Fraction(TURNS.size, len(TURNS)),
            np.int8(len(TURNS.iloc[0])),
            np.array(TURNS.columns.size),
            pd.Series([33], index=["columns"]),
            pd.Series(TURNS.columns).count(),
            pa.scalar(33),
            np.float16(33),
        ],
        wrong=[
            (5, "so many columns were displayed"),
            (34, "one too many"),
            (32, "one too few"),
            (165, "rows times columns"),
            (12, "12 is not it"),
            ("33", "'33' is no number"),
            ("many", "no number"),
            (TURNS.columns, "we want how many"),
            (list(TURNS), "we want how many"),
            (TURNS.dtypes, "we want how many"),
            (TURNS, "the table itself"),
            (TURNS.shape, "two numbers, rows and columns"),
            (TURNS.info, "still to be called"),
            (None, "is something returned"),
            (True, "no number"),
            ([33], "take it out"),
        ],
    )
}
