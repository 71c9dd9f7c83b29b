"""axe-core, the accessibility checker, run in a page: its script comes out of a wheel that pip fetches once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from chatmon._tools.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from browser import Page

PACKAGE = "axe-playwright-python==0.1.8"
WHEEL = "axe_playwright_python-0.1.8-py3-none-any.whl"
SHA256 = "fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8"
SCRIPT = "axe_playwright_python/axe.min.js"


def violations(page: Page, within: Sequence[str] = (), without: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what axe-core finds wrong with a page, or with the parts of it that the selectors name.

    Each rule comes with its impact and the elements that it fails for. Rules that are named are left out.
    """
    page.ask(_source())
    part = json.dumps({"include": [[selector] for selector in within]}) if within else "document"
    options = json.dumps({"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}})
    found = page.ask(f"axe.run({part}, {options}).then(r => JSON.stringify(r.violations))")
    return [
        {"rule": one["id"], "impact": one["impact"], "elements": [node["html"][:200] for node in one["nodes"]]}
        for one in json.loads(found)
    ]


def _source() -> str:
    wheel = cache_folder() / WHEEL
    if not wheel.exists():
        wheel.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheel.parent, PACKAGE]
        subprocess.run(command, check=True, timeout=120)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert digest == SHA256, f"{wheel} has SHA-256 {digest}, not {SHA256}: delete it"
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(SCRIPT).decode("utf-8")
