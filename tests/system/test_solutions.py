"""Every solutions notebook in JupyterLab, in a real browser, as it is committed; and what a fault would look like."""

import re
from pathlib import Path

import nbformat
import pytest
from shown_notebooks import MARKDOWN, OUTPUTS, PICTURES, WIDE, end_sessions, look, opened, set_as_mathematics

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._exercises import CheckMessage
from chatmon.lab.course._lessons import lessons

pytestmark = pytest.mark.system
STEMS = [lesson.stem for lesson in lessons()]


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
