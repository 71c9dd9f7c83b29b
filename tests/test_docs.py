"""The pages in docs/ are run: their examples give what they say, and their links lead somewhere."""

import doctest
import re

import pytest

from chatmon._tools.paths import REPO

PAGES = sorted((REPO / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_give_what_it_says(page):
    failed, _ = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_what_a_lesson_asks_for_beforehand_has_examples():
    page = (REPO / "docs" / "before_you_start.md").read_text(encoding="utf-8")
    assert all(name in page for name in ("groupby", "agg(", "await", "asyncio.gather"))
    assert page.count(">>> ") >= 15
