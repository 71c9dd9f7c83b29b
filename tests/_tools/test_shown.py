"""What objects show in a notebook stays text: JupyterLab would set as mathematics what is between two dollars."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon._tools.shown import as_html, escape, wrapped
from chatmon.analysis.findings.finding import Finding
from chatmon.cost import Total
from chatmon.cost._budget import BudgetStatus
from chatmon.cost._forecast import Forecast
from chatmon.lab.course._exercises import CheckMessage
from chatmon.optimizer import Amount
from chatmon.optimizer.recommendation import Recommendation

AT, DAY = datetime(2026, 10, 15, tzinfo=UTC), date(2026, 10, 1)
SAID = "At least $0.50 was asked for; you chose one that saves $0.10 (\\$0.05 to $0.20), as `$a < $b` says."
SHOWN = [
    CheckMessage("wrong", SAID),
    CheckMessage("hint", "Take $5\nfrom $7."),
    Forecast(DAY, DAY, Decimal(2), {}, Decimal(6), Decimal(5), Decimal(7), 0.95, 14, 3.0, 0, "from $5 to $6"),
    BudgetStatus(AT, Decimal(6), Decimal(2), Decimal(4), 0.33, 0.5, 15.0, None, None, Total(None, 0, 0, 0, 0), ()),
    Finding("change", "from $5 to $6", (("cost", "$1 for $2"),), "all", "always", "quite", "SELECT"),
    Recommendation(
        kind="long_answers", title="$1 where $2 would do", slice={}, start=AT, end=AT, ongoing=True, evidence=(),
        query="", saving={"usd": Amount(2, 1, 3)}, monthly={"usd": Amount(4, 2, 6)}, confidence="", weight=1.0,
    ),
]  # fmt: skip


class Text(HTMLParser):
    """The runs of text of a page, as MathJax reads them: an element begins another, a line break does not."""

    def __init__(self, page):
        super().__init__()
        self.runs = [""]
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.runs.append("")

    def handle_endtag(self, tag):
        self.runs.append("")

    def handle_data(self, data):
        self.runs[-1] += data


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: type(shown).__name__)
def test_no_two_amounts_stand_in_one_run_of_text(shown):
    text = Text(shown._repr_html_())
    assert "".join(text.runs).count("$") >= 2
    assert [run for run in text.runs if run.count("$") > 1] == []


@given(st.text("$<&\"' a1"))
def test_any_text_is_read_as_it_was(said):
    for page in (escape(said), escape(said, quote=False), as_html(said, [(said, said)])):
        text = Text(page)
        assert "".join(text.runs) in (said, said * 3)
        assert [run for run in text.runs if run.count("$") > 1] == []
    assert not re.search("[\"']", escape(said).replace("<span>", ""))


@given(st.lists(st.text("abcd-", min_size=1, max_size=12), max_size=40), st.integers(20, 90))
def test_a_wrapped_text_has_the_same_words_in_lines_of_the_width(words, width):
    told = wrapped(" ".join(words), width)
    assert told.split() == words
    assert all(len(line) <= width for line in told.splitlines())


def test_lines_of_a_wrapped_text_stay_lines():
    assert wrapped("one\ntwo") == "one\ntwo"
    assert wrapped("a long line\nshort", 8) == "a long\n  line\nshort"
