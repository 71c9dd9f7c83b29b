"""Prices against genai-prices itself, published price lists, and bills worked by hand."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from fractions import Fraction

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, Tier, TieredPrices
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from waits import PATIENCE

from chatmon._tools.models import course_models
from chatmon.cost import Price, PriceTable, Usage, price
from chatmon.cost.prices import _tiers, price_by, prices_of
from chatmon.cost.rates import DatedRates, PriceList, Rates, Split, split
from chatmon.turns import COST_PLACES

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
MILLION = 1_000_000

counts = st.one_of(st.integers(0, 2000), st.integers(0, 400_000))
usages = st.tuples(counts, counts, counts, counts, counts).map(
    lambda n: Usage(n[0] + n[1] + n[2], n[1], n[2], n[3] + n[4], n[4])
)
START = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
MODELS = [
    (provider.id, model.id)
    for provider in get_snapshot().providers
    for model in provider.models
    if model.is_match(model.id)  # a few ids, such as that of fine-tuned models, lack the part that is one's own
]


def oracle(usage, provider, model, at):
    """Ask genai-prices, with the tokens under its own names."""
    theirs = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
    )
    return genai_prices.calc_price(theirs, model, provider_id=provider, genai_request_timestamp=at).total_price


@pytest.mark.parametrize(
    ("model", "dollars_in", "dollars_out"),
    # OpenAI's and Anthropic's price pages, US dollars per million tokens.
    [
        ("gpt-4", 30, 60),
        ("gpt-4o", "2.50", 10),
        ("gpt-4o-2024-05-13", 5, 15),
        ("gpt-4o-mini", "0.15", "0.60"),
        ("gpt-4.1-mini", "0.40", "1.60"),
        ("claude-sonnet-4-5", 3, 15),
    ],
)
def test_a_price_is_the_published_one(model, dollars_in, dollars_out):
    per_thousand = price(Usage(1000, 0, 0, 1000, 0), model, at=NOON).amount
    assert per_thousand * 1000 == Decimal(dollars_in) + Decimal(dollars_out)


def test_a_bill_worked_by_hand():
    # gpt-4o: (10,000 - 4,000) x 2.50 + 4,000 cached x 1.25 (half price) + 500 x 10, per million.
    # = 0.015 + 0.005 + 0.005 dollars.
    found = price(Usage(10_000, 4_000, 0, 500, 300), "gpt-4o", at=NOON)
    assert found == Price(
        Decimal("0.025"), f"genai-prices {genai_prices.__version__}, openai/gpt-4o, prices of 2026-10-05", None
    )


def test_a_price_cut_holds_from_its_day_in_utc():
    usage = Usage(1000, 0, 0, 1000, 0)
    # o3 fell from 10 and 40 dollars a million to 2 and 8 on 10 June 2025.
    before = price(usage, "o3", at=datetime(2025, 6, 9, 23, 59, tzinfo=UTC))
    after = price(usage, "o3", at=datetime(2025, 6, 10, tzinfo=UTC))
    assert (before.amount, after.amount) == (Decimal("0.050"), Decimal("0.010"))
    assert before.source.endswith("openai/o3, prices of 2025-06-09")
    assert after.source.endswith("openai/o3, prices of 2025-06-10 (from 2025-06-10)")
    east = timezone(timedelta(hours=9))
    assert price(usage, "o3", at=datetime(2025, 6, 10, 8, tzinfo=east)) == before


def test_a_tier_holds_for_all_tokens_of_a_call_above_its_start():
    # claude-sonnet-4-5: 3 and 15 dollars up to 200,000 input tokens, 6 and 22.50 for all tokens above.
    at_start = price(Usage(200_000, 0, 0, 1000, 0), "claude-sonnet-4-5", at=NOON)
    above = price(Usage(200_001, 0, 0, 1000, 0), "claude-sonnet-4-5", at=NOON)
    assert at_start.amount == Decimal("0.615")
    assert above.amount == Decimal("1.200006") + Decimal("0.0225")
    assert above.source.endswith("above 200,000 input tokens")
    # Two calls of 150,000 cost less than one of 300,000: the sum of their tokens is in a tier that neither reached.
    half = price(Usage(150_000, 0, 0, 0, 0), "claude-sonnet-4-5", at=NOON).amount
    assert price(Usage(300_000, 0, 0, 0, 0), "claude-sonnet-4-5", at=NOON).amount == 2 * (2 * half)


def test_unreported_cached_tokens_are_charged_in_full_and_the_source_says_so():
    silent = price(Usage(1000, None, None, 0, None), "gpt-4.1-mini", at=NOON)
    assert silent.amount == price(Usage(1000, 0, 0, 0, 0), "gpt-4.1-mini", at=NOON).amount
    assert silent.source.endswith(", cached_tokens unknown: charged with the rest")


@pytest.mark.parametrize(
    ("usage", "model", "provider", "reason"),
    [
        (Usage(1, 0, 0, 1, 0), "gpt-9", None, "no price for model 'gpt-9' in genai-prices"),
        (Usage(1, 0, 0, 1, 0), "gpt-4", "acme", "no price for model 'gpt-4' of provider 'acme'"),
        (Usage(1, 0, 0, 1, 0), None, "openai", "no price: the model is unknown"),
        (Usage(1, 0, 0, 1, 0), "", None, "no price: the model is unknown"),
        (Usage(None, None, None, 1, 0), "gpt-4", None, "input_tokens is unknown"),
        (Usage(1, 0, 0, None, None), "gpt-4", None, "output_tokens is unknown"),
        (Usage(1, 0, 0, 7, 0), "text-embedding-3-small", "openai", r"no price for its output_tokens \(7\)"),
        (Usage(1, 0, 0, 1, 0), course_models().local.alias, "openai", "runs on your own machine"),
        (Usage(1, 0, 0, 1, 0), course_models().ollama, "ollama", "runs on your own machine"),
    ],
)
def test_what_cannot_be_priced_is_none_with_the_reason_and_never_0(usage, model, provider, reason):
    found = price(usage, model, provider=provider, at=NOON)
    assert (found.amount, found.source) == (None, None)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.reason)


def test_an_embedding_needs_no_output_tokens():
    assert price(
        Usage(MILLION, 0, 0, None, None), "text-embedding-3-small", provider="openai", at=NOON
    ).amount == Decimal("0.02")


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match=r"at \(2026-10-05 12:00:00\) has no time zone"):
        price(Usage(1, 0, 0, 1, 0), "gpt-4", at=NOON.replace(tzinfo=None))


def test_an_amount_is_exact_whatever_precision_the_caller_has():
    usage = Usage(123_456_789_012, 12_345_678_901, 0, 98_765_432_109, 0)
    with localcontext(prec=5):
        found = price(usage, "gpt-4.1-mini", at=NOON).amount
    fresh = usage.input_tokens - usage.cached_tokens
    exact = Fraction(fresh * 4 + usage.cached_tokens + usage.output_tokens * 16, 10 * MILLION)
    assert Fraction(found) == exact


def test_every_model_has_genai_prices_amount_in_places_that_a_turn_keeps():
    usage = Usage(777_777, 1, 333_333, 7, 3)
    for provider, model in MODELS:
        amount, _, reason = price(usage, model, provider=provider, at=NOON)
        if amount is None:
            rates = get_snapshot().find_provider_model(model, None, provider, None)[1].get_prices(NOON)
            unpriced = "input_tokens" if rates.input_mtok is None else "output_tokens"
            assert f"no price for its {unpriced}" in reason
            assert rates.input_mtok is None or rates.output_mtok is None, (provider, model)
        else:
            assert amount == round(oracle(usage, provider, model, NOON), COST_PLACES), (provider, model)
            assert -amount.as_tuple().exponent <= COST_PLACES


TABLE = """
currency = "USD"

[[price]]
model = "gpt-4o"
from = 2024-05-13
input = 5
output = "15"

[[price]]
model = "gpt-4o"
from = 2024-10-01
input = 2.50
cached_input = 1.25
output = 10

[[price]]
model = "house-model"
from = 2026-01-01
input = "0.10"
cache_write = "0.125"
output = "0.30"
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "contract.toml"
    path.write_text(TABLE, encoding="utf-8")
    return PriceTable.from_toml(path)


def test_a_table_has_the_latest_price_at_or_before_the_call(table):
    usage = Usage(1000, 400, 0, 1000, 0)
    before = price(usage, "gpt-4o", at=datetime(2024, 9, 30, 23, 59, tzinfo=UTC), table=table)
    after = price(usage, "gpt-4o", at=datetime(2024, 10, 1, tzinfo=UTC), table=table)
    assert before == Price(Decimal("0.020"), "contract.toml, gpt-4o, prices of 2024-09-30 (from 2024-05-13)", None)
    assert after.amount == Decimal("0.0015") + Decimal("0.0005") + Decimal("0.010")
    assert after.source == "contract.toml, gpt-4o, prices of 2024-10-01 (from 2024-10-01)"


def test_a_table_s_cache_rates_are_the_input_rate_unless_it_says_otherwise(table):
    found = price(Usage(MILLION, 400_000, 600_000, 0, 0), "house-model", at=NOON, table=table)
    assert found.amount == Decimal("0.040") + Decimal("0.075")


def test_before_a_table_s_first_price_there_is_none(table):
    found = price(Usage(1, 0, 0, 1, 0), "gpt-4o", at=datetime(2024, 5, 12, tzinfo=UTC), table=table)
    assert found == Price(None, None, "no price for contract.toml, gpt-4o on 2024-05-12: its first is from 2024-05-13")


def test_a_model_that_a_table_lacks_has_its_public_price(table):
    found = price(Usage(1000, 0, 0, 0, 0), "gpt-4", at=NOON, table=table)
    assert found.amount == Decimal("0.03")
    assert found.source.startswith("genai-prices")


def test_a_table_may_price_one_s_own_machine(tmp_path):
    path = tmp_path / "power.toml"
    alias = course_models().local.alias
    path.write_text(
        f'currency = "USD"\n[[price]]\nmodel = "{alias}"\nfrom = 2026-01-01\ninput = "0.01"\noutput = "0.02"\n',
        encoding="utf-8",
    )
    own = PriceTable.from_toml(path)
    assert price(Usage(MILLION, 0, 0, MILLION, 0), alias, at=NOON, table=own).amount == Decimal("0.03")


def entry(**changes):
    keys = {"model": '"m"', "from": "2026-01-01", "input": '"1"', "output": '"2"', **changes}
    return 'currency = "USD"\n[[price]]\n' + "\n".join(f"{key} = {value}" for key, value in keys.items() if value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("currency = ", r"bad\.toml is no TOML"),
        (entry().replace("USD", "EUR"), r"bad\.toml: currency is 'EUR': it must say currency = \"USD\""),
        (entry().replace('currency = "USD"', ""), r"bad\.toml: currency is None"),
        ('currency = "USD"', r"bad\.toml has no \[\[price\]\] entry"),
        ('currency = "USD"\nprice = []', r"bad\.toml has no \[\[price\]\] entry"),
        ('currency = "USD"\nprice = "x"', r"bad\.toml has no \[\[price\]\] entry"),
        (
            'currency = "USD"\nd = 1\nb = 1\na = 1\nc = 1\n' + entry()[17:],
            r"bad\.toml: a, b, c, d is no key of the file",
        ),
        (entry(d="1", b="1", a="1", c="1"), r"price 1: a, b, c, d is no key"),
        ('currency = "USD"\nprice = ["x"]', r"bad\.toml, price 1 is no table"),
        ('currency = "USD"\nvat = 1\n' + entry()[17:], r"bad\.toml: vat is no key of the file"),
        (entry(cached='"1"'), r"price 1: cached is no key: allowed are model, from, input, cached_input, cache_write"),
        (entry(output=None), r"price 1: output is missing: needed are model, from, input, output"),
        (entry(model='""'), r"price 1: model \(''\) is not a name"),
        (entry(model="3"), r"price 1: model \(3\) is not a name"),
        (entry(**{"from": '"May"'}), r"price 1: from \(May\) is not a date, such as from = 2026-01-01"),
        (entry(**{"from": "2026-01-01T00:00:00"}), r"price 1: from \(2026-01-01 00:00:00\) is not a date"),
        (entry(input='"cheap"'), r"price 1: input \('cheap'\) is not US dollars per million tokens"),
        (entry(input="-1"), r"price 1: input \(-1\) is not US dollars"),
        (entry(input="nan"), r"price 1: input \(Decimal\('NaN'\)\) is not US dollars"),
        (entry(input="true"), r"price 1: input \(True\) is not US dollars"),
        (entry(input='"0.0000000000001"'), r"price 1: input \(0.0000000000001\) has 13 decimal places, 12 are kept"),
        (entry() + entry()[16:], r"price 2: m has two prices from 2026-01-01"),
    ],
)
def test_a_fault_in_a_table_is_named_with_file_entry_and_key(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        PriceTable.from_toml(path)


def test_a_table_s_numbers_keep_the_file_s_own_digits(tmp_path):
    path = tmp_path / "t.toml"
    path.write_text(entry(input="0.1", output="0.2"), encoding="utf-8")
    usage = Usage(MILLION, 0, 0, MILLION, 0)
    assert price(usage, "m", at=NOON, table=PriceTable.from_toml(path)).amount == Decimal("0.3")


@pytest.mark.parametrize(("rate", "per_million"), [("0", "0"), ("0.000000000001", "0.000000000001")])
def test_a_table_s_price_may_be_nothing_or_have_twelve_places(tmp_path, rate, per_million):
    path = tmp_path / "t.toml"
    path.write_text(entry(input=f'"{rate}"'), encoding="utf-8")
    usage = Usage(MILLION, 0, 0, 0, 0)
    assert price(usage, "m", at=NOON, table=PriceTable.from_toml(path)).amount == Decimal(per_million)


def test_a_table_s_dates_are_in_order_whatever_the_file_s_order(tmp_path):
    path = tmp_path / "t.toml"
    newer, older = entry(input="2"), entry(input="1", **{"from": "2025-01-01"})[16:]
    path.write_text(newer + older, encoding="utf-8")
    listed = PriceTable.from_toml(path).prices["m"]
    assert [period.since for period in listed.periods] == [date(2025, 1, 1), date(2026, 1, 1)]
    assert price(Usage(MILLION, 0, 0, 0, 0), "m", at=NOON, table=PriceTable.from_toml(path)).amount == 2


RATES = Rates(Decimal(1), Decimal(1), Decimal(1), Decimal(2), Decimal(2))


def test_the_parts_of_a_usage_of_which_nothing_is_known_are_empty():
    assert set(split(Usage())) == {0}
    assert split(Usage(100, 60, 10, 20, 5)) == Split(30, 60, 10, 15, 5)


def test_a_part_without_a_rate_of_its_own_is_no_assumption():
    assert RATES.assumed(Usage(1000, None, None, 0, None)) == []
    assert replace(RATES, cached=Decimal(0)).assumed(Usage(1000, None, None, 0, None)) == ["cached_tokens"]
    assert replace(RATES, cached=Decimal(0)).assumed(Usage(1000, 0, None, 0, None)) == []


def test_a_tier_begins_above_its_start():
    dated = DatedRates(None, lambda moment: True, ((-1, RATES), (0, replace(RATES, input=Decimal(3)))))
    assert [dated.tier(count)[0] for count in (None, 0, 1)] == [-1, -1, 0]
    prices = PriceList("mine", (DatedRates(None, lambda moment: True, ((-1, RATES), (1, RATES))),))
    sources = [price_by(prices, Usage(count, 0, 0, 0, 0), NOON).source for count in (1, 2)]
    assert [source.partition(", above ")[2] for source in sources] == ["", "1 input tokens"]


def test_the_tiers_of_input_and_output_are_the_model_s_together():
    given = ModelPrice(
        input_mtok=TieredPrices(
            base=Decimal(1), tiers=[Tier(start=1, price=Decimal(2)), Tier(start=9, price=Decimal(4))]
        ),
        output_mtok=TieredPrices(base=Decimal(5), tiers=[Tier(start=8, price=Decimal(6))]),
        requests_kcount=Decimal(5),
    )
    found = [(start, rates.input, rates.cached, rates.output) for start, rates in _tiers(given)]
    assert found[0][0] < 0
    assert [(max(start, -1), *rest) for start, *rest in found] == [
        (-1, 1, 1, 5),
        (1, 2, 2, 5),
        (8, 2, 2, 6),
        (9, 4, 4, 6),
    ]
    assert {rates.request for _, rates in _tiers(given)} == {Decimal("0.005")}


def test_the_price_before_the_first_date_is_the_first_one():
    periods = prices_of("o3").periods
    assert [(period.since, period.tiers[0][1].input) for period in periods] == [
        (None, 10), (None, 10), (date(2025, 6, 10), 2)
    ]  # fmt: skip


def test_an_amount_has_no_more_places_than_its_rates_give_it():
    assert str(price(Usage(1000, 0, 0, 1000, 0), "gpt-4", at=NOON).amount.normalize()) == "0.09"
    assert -price(Usage(1000, 0, 0, 1000, 0), "gpt-4", at=NOON).amount.as_tuple().exponent < COST_PLACES


def test_importing_the_costs_loads_nothing_heavy():
    heavy = ("genai_prices", "pandas", "scipy", "pydantic", "pyarrow")
    code = f"import sys, chatmon.cost; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout.strip() == "[]"


@examples(400)
@given(usages, st.sampled_from(MODELS), moments)
def test_a_price_is_what_genai_prices_says_at_the_time_of_the_call(usage, named, at):
    provider, model = named
    found = price(usage, model, provider=provider, at=at)
    if found.amount is None:
        assert "no price for its" in found.reason  # such as audio models, which have no price per text token
    else:
        assert found.amount == round(oracle(usage, provider, model, at), COST_PLACES)


@examples(100)
@given(usages, st.sampled_from([*course_models().what_if, course_models().hosted, course_models().legacy, "o3"]))
def test_without_a_provider_the_model_s_own_is_found(usage, model):
    assert price(usage, model, at=NOON).amount == oracle(usage, None, model, NOON)
