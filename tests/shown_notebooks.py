"""Notebooks in JupyterLab, in a real browser: opened, run, and looked at in every width and theme.

Each markdown cell, and each output of HTML, gets a formula of one letter at its end, and the lesson one more cell that
shows one. Once it is set, so is everything before it: what else is set there was not meant.
"""

import json
import re
import time
import urllib.request

import axe
import nbformat

FORMULA = "$q$"
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
