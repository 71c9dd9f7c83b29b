"""Every lesson in JupyterLab, in a real browser: opened in the reader's copy, and run from top to bottom.

In windows of 1300 and of 900 pixels, light and dark: no amount of money is set as mathematics, nothing is cut off,
every figure has a description, nothing fails, and axe-core finds nothing serious.
"""

import re

import nbformat
import pytest
from shown_notebooks import FAILED, FORMULA, MARKDOWN, OUTPUTS, end_sessions, look, opened, run_all, set_as_mathematics

from chatmon.lab.course._lessons import lessons

pytestmark = pytest.mark.system
LAST = f'from IPython.display import HTML\n\nHTML("<p>{FORMULA}</p>")'
STEMS = [lesson.stem for lesson in lessons()]


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
