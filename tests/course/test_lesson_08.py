"""The answers that lesson 8's exercises are tried with."""

from datetime import date
from decimal import Decimal

from cases import Cases

CASES = {
    "8.1": Cases(
        right=5940,
        other_right=Decimal("5940.0"),
        wrong=[
            (6000, "is empty then"),
            (12_000, "a full list"),
            (11_880, "worst case"),
            (990, "one process"),
            (297, "one deployment"),
            (49.5, "one kill of one process"),
            (7, "is not it"),
            ("5940", "no number"),
        ],
    ),
    "8.2": Cases(
        right=date(2026, 10, 22),
        other_right="2026-10-22",
        wrong=[
            ("2026-11-02", "the Monday we know"),
            (date(2026, 10, 21), "`outside` is True on one other day"),
            ("22 October", "is no day"),
            (22, "is no day"),
        ],
    ),
}
