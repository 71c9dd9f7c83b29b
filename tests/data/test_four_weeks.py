"""The four weeks are what their card says, their command makes them again, and three exports hold the same turns."""

import gzip
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from chatmon._tools.paths import DATA, data_file
from chatmon.importers import open_logs
from chatmon.lab.traffic import Truth
from chatmon.turns import as_frame

CARD = " ".join((DATA / "README.md").read_text(encoding="utf-8").partition("## Four weeks")[2].split())
TRUTH = Truth.from_json(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
EXPORTS = ("langsmith", "langfuse", "otlp")
# What the tools have no place for: LangSmith and Langfuse quote the error, and none of them knows a price list.
ELSEWHERE = ["turn_id", "provider", "error_message", "finish_reason", "price_source", "attributes", "question"]


@pytest.fixture(scope="module")
def frame():
    return as_frame(pq.read_table(data_file("four_weeks.parquet")))


def test_the_command_makes_the_committed_files_again(tmp_path):
    command = [sys.executable, str(DATA / "make_four_weeks.py"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    assert pq.read_table(tmp_path / "four_weeks.parquet").equals(pq.read_table(data_file("four_weeks.parquet")))
    assert (tmp_path / "four_weeks_truth.json").read_bytes() == data_file("four_weeks_truth.json").read_bytes()
    for tool in EXPORTS:
        made, kept = (
            gzip.decompress((folder / f"four_weeks_{tool}.jsonl.gz").read_bytes()).splitlines()
            for folder in (tmp_path, DATA)
        )
        assert len(made) == len(kept)
        differ = [number for number, (one, two) in enumerate(zip(made, kept, strict=True)) if one != two]
        assert differ == [], f"these lines of {tool}'s export differ"


@pytest.mark.parametrize("tool", EXPORTS)
def test_an_export_gives_the_turns_of_the_table(frame, tool):
    with open_logs(data_file(f"four_weeks_{tool}.jsonl.gz")) as logs:
        read, report = logs.frame(), logs.report

    def by_turn(table):
        return table.assign(key=table["turn_id"].str.replace("-", "")).set_index("key").sort_index()

    read, kept = by_turn(read), by_turn(frame)
    assert (report.read, report.duplicates, sum(report.rejected.values())) == (40_294, 0, 0)
    assert read.drop(columns=ELSEWHERE).equals(kept.drop(columns=ELSEWHERE))
    assert read["cost"].sum() == kept["cost"].sum()


def test_the_card_states_the_turns_conversations_and_users(frame):
    numbers = len(frame), frame["conversation_id"].nunique(), frame["user_id"].nunique()

    assert "{:,} turns of {:,} conversations by {:,} users".format(*numbers) in CARD
    assert TRUTH.turns == len(frame)
    assert CARD.count("40,294") == 1


def test_the_card_states_each_plant_with_its_window_and_saving():
    for plant in TRUTH.plants:
        window = f"{plant.start:%m-%d %H:%M} | {plant.end:%m-%d %H:%M}"
        kind = plant.problem.kind.replace("_", " ").replace("overpowered", "over-powered")
        row = re.search(rf"\| {kind} \| [^|]+ \| {re.escape(window)} \| ([^|]+) \|", CARD)
        assert row, f"{kind} {window}"
        saving = plant.saving
        exact = {f"${saving.usd:.2f}", f"{saving.seconds:,.0f}", str(saving.errors), str(saving.abandoned)}
        assert set(re.findall(r"\$?[\d,.]*\d", row[1])) <= exact


def test_nothing_is_planted_in_the_first_week():
    assert (min(plant.start for plant in TRUTH.plants) - TRUTH.start).days >= 7
    assert {plant.problem.severity for plant in TRUTH.plants} == {"middle"}


def test_about_as_many_turns_are_rated_and_as_much_is_spent_as_the_card_says(frame):
    assert frame["user_satisfaction"].notna().mean() == pytest.approx(0.15, abs=0.005)
    assert float(frame["cost"].sum()) / 28 == pytest.approx(2, abs=0.1)
