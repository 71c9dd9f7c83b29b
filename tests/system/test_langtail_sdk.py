"""The service's own client, from npm, talks to the local service: deployments, prompts, calls, threads."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chatmon._tools.paths import cache_folder
from chatmon.lab.services import langtail, llm

pytestmark = pytest.mark.system

SDK = "langtail@0.16.16"


@pytest.fixture(scope="module")
def sdk():
    """The folder in which the client is installed, once for every run."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("no npm on this machine: on Debian, `apt install nodejs npm`")
    folder = cache_folder() / "npm" / SDK
    if not (folder / "node_modules" / "langtail" / "package.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), SDK],
            check=True,
            timeout=300,
        )
    shutil.copy(Path(__file__).with_name("langtail_sdk.mjs"), folder / "langtail_sdk.mjs")
    return folder


def test_the_services_own_client_is_served(sdk):
    with llm.start() as model, langtail.start(model) as service:
        ran = subprocess.run(
            ["node", str(sdk / "langtail_sdk.mjs")],
            env=os.environ | {"LANGTAIL_API_KEY": service.api_key, "LANGTAIL_BASE_URL": service.base_url},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout.splitlines()[-1])
    assert ["support", "production", "v2"] in said["deployments"]
    assert [message["role"] for message in said["template"]] == ["system", "user"]
    assert "5th of each month" in said["reply"]
    assert said["streamed"] == said["reply"]
    assert said["roles"] == ["user", "assistant"]
    assert said["metadata"] == {"rating": 5}
    assert (said["listed"], said["deleted"]) == (True, True)
    assert "Prompt deployment not found" in said["missing"]
