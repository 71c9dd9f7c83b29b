"""Scripts in fresh processes: LangSmith's client reads its environment once, so a test cannot change its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from waits import PATIENCE

PREFIXES = ("LANGSMITH_", "LANGCHAIN_", "CHATMON_LANGSMITH")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}


def environment(server: Any, project: str, **changes: str) -> dict[str, str]:
    """What a user sets to trace to a server, and nothing else of LangSmith's."""
    named = {"LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": server.api_key, "LANGSMITH_PROJECT": project}
    return CLEAN | named | {"LANGSMITH_TRACING": "true"} | changes


def run(script: str, env: dict[str, str], *arguments: str, seconds: float = PATIENCE) -> Any:
    """Run a script and return what it printed last, as JSON; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
