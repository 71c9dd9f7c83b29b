"""Every lesson and every solution in JupyterLab, in a real browser: no amount of money is set as mathematics.

Each markdown cell, and each output of HTML, gets a formula of one letter at its end. Once it is set, so is everything
before it in the same cell: what else is set there was not meant.
"""

import json
import re
import urllib.request

import nbformat
import pytest
from browser import chromium
from jupyterlab import course_copy, make_lab

from chatmon.course.exercises import Message
from chatmon.paths import NOTEBOOKS

pytestmark = pytest.mark.system
FORMULA = "$q$"
SET = """[...document.querySelectorAll('{}')].map(cell => ({{
    formulas: cell.querySelectorAll('mjx-container').length, text: cell.textContent
}}))"""
MARKDOWN = SET.format(".jp-MarkdownCell .jp-RenderedMarkdown")
OUTPUTS = SET.format(".jp-OutputArea-output.jp-RenderedHTMLCommon")
FOLDERS = (NOTEBOOKS, NOTEBOOKS / "solutions")
LESSONS = [path.relative_to(NOTEBOOKS) for folder in FOLDERS for path in sorted(folder.glob("[0-9]*.ipynb"))]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab, set to draw every cell and not only those in sight, and a browser for all the tests here."""
    course, home = (tmp_path_factory.mktemp(name) for name in ("course", "home"))
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    course_copy(course)
    with make_lab(course, home) as running, chromium(home) as page:
        server, _, token = running.address()
        yield course / "notebooks", server, token, page


def with_formulas(notebook):
    """Return a notebook with a formula at the end of each markdown cell and of each output of HTML."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source += f"\n\n{FORMULA}"
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] += f"<p>{FORMULA}</p>"
    return notebook


def drawn(lab, notebook, name):
    """Open a notebook in JupyterLab without running it; return its markdown cells and its outputs of HTML as drawn."""
    folder, server, token, page = lab
    nbformat.write(with_formulas(notebook), folder / name)
    page.open(f"{server}/lab/workspaces/{re.sub('[^a-z0-9]', '', str(name))}/tree/notebooks/{name}?token={token}")
    written = [
        sum(cell.cell_type == "markdown" for cell in notebook.cells),
        sum("text/html" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])),
    ]
    for cells, number in zip((MARKDOWN, OUTPUTS), written, strict=True):
        page.wait_for(
            f"(cells => cells.length === {number} && cells.every(cell => cell.formulas))({cells})", seconds=180
        )
    found = page.ask(MARKDOWN), page.ask(OUTPUTS)
    end_sessions(server, token)
    return found


def end_sessions(server, token):
    """End the kernels that JupyterLab has started for the notebooks it has shown: twenty would need much memory."""
    access = {"Authorization": f"token {token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{server}/api/sessions", headers=access)) as answer:
        sessions = json.load(answer)
    for session in sessions:
        address = f"{server}/api/sessions/{session['id']}"
        urllib.request.urlopen(urllib.request.Request(address, headers=access, method="DELETE")).close()


def set_as_mathematics(cells):
    return [cell["text"] for cell in cells if cell["formulas"] != 1]


@pytest.mark.parametrize("name", LESSONS, ids=str)
def test_no_lesson_shows_mathematics(lab, name):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    amounts = re.findall(r"<span>\\(\$[^<]*)</span>", "\n".join(cell.source for cell in notebook.cells))
    cells, outputs = drawn(lab, notebook, name)
    assert set_as_mathematics(cells) == []
    assert set_as_mathematics(outputs) == []
    text = "\n".join(cell["text"] for cell in cells)
    assert "\\$" not in text
    assert [amount for amount in amounts if amount not in text] == []


def test_a_pair_of_amounts_as_it_was_would_be_seen(lab):
    notebook = nbformat.read(NOTEBOOKS / "03_cost_math.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell.source.count("<span>") > 1)
    cell.source = cell.source.replace("<span>", "", 2).replace("</span>", "", 2)
    cells, _ = drawn(lab, notebook, "pair.ipynb")
    (seen,) = set_as_mathematics(cells)
    assert seen.startswith("In the pilot the gap is small change")


def test_the_word_of_a_check_is_text_and_would_be_mathematics_without_care(lab):
    kind = nbformat.v4.new_output
    said = Message("wrong", "At least $1.50 a month was asked for; it truly saves $3.06 (or $0.20).")._repr_html_()
    outputs = [kind("display_data", data={"text/html": html}) for html in (said, re.sub("</?span>", "", said))]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check()", outputs=outputs)])
    _, (text, mathematics) = drawn(lab, notebook, "outputs.ipynb")
    assert text["formulas"] == 1
    assert "asked for; it truly saves $3.06 (or $0.20)" in text["text"]
    assert mathematics["formulas"] > 1
