"""The report of the four weeks in a real browser: nothing leaves the page, anyone can read it, on any screen."""

import base64
import re
import subprocess
import sys

import axe
import pytest
from browser import chromium

from chatmon._tools.paths import data_file

pytestmark = pytest.mark.system
WIDE, PHONE = 1300, 375


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The page as the command writes it."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    command = [sys.executable, "-m", "chatmon", "report", data_file("four_weeks.parquet"), "-o", page]
    subprocess.run(command, check=True, timeout=300)
    return page


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def opened(page, report, width, scheme):
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(report.as_uri(), width=width)
    page.wait_for("document.readyState === 'complete' && document.querySelector('footer') !== null")
    return page


VIEWS = pytest.mark.parametrize(
    ("width", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]
)


@VIEWS
def test_axe_finds_nothing_wrong(page, report, width, scheme):
    opened(page, report, width, scheme)
    page.ask("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert axe.violations(page) == []


@VIEWS
def test_the_page_is_never_wider_than_its_window(page, report, width, scheme):
    opened(page, report, width, scheme)
    page.ask("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_nothing_leaves_the_page_and_nothing_is_wrong_in_the_console(page, report):
    opened(page, report, WIDE, "light")
    asked_for = {url for url in page.requests if not url.startswith("data:") and url != "about:blank"}
    assert asked_for == {report.as_uri()}
    assert page.errors == []


def test_every_figure_has_words_and_a_size(page, report):
    opened(page, report, PHONE, "light")
    figures = page.ask(
        "Array.from(document.querySelectorAll('figure svg')).map("
        "e => [e.getAttribute('aria-label'), e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
    )
    assert len(figures) == 8
    for words, width, height in figures:
        assert re.search(r"\d", words)
        assert 300 <= width <= PHONE
        assert height > 150


def test_dark_is_dark_and_paper_is_white(page, report):
    background = "getComputedStyle(document.body).backgroundColor"
    assert opened(page, report, WIDE, "light").ask(background) == "rgb(255, 255, 255)"
    red, green, blue = map(int, re.findall(r"\d+", opened(page, report, WIDE, "dark").ask(background)))
    assert max(red, green, blue) < 64
    page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.ask(background) == "rgb(255, 255, 255)"
    page.call("Emulation.setEmulatedMedia", media="")


def test_the_keyboard_reaches_what_to_know_first_and_every_table_that_scrolls(page, report):
    opened(page, report, PHONE, "light")
    page.press("Tab", 9)
    assert page.ask("document.activeElement.className") == "skip"
    assert page.ask("document.activeElement.getBoundingClientRect().left >= 0"), "it is seen once it has the focus"
    page.ask("document.querySelectorAll('details').forEach(details => details.open = true)")
    unreachable = page.ask(
        "Array.from(document.querySelectorAll('*')).filter("
        "e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'auto' && e.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_it_prints_on_a_few_pages_with_what_is_folded(page, report):
    opened(page, report, WIDE, "light")
    printed = base64.b64decode(page.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 14
