"""The pages in docs/: their links lead somewhere, and what is made is as it would be made anew."""

import re
import subprocess
import sys
import tomllib

import pytest

from chatmon import importers, turns
from chatmon._tools.paths import REPO

PAGES = sorted((REPO / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_page_of_formats_is_the_one_that_is_made_from_the_importers():
    made = subprocess.run([sys.executable, REPO / "docs" / "make_formats.py", "--check"], check=False)
    assert made.returncode == 0, "docs/formats.md is out of date: make docs"


def test_every_tool_has_its_columns_each_in_one_way():
    formats = tomllib.loads((REPO / "docs" / "formats.toml").read_text(encoding="utf-8"))
    assert sorted([*formats, "chatmon"]) == sorted({dialect.tool for dialect in importers.ALL})
    for said in formats.values():
        columns = [name for way in ("read", "converted", "assumed") for name in said.get(way, {})]
        assert len(columns) == len(set(columns))
        assert set(columns) <= set(turns.COLUMNS)


def test_the_worked_example_of_an_importer_reads_the_record_beside_it(tmp_path, monkeypatch):
    text = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (record,) = re.findall(r"`(\{.*?\})`", text)
    names: dict[str, object] = {}
    exec(code, names)
    monkeypatch.setattr(importers, "ALL", (*names["DIALECTS"], *importers.ALL))
    path = tmp_path / "acme.jsonl"
    path.write_text(
        f"{record}\n{record.replace('100', chr(34) + 'many' + chr(34)).replace('r1', 'r2')}\n", encoding="utf-8"
    )
    with importers.open_logs(path) as logs:
        (turn,) = logs.frame().to_dict("records")
        assert logs.report.rejected == {"tokens_in (#) is no whole number": 1}
    assert (turn["turn_id"], turn["input_tokens"], turn["output_tokens"], turn["response_time"]) == ("r1", 100, 20, 1.5)


def test_what_a_lesson_asks_for_beforehand_has_examples():
    page = (REPO / "docs" / "before_you_start.md").read_text(encoding="utf-8")
    assert all(name in page for name in ("groupby", "agg(", "await", "asyncio.gather"))
    assert page.count(">>> ") >= 15
