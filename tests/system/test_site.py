"""The site in a browser: it is whole, nothing leaves it, anyone can read it on any screen, and it answers questions."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import axe
import pytest
from browser import chromium
from website import paper

from chatmon._tools.paths import REPO

pytestmark = pytest.mark.system
WIDE, PHONE = 1300, 390
QUESTIONS = {
    "how do I read a Langfuse export?": "docs/my_export.html",
    "what does p95 with a question mark mean?": "docs/numbers.html",
    "how do I monitor my own bot?": "docs/my_bot.html",
    "can I delete everything about one user?": "docs/erase_a_user.html",
    "does it work on Windows?": "docs/setup.html",
    "do I need an API key?": "docs/questions.html",
    "how do I get alerts in Slack": "docs/alerts.html",
    "what is a burn rate?": "glossary.html",
    "my CSV has other columns": "docs/questions.html",
    "how long do the lessons take": "docs/learner.html",
    "chatmon report": "reference/command_line.html",
    "open_logs": "reference/api/importers.html",
}
"""What newcomers ask, in their words, and a page that answers it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages as `make site` writes them; a warning of Sphinx, such as of a link that leads nowhere, is a failure."""
    pages = tmp_path_factory.mktemp("site") / "pages"
    where = os.pathsep.join([str(REPO / "docs"), str(REPO)])
    command = [sys.executable, "-m", "website", "--to", str(pages)]
    subprocess.run(command, check=True, timeout=300, env={**os.environ, "PYTHONPATH": where})
    return pages


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


class Links(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, text):
        super().__init__()
        self.to, self.anchors, self.described = [], set(), True
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given["id"]} if given.get("id") else set()
        self.to += [given[name] for name in ("href", "src") if given.get(name)]
        self.described &= tag != "img" or bool(given.get("alt", "").strip())


def test_every_link_leads_somewhere_and_every_picture_has_words(site):
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    assert len(pages) > 40
    for path, links in pages.items():
        assert links.described, path
        for link in links.to:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors | {"top"}, f"{path}: {link}"


def opened(page, path, width, scheme):
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(path.as_uri(), width=width)
    page.wait_for("document.readyState === 'complete'")
    page.ask("document.querySelectorAll('details').forEach(details => details.open = true)")


def serious(page, **options):
    return [one for one in axe.violations(page, **options) if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_no_page_is_wider_than_its_window_and_axe_finds_nothing_serious(site, page, width):
    complaints = []
    for path in sorted(site.rglob("*.html")):
        opened(page, path, width, "light")
        if not page.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            complaints.append((path.name, "is wider than its window"))
        if width == PHONE:
            complaints += [(path.name, one) for one in serious(page, without=["color-contrast"])]
    assert complaints == []


KINDS = (
    "index",
    "docs/learner",
    "docs/alerts",
    "docs/numbers",
    "notebooks/01_key_terms",
    "reference/api/report",
    "search",
)
"""A page of each kind: what colours there are is seen in one of them."""


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_told_from_its_background(site, page, kind, width, scheme):
    opened(page, site / f"{kind}.html", width, scheme)
    assert serious(page) == []


def test_dark_is_dark_and_paper_is_white(site, page):
    background = "getComputedStyle(document.body).backgroundColor"
    opened(page, site / "index.html", WIDE, "dark")
    assert max(map(int, re.findall(r"\d+", page.ask(background)))) < 64
    page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.ask(background) == "rgb(255, 255, 255)"
    assert page.ask("getComputedStyle(document.querySelector('.sidebar-drawer')).display") == "none"
    page.call("Emulation.setEmulatedMedia", media="")


def test_the_course_is_printed_with_every_lesson(site, tmp_path):
    before = sorted(site.iterdir())
    paper.printed(site, tmp_path / "course.pdf")
    printed = (tmp_path / "course.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert 100 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 300
    assert sorted(site.iterdir()) == before


def test_nothing_leaves_the_pages_and_nothing_is_wrong_in_the_console(site, page):
    assert {urlsplit(url).scheme for url in page.requests} <= {"file", "data", "about"}
    outside = [url for url in page.requests if url.startswith("file:") and not url.startswith(site.as_uri())]
    assert (outside, page.errors) == ([], [])


def test_a_newcomer_s_question_is_answered_within_the_first_three_results(site, page):
    missed = {}
    for question, wanted in QUESTIONS.items():
        page.open(f"{(site / 'search.html').as_uri()}?q={quote(question)}")
        page.wait_for("document.querySelector('.search-summary')?.innerText")
        found = page.ask("Array.from(document.querySelectorAll('ul.search a')).map(e => e.getAttribute('href'))")
        first = [link.partition("#")[0] for link in found[:3]]
        if wanted not in first:
            missed[question] = first
    assert missed == {}
