import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from importers.conversations import some_turns

from chatmon._tools.paths import data_file
from chatmon.analysis import between
from chatmon.importers import open_logs
from chatmon.optimizer import recommend
from chatmon.report import render, write_report
from chatmon.turns import COLUMNS, REQUIRED, Turn, write_jsonl

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """The page as assistive technology sees it: headings, landmarks, figures, links; and whether it nests."""

    def __init__(self, page):
        super().__init__()
        self.stack, self.headings, self.images, self.captions, self.ids, self.tags = [], [], [], 0, [], []
        self.links, self.text = [], []
        self.feed(page)
        assert self.stack == [], self.stack

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if attributes.get("role") == "img":
            self.images.append(attributes.get("aria-label", ""))
        if tag == "a":
            self.links.append(attributes["href"])
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not {"style", "svg"} & set(self.stack):
            self.text.append(data)


def words(page):
    return " ".join(" ".join(Outline(page).text).split())


@pytest.fixture(scope="module")
def four_weeks():
    return render(data_file("four_weeks.parquet"))


def test_the_page_begins_with_what_is_wrong(four_weeks):
    said = words(four_weeks)
    order = ["Three things to know", "in region france took", "In numbers", "In time", "In tables",
             "How the log was read", "What each number means", "A window in which"]  # fmt: skip
    places = [
        said.index(one, said.index("Skip to what to know") + 200 if place else 0) for place, one in enumerate(order)
    ]
    assert places[0] < places[1] < places[2] < places[3]
    assert places[-1] == max(places)


def test_the_page_says_what_to_do_what_that_saves_and_how_it_is_known(four_weeks):
    advice = recommend(data_file("four_weeks.parquet"))
    said = words(four_weeks).partition("What to do What would save")[2]
    assert len(advice) >= 5
    places = [said.index(one.title) for one in advice]
    assert places == sorted(places)
    for one in advice:
        savings = [amount.text(unit) for unit, amount in one.saving.items()]
        assert [part for part in (one.action, one.risk, one.confidence, *savings) if part not in said] == []


def test_the_page_is_whole_in_itself(four_weeks):
    outline = Outline(four_weeks)
    assert all(link.startswith("#") and link[1:] in outline.ids for link in outline.links)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in outline.tags}
    assert not re.search(r"url\((?!#)", four_weeks)
    assert not re.search(r"@import|@font-face", four_weeks)
    addresses = set(re.findall(r"https?://[^\"' <]+", four_weeks))
    assert addresses == {"http://www.w3.org/1999/xlink"}, "a namespace is a name, nothing is fetched from it"
    assert len(four_weeks.encode()) < 3_000_000


def test_the_page_can_be_walked_by_its_headings_and_landmarks(four_weeks):
    outline = Outline(four_weeks)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    tags = [tag for tag, _ in outline.tags]
    assert all(tags.count(one) == 1 for one in ("main", "header", "footer", "nav"))
    assert next(attributes for tag, attributes in outline.tags if tag == "a")["class"] == "skip"
    assert ("html", {"lang": "en"}) in outline.tags
    assert len(outline.ids) == len(set(outline.ids)), "an id stands once in a page"


def test_every_figure_says_in_words_what_it_shows(four_weeks):
    images = Outline(four_weeks).images
    assert len(images) == 8
    assert all(len(alt.split()) >= 8 and re.search(r"\d", alt) for alt in images)


def test_every_table_has_a_caption_and_heads(four_weeks):
    tags = Outline(four_weeks).tags
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table") >= 8
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")


def test_the_same_turns_give_the_same_bytes(four_weeks):
    assert render(data_file("four_weeks.parquet")) == four_weeks


def test_the_page_is_as_of_the_logs_end_unless_told_when(four_weeks):
    assert "As of 2026-11-01 23:45 UTC, when the log ends." in words(four_weeks)
    week = between(data_file("four_weeks.parquet"), end=datetime(2026, 10, 12, tzinfo=UTC))
    assert "As of 2026-10-12 08:00 UTC." in words(render(week, made_at=datetime(2026, 10, 12, 8, tzinfo=UTC)))


def test_a_quiet_week_is_said_to_be_one():
    week = between(data_file("four_weeks.parquet"), end=datetime(2026, 10, 12, tzinfo=UTC))
    assert "Nothing stands out: no measure changed in any slice, as far as 4,963 turns can tell" in words(render(week))
    assert "Nothing: as far as this log can tell, there is nothing to save." in words(render(week))


def test_where_a_log_does_not_say_how_conversations_ended_the_page_claims_nothing_of_it():
    turns = [replace(turn, task_completed=None) for turn in some_turns(60)]
    assert any(turn.error_type for turn in turns)
    said = words(render(turns))
    assert "were abandoned" not in said
    assert "This log says nothing of resolution and abandonment: no turn has task_completed" in said
    assert "Abandoned (%) unknown 0 Resolved (%) unknown 0" in said
    assert re.search(r"(\d+) conversations, of which \d+ may go on\. How \d+ of the others ended is unknown\.", said)


def test_numbers_of_the_page_are_those_of_the_turns():
    turns = some_turns(60)
    said = words(render(turns))
    assert "60 turns" in said
    failed = sum(turn.error_type is not None for turn in turns)
    assert f"{100 * failed / 60:.1f} %" in said
    cost = sum((turn.cost for turn in turns if turn.cost is not None), Decimal(0))
    assert f"Turns cost ${cost:.3g}" in said or f"Turns cost ${cost:.2f}" in said


def test_text_from_a_log_stays_text():
    nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    turns = [
        Turn(turn_id=f"t{n}", conversation_id=f"c{n}", timestamp=START + timedelta(minutes=n), response_time=1.0,
             intent=nasty, model=nasty, region=nasty, error_type=nasty if n % 5 == 0 else None, cost=Decimal("0.1"))
        for n in range(50)
    ]  # fmt: skip
    page = render(turns)
    assert not {"script", "img"} & {tag for tag, _ in Outline(page).tags}
    assert nasty in words(page)


def test_rejected_rows_are_shown_as_text_too(tmp_path):
    log = tmp_path / "<b>runs<b>.jsonl"
    write_jsonl(some_turns(40), log)
    with log.open("a", encoding="utf-8") as file:
        file.write(
            '{"turn_id": "<script>", "conversation_id": "c", "timestamp": "<script>alert(2)</script>"}\n{broken\n'
        )
    with open_logs(log) as logs:
        page = render(logs)
        rejected = sum(logs.report.rejected.values())
    assert rejected == 2
    assert "script" not in {tag for tag, _ in Outline(page).tags}
    assert f"{rejected} rejected" in words(page)
    assert "<b>runs<b>.jsonl, line 42" in words(page)


LACKING = {
    "cost": {"cost": None, "price_source": None},
    "feedback": {"user_satisfaction": None},
    "response times": {"response_time": None, "time_to_first_token": None},
    "tokens": dict.fromkeys(
        ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "usage_source")
    ),
    "everything": dict.fromkeys(name for name in COLUMNS if name not in (*REQUIRED, "attributes")),
}  # fmt: skip


@pytest.mark.parametrize("lacking", LACKING)
def test_a_log_that_lacks_columns_gets_a_report_that_says_so(lacking):
    page = render([replace(turn, **LACKING[lacking]) for turn in some_turns(60)])
    said = words(page)
    names = {"cost": "cost", "feedback": "satisfaction", "response times": "response times", "tokens": "tokens"}
    assert f"This log says nothing of {names.get(lacking, 'cost')}" in said
    assert "What each number means" in said
    assert "nan" not in re.findall(r"\w+", said.lower())


def test_conversations_of_their_own_are_a_log_too():
    assert "60 conversations" in words(render([replace(turn, conversation_id=turn.turn_id) for turn in some_turns(60)]))


def test_one_turn_makes_a_report():
    assert "1 turn, 5 October 2026" in words(render(some_turns(1)))


def test_no_turns_and_a_naive_time_are_refused():
    with pytest.raises(ValueError, match="0 turns"):
        render([])
    with pytest.raises(ValueError, match="no time zone"):
        render(some_turns(3), made_at=datetime(2026, 10, 5))  # noqa: DTZ001 - what is refused


def test_a_page_is_there_whole_or_not_at_all(tmp_path):
    page = tmp_path / "report.html"
    page.write_text("the old one", encoding="utf-8")
    with pytest.raises(ValueError, match="0 turns"):
        write_report([], page)
    assert page.read_text(encoding="utf-8") == "the old one"
    steps = []
    write_report(some_turns(20), page, step=steps.append)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert len(steps) == 5
