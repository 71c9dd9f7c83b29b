"""One server for the contract tests of a module."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from langsmith import Client

from chatmon.lab.services.langsmith import LocalLangSmith, start

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[LocalLangSmith]:
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: LocalLangSmith) -> Iterator[Client]:
    opened = Client(api_url=server.url, api_key=server.api_key, web_url=server.url)
    yield opened
    opened.cleanup()
