"""The course on paper: the lessons and the glossary as one page, which Chromium prints."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from chatmon._tools.errors import Error
from chatmon.lab.course._lessons import lessons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PAPER = "paper.html"
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>chatmon: the course</title>
<link rel="stylesheet" href="_static/styles/furo.css"><link rel="stylesheet" href="_static/pygments.css">
<link rel="stylesheet" href="_static/site.css"></head><body class="paper">
<h1>Monitor an LLM chatbot, and make it better for less</h1>
<p>The lessons of chatmon, with hints, solutions and answers.</p>
"""


class NoBrowserError(Error, RuntimeError):
    """There is no Chromium to print with; the message says where to get one."""


def printed(site: Path, pdf: Path) -> None:
    """Print the lessons and the glossary of a site.

    Args:
        site: The folder of its pages.
        pdf: The file to write.

    Raises:
        NoBrowserError: No Chromium is on the path.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise NoBrowserError(f"none of {', '.join(BROWSERS)} is on the path: on Debian, `apt install chromium`")
    page = site / PAPER
    page.write_text(
        one_page(site, [*(f"notebooks/{lesson.stem}" for lesson in lessons()), "glossary"]), encoding="utf-8"
    )
    with tempfile.TemporaryDirectory() as profile:
        how = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        command = [program, *how, f"--print-to-pdf={pdf.absolute()}", page.absolute().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603 - Chromium, on a page of ours
    page.unlink()


def one_page(site: Path, names: Sequence[str]) -> str:
    """Return pages of the site as one, whose links stay within it.

    Args:
        site: The folder of the pages.
        names: Which, without their ending, in the order of the paper.
    """
    from bs4 import BeautifulSoup

    articles = []
    for name in names:
        soup = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        article: Any = soup.find("article")
        _joined(article, name, set(names))
        articles.append((name, article.h1.get_text().rstrip("#¶"), str(article)))
    contents = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title, _ in articles)
    parts = "".join(f'<div class="part" id="{name}">{said}</div>' for name, _, said in articles)
    return f"{HEAD}<ol start='0'>{contents}</ol>{parts}</body></html>"


def _joined(article: Any, name: str, among: set[str]) -> None:
    """Make a page a part of one: ids that no other has, links to parts, pictures from where they lie, all unfolded."""
    for one in article.select(".headerlink, button"):
        one.decompose()
    for one in article.find_all(id=True):
        one["id"] = f"{name}:{one['id']}"
    for one in article.find_all("img", src=True):
        one["src"] = _from_top(name, one["src"])
    for one in article.find_all("a", href=True):
        one["href"] = _within(name, one["href"], among)
        if not one["href"]:
            one.unwrap()
    for one in article.find_all("details"):
        one["open"] = ""


def _from_top(name: str, path: str) -> str:
    """Return a path that a page names, as seen from the top of the site.

    Example:
        >>> _from_top("notebooks/01_key_terms", "../_images/a.png"), _from_top("glossary", "notebooks/b.html")
        ('_images/a.png', 'notebooks/b.html')
    """
    parts = [*name.split("/")[:-1]]
    for part in path.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _within(name: str, link: str, among: set[str]) -> str:
    """Return where a link leads on paper: to a part of it, to the web, or nowhere.

    Example:
        >>> _within("glossary", "notebooks/01_key_terms.html#box-turn", {"glossary", "notebooks/01_key_terms"})
        '#notebooks/01_key_terms:box-turn'
        >>> _within("notebooks/01_key_terms", "../docs/usage.html", {"notebooks/01_key_terms"})
        ''
    """
    if "://" in link:
        return link
    path, _, anchor = link.partition("#")
    to = _from_top(name, path).removesuffix(".html") if path else name
    if to not in among:
        return ""
    return f"#{to}:{anchor}" if anchor else f"#{to}"
