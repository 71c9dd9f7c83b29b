"""Which of the packages that the course needs are installed, and as they should be.

Standard library only, for the doctor; the package `packaging` is used where it is there, as it is wherever the course
is installed, to judge versions and the conditions under which a package is wanted at all.
"""

from __future__ import annotations

import re
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_PINNED = re.compile(r"^[A-Za-z0-9][^=\s]*==[^\\\n#]+", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Verdict(NamedTuple):
    """What is the case with a list of requirements on this machine.

    Attributes:
        wanted: How many of them concern this machine, as far as that is known.
        problems: What is wrong, one entry for each requirement that is not met.
        unmet: Those requirements, as pip takes them.
        unjudged: How many could not be judged for want of the package ``packaging``.
    """

    wanted: int
    problems: list[str]
    unmet: list[str]
    unjudged: int


def locked(text: str) -> list[str]:
    r"""Return the requirements of a lock file, each with its condition and without its hashes.

    Example:
        >>> locked("numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n# a comment\n")
        ["numpy==2.4.6 ; python_full_version < '3.12'"]
    """
    return [found.group().strip() for found in _PINNED.finditer(text)]


def declared(pyproject: Path) -> list[str]:
    """Return the direct requirements of chatmon: from a clone's ``pyproject.toml``, else from what was installed."""
    if pyproject.is_file():
        import tomllib

        project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
        return list(project["dependencies"])
    try:
        return [text for text in metadata.requires("chatmon") or [] if "extra ==" not in text]
    except metadata.PackageNotFoundError:
        return []


def judge(requirements: list[str]) -> Verdict:
    """Hold requirements against what is installed.

    Example:
        >>> judge(["packaging>=20", "no-such-package==1.0"]).problems
        ['no-such-package is missing']
    """
    judged = _judge_precisely if find_spec("packaging") else _judge_roughly
    wanted, unjudged = 0, 0
    problems, unmet = [], []
    for text in requirements:
        answer = judged(text)
        if answer is None:
            continue
        wanted += 1
        unjudged += answer == "unjudged"
        if answer not in ("", "unjudged"):
            problems.append(answer)
            unmet.append(text.partition(";")[0].strip())
    return Verdict(wanted, problems, unmet, unjudged)


def _judge_precisely(text: str) -> str | None:
    """Return what is wrong with a requirement: "" for nothing, None where it does not concern this machine."""
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    version = _version(requirement.name)
    if version is None:
        return f"{requirement.name} is missing"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement.name} is {version}, not {requirement.specifier}"
    return ""


def _judge_roughly(text: str) -> str | None:
    """Do the same without ``packaging``: exact pins and presence; "unjudged" where a condition decides."""
    found = _NAME.match(text)
    if found is None or ";" in text:
        return "unjudged"
    name, version = found.group(), _version(found.group())
    if version is None:
        return f"{name} is missing"
    pinned = text.partition("==")[2].strip()
    return f"{name} is {version}, not =={pinned}" if pinned and pinned != version else ""


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
