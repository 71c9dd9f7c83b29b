"""The shape of the package: which room may know which, what is a room's own, and how small the face is."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import chatmon
from chatmon._tools.paths import REPO

ROOT = REPO / "chatmon"
ROOMS_WITHIN = ("connect", "lab")
"""Rooms whose entries are rooms of their own: each system that is connected, each part of the lab."""
PUBLIC_NAMES = 320
TOP_ENTRIES = 20
LONGEST_CHAIN = 9
FACES = ["", "alerts", "lab.bot", "live"]
"""Packages that import a name when it is first asked for."""


def name_of(path: Path) -> str:
    parts = [*path.relative_to(REPO).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(name: str, *, inside: bool = True) -> set[str]:
    """Return the modules of the package that a module imports, those for types alone left out."""
    found = set()
    waiting = list(TREES[name].body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "chatmon":
            modules = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {one if one in MODULES else node.module for one in modules}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in MODULES}
        elif inside or isinstance(node, ast.If | ast.Try | ast.With):
            waiting += ast.iter_child_nodes(node)
    return found - {name, "chatmon"}


def room(name: str) -> str:
    parts = name.split(".")[1:]
    return ".".join(parts[: 2 if parts[0] in ROOMS_WITHIN else 1])


def is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split(".")[2:])


HOUSE = [name for name in MODULES if name != "chatmon"]
ARROWS = {(name, other) for name in HOUSE for other in imports(name)}


def test_the_helper_never_imports_the_lab():
    assert not [(a, b) for a, b in ARROWS if b.startswith("chatmon.lab") and not a.startswith("chatmon.lab")]


def test_there_is_no_circle_between_rooms():
    known = {(room(a), room(b)) for a, b in ARROWS if room(a) != room(b)}
    reached = {one: {b for a, b in known if a == one} for one in {end for arrow in known for end in arrow}}
    for _ in reached:
        for far in reached.values():
            far |= {further for near in far for further in reached[near]}
    assert not [one for one, far in reached.items() if one in far]


def test_what_begins_with_an_underscore_is_imported_in_its_own_room_only():
    assert not [(a, b) for a, b in ARROWS if is_private(b) and room(a) != room(b)]


def test_the_top_of_the_package_can_be_taken_in_at_a_glance():
    entries = [one for one in ROOT.iterdir() if one.suffix == ".py" or (one.is_dir() and any(one.rglob("*.py")))]
    assert len(entries) <= TOP_ENTRIES


def test_few_names_are_public():
    found = [
        f"{name}.{node.name}"
        for name in MODULES
        if not any(part.startswith("_") for part in name.split("."))
        for node in TREES[name].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert len(found) <= PUBLIC_NAMES, found


def test_no_chain_of_imports_is_long():
    depth: dict[str, int] = {}

    def measured(name: str) -> int:
        if name not in depth:
            depth[name] = 1  # where packages and their modules import each other, the chain ends
            depth[name] = 1 + max(map(measured, imports(name, inside=False)), default=0)
        return depth[name]

    assert max(map(measured, MODULES)) <= LONGEST_CHAIN


@pytest.mark.parametrize("face", FACES)
def test_a_face_gives_at_run_time_what_it_gives_to_type_checkers(face):
    package = import_module(f"chatmon.{face}".rstrip("."))
    (types,) = (node for node in TREES[package.__name__].body if isinstance(node, ast.If))
    typed = {alias.asname: node.module for node in types.body for alias in node.names}
    assert sorted(typed) == dir(package)
    for name, module in typed.items():
        assert getattr(package, name) is getattr(import_module(module), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018 - asked for


def test_importing_the_package_loads_nothing_of_others():
    code = "import sys; before = set(sys.modules); import chatmon; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO).stdout
    others = {name.split(".")[0] for name in loaded.split()} - sys.stdlib_module_names
    assert others == {"chatmon"}


def test_every_public_name_of_the_face_says_what_it_is():
    assert all(getattr(chatmon, name).__doc__ for name in dir(chatmon))


def doors(text: str) -> set[str]:
    return set(re.findall(r"^\s*(?:>>> )?from (chatmon[\w.]*) import", text, re.MULTILINE))


@pytest.mark.parametrize(
    "path",
    [REPO / "README.md", *(REPO / "docs").glob("*.md"), *sorted((REPO / "notebooks" / "source").glob("*.py"))],
    ids=lambda path: path.name,
)
def test_readers_are_shown_doors_only(path):
    assert not [door for door in doors(path.read_text(encoding="utf-8")) if is_private(door) or "._" in door]


ERRORS = [
    (name, node.name)
    for name, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.ClassDef)
    and any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
]


@pytest.mark.parametrize(("module", "name"), ERRORS, ids=lambda one: one)
def test_every_error_is_one_of_the_package_s_and_says_so_in_its_name(module, name):
    error = getattr(import_module(module), name)
    assert name.endswith("Error")
    assert issubclass(error, chatmon.Error)
