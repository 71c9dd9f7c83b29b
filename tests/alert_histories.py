"""Small histories and rules of every kind, for the tests of what runs rules over turns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from chatmon.alerts.rules import Rule
from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
TICK = 600


def turn(number, minutes, *, seconds=1.0, **columns):
    """Return a turn that ends so many minutes after the start."""
    began = START + timedelta(minutes=minutes) - timedelta(seconds=seconds)
    return Turn(turn_id=f"t{number}", conversation_id=columns.pop("conversation_id", f"c{number}"), timestamp=began,
                response_time=seconds, **columns)  # fmt: skip


@st.composite
def turns(draw, days=16, most=60):
    """Return turns of a few weeks, in order of their ends, some with little known of them."""
    minutes = sorted(draw(st.lists(st.integers(0, days * 24 * 60), min_size=1, max_size=most)))
    return [
        turn(
            number,
            at,
            seconds=draw(st.sampled_from([0.0, 0.3, 1.0, 4.0, 9.0])),
            region=draw(st.sampled_from(["uk", "france", None])),
            conversation_id=draw(st.sampled_from(["a", "b", "c"])),
            error_type=draw(st.sampled_from([None, None, "Timeout"])),
            user_satisfaction=draw(st.sampled_from([None, 1.0, 3.0, 5.0])),
            input_tokens=draw(st.sampled_from([None, 0, 10, 3000])),
            output_tokens=draw(st.sampled_from([None, 5])),
            cost=draw(st.sampled_from([None, Decimal("0.001"), Decimal("0.02")])),
            attributes=draw(st.sampled_from([{}, {"verdict_solves": True}, {"verdict_solves": "no", "team": "a"}])),
        )
        for number, at in enumerate(minutes)
    ]


def spans(*hours):
    return st.sampled_from([timedelta(hours=one) for one in hours])


COMMON = {
    "by": st.sampled_from([(), ("region",), ("conversation_id", "region")]),
    "for_": spans(0, 1),
    "keep_firing_for": spans(0, 2),
    "no_data": st.sampled_from(["keep", "ok", "alert"]),
    "renotify": st.none() | spans(3, 50),
    "flap_within": spans(0, 6, 48),
}
AGREEMENT = {"both_yes": 30, "wrong_yes": 2, "wrong_no": 3, "both_no": 25}
STATISTICS = st.sampled_from(
    [("response_time", "mean", 2.0), ("response_time", "p90", 3.0), ("error", "rate", 0.3),
     ("satisfaction", "mean", 2.5), ("tokens", "p50", 100), ("tokens", "mean", 100)]
)  # fmt: skip


@st.composite
def rules(draw):
    """Return a rule of any kind, with a limit that small histories cross now and then."""
    common = {name: draw(values) for name, values in COMMON.items()}
    kind = draw(st.sampled_from(["threshold", "sum", "burn_rate", "change", "budget", "absence", "verdict"]))
    side = draw(st.sampled_from(["above", "below"]))
    if kind == "threshold":
        measure, statistic, limit = draw(STATISTICS)
        return Rule(name="r", measure=measure, statistic=statistic, window=draw(spans(1, 7, 30)),
                    min_n=draw(st.integers(1, 3)), **{side: limit}, **common)  # fmt: skip
    if kind == "verdict":
        return Rule(name="r", measure="verdict_solves", statistic="rate", window=draw(spans(7, 30)),
                    min_n=draw(st.integers(1, 3)), agreement=AGREEMENT, **{side: 0.5}, **common)  # fmt: skip
    if kind == "sum":
        measure, limit = draw(st.sampled_from([("tokens", 3000), ("cost", 0.03), ("first_error", 1)]))
        return Rule(name="r", measure=measure, statistic="sum", window=draw(spans(1, 30)), **{side: limit}, **common)
    if kind == "burn_rate":
        return Rule(name="r", kind=kind, measure="error", window=draw(spans(7, 30)), short_window=timedelta(hours=1),
                    objective=0.8, above=draw(st.sampled_from([1.0, 3.0])), **common)  # fmt: skip
    if kind == "budget":
        return Rule(name="r", kind=kind, period=draw(st.sampled_from(["day", "week", "month"])), above=0.03, **common)
    if kind == "absence":
        return Rule(name="r", kind=kind, window=draw(spans(2, 20)), below=draw(st.sampled_from([1, 2])), **common)
    measure, statistic = draw(st.sampled_from([("response_time", "mean"), ("cost", "sum"), ("turns", "count")]))
    common["by"] = draw(st.sampled_from([(), ("region",)]))
    return Rule(name="r", kind=kind, measure=measure, statistic=statistic, window=draw(spans(12, 48)), weeks=2,
                **{side: 0.5 if side == "above" else -0.5}, **common)  # fmt: skip
