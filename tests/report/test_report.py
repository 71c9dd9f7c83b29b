import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from importers.conversations import some_turns

from chatmon._tools.paths import data_file
from chatmon.analysis import between, findings
from chatmon.analysis.findings import sentences
from chatmon.analysis.search.cells import SCAN_MEASURES
from chatmon.analysis.search.scan import Shift, ShiftEffect
from chatmon.analysis.source import query, relation
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
    inside = [link for link in outline.links if not link.startswith("data:text/csv")]
    assert all(link.startswith("#") and link[1:] in outline.ids for link in inside)
    assert len(outline.links) - len(inside) >= 8, "each table can be had as CSV"
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
    assert f"Turns cost at least ${cost:.3g}" in said or f"Turns cost at least ${cost:.2f}" in said


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


def test_the_first_screen_is_in_plain_short_sentences(four_weeks):
    first = words(four_weeks).partition("Three things to know")[2].partition("more findings")[0]
    outline = Outline(four_weeks)
    assert "It makes up 1.8 % of all waiting in the log." in first
    assert [term for term in ("like for like", "optimizer.plan()") if term in words(four_weeks)] == []
    assert outline.headings[:3] == [1, 2, 3]


@pytest.mark.parametrize("measure", SCAN_MEASURES)
@pytest.mark.parametrize("change", [-0.19, 0.19])
def test_a_finding_s_sentence_has_at_most_twenty_words(measure, change):
    name = "errors" if measure == "repeats" else measure
    effect = ShiftEffect(703, 0.5, 0.31, change, change - 0.1, change + 0.1, 0.02)
    shift = Shift(measure, "prompt_version", "v2", START, START + timedelta(days=2), False, 90, 0.001, {name: effect})
    assert len(sentences.title(shift, measure).split()) <= 20


def test_the_page_says_at_once_what_was_lost_in_reading(tmp_path):
    log = tmp_path / "runs.jsonl"
    write_jsonl(some_turns(40), log)
    whole = words(render_log(log))
    assert "records (" not in whole
    with log.open("a", encoding="utf-8") as file:
        file.write("{broken\n" * 10)
    said = words(render_log(log))
    assert said.index("10 of 50 records (20 %) were rejected: this page is about the rest.") < said.index(
        "Three things"
    )


def render_log(log, **options):
    with open_logs(log, content=True) as logs:
        return render(logs, **options)


def test_days_and_times_are_those_of_the_zone():
    turns = [replace(turn, timestamp=datetime(2026, 10, 24, 22, 30, tzinfo=UTC)) for turn in some_turns(3)]
    said = words(render(turns, tz="Europe/Berlin"))
    assert "3 turns, 25 October 2026" in said
    assert "As of 2026-10-25 00:30 CEST" in said
    assert "2026-10-25 00:30" in said.partition("Peak at (Europe/Berlin)")[2]
    assert "3 turns, 24 October 2026" in words(render(turns))
    with pytest.raises(ValueError, match="no time zone"):
        render(turns, tz="Mars/Olympus")


def test_a_finding_s_times_are_those_of_the_zone_and_its_query_finds_the_same(four_weeks):
    here = findings(data_file("four_weeks.parquet"))[0]
    there = findings(data_file("four_weeks.parquet"), "Europe/Berlin")[0]
    assert "from 20 October 15:00 to 24 October 19:00" in here.title
    assert "from 20 October 17:00 to 24 October 21:00" in there.title
    assert there.when == "2026-10-20 17:00 to 2026-10-24 21:00 CEST"
    assert there.query == here.query
    assert here.title in words(four_weeks)


def versions(turns, new, share=1.0):
    """Turns of which those from a place on have a new prompt, or a share of them."""
    return [
        replace(turn, prompt_version="v2" if n >= new and n % 10 < 10 * share else "v1")
        for n, turn in enumerate(sorted(turns, key=lambda turn: turn.timestamp))
    ]


def test_a_new_prompt_is_marked_in_every_figure_without_being_told(four_weeks):
    page = render(versions(some_turns(400), 200))
    assert "A 2026-10-05 12:20: prompt v2 is new" in re.sub(r"\d\d:\d\d(?=: prompt)", "12:20", words(page))
    assert all("Dotted lines mark 1 release." in alt for alt in Outline(page).images)
    assert "release" not in " ".join(Outline(four_weeks).images), (
        "two prompts side by side from the start are no release"
    )


def test_what_is_rare_from_the_start_is_no_release():
    assert "Dotted lines" not in render(versions(some_turns(400), 3, 0.1))
    assert "Dotted lines" in render(versions(some_turns(400), 300, 0.5))


def test_releases_that_are_told_are_marked_in_their_order_and_a_naive_one_is_refused():
    turns = some_turns(60)
    first = min(turn.timestamp for turn in turns)
    said = words(
        render(turns, marks={first + timedelta(minutes=2): "later", first + timedelta(minutes=1): "<b>sooner"})
    )
    assert re.search(r"A [\d: -]+: <b>sooner B [\d: -]+: later", said)
    assert "J " in words(render(turns, marks={first + timedelta(seconds=n): f"told {n}" for n in range(20)}))
    with pytest.raises(ValueError, match="27 marks are told, a figure has letters for 26"):
        render(turns, marks={first + timedelta(seconds=n): "x" for n in range(27)})
    with pytest.raises(ValueError, match=r"'v2' is at .* no time zone"):
        render(turns, marks={datetime(2026, 10, 5): "v2"})  # noqa: DTZ001 - what is refused


def test_a_change_beside_a_release_says_so_and_that_it_proves_nothing():
    start = datetime(2026, 10, 20, 15, 40, tzinfo=UTC)
    said = words(render(data_file("four_weeks.parquet"), marks={start: "release 7"}))
    assert "A, release 7, 40 minutes later; a change's start is known to the hour. That proves no cause." in said


def test_conversations_to_read_are_those_in_which_a_change_shows_most(four_weeks):
    finding = findings(data_file("four_weeks.parquet"))[0]
    rows = query(relation(data_file("four_weeks.parquet")), finding.examples)
    inside = query(
        relation(data_file("four_weeks.parquet")),
        """SELECT conversation_id, max(response_time) FROM turns WHERE region = 'france'
        AND timestamp >= TIMESTAMPTZ '2026-10-20 15:00:00+00:00' AND timestamp < TIMESTAMPTZ '2026-10-24 19:00:00+00:00'
        GROUP BY 1 ORDER BY 2 DESC LIMIT 5""",
    )
    assert [(row[0], row[2]) for row in rows] == inside
    said = words(four_weeks)
    assert all(row[0] in said and row[3] in said for row in rows)


def test_tables_by_a_dimension_of_one_s_own_and_of_users():
    turns = [replace(turn, attributes={"team": "north" if n % 3 else "south"}) for n, turn in enumerate(some_turns(60))]
    said = words(render(turns, by=["team"]))
    assert "Turns by team Team Turns (count)" in said
    assert re.search(r"north 40 ", said)
    assert "Users who cost most" in said
    with pytest.raises(ValueError, match="customer is no dimension"):
        render(turns, by=["customer"])


def test_questions_of_one_meaning_are_counted_together():
    texts = ["Where is my parcel?", "where's my parcel", "I want a refund", "Where is my parcel?"]
    turns = [replace(turn, question=texts[n % 4]) for n, turn in enumerate(some_turns(40))]
    said = words(render(turns))
    assert "Where is my parcel? 30 2 I want a refund 10 1" in said
    assert "What is asked most" not in words(render([replace(turn, question=None) for turn in turns]))


def test_a_title_and_a_logo_stand_at_the_top(tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    page = render(some_turns(5), title="Bot & Co", logo=logo)
    assert (
        "img",
        {"class": "logo", "src": f"data:image/svg+xml;base64,{b64encode(logo.read_bytes()).decode()}", "alt": ""},
    ) in Outline(page).tags
    assert "Bot & Co" in words(page)
    with pytest.raises(ValueError, match=r"the logo is logo.txt: a page shows .png, .svg"):
        render(some_turns(5), logo=tmp_path / "logo.txt")


def test_few_values_give_no_impossible_interval():
    turns = [replace(turn, user_satisfaction=value, response_time=0.1 * value)
             for turn, value in zip(some_turns(3), (5.0, 5.0, 1.0), strict=True)]  # fmt: skip
    said = words(render(turns))
    rating = re.search(r"Rating, 1 to 5 [\d.]+ ([\d.?−-]+) to ([\d.?]+), n = 3", said)
    assert all(end == "?" or 1 <= float(end) <= 5 for end in rating.groups())
    assert not re.search(r"[−-]\d+\.\d+ to", said.partition("In numbers")[2].partition("In time")[0])


def judged_turns(labels):
    """Turns of a kind judge, of which some have a label: the truth is 6 in 10, the judge says 8 in 10."""
    said = [{"verdict_solves": n % 5 > 0, "verdict_solves_by": "judge-1"} for n in range(400)]
    for n in range(labels):
        said[n]["label_solves"] = n % 5 > 1
    return [replace(turn, attributes=one) for turn, one in zip(some_turns(400), said, strict=True)]


def test_the_corrected_rate_comes_first_and_the_judges_own_beside_it():
    page = render(judged_turns(100))
    said = words(page).partition("Was it any good? Solves:")[2].partition("In numbers")[0]
    assert re.match(r" 60 % \(5\d to 6\d %, n = 100\), with the judge's errors taken out", said)
    order = [
        "Corrected rate 60 %",
        "The judge's own rate 80 %",
        "Labels alone 60 %",
        "Judge and labels agree 80 %",
        "judge-1",
    ]
    places = [said.index(one) for one in order]
    assert places == sorted(places)
    assert ("#good" in Outline(page).links, "good" in Outline(page).ids) == (True, True)


def test_without_labels_the_page_says_not_measured_and_without_verdicts_nothing(four_weeks):
    said = words(render(judged_turns(0)))
    assert "Solves: not measured No reply has a label. How wrong the judge is, nobody knows." in said
    assert "Corrected rate 8" not in said
    assert "Was it any good?" not in words(four_weeks)


@pytest.mark.parametrize("labels", [0, 5, 400])
def test_a_sentence_on_quality_has_at_most_twenty_words(labels):
    page = render(judged_turns(labels))
    part = page.partition('id="good"')[2].partition("</section>")[0]
    told = [one for text in re.findall(r"<(?:h3|p)>(.*?)</(?:h3|p)>", part) for one in re.split(r"(?<=\.) ", text)]
    assert told
    assert max(len(one.split()) for one in told) <= 20
