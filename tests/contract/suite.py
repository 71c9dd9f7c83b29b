"""Run the integration tests of LangSmith's own SDK against the local LangSmith, and say which fail and why.

They need a checkout of the SDK, a Python that has the SDK of the same version with what its tests import, and time:

    python tests/contract/suite.py CHECKOUT/python --python VENV/bin/python [--seconds 60] [TEST ...]

Nothing of a checkout is part of this project. A test of a key, a model or a website that is not here fails as such.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from chatmon.lab.services.langsmith import start

DEFAULT = "tests/integration_tests/test_client.py"
OUTCOMES = ("failure", "error", "skipped")
LINE = 220
"""Characters of a reason."""


def run(folder: Path, python: Path, tests: list[str], seconds: float) -> ElementTree.Element:
    """Return what pytest says of the tests, as its XML.

    Args:
        folder: The SDK's folder of Python, whose own modules its tests do not import.
        python: What runs them.
        tests: Which, by their names.
        seconds: Of one test.
    """
    with start() as server, tempfile.TemporaryDirectory() as temporary:
        said = Path(temporary) / "said.xml"
        named = {
            "LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": server.api_key, "LANGSMITH_TRACING": "true",
            "LANGCHAIN_ENDPOINT": server.url, "LANGCHAIN_API_KEY": server.api_key,
        }  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | named
        command = [python, "-m", "pytest", "-q", "--runslow", f"--timeout={seconds}", f"--junitxml={said}", *tests]
        subprocess.run([*command, "-p", "no:cacheprovider"], cwd=folder, env=environment, check=False)
        return ElementTree.parse(said).getroot()


def told(case: ElementTree.Element) -> tuple[str, str]:
    """Return how a test ended, and why."""
    for outcome in OUTCOMES:
        found = case.find(outcome)
        if found is not None:
            why = [line for line in (found.text or "").splitlines() if line.startswith("E ")]
            return outcome, " ".join((why[0][2:] if why else found.get("message", "")).split())[:LINE]
    return "passed", ""


def main() -> int:
    """Print how each test ended that did not pass, and how many did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("tests", nargs="*", default=[DEFAULT])
    asked = parser.parse_args()
    ended: dict[str, int] = {}
    for case in run(asked.folder, asked.python.absolute(), asked.tests, asked.seconds).iter("testcase"):
        outcome, why = told(case)
        ended[outcome] = ended.get(outcome, 0) + 1
        if outcome != "passed":
            print(f"{outcome:8} {case.get('name')}: {why}")
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(ended.items())))
    return int(bool(ended.get("failure") or ended.get("error")))


if __name__ == "__main__":
    sys.exit(main())
