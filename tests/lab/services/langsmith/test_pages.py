"""The pages: what was traced can be looked at with links and keys alone, and nothing in it is ever run."""

from __future__ import annotations

import html
import re
import secrets
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID, uuid4

import httpx
import pytest
from waits import PATIENCE

from chatmon.lab.services.langsmith import start

EVIL = "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def of(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        root, call = str(UUID(int=1)), str(UUID(int=2))
        stamp = f"{START:%Y%m%dT%H%M%S%f}Z"
        common = {"trace_id": root, "session_name": EVIL, "error": EVIL, "inputs": {EVIL: EVIL}, "outputs": {"a": EVIL}}
        runs = [
            common | {"id": root, "name": EVIL, "run_type": "chain", "start_time": START.isoformat(),
                      "end_time": (START + timedelta(seconds=4)).isoformat(), "dotted_order": stamp + root,
                      "extra": {"metadata": {"thread_id": EVIL}}},
            common | {"id": call, "parent_run_id": root, "name": "late", "run_type": EVIL,
                      "start_time": (START + timedelta(seconds=1)).isoformat(),
                      "end_time": (START + timedelta(seconds=3)).isoformat(),
                      "dotted_order": f"{stamp}{root}.{stamp}{call}"},
        ]  # fmt: skip
        ask = httpx.Client(base_url=running.url, headers={"x-api-key": running.api_key}, timeout=PATIENCE)
        assert ask.post("/runs/batch", json={"post": runs}).status_code == 202
        assert (
            ask.post("/feedback", json={"run_id": root, "key": EVIL, "score": 0.5, "comment": EVIL}).status_code == 200
        )
        dataset = ask.post("/datasets", json={"name": EVIL}).json()
        assert (
            ask.post("/sessions", json={"name": f"{EVIL}2", "reference_dataset_id": dataset["id"]}).status_code == 200
        )
        ask.close()
        yield running


@pytest.fixture
def browser(server):
    with httpx.Client(base_url=server.url, follow_redirects=True, timeout=PATIENCE) as opened:
        assert opened.get(f"/?key={server.api_key}").url.path == "/"  # the key is gone from the address
        yield opened


def links(page):
    return [html.unescape(link) for link in re.findall(r'href="(/o/[^"]+)"', page)]


@pytest.fixture
def pages(browser):
    """Every page that links lead to."""
    seen, waiting = {}, ["/"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            seen[path] = answer
            waiting += links(answer.text)
    return seen


def test_links_lead_from_the_projects_to_every_run(pages):
    assert len([path for path in pages if "/r/" in path]) == 2
    assert len(pages) >= 5


def test_nothing_that_was_traced_becomes_part_of_the_page(pages):
    for path, answer in pages.items():
        page = Tags(answer.text)
        assert {tag for tag, _ in page.tags} <= {
            "html", "head", "meta", "link", "title", "body", "a", "nav", "main", "h1", "h2", "h3", "p", "table",
            "caption", "thead", "tbody", "tr", "th", "td", "svg", "rect", "form", "label", "input", "button", "code",
            "br", "span", "pre", "div",
        }, path  # fmt: skip
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")], path
    assert any("<script>alert(1)</script>" in Tags(answer.text).text for answer in pages.values())


def test_a_page_may_run_and_fetch_nothing_even_if_it_wanted_to(pages):
    for answer in pages.values():
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        addresses = [
            a.get("href") or a.get("src") for tag, a in Tags(answer.text).tags if tag in ("link", "img", "script")
        ]
        assert addresses == ["/style.css"]


def test_a_trace_is_a_tree_with_bars_in_proportion(browser, pages):
    path = next(path for path in pages if str(UUID(int=1)) in path.partition("?")[0])
    page = Tags(pages[path].text)
    bars = [(float(bar["x"]), float(bar["width"])) for bar in page.of("rect")]
    assert bars == [(0.0, 300.0), (75.0, 150.0)]  # 4 seconds; 2 of them after the first
    assert "\xa0\xa0\xa0\xa0late" in page.text
    assert "0.500" in page.text


def test_keys_reach_everything_and_readers_know_what_it_is(pages):
    for answer in pages.values():
        page = Tags(answer.text)
        assert page.of("html")[0]["lang"] == "en"
        assert page.of("a")[0]["href"] == "#main"  # the first stop skips to the content
        assert len(page.of("h1")) == 1
        assert all(head["scope"] == "col" for head in page.of("th"))
        assert len(page.of("caption")) == len(page.of("table"))
        assert len(page.of("label")) == len(page.of("input"))
        # Only what scrolls takes the focus out of turn, in its place, and says what it is.
        scrolled = [attributes for _, attributes in page.tags if "tabindex" in attributes]
        assert all((one["tabindex"], one["role"]) == ("0", "region") and one["aria-label"] for one in scrolled)


def test_a_filter_narrows_and_a_broken_one_says_where(browser, pages):
    projects = [path for path in pages if re.fullmatch(r"/o/[^/]+/projects/p/[^/]+", path)]
    shown = [Tags(browser.get(one, params={"filter": 'gt(latency, "1h")'}).text).text for one in projects]
    assert all("No traces." in text for text in shown)
    broken = browser.get(projects[0], params={"filter": f"eq({EVIL}"})
    assert broken.status_code == 200
    assert "cannot be read at character" in Tags(broken.text).text
    assert "script" not in {tag for tag, _ in Tags(broken.text).tags}


def test_without_the_key_there_is_a_form_and_no_data(server):
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as stranger:
        for path in ("/", f"/o/x/projects/p/{uuid4()}", "/?key=wrong"):
            answer = stranger.get(path)
            assert answer.status_code == 401
            assert [field["name"] for field in Tags(answer.text).of("input")] == ["key"]
        assert stranger.get("/style.css").status_code == 200


def test_the_key_is_kept_where_scripts_and_other_sites_cannot_reach_it(server):
    answer = httpx.get(f"{server.url}/?key={server.api_key}", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_more_traces_than_a_page_holds_are_a_link_away(server, browser):
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        posts = [
            {"id": str(UUID(int=100 + n)), "name": f"n{n}", "run_type": "chain", "session_name": "many",
             "start_time": (START + timedelta(seconds=n)).isoformat()} for n in range(120)
        ]  # fmt: skip
        ask.post("/runs/batch", json={"post": posts})
        project = ask.get("/sessions", params={"name": "many"}).json()[0]["id"]
    path, names = f"/o/x/projects/p/{project}", []
    while path:
        page = browser.get(path).text
        names += re.findall(r">(n\d+)</a>", page)
        older = re.search(r'href="(\?[^"]+)">Older', page)
        path = older and f"/o/x/projects/p/{project}{html.unescape(older[1])}"
    assert names == [f"n{n}" for n in reversed(range(120))]


def test_words_are_searched_in_every_run_or_in_traces_alone(server, browser):
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        traces = f"/o/x/projects/p/{ask.get('/sessions', params={'name': EVIL}).json()[0]['id']}"

    def names(**asked):
        return [row for row in ("late", EVIL) if f">{html.escape(row)}</a>" in browser.get(traces, params=asked).text]

    assert names(words="late") == []
    assert names(words="late", every="true") == ["late"]
    assert names(words="late", every="true", filter='gt(latency, "1h")') == []
    assert names(words='or(eq(name, "x"') == []


def test_a_tree_of_sixty_levels_is_indented_a_little_and_says_each_level(server, browser):
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        ids, order = [str(UUID(int=5000 + n)) for n in range(60)], ""
        posts = []
        for n, one in enumerate(ids):
            begun = START + timedelta(seconds=n)
            order += f"{'.' if order else ''}{begun:%Y%m%dT%H%M%S%f}Z{one}"
            parent = {"parent_run_id": ids[n - 1]} if n else {}
            posts.append(parent | {
                "id": one, "trace_id": ids[0], "name": f"level {n}", "run_type": "chain", "session_name": "deep",
                "start_time": begun.isoformat(), "dotted_order": order,
            })  # fmt: skip
        assert ask.post("/runs/batch", json={"post": posts}).status_code == 202
        project = ask.get("/sessions", params={"name": "deep"}).json()[0]["id"]
    shown = Tags(browser.get(f"/o/x/projects/p/{project}/r/{ids[59]}").text).text
    assert re.findall(r"(\d+)\xa0level (\d+)", shown)[-1] == ("59", "59")
    assert max(len(run) for run in re.findall("\xa0+", shown)) == 24
    assert all(f"level {n}" in shown for n in range(60))


def test_experiments_are_shown_side_by_side_example_by_example(server, browser):
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as ask:
        dataset = ask.post("/datasets", json={"name": "squares"}).json()["id"]
        for n in range(25):
            example = {
                "inputs": {"n": n},
                "outputs": {"square": n * n},
                "dataset_id": dataset,
                "id": str(UUID(int=700 + n)),
            }
            assert ask.post("/examples", json=example).status_code == 200
        projects = []
        for power in (2, 3):
            project = {"name": f"power {power}", "reference_dataset_id": dataset}
            projects.append(ask.post("/sessions", json=project).json()["id"])
            posts = [
                {"id": str(UUID(int=power * 1000 + n)), "name": "target", "run_type": "chain", "inputs": {},
                 "session_name": project["name"], "start_time": START.isoformat(), "outputs": {"square": n**power},
                 "reference_example_id": str(UUID(int=700 + n))} for n in range(25) if (power, n) != (3, 1)
            ]  # fmt: skip
            assert ask.post("/runs/batch", json={"post": posts}).status_code == 202
            score = {"run_id": posts[3]["id"], "key": "right", "score": power == 2}
            assert ask.post("/feedback", json=score).status_code == 200
    page = browser.get(f"/o/x/datasets/{dataset}").text
    boxes = [box["value"] for box in Tags(page).of("input") if box["name"] == "selectedSessions"]
    assert sorted(boxes) == sorted(projects)
    shown = browser.get(f"/o/x/datasets/{dataset}/compare", params={"selectedSessions": projects})
    assert browser.get(f"/o/x/datasets/{dataset}/compare?selectedSessions={'%2C'.join(projects)}").text == shown.text
    rows = [
        [re.sub("(<[^>]+>)+", "|", html.unescape(cell)).strip("|") for cell in re.findall("<td>(.*?)</td>", row)]
        for row in re.findall("<tr>(.*?)</tr>", shown.text, re.DOTALL)
    ]
    assert ['{"n": 1}', '{"square": 1}', '{"square":1}|the run', "no run"] in rows
    assert ['{"n": 2}', '{"square": 4}', '{"square":4}|the run', '{"square":8}|the run'] in rows
    assert ['{"n": 3}', '{"square": 9}', '{"square":9}|right 1|the run', '{"square":27}|the run'] in rows
    further = html.unescape(re.search(r'href="([^"]+)">Further', shown.text)[1])
    second = browser.get(f"/o/x/datasets/{dataset}/compare{further}").text
    assert "Examples from 21 on" in second
    assert "Further" not in second
    wrong = browser.get(
        f"/o/x/datasets/{dataset}/compare", params={"selectedSessions": [projects[0], str(UUID(int=9))]}
    )
    assert wrong.status_code == 404
    assert "no project" in wrong.text
