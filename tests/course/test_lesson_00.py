"""The answers that lesson 0's exercise is tried with."""

from cases import Cases

CASES = {
    "0.1": Cases(
        right=32, other_right=32.0, wrong=[(5, "not the rows"), (33, "one too many"), ("many", "not the rows")]
    )
}
