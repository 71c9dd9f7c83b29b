"""Amounts of money stay text: what the builder makes of them, read by a markdown parser that knows nothing of it."""

import nbformat
import rules
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatmon.lab.course._notebook import amounts_apart

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
PROSE = [
    r"\$7.29", r"\$1,200.50.", r"(\$5),", r"**\$5**", r"*\$0.05* and", r"**from \$5 to \$6**", r"[\$5 or \$6](a.ipynb)",
    "costs", "a\nline", "-", "95 %", r"`\$HOME`", r"``a ` \$5``", "`a\n\\$5 b`", r"and <!-- free: \$5, \$6 -->", "<br>",
]  # fmt: skip
BLOCKS = [
    "```\n\\$5 \\$6\n\n`\n```", "~~~\n\\$5\n~~~", "- \\$5 and \\$6\n- \\$7", "> \\$5 and \\$6", "# \\$5 and \\$6",
    "| \\$5 to \\$6 | b |\n|---|---|\n| \\$7 | \\$8 \\$9 |",
    "<details>\n<summary>Answer</summary>\n\n(b): \\$5, not \\$6.\n</details>",
]  # fmt: skip
PARAGRAPHS = st.lists(st.sampled_from(PROSE)).map(lambda parts: " ".join(["It", *parts]))
"""They begin with a word: a comment at the beginning makes raw HTML of its line, in which nothing is markdown."""
TEXTS = st.lists(st.one_of(PARAGRAPHS, st.sampled_from(BLOCKS)))


def lines(html: str) -> str:
    return html.replace("<span>", "").replace("</span>", "")


@given(TEXTS.map("\n\n".join))
def test_amounts_are_text_on_their_own_and_nothing_else_changes(source: str) -> None:
    built = amounts_apart(source)
    assert lines(MARKDOWN.render(built)) == MARKDOWN.render(source)
    assert rules.mathematics(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(built)])) == []


def test_an_amount_keeps_its_backslash_and_its_digits_together() -> None:
    assert amounts_apart(r"\$7.29, or \$1,000.") == r"<span>\$7.29</span>, or <span>\$1,000</span>."
    assert amounts_apart(r"Cost: $0; \\$5; \$ a day") == r"Cost: $0; \\$5; <span>\$</span> a day"
