"""The bill of lesson 3: its command makes it again, and reconcile finds the planted mistakes and no others."""

import csv
import json
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal

import pytest

from chatmon._tools.models import course_models
from chatmon._tools.paths import DATA, data_file
from chatmon.cost import PriceTable, reconcile, total
from chatmon.turns import read_parquet, to_frame

BILL = "october_bill.parquet"
TRUTH = json.loads(data_file("october_bill_truth.json").read_text(encoding="utf-8"))
OUTCOMES = {
    "right": "agrees",
    "cached tokens charged twice": "cached tokens charged twice",
    "reasoning added twice": "reasoning added twice",
    "price of another date": "price of another date (the price from 2026-10-29)",
    "tokens not reported": "no price to check with",
    "no public price": "no stated cost",
}


@pytest.fixture(scope="module")
def bill():
    return to_frame(read_parquet(data_file(BILL)))


@pytest.fixture(scope="module")
def contract():
    return PriceTable.from_toml(data_file("contract_prices.toml"))


def test_the_command_makes_the_committed_files_again(tmp_path):
    command = [sys.executable, str(DATA / "make_october_bill.py"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert read_parquet(tmp_path / BILL) == read_parquet(data_file(BILL))
    for name in ("october_bill_truth.json", "october_invoice.csv"):
        assert (tmp_path / name).read_bytes() == data_file(name).read_bytes()


def test_reconcile_finds_every_planted_mistake_and_no_other(bill):
    found = {row.outcome: row for row in reconcile(bill).summary().itertuples()}
    assert found.keys() == {OUTCOMES[mistake] for mistake in TRUTH["mistakes"]}
    for mistake, planted in TRUTH["mistakes"].items():
        row = found[OUTCOMES[mistake]]
        assert row.turns == planted["turns"], mistake
        assert row.stated == Decimal(planted["stated"] or 0), mistake
        if mistake not in ("tokens not reported", "no public price"):
            assert row.expected == Decimal(planted["actual"]), mistake


def test_the_errors_pull_both_ways(bill):
    differences = reconcile(bill).summary()["difference"].tolist()
    assert min(differences) < 0 < max(differences)


def test_the_stated_total_is_the_truths_and_counts_what_it_leaves_out(bill):
    stated = total(bill)
    assert stated.amount == Decimal(TRUTH["stated"])
    assert (stated.turns, stated.unpriced_turns) == (TRUTH["turns"], TRUTH["mistakes"]["no public price"]["turns"])


def test_with_the_contracts_prices_all_but_the_unreported_turns_come_to_the_actual_cost(bill, contract):
    checked = reconcile(bill, table=contract).to_frame()
    expected = checked["expected"].dropna()
    hidden = Decimal(TRUTH["mistakes"]["tokens not reported"]["actual"])
    assert sum(expected) + hidden == Decimal(TRUTH["actual"])
    assert len(checked) - len(expected) == TRUTH["mistakes"]["tokens not reported"]["turns"]


def test_the_invoice_charges_what_each_model_really_cost_to_the_cent():
    with data_file("october_invoice.csv").open(encoding="utf-8", newline="") as file:
        invoiced = {line["model"]: Decimal(line["invoiced"]) for line in csv.DictReader(file)}
    cent = Decimal("0.01")
    actual = TRUTH["actual_by_model"].items()
    assert invoiced == {model: Decimal(cost).quantize(cent, ROUND_HALF_UP) for model, cost in actual}
    assert sum(invoiced.values()) == Decimal(TRUTH["actual"]).quantize(cent, ROUND_HALF_UP)


def test_the_bills_models_are_those_of_the_one_list(bill, contract):
    models = course_models().bill
    assert set(bill["model"]) == {models.chat, models.reasoning, models.repriced, models.contract}
    assert set(contract.prices) == {models.contract}


def test_the_traffic_looks_like_the_trace_it_is_sized_after(bill):
    """Medians within a fifth, and the long tail within a quarter, of the Azure conversation trace."""
    answers = (bill["output_tokens"] - bill["reasoning_tokens"]).dropna().astype(float)
    asked = bill["input_tokens"].dropna().astype(float)
    assert asked.median() == pytest.approx(1020, rel=0.2)
    assert asked.quantile(0.95) == pytest.approx(4083, rel=0.25)
    assert answers.mean() == pytest.approx(211, rel=0.2)
    assert answers.quantile(0.95) == pytest.approx(451, rel=0.25)


def test_weekends_are_quieter(bill):
    by_day = bill.groupby(bill["timestamp"].dt.date).size()
    weekend = [day.weekday() >= 5 for day in by_day.index]
    assert len(by_day) == 31
    assert by_day[weekend].mean() < 0.6 * by_day[[not quiet for quiet in weekend]].mean()
