"""The local LangSmith's pages in a real browser: by keyboard alone, on any screen, and nothing traced is ever run."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import axe
import httpx
import pytest
from browser import chromium
from waits import PATIENCE

from chatmon.lab.services.langsmith import start

pytestmark = pytest.mark.system
WIDE, PHONE = 1300, 375
EVIL = "</pre></td><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">\"'&"
LONG = "a_word_without_any_place_to_break_it_" * 8
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
ROOT, CALL, PLAIN = (str(UUID(int=number)) for number in (1, 2, 3))
ACTIVE = "document.activeElement"


def run(number, name, project, **changes):
    """A run of two seconds; its input is hostile, and so long that it must scroll."""
    begin = START + timedelta(seconds=number)
    one = str(UUID(int=number))
    return {
        "id": one, "trace_id": one, "name": name, "session_name": project, "run_type": "chain",
        "start_time": begin.isoformat(), "end_time": (begin + timedelta(seconds=2)).isoformat(),
        "inputs": {EVIL: EVIL, "lines": ["a line"] * 60}, "outputs": {"answer": LONG},
        "dotted_order": f"{begin:%Y%m%dT%H%M%S%f}Z{one}",
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with (
        start(api_key=f"test-{secrets.token_hex(8)}") as running,
        httpx.Client(base_url=running.url, headers={"x-api-key": running.api_key}, timeout=PATIENCE) as ask,
    ):
        root = run(1, EVIL, EVIL, extra={"metadata": {"thread_id": LONG}})
        call = run(2, "late", EVIL, trace_id=ROOT, parent_run_id=ROOT, error=EVIL)
        call["dotted_order"] = f"{root['dotted_order']}.{call['dotted_order']}"
        runs = [root, call, run(3, "plain", "plain project")]
        assert ask.post("/runs/batch", json={"post": runs}).status_code == 202
        scored = ask.post("/feedback", json={"run_id": ROOT, "key": EVIL, "score": 0.5, "comment": EVIL})
        assert scored.status_code == 200
        yield running


@pytest.fixture(scope="module")
def paths(server):
    """Each kind of page with a path of it."""
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        dataset = ask.post("/datasets", json={"name": EVIL}).json()["id"]
        example = {"inputs": {EVIL: EVIL}, "outputs": {"a": LONG}, "dataset_id": dataset, "id": PLAIN}
        assert ask.post("/examples", json=example).status_code == 200
        both = []
        for number in (4, 5):
            name = f"{EVIL} {number}"
            both.append(ask.post("/sessions", json={"name": name, "reference_dataset_id": dataset}).json()["id"])
            made = run(number, "target", name, reference_example_id=PLAIN)
            assert ask.post("/runs/batch", json={"post": [made]}).status_code == 202
        compare = f"/o/x/datasets/{dataset}/compare?selectedSessions={','.join(both)}"
        project = ask.get("/sessions", params={"name": EVIL}).json()[0]["id"]
    traces = f"/o/x/projects/p/{project}"
    return {
        "projects": "/", "traces": traces, "refusal": f"{traces}?filter=eq(", "trace": f"{traces}/r/{CALL}",
        "root": f"{traces}/r/{ROOT}", "dataset": f"/o/x/datasets/{dataset}", "compare": compare,
        "nowhere": f"/o/x/datasets/{PLAIN}",
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(server, paths, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        browser.open(server.page)
        browser.wait_for("location.search === '' && document.querySelector('h1')?.textContent === 'Projects'")
        yield browser


KINDS = pytest.mark.parametrize(
    "kind", ["projects", "traces", "refusal", "trace", "root", "dataset", "compare", "nowhere"]
)


def opened(page, server, path, width=WIDE):
    page.open(server.url + path, width=width)
    there = f"location.href === {server.url + path!r} && document.readyState === 'complete'"
    page.wait_for(f"{there} && document.querySelector('h1') !== null")
    return page


def tab_to(page, text):
    """Press Tab until the link or button with a text has the focus."""
    for _ in range(60):
        page.press("Tab", 9)
        if page.ask(f"{ACTIVE}.textContent") == text:
            return
    raise AssertionError(f"no Tab leads to {text!r}")


def enter(page):
    """Press Enter as a keyboard does, with the character that sends a form."""
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r", windowsVirtualKeyCode=13)
    page.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", windowsVirtualKeyCode=13)


@KINDS
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_axe_finds_nothing_wrong(page, server, paths, kind, width):
    assert axe.violations(opened(page, server, paths[kind], width)) == []


@KINDS
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_the_page_is_never_wider_than_its_window(page, server, paths, kind, width):
    opened(page, server, paths[kind], width)
    found = page.ask("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert found[0] <= found[1]


@KINDS
def test_nothing_that_was_traced_runs_and_nothing_is_fetched_from_elsewhere(page, server, paths, kind):
    opened(page, server, paths[kind])
    assert page.ask("document.title") != "ran"
    assert page.ask("document.querySelectorAll('script, img').length") == 0
    assert {url for url in page.requests if not url.startswith((server.url, "about:"))} == set()
    assert page.errors == []


def test_a_run_is_found_with_the_keyboard_alone(page, server, paths):
    opened(page, server, "/")
    page.press("Tab", 9)
    assert page.ask(f"{ACTIVE}.textContent") == "To the content"
    assert page.ask(f"{ACTIVE}.getBoundingClientRect().left >= 0"), "it is seen once it has the focus"
    for link, heading in (("plain project", "plain project"), ("plain", "plain: trace")):
        tab_to(page, link)
        assert page.ask(f"getComputedStyle({ACTIVE}).outlineStyle") == "solid"
        enter(page)
        there = f"document.querySelector('h1')?.textContent === {heading!r}"
        page.wait_for(f"{there} && document.readyState === 'complete'")  # with its style
    assert page.ask(f"document.querySelector('main').textContent.includes({PLAIN!r})")


def test_a_filter_is_typed_and_sent_with_the_keyboard_alone(page, server, paths):
    opened(page, server, paths["traces"])
    for _ in range(20):
        page.press("Tab", 9)
        if page.ask(f"{ACTIVE}.name") == "filter":
            break
    page.call("Input.insertText", text='gt(latency, "1h")')
    enter(page)
    page.wait_for(
        "location.search.includes('filter=') && document.querySelector('main')?.textContent.includes('No tr')"
    )


@KINDS
def test_whatever_scrolls_can_be_reached_by_the_keyboard(page, server, paths, kind):
    opened(page, server, paths[kind], PHONE)
    unreachable = page.ask(
        "Array.from(document.querySelectorAll('*')).filter(e => (e.scrollWidth > e.clientWidth + 1 || "
        "e.scrollHeight > e.clientHeight + 1) && ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) "
        "&& e.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_without_the_key_the_form_lets_one_in(server, paths, tmp_path):
    with chromium(tmp_path) as stranger:
        opened(stranger, server, paths["traces"], PHONE)
        assert axe.violations(stranger) == []
        stranger.click("input[name=key]")
        stranger.call("Input.insertText", text=server.api_key)
        enter(stranger)
        stranger.wait_for("document.querySelector('table') !== null")
        assert stranger.ask("location.search") == ""


@pytest.mark.parametrize("width", [WIDE, 390])
def test_a_tree_of_sixty_levels_keeps_its_columns_in_sight(page, server, width):
    runs, order = [], ""
    for level in range(60):
        one = run(100 + level, f"step {level}", "deep project", trace_id=str(UUID(int=100)))
        order = one["dotted_order"] = f"{order}.{one['dotted_order']}".removeprefix(".")
        runs.append(one | ({"parent_run_id": runs[-1]["id"]} if runs else {}))
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        assert ask.post("/runs/batch", json={"post": runs}).status_code == 202
        project = ask.get("/sessions", params={"name": "deep project"}).json()[0]["id"]
    opened(page, server, f"/o/x/projects/p/{project}/r/{runs[-1]['id']}", width)
    table, window = page.ask(
        "[document.querySelector('.tree').scrollWidth, document.querySelector('.wide').clientWidth]"
    )
    assert table <= window
    assert page.ask("[...document.querySelectorAll('.tree a')].every(a => a.getClientRects().length <= 2)")


def test_ten_thousand_runs_are_listed_to_the_last_and_one_of_them_is_found_by_its_words(page, server):
    names = "[...document.querySelectorAll('tbody a')].map(a => a.textContent)"
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        for first in range(10_000, 20_000, 1_000):
            runs = [
                run(number, f"run {number}", "large project", inputs={"question": f"parcel {number}?"})
                for number in range(first, first + 1_000)
            ]
            assert ask.post("/runs/batch", json={"post": runs}).status_code == 202
        project = ask.get("/sessions", params={"name": "large project"}).json()[0]["id"]
    path = f"/o/x/projects/p/{project}"
    listed = opened(page, server, path).ask(names)
    while page.ask("document.querySelector('main a[href*=cursor]') !== null"):
        before = page.ask("location.href")
        page.ask("document.querySelector('main a[href*=cursor]').click()")
        page.wait_for(f"location.href !== {before!r} && document.readyState === 'complete'")
        listed += page.ask(names)
    assert listed == [f"run {number}" for number in range(19_999, 9_999, -1)]
    assert opened(page, server, f"{path}?words=parcel+14711").ask(names) == ["run 14711"]
    assert opened(page, server, f"{path}?filter=eq(name,%22run+10000%22)").ask(names) == ["run 10000"]
