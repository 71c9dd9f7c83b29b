"""Every method of LangSmith's client is called, and does what docs/langsmith_methods.md says of it."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from contract.calls import CALLS, REFUSED, RESOURCES, World, resources
from langsmith import Client

from chatmon._tools.paths import REPO

pytestmark = [
    pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithBetaWarning"),
    pytest.mark.filterwarnings("ignore::langsmith.utils.LangSmithWarning"),
    pytest.mark.filterwarnings("ignore:.*is in beta:UserWarning"),
]
SAID = tomllib.loads((REPO / "docs" / "langsmith_methods.toml").read_text(encoding="utf-8"))
METHODS = [name for name, _ in inspect.getmembers(Client, callable) if not name.startswith("_")]
WORKING = sorted(f"{part}.{name}" for part, names in SAID["resources"].items() for name in names)
LOCAL = Client(api_url="http://127.0.0.1:9", api_key="none", info={}, auto_batch_tracing=False)
OTHERS = sorted(resources(LOCAL).keys() - set(WORKING))
REASONS = (
    "nothing is shared", "language model", "folders of files", "no longer supported in the SDK",
    "upgrade your deployment", "fine-tuning",
)  # fmt: skip


@pytest.fixture(scope="module")
def world(client, tmp_path_factory):
    return World(client, tmp_path_factory.mktemp("rows"))


def test_every_method_is_called_once_and_the_table_names_no_other():
    assert sorted([*CALLS, *REFUSED]) == sorted(METHODS)
    assert sorted(SAID["refused"]) == sorted(REFUSED)
    assert set(SAID["noted"]) <= set(CALLS)
    assert sorted(RESOURCES) == WORKING


@pytest.mark.parametrize("name", CALLS)
def test_a_method_that_is_said_to_work_does(world, name):
    assert CALLS[name](world)


@pytest.mark.parametrize("name", REFUSED)
def test_a_method_that_is_refused_says_why(world, name):
    with pytest.raises(Exception, match="|".join(REASONS)):
        REFUSED[name](world)


async def gone_through(called):
    if hasattr(called, "__aiter__"):
        return [one async for one in called]
    return await called if inspect.isawaitable(called) else called


@pytest.mark.parametrize("name", WORKING)
def test_a_method_of_the_newer_half_that_is_said_to_work_does(server, world, name):
    async def call():
        fresh = Client(api_url=server.url, api_key=server.api_key, web_url=server.url)
        return await gone_through(RESOURCES[name](world, resources(fresh)[name]))

    asyncio.run(call())


DUMMIES = {
    "body": [str(uuid4())], "index": 0, "start_time": datetime.now(UTC).isoformat(), "status": "needs_my_review",
    "name": "x", "type": "code",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_method_of_the_newer_half_says_that_it_is_not_here(server, name):
    async def call():
        fresh = Client(api_url=server.url, api_key=server.api_key, web_url=server.url)
        method = resources(fresh)[name]
        needed = {
            one.name: DUMMIES.get(one.name, str(uuid4()))
            for one in inspect.signature(method).parameters.values()
            if one.default is one.empty and one.kind is not one.VAR_KEYWORD
        }
        return await gone_through(method(**needed))

    with pytest.raises(Exception, match=r"not part of this server|nothing is shared|is no UUID"):
        asyncio.run(call())


def test_the_page_of_methods_is_the_one_that_is_made_from_the_client():
    made = subprocess.run([sys.executable, REPO / "docs" / "make_langsmith_methods.py", "--check"], check=False)
    assert made.returncode == 0, "docs/langsmith_methods.md is out of date: make docs"
