import re
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import default_environment

from chatmon._tools.paths import REPO
from chatmon.lab.cli import _installed as installed

HERE = default_environment()["sys_platform"]
LOCK = f"""\
# made by a tool
packaging=={metadata.version("packaging")} \\
    --hash=sha256:00 \\
    --hash=sha256:01
no-such-package==1.0 ; sys_platform == '{HERE}' \\
    --hash=sha256:02
not-for-here==1.0 ; sys_platform != '{HERE}'
    # via nobody
pytest==0.1
"""


def test_a_lock_is_read_without_hashes_and_comments() -> None:
    assert installed.locked(LOCK) == [
        f"packaging=={metadata.version('packaging')}",
        f"no-such-package==1.0 ; sys_platform == '{HERE}'",
        f"not-for-here==1.0 ; sys_platform != '{HERE}'",
        "pytest==0.1",
    ]


def test_each_package_is_judged_if_it_is_wanted_on_this_machine() -> None:
    verdict = installed.judge(installed.locked(LOCK))
    assert verdict.wanted == 3
    assert verdict.problems == ["no-such-package is missing", f"pytest is {metadata.version('pytest')}, not ==0.1"]
    assert verdict.unmet == ["no-such-package==1.0", "pytest==0.1"]
    assert verdict.unjudged == 0


def test_without_packaging_conditions_are_left_open_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    verdict = installed.judge(installed.locked(LOCK))
    assert verdict.problems == [f"pytest is {metadata.version('pytest')}, not ==0.1"]
    assert (verdict.wanted, verdict.unjudged) == (4, 2)
    assert installed.judge(["no-such-package>=2"]).problems == ["no-such-package is missing"]


def test_what_is_declared_comes_from_the_clone_or_from_what_was_installed(tmp_path: Path) -> None:
    from_clone = installed.declared(REPO / "pyproject.toml")
    from_metadata = installed.declared(tmp_path / "none.toml")
    names = [{re.split("[<>=]", text)[0] for text in texts} for texts in (from_clone, from_metadata)]
    assert names[0] == names[1]
    assert "pytest" not in names[0]  # only for those who change the course
    assert installed.judge(from_clone).problems == []


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True), st.integers(0, 99), max_size=8))
def test_every_pin_of_a_lock_is_found(pins: dict[str, int]) -> None:
    text = "".join(f"{name}=={version} \\\n    --hash=sha256:0a\n    # via x==1\n" for name, version in pins.items())
    assert installed.locked(text) == [f"{name}=={version}" for name, version in pins.items()]
