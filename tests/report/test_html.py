from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.report._html import LONG, Column, Html, Table, folded, pairs, table, tag

NASTY = "<script>alert('x')</script> & \"quoted\""


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


@pytest.mark.parametrize(
    "page",
    [
        tag("p", NASTY),
        tag("p", "x", title=NASTY),
        pairs([(NASTY, NASTY)]),
        folded(NASTY, NASTY),
        table(Table(NASTY, [Column(NASTY)], [[NASTY]], NASTY), "t"),
    ],
)
def test_what_comes_from_a_log_never_becomes_an_element(page):
    assert "script" not in [name for name, _ in Reader(page).elements]
    assert "<script" not in page


@examples(50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_reads_as_it_was_written(text):
    assert "".join(Reader(tag("p", text)).text) == text
    assert Reader(tag("p", title=text)).elements == [("p", {"title": text})]


def test_html_is_not_escaped_twice():
    assert tag("p", tag("b", "a & b")) == "<p><b>a &amp; b</b></p>"
    assert isinstance(tag("p"), Html)


def test_a_table_has_a_caption_scopes_and_a_region_that_the_keyboard_reaches():
    shown = Table(
        "Turns by region", [Column("Region", number=False), Column("Turns (count)")], [["uk", "8"], ["fr", None]]
    )
    elements = Reader(table(shown, "t1")).elements
    region = elements[0][1]
    assert (region["role"], region["tabindex"], region["aria-labelledby"]) == ("region", "0", "t1")
    assert ("caption", {"id": "t1"}) in elements
    assert [attributes.get("scope") for name, attributes in elements if name == "th"] == ["col", "col", "row", "row"]
    assert [attributes.get("class") for name, attributes in elements if name == "td"] == ["n", "n unknown"]
    assert "unknown" in Reader(table(shown, "t1")).text


@pytest.mark.parametrize(("rows", "is_folded"), [(LONG, False), (LONG + 1, True)])
def test_a_long_table_is_folded(rows, is_folded):
    shown = Table("Many", [Column("Name", number=False)], [[f"row {n}"] for n in range(rows)])
    assert table(shown, "t").startswith("<details>") is is_folded
