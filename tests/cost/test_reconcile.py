"""A bill with planted errors: each is found, and what cannot be told apart is said to be so."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.cost import PriceTable, Usage, price, reconcile

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
# gpt-4.1-mini: 0.40 in, 0.10 cached, 1.60 out, US dollars per million. This turn:
# 4,000 fresh x 0.40 = 0.0016; 6,003 cached x 0.10 = 0.0006003; 801 out (301 of them reasoning) x 1.60 = 0.0012816.
TOKENS = {"input_tokens": 10_003, "cached_tokens": 6_003, "output_tokens": 801, "reasoning_tokens": 301}
RIGHT = Decimal("0.0034819")


def outcome(frame_of, stated, **columns):
    turn = {"model": "gpt-4.1-mini", **TOKENS, "cost": stated, **columns}
    (line,) = reconcile(frame_of(turn)).lines
    return line


def test_a_right_bill_agrees(frame_of):
    line = outcome(frame_of, RIGHT)
    assert (line.expected, line.difference, line.outcome, line.causes) == (RIGHT, 0, "agrees", ())
    assert line.note.startswith("genai-prices")


@pytest.mark.parametrize(
    ("stated", "cause"),
    [
        # In full and as cached: 6,003 x 0.40 more.
        (RIGHT + Decimal("0.0024012"), "cached tokens charged twice"),
        # As cached, twice: 6,003 x 0.10 more.
        (RIGHT + Decimal("0.0006003"), "cached tokens charged twice"),
        # In full, twice: 6,003 x 0.40 twice, less 6,003 x 0.10.
        (RIGHT + Decimal("0.0042021"), "cached tokens charged twice"),
        # 6,003 x (0.40 - 0.10) more.
        (RIGHT + Decimal("0.0018009"), "cached tokens charged at the full rate"),
        (RIGHT - Decimal("0.0006003"), "cached tokens not charged"),
        # 301 x 1.60 more, or less.
        (RIGHT + Decimal("0.0004816"), "reasoning added twice"),
        (RIGHT - Decimal("0.0004816"), "reasoning not charged"),
        (RIGHT / 2, "half the price (batch or flex)"),
        (Decimal(0), "charged as 0"),
        # gpt-4 has no cache discount: 10,003 x 30 + 801 x 60.
        (Decimal("0.34815"), "price of another model (gpt-4)"),
        (Decimal("0.003482"), "rounded to 6 decimal places"),
        (Decimal("0.0034"), "rounded to 4 decimal places"),
        (RIGHT + Decimal("0.0018009") + Decimal("0.0004816"), None),
    ],
)
def test_a_planted_error_is_named(frame_of, stated, cause):
    expected = cause or "cached tokens charged at the full rate and reasoning added twice"
    assert outcome(frame_of, stated).causes == (expected,)


def test_the_price_of_another_date_is_found(frame_of):
    # o3 fell from 10 and 40 to 2 and 8 dollars on 10 June 2025: 1,000 in and 1,000 out cost 0.05, then 0.01.
    turn = {"model": "o3", "input_tokens": 1000, "cached_tokens": 0, "output_tokens": 1000, "reasoning_tokens": 0}
    late = {**turn, "timestamp": datetime(2025, 7, 1, tzinfo=UTC), "cost": Decimal("0.05")}
    early = {**turn, "timestamp": datetime(2025, 6, 1, tzinfo=UTC), "cost": Decimal("0.01")}
    first, second = reconcile(frame_of(late, early)).lines
    assert first.causes == ("price of another date (its undated price)",)
    # gpt-4.1 has cost what o3 costs now since before that: the bill cannot tell which was meant.
    assert second.causes == (
        "price of another date (the price from 2025-06-10)",
        "price of another model (gpt-4.1)",
    )
    assert second.outcome == " or ".join(second.causes)


def test_the_price_of_a_long_context_charged_to_a_short_one_is_found(frame_of):
    turn = {"model": "claude-sonnet-4-5", "input_tokens": 150_000, "cached_tokens": 0, "output_tokens": 0}
    (line,) = reconcile(frame_of({**turn, "cache_write_tokens": 0, "cost": Decimal("0.90")})).lines
    assert line.causes == ("price of another context length (above 200,000 input tokens)",)


def test_cache_writes_charged_as_plain_input_are_found(frame_of):
    # claude-sonnet-4-5: 3 dollars in, 3.75 written, 0.30 read. 1,000 written.
    turn = {"model": "claude-sonnet-4-5", "input_tokens": 1500, "cached_tokens": 0, "cache_write_tokens": 1000}
    right = Decimal("0.0015") + Decimal("0.00375")
    wrong = {
        Decimal("0.0045"): "cache writes charged as plain input",
        Decimal("0.0015"): "cache writes not charged",
        right + Decimal("0.003"): "cache writes charged twice",
    }
    found = reconcile(frame_of(*({**turn, "output_tokens": 0, "cost": stated} for stated in wrong))).lines
    assert [line.causes for line in found] == [(cause,) for cause in wrong.values()]


def test_two_mistakes_that_cost_the_same_are_both_named(frame_of):
    # 640 cached tokens at 0.30 more cost what 120 reasoning tokens cost at 1.60.
    tokens = {"input_tokens": 1000, "cached_tokens": 640, "output_tokens": 200, "reasoning_tokens": 120}
    right = price(Usage(1000, 640, 0, 200, 120), "gpt-4.1-mini", at=NOON).amount
    line = outcome(frame_of, right + Decimal("0.000192"), **tokens)
    assert line.causes == ("cached tokens charged at the full rate", "reasoning added twice")
    assert line.outcome == "cached tokens charged at the full rate or reasoning added twice"


def test_what_nothing_explains_is_unexplained(frame_of):
    line = outcome(frame_of, RIGHT + Decimal("0.001234567"))
    assert (line.outcome, line.causes, line.difference) == ("unexplained", (), Decimal("0.001234567"))


def test_a_mistake_that_changes_nothing_is_not_suspected(frame_of):
    tokens = {"input_tokens": 1000, "cached_tokens": 0, "output_tokens": 200, "reasoning_tokens": 0}
    line = outcome(frame_of, Decimal("0.00072001"), **tokens)
    assert line.outcome == "unexplained"


def test_a_float_s_noise_agrees_and_a_tolerance_forgives_more(frame_of):
    assert outcome(frame_of, Decimal("0.003481899999999999")).outcome == "agrees"
    frame = frame_of({"model": "gpt-4.1-mini", **TOKENS, "cost": Decimal("0.003482")})
    assert reconcile(frame, tolerance=Decimal("0.0000005")).lines[0].outcome == "agrees"
    with pytest.raises(ValueError, match=r"tolerance \(-1\) is negative"):
        reconcile(frame, tolerance=Decimal(-1))


def test_turns_that_cannot_be_checked_are_kept_apart(frame_of):
    bill = reconcile(
        frame_of(
            {"model": "gpt-4.1-mini", **TOKENS},
            {"model": "gpt-9", **TOKENS, "cost": Decimal("0.5")},
            {"model": "gpt-4.1-mini", "cost": Decimal("0.5")},
            {"model": "gpt-4.1-mini", **TOKENS, "cost": RIGHT},
        )
    )
    assert [line.outcome for line in bill.lines] == [
        "no stated cost",
        "no price to check with",
        "no price to check with",
        "agrees",
    ]
    assert (bill.stated, bill.expected, bill.difference) == (RIGHT, RIGHT, 0)
    assert "no price for model 'gpt-9'" in bill.lines[1].note
    assert bill.lines[2].note.endswith("input_tokens is unknown")
    assert [line.difference for line in bill.lines] == [None, None, None, 0]
    (unstated,) = (row for row in bill.summary().to_dict("records") if row["outcome"] == "no stated cost")
    assert (unstated["stated"], unstated["expected"], unstated["difference"]) == (0, RIGHT, 0)


def test_the_summary_adds_up_by_cause_with_the_largest_difference_first(frame_of):
    turn = {"model": "gpt-4.1-mini", **TOKENS}
    twice, full = Decimal("0.0024012"), Decimal("0.0018009")
    bill = reconcile(
        frame_of(
            {**turn, "cost": RIGHT},
            {**turn, "cost": RIGHT + twice},
            {**turn, "cost": RIGHT + full},
            {**turn, "cost": RIGHT + full},
            {**turn, "cost": RIGHT},
        )
    )
    assert bill.summary().to_dict("records") == [
        {
            "outcome": "cached tokens charged at the full rate",
            "turns": 2,
            "stated": 2 * (RIGHT + full),
            "expected": 2 * RIGHT,
            "difference": 2 * full,
        },
        {
            "outcome": "cached tokens charged twice",
            "turns": 1,
            "stated": RIGHT + twice,
            "expected": RIGHT,
            "difference": twice,
        },
        {"outcome": "agrees", "turns": 2, "stated": 2 * RIGHT, "expected": 2 * RIGHT, "difference": 0},
    ]
    assert bill.difference == twice + 2 * full
    assert bill.to_frame()["difference"].sum() == bill.difference
    assert "<tr><td>cached tokens charged twice</td><td>1</td>" in bill._repr_html_()


def test_a_bill_of_many_turns_is_shown_as_its_summary(frame_of):
    bill = reconcile(frame_of(*[{"model": "gpt-4.1-mini", **TOKENS, "cost": RIGHT}] * 500))
    assert repr(bill).splitlines()[1].split()[:2] == ["agrees", "500"]
    assert len(repr(bill).splitlines()) == 2


def test_an_empty_bill_has_an_empty_summary(frame_of):
    bill = reconcile(frame_of({}).iloc[:0])
    assert (bill.difference, len(bill.summary()), len(bill.to_frame())) == (0, 0, 0)


counts = st.integers(1, 50_000)


@examples(60)
@given(counts, counts, counts, counts, st.sampled_from(["twice", "full", "reasoning"]))
def test_whatever_the_tokens_a_planted_error_is_among_the_causes(fresh, cached, answer, reasoning, planted):
    from chatmon.turns import Turn, to_frame

    usage = Usage(fresh + cached, cached, 0, answer + reasoning, reasoning)
    right = price(usage, "gpt-4.1-mini", at=NOON).amount
    extra, cause = {
        "twice": (cached * Decimal("0.0000004"), "cached tokens charged twice"),
        "full": (cached * Decimal("0.0000003"), "cached tokens charged at the full rate"),
        "reasoning": (reasoning * Decimal("0.0000016"), "reasoning added twice"),
    }[planted]
    turn = Turn(
        turn_id="t",
        conversation_id="c",
        timestamp=NOON,
        response_time=1.0,
        model="gpt-4.1-mini",
        input_tokens=usage.input_tokens,
        cached_tokens=cached,
        output_tokens=usage.output_tokens,
        reasoning_tokens=reasoning,
        cost=right + extra,
    )
    (line,) = reconcile(to_frame([turn])).lines
    assert cause in line.causes
    assert line.difference == extra


def test_a_difference_of_just_the_tolerance_agrees_and_none_is_no_tolerance(frame_of):
    assert outcome(frame_of, RIGHT + Decimal("0.000000001")).outcome == "agrees"
    assert outcome(frame_of, RIGHT + Decimal("0.0000000011")).outcome != "agrees"
    frame = frame_of(*({"model": "gpt-4.1-mini", **TOKENS, "cost": cost} for cost in (RIGHT, RIGHT / 2)))
    lines = reconcile(frame, tolerance=Decimal(0)).lines
    assert [line.outcome for line in lines] == ["agrees", "half the price (batch or flex)"]


def test_the_price_of_a_short_context_charged_to_a_long_one_is_found(frame_of):
    turn = {"model": "claude-sonnet-4-5", "input_tokens": 300_000, "cached_tokens": 0, "output_tokens": 1000}
    bill = reconcile(frame_of({**turn, "cache_write_tokens": 0, "cost": Decimal("0.915")}), models=[])
    assert bill.lines[0].causes == ("price of another context length (the shortest)",)


def test_cached_tokens_and_cache_writes_charged_twice_together_are_found(frame_of):
    # claude-sonnet-4-5: 500 fresh at 3, 2,000 read at 0.30 and 1,000 written at 3.75; 3,000 more at 3 dollars.
    turn = {"model": "claude-sonnet-4-5", "input_tokens": 3500, "cached_tokens": 2000, "cache_write_tokens": 1000}
    stated = Decimal("0.0015") + Decimal("0.0006") + Decimal("0.00375") + Decimal("0.009")
    (line,) = reconcile(frame_of({**turn, "output_tokens": 0, "cost": stated}), models=[]).lines
    assert line.causes == ("cached tokens and cache writes charged twice",)


def test_only_the_models_named_are_suspected_and_not_one_without_a_price_on_that_day(frame_of, tmp_path):
    (tmp_path / "own.toml").write_text(
        'currency = "USD"\n[[price]]\nmodel = "later"\nfrom = 2030-01-01\ninput = 1\noutput = 1\n', encoding="utf-8"
    )
    table = PriceTable.from_toml(tmp_path / "own.toml")
    turn = {"model": "gpt-4.1-mini", **TOKENS, "cost": Decimal("0.34815")}  # gpt-4's
    for models, causes in ((["gpt-4", "later"], ("price of another model (gpt-4)",)), (["later"], ()), ([], ())):
        assert reconcile(frame_of(turn), models=models, table=table).lines[0].causes == causes


@pytest.mark.parametrize(
    ("stated", "cause"),
    [("0.12", 2), ("0.123", 3), ("0.12345678", 8), ("0.12345679", 8), ("0.123456789", None), ("0.1", None)],
)
def test_a_cost_is_cut_to_two_to_eight_places_or_not_at_all(frame_of, tmp_path, stated, cause):
    (tmp_path / "own.toml").write_text(
        'currency = "USD"\n[[price]]\nmodel = "m"\nfrom = 2026-01-01\ninput = "0.123456789123"\noutput = 0\n',
        encoding="utf-8",
    )
    turn = {"model": "m", "input_tokens": 1_000_000, "output_tokens": 0, "cost": Decimal(stated)}
    bill = reconcile(frame_of(turn), table=PriceTable.from_toml(tmp_path / "own.toml"), models=[], tolerance=Decimal(0))
    assert bill.lines[0].causes == ((f"rounded to {cause} decimal places",) if cause else ())


SONNET = {"model": "claude-sonnet-4-5", "provider": "anthropic", "cached_tokens": 0, "reasoning_tokens": 0}
SPECIAL = [
    # Claude Sonnet 4.5: 100,000 written for an hour cost 0.60, for five minutes 0.375; 3 searches cost 0.03.
    ({**SONNET, "input_tokens": 100_000, "cache_write_tokens": 100_000, "output_tokens": 0,
      "usage_details": {"cache_write_1h_tokens": 100_000}}, "0.375",
     "one-hour cache writes charged as five-minute ones"),
    ({**SONNET, "input_tokens": 100_000, "cache_write_tokens": 100_000, "output_tokens": 0,
      "usage_details": {"cache_write_1h_tokens": 0}}, "0.6", "five-minute cache writes charged as one-hour ones"),
    ({**SONNET, "input_tokens": 10_000, "cache_write_tokens": 0, "output_tokens": 500,
      "usage_details": {"web_searches": 3}}, "0.0375", "web searches not charged"),
    ({**SONNET, "input_tokens": 10_000, "cache_write_tokens": 0, "output_tokens": 500}, "0.0675",
     "3 web searches charged that the usage does not count"),
    # gpt-audio: 9,000 of sound at 32 and 1,000 of text at 2.50 are 0.2905; all as text 0.025.
    ({"model": "gpt-audio", "input_tokens": 10_000, "cached_tokens": 0, "output_tokens": 0,
      "usage_details": {"input_audio_tokens": 9_000}}, "0.025", "audio input charged as text"),
    # gpt-5 on 20 October 2026: a million at the standard tier 1.25, flex 0.625, priority 2.50.
    ({"model": "gpt-5", "input_tokens": 10**6, "cached_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0,
      "timestamp": NOON.replace(day=20), "usage_details": {"service_tier": "flex"}}, "1.25",
     "charged at the standard service tier"),
    ({"model": "gpt-5", "input_tokens": 10**6, "cached_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0,
      "timestamp": NOON.replace(day=20)}, "2.5", "charged at the priority service tier"),
    # gpt-4.1-mini: what the total has beside input and output has no price.
    ({"model": "gpt-4.1-mini", **TOKENS, "usage_details": {"hidden_tokens": 700}}, "0.0046123",
     "billed besides: 700 tokens of the total are neither input nor output"),
]  # fmt: skip


@pytest.mark.parametrize(("turn", "stated", "cause"), SPECIAL, ids=[cause for *_, cause in SPECIAL])
def test_what_is_billed_besides_text_is_named(frame_of, turn, stated, cause):
    (line,) = reconcile(frame_of({**turn, "cost": Decimal(stated)})).lines
    assert cause in line.causes


def test_causes_are_ranked_by_how_many_of_a_day_s_turns_they_explain(frame_of):
    # 3,000 cached of 6,000, so that in full and as cached (twice) differ; one turn of another day has no cause.
    turn = {"model": "gpt-4.1-mini", **TOKENS}
    full = RIGHT + Decimal("0.0018009")  # 6,003 x (0.40 - 0.10)
    twice = RIGHT + Decimal("0.0024012")
    later = {"timestamp": NOON.replace(day=6)}
    costs = [full, full, twice, RIGHT]
    frame = frame_of(
        *({**turn, "cost": cost} for cost in costs), {**turn, **later, "cost": RIGHT + Decimal("0.0123457")}
    )
    found = reconcile(frame).causes().to_dict("records")
    assert [(row["day"].day, row["cause"], row["turns"]) for row in found] == [
        (5, "cached tokens charged at the full rate", 2),
        (5, "cached tokens charged twice", 1),
        (6, "unexplained", 1),
    ]
    assert found[0]["amount"] == 2 * (full - RIGHT)
    assert found[0]["share"] == pytest.approx(2 / 3)
