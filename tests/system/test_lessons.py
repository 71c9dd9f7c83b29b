"""Every lesson and every solution in JupyterLab, in a real browser, as a reader has them.

A lesson is opened in the reader's copy and run from top to bottom; a solutions notebook is shown as it is committed.
In windows of 1300 and of 900 pixels, light and dark: no amount of money is set as mathematics, nothing is cut off,
every figure has a description, nothing fails, and axe-core finds nothing serious.

Each markdown cell, and each output of HTML, gets a formula of one letter at its end, and the lesson one more cell that
shows one. Once it is set, so is everything before it: what else is set there was not meant.
"""

import json
import re
import time
import urllib.request
from pathlib import Path

import axe
import nbformat
import pytest
from browser import chromium
from jupyterlab import course_copy, make_lab

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._exercises import CheckMessage
from chatmon.lab.course._lessons import lessons

pytestmark = pytest.mark.system
FORMULA = "$q$"
LAST = f'from IPython.display import HTML\n\nHTML("<p>{FORMULA}</p>")'
STEMS = [lesson.stem for lesson in lessons()]
WIDTHS = (1300, 900)
THEMES = ("Light", "Dark")
STATUS = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status"
SET = """[...document.querySelectorAll('{}')].map(cell => ({{
    formulas: cell.querySelectorAll('mjx-container').length, text: cell.textContent
}}))"""
MARKDOWN = SET.format(".jp-MarkdownCell .jp-RenderedMarkdown")
OUTPUTS = SET.format(".jp-OutputArea-output.jp-RenderedHTMLCommon")
PICTURES = """[...document.querySelectorAll('.jp-OutputArea-output img')].map(picture => ({
    alt: picture.alt, drawn: picture.complete && picture.naturalWidth > 100
}))"""
WIDE = """[...document.querySelectorAll('.jp-Notebook .cm-scroller, .jp-RenderedMarkdown, .jp-RenderedMarkdown *, '
    + '.jp-OutputArea-output, .jp-OutputArea-output pre')]
    .filter(part => part.clientWidth && part.scrollWidth > part.clientWidth + 1 && !part.closest('mjx-container'))
    .map(part => `${part.scrollWidth} of ${part.clientWidth} pixels: ${part.textContent.slice(0, 80)}`)"""
NOT_RUN = r"[...document.querySelectorAll('.jp-InputPrompt')].some(prompt => /\[[ *]\]/.test(prompt.textContent))"
FAILED = "[...document.querySelectorAll('[data-mime-type*=\"jupyter.stderr\"]')].map(part => part.textContent)"
OURS = (".jp-RenderedMarkdown", ".jp-OutputArea-output")
BAD = {"serious", "critical"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab, set to draw every cell and not only those in sight, and a browser for all the tests here."""
    course, home = (tmp_path_factory.mktemp(name) for name in ("course", "home"))
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    course_copy(course)
    with make_lab(course, home, "LAB=--LabApp.expose_app_in_browser=True") as running, chromium(home) as page:
        server, _, token = running.address()
        yield course, server, token, page


def with_formulas(notebook):
    """Return a notebook with a formula at the end of each markdown cell and of each output of HTML."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source += f"\n\n{FORMULA}"
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] += f"<p>{FORMULA}</p>"
    return notebook


def opened(lab, notebook, name):
    """Open a notebook in JupyterLab and wait until its markdown and its outputs of HTML are drawn."""
    course, server, token, page = lab
    page.errors.clear()
    nbformat.write(with_formulas(notebook), course / name)
    page.open(f"{server}/lab/workspaces/{re.sub('[^a-z0-9]', '', name)}/tree/{name}?token={token}")
    written = [
        sum(cell.cell_type == "markdown" for cell in notebook.cells),
        sum("text/html" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])),
    ]
    for cells, number in zip((MARKDOWN, OUTPUTS), written, strict=True):
        page.wait_for(
            f"(cells => cells.length === {number} && cells.every(cell => cell.formulas))({cells})", seconds=180
        )
    return page


def end_sessions(lab):
    """End the kernels that JupyterLab has started for the notebooks it has shown: twenty would need much memory."""
    _, server, token, _ = lab
    access = {"Authorization": f"token {token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{server}/api/sessions", headers=access)) as answer:
        sessions = json.load(answer)
    for session in sessions:
        address = f"{server}/api/sessions/{session['id']}"
        urllib.request.urlopen(urllib.request.Request(address, headers=access, method="DELETE")).close()


def run_all(page):
    """Run every cell; where the kernel was not there yet, JupyterLab drops what it is told, so it is told again."""
    for _ in range(6):
        page.wait_for(f"{STATUS} === 'idle'", seconds=180)
        page.ask("void jupyterapp.commands.execute('notebook:run-all-cells')")
        quiet = 0
        while quiet < 5:  # between two cells it is idle, too, but not for so long
            time.sleep(1)
            quiet = quiet + 1 if page.ask(f"{STATUS} === 'idle'") else 0
        if not page.ask(NOT_RUN):
            return
    raise AssertionError(f"the lesson does not run to its end: {page.ask(FAILED)}")


def set_as_mathematics(cells):
    return [cell["text"] for cell in cells if cell["formulas"] != 1]


def look(page):
    """Check what there is to see of a notebook, at every width and in every theme."""
    page.ask("jupyterapp.shell.collapseLeft()")
    for theme in THEMES:
        page.ask(f"void jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
        page.wait_for(f"document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
        found = axe.violations(page, OURS)
        assert [one for one in found if one["impact"] in BAD] == [], theme
    for width in WIDTHS:
        page.resize(width)
        page.wait_for(f"innerWidth === {width}")
        assert page.ask(WIDE) == [], f"cut off at {width} pixels"
    assert [picture for picture in page.ask(PICTURES) if len(picture["alt"].split()) < 4 or not picture["drawn"]] == []
    assert page.errors == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_runs_in_the_readers_copy_and_shows_what_it_means(lab, stem):
    course, _, _, _ = lab
    name = f"work/{stem}.ipynb"
    copy = nbformat.read(course / name, as_version=4)
    copy.cells.append(nbformat.v4.new_code_cell(LAST))
    amounts = re.findall(r"<span>\\(\$[^<]*)</span>", "\n".join(cell.source for cell in copy.cells))
    page = opened(lab, copy, name)
    run_all(page)
    page.wait_for(f"({OUTPUTS}).at(-1)?.formulas === 1")
    cells, outputs = page.ask(MARKDOWN), page.ask(OUTPUTS)
    assert set_as_mathematics(cells) == []
    assert [output["text"] for output in outputs[:-1] if output["formulas"]] == []
    text = "\n".join(cell["text"] for cell in cells)
    assert "\\$" not in text
    assert [amount for amount in amounts if amount not in text] == []
    failed = page.ask(FAILED)
    expected = sum("raises-exception" in cell.metadata.get("tags", []) for cell in copy.cells)
    assert len(failed) == expected, failed
    look(page)
    end_sessions(lab)


@pytest.mark.parametrize("stem", STEMS)
def test_a_solutions_notebook_shows_what_it_means(lab, stem):
    name = f"notebooks/solutions/{stem}.ipynb"
    page = opened(lab, nbformat.read(NOTEBOOKS / "solutions" / f"{stem}.ipynb", as_version=4), name)
    assert set_as_mathematics(page.ask(MARKDOWN)) == []
    assert set_as_mathematics(page.ask(OUTPUTS)) == []
    look(page)
    end_sessions(lab)


def test_a_pair_of_amounts_as_it_was_would_be_seen(lab):
    notebook = nbformat.read(NOTEBOOKS / "03_cost_math.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell.source.count("<span>") > 1)
    cell.source = cell.source.replace("<span>", "", 2).replace("</span>", "", 2)
    page = opened(lab, notebook, "notebooks/pair.ipynb")
    (seen,) = set_as_mathematics(page.ask(MARKDOWN))
    assert seen.startswith("In the pilot the gap is small change")


def test_a_line_that_is_too_long_and_a_figure_without_a_description_would_be_seen(lab):
    kind = nbformat.v4
    png = re.search(r"base64,([\w+/=]+)", Path(NOTEBOOKS / "01_key_terms.ipynb").read_text(encoding="utf-8"))[1]
    picture = kind.new_output(
        "display_data", data={"text/html": f'<img width="300" src="data:image/png;base64,{png}">'}
    )
    cells = [kind.new_code_cell(f"x = '{'long' * 40}'", outputs=[picture])]
    page = opened(lab, kind.new_notebook(cells=cells), "notebooks/bad.ipynb")
    page.ask("jupyterapp.shell.collapseLeft()")
    page.resize(900)
    page.wait_for("innerWidth === 900")
    assert any("longlong" in part for part in page.ask(WIDE))
    assert page.ask(PICTURES) == [{"alt": "Image", "drawn": True}], "JupyterLab's word for any"


def test_the_word_of_a_check_is_text_and_would_be_mathematics_without_care(lab):
    kind = nbformat.v4.new_output
    said = CheckMessage("wrong", "At least $1.50 a month was asked for; it truly saves $3.06 (or $0.20).")._repr_html_()
    outputs = [kind("display_data", data={"text/html": html}) for html in (said, re.sub("</?span>", "", said))]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check()", outputs=outputs)])
    text, mathematics = opened(lab, notebook, "notebooks/outputs.ipynb").ask(OUTPUTS)
    assert text["formulas"] == 1
    assert "asked for; it truly saves $3.06 (or $0.20)" in text["text"]
    assert mathematics["formulas"] > 1
