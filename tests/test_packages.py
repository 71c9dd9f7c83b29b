"""pyproject.toml, environment.yml and requirements.lock name the same packages, and none names a machine."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chatmon._tools.paths import REPO

PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((REPO / "environment.yml").read_text(encoding="utf-8"))
LOCK = (REPO / "requirements.lock").read_text(encoding="utf-8")
SPARK_LOCK = (REPO / "requirements-spark.lock").read_text(encoding="utf-8")
CONDA_NAMES = {"python-duckdb": "duckdb"}
EXTRAS = PROJECT["optional-dependencies"]
OWN, *OF_COURSE = EXTRAS["course"]
DIRECT = list(dict.fromkeys([*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]))
DIRECT.remove(OWN)


def declared(lines):
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(CONDA_NAMES.get(r.name, r.name)): r.specifier for r in requirements}


def of_environment():
    conda = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str) and line != "pip"]
    (pip,) = (group["pip"] for group in ENVIRONMENT["dependencies"] if isinstance(group, dict))
    return declared([*conda, *(line for line in pip if line != "-e .[course]")])


def pinned():
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([\w.!+]+)", LOCK + SPARK_LOCK, re.MULTILINE)
    }


def test_conda_has_the_helper_s_packages_and_of_the_course_s_those_it_can_within_the_same_bounds():
    environment = of_environment()
    assert str(environment.pop("python")) == PROJECT["requires-python"]
    assert environment.items() <= declared(DIRECT).items()
    assert environment.keys() >= declared(PROJECT["dependencies"]).keys()


def test_the_environment_has_at_most_fifteen_direct_packages_and_no_build_strings():
    assert len(of_environment()) - 1 <= 15
    assert not re.search(r"=[\w.]+=", (REPO / "environment.yml").read_text(encoding="utf-8"))


def test_the_course_has_every_extra_but_those_for_changing_it_and_for_clusters():
    assert Requirement(OWN).extras == EXTRAS.keys() - {"course", "dev", "site", "spark"}
    assert OF_COURSE


@pytest.mark.parametrize("line", DIRECT)
def test_the_lock_pins_every_direct_package_inside_its_bounds(line):
    requirement = Requirement(line)
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize(("lock", "least"), [(LOCK, 100), (SPARK_LOCK, 2)], ids=["all", "spark"])
def test_every_pin_has_a_hash_and_the_lock_names_no_index(lock, least):
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE | re.IGNORECASE)[1:] or [lock]
    assert len(entries) >= least
    assert all(re.match(r"[\w.-]+==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not re.search(r"^-|://", lock, re.MULTILINE)


def test_every_direct_dependency_has_its_argument_beside_it():
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    for line in DIRECT:
        assert re.search(rf'"{re.escape(line)}",\s+# \w', text), line
