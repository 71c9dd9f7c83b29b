import csv
import io
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.report._html import LONG, Column, Table, as_csv, template

NASTY = "<script>alert('x')</script> & \"quoted\" {{ 7 * 7 }}"


class Reader(HTMLParser):
    """What a browser makes of it: elements and text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def made(macro, *arguments):
    return str(getattr(template("pieces.html.jinja").module, macro)(*arguments))


@pytest.mark.parametrize(
    "page",
    [
        made("pairs", [(NASTY, NASTY)]),
        made("query", NASTY),
        made("shown", Table(NASTY, [Column(NASTY)], [[NASTY]], NASTY), NASTY),
    ],
)
def test_what_comes_from_a_log_never_becomes_an_element_or_a_value_of_the_template(page):
    assert "script" not in [name for name, _ in Reader(page).elements]
    assert "<script" not in page
    assert "49" not in page


@examples(50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_reads_as_it_was_written(text):
    assert "".join(Reader(made("query", text)).text).removeprefix("The query that shows it again") == text


def test_a_table_has_a_caption_scopes_and_a_region_that_the_keyboard_reaches():
    shown = Table(
        "Turns by region", [Column("Region", number=False), Column("Turns (count)")], [["uk", "8"], ["fr", None]]
    )
    page = made("shown", shown, "t1")
    elements = Reader(page).elements
    region = elements[0][1]
    assert (region["role"], region["tabindex"], region["aria-labelledby"]) == ("region", "0", "t1")
    assert ("span", {"id": "t1"}) in elements
    assert [attributes.get("scope") for name, attributes in elements if name == "th"] == ["col", "col", "row", "row"]
    assert [attributes.get("class") for name, attributes in elements if name == "td"] == ["n", "n unknown"]
    assert "unknown" in Reader(page).text


@pytest.mark.parametrize(("rows", "is_folded"), [(LONG, False), (LONG + 1, True)])
def test_a_long_table_is_folded(rows, is_folded):
    shown = Table("Many", [Column("Name", number=False)], [[f"row {n}"] for n in range(rows)])
    assert made("shown", shown, "t").startswith("<details>") is is_folded


@examples(50)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers().map("{:,}".format)),
        max_size=5,
    )
)
def test_a_table_is_the_same_as_csv_and_no_cell_is_a_formula(rows):
    shown = Table("Any", [Column("Name"), Column("Count")], rows)
    address = as_csv(shown)
    assert address.startswith("data:text/csv")
    read = list(csv.reader(io.StringIO(unquote(address.partition(",")[2]), newline="")))
    assert read[0] == ["Name", "Count"]
    assert [[cell.removeprefix("'") for cell in row] for row in read[1:]] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not [cell for row in read for cell in row if cell[:1] in ("=", "+", "-", "@")]
