"""What Binder and a development container run does what `make setup` does, with the same lock."""

import json
import os
import re
import subprocess
import sys
import tomllib

from chatmon._tools.paths import REPO

BINDER, CONTAINER = REPO / ".binder" / "postBuild", REPO / ".devcontainer" / "devcontainer.json"


def oldest():
    wanted = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    return wanted.removeprefix(">=")


def test_binder_installs_the_lock_by_its_hashes_and_then_the_package_alone():
    script = BINDER.read_text(encoding="utf-8")
    installs = re.findall(r"^\$pip (.*)$", script, re.MULTILINE)
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    assert installs == [
        "--require-hashes -r requirements.lock",
        "--no-deps --no-build-isolation --no-index --editable .",
    ]
    assert f"install {installs[1]}" in makefile
    assert os.access(BINDER, os.X_OK)
    assert (BINDER.parent / "runtime.txt").read_text(encoding="utf-8") == f"python-{oldest()}\n"


def test_both_run_commands_that_there_are():
    container = json.loads(CONTAINER.read_text(encoding="utf-8"))
    assert container["image"].startswith(f"python:{oldest()}")
    told = f"{BINDER.read_text(encoding='utf-8')}\n{container['postCreateCommand']}"
    for words in re.findall(r"chatmon ((?:course )?[a-z-]+)", told):
        done = subprocess.run(
            [sys.executable, "-m", "chatmon", *words.split(), "--help"], capture_output=True, check=False
        )
        assert done.returncode == 0, words
    for target in re.findall(r"\bmake (\w+)", container["postCreateCommand"]):
        assert f"\n{target}:" in (REPO / "Makefile").read_text(encoding="utf-8")
