"""Each of make's targets does something, and the two that CI runs do what CI is for."""

import re
import subprocess

import pytest

from chatmon._tools.paths import REPO

MAKEFILE = (REPO / "Makefile").read_text(encoding="utf-8")
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()


def plan(target):
    """Return what make would run for a target, without running it."""
    command = ["make", "--dry-run", "--always-make", target, "LOGS=runs.jsonl"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_has_a_recipe_and_a_line_of_help(target):
    assert re.search(rf"^{target}:.*## \w.*\.?\n\t", MAKEFILE, re.MULTILINE), f"no recipe right below {target}"
    assert "Nothing to be done" not in plan(target)


@pytest.mark.parametrize(("target", "run"), [("test", "--dist=loadfile"), ("test-system", "-m system tests/system")])
def test_what_ci_calls_runs_the_tests(target, run):
    [line] = [line for line in plan(target).splitlines() if "-m pytest" in line]
    assert run in line
    assert f"make {target}\n" in (REPO / ".ci" / "run").read_text(encoding="utf-8")
