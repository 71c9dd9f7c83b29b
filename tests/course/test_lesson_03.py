"""The answers that the exercises of lesson 3 are tried with."""

from decimal import Decimal

from cases import Cases

from chatmon import config
from chatmon.paths import data_file
from chatmon.turns import read_parquet, to_frame

BILL = to_frame(read_parquet(data_file("october_bill.parquet")))
CHAT = BILL[BILL["model"] == config.models().bill.chat]
CACHED = int(CHAT["cached_tokens"].sum())


def right_sum(costs):
    known = [cost for cost in costs if cost is not None]
    return (sum(known) if known else None), len(costs) - len(known)


def sum_by_hand(costs):
    amount, unknown = None, 0
    for cost in costs:
        if cost is None:
            unknown += 1
        else:
            amount = cost if amount is None else amount + cost
    return [amount, unknown]


def unknown_as_zero(costs):
    return sum(cost or 0 for cost in costs), costs.count(None)


def zero_as_unknown(costs):
    known = [cost for cost in costs if cost]
    return (sum(known) if known else None), len(costs) - len(known)


def floats(costs):
    known = [float(cost) for cost in costs if cost is not None]
    return (sum(known) if known else None), len(costs) - len(known)


def sum_alone(costs):
    return sum(cost for cost in costs if cost is not None)


def doubled(costs):
    amount, unknown = right_sum(costs)
    return (amount and 2 * amount), unknown


def stub(costs):
    return ...


CASES = {
    "3.1": Cases(
        right=Decimal("0.010446"),
        other_right=0.010446,
        wrong=[
            (Decimal("0.016846"), "counted twice"),
            (Decimal("0.013006"), "charged twice"),
            (0.01275, "full rate"),
            (0.01019, "missing"),
            (0.004046, "Reasoning is missing"),
            (10446, "per million"),
            (Decimal("10.446"), "per thousand"),
            (0.5, "one kind"),
            ("0.010446", "no number"),
            ([0.010446], "no number"),
            (float("nan"), "no amount"),
        ],
    ),
    "3.2": Cases(
        right=right_sum,
        other_right=sum_by_hand,
        wrong=[
            (unknown_as_zero, "nothing is known"),
            (zero_as_unknown, "stated is known"),
            (floats, "float"),
            (sum_alone, "a pair"),
            (doubled, "the sum of what is known"),
        ],
        stub=stub,
    ),
    "3.3": Cases(
        right=CACHED * Decimal("1.5") / 1_000_000,
        other_right=1.1,
        wrong=[
            (CACHED * Decimal("1.5"), "per million"),
            (CACHED * 1.5 / 10_000, "cents"),
            (CACHED * 2 / 1_000_000, "not free"),
            (CACHED * 0.5 / 1_000_000, "what the cached tokens cost"),
            (int(BILL["cached_tokens"].sum()) * 1.5 / 1_000_000, "all models"),
            (int(CHAT["input_tokens"].sum()) * 1.5 / 1_000_000, "all input tokens"),
            (3, "what each of them saved"),
            ("1.10", "no number"),
        ],
    ),
}
