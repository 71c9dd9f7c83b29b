"""The mutants themselves: what is changed, what is left alone, and that a run tells killed from surviving."""

import os
import subprocess
import sys

import pytest
from mutation.mutants import mutants

from chatmon._tools.paths import REPO


def said(source: str) -> list[str]:
    return [str(mutant).partition(": ")[2] for mutant in mutants(source)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("if a < b:\n    f()", ["< -> <=", "a < b -> False", "f() -> pass"]),
        ("x = a and not b", ["and -> or", "not b -> (b)"]),
        ("x = (a is not None)", ["is not -> is"]),
        ("x = a[0]", ["0 -> -1", "0 -> 1"]),
        ("x = min(a, key=f)", ["min -> max"]),
        ("total += 2", ["+ -> -", "total += 2 -> pass", "2 -> 3"]),
        ("x = f'{a}' + b", []),
        ("x = 'sum of all and more'", []),
        ("def f(a: int = 3) -> list[0]:\n    '''Return 1 or 2.'''\n    return a", ["3 -> 4", "a -> None"]),
        ("x = 'é' if a else 2.0", ["a -> not (a)", "2.0 -> 4.0"]),
    ],
)
def test_python_is_changed_where_it_decides(code: str, expected: list[str]) -> None:
    assert said(code) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('"SELECT sum(cost) FROM turns"', ["sum( -> max("]),
        ('f"coalesce({min(a)}, max({b})) AND failed"', ["max( -> min(", "AND -> OR"]),
        ("\"WHERE kind = 'llm and = 1' AND n >= 2\"", ["= -> <>", "AND -> OR", ">= -> >"]),
        ('"""CASE WHEN a IS NOT NULL\nTHEN 0 END"""', ["IS NOT NULL -> IS NULL", "0 -> 1"]),
    ],
)
def test_sql_is_changed_inside_strings(sql: str, expected: list[str]) -> None:
    assert said(f"x = {sql}") == expected


def test_a_change_is_made_where_it_says() -> None:
    source = "é = 'ü'\nif é > 1:  # ß\n    f(é)\n"
    assert {mutant.applied(source) for mutant in mutants(source)} == {
        source.replace(">", ">="), source.replace("1", "2"), source.replace("é > 1", "False"),
        source.replace("f(é)", "pass"),
    }  # fmt: skip


def test_every_module_listed_is_there_with_its_tests() -> None:
    from mutation.run import listed

    for name, entry in listed().items():
        assert (REPO / "chatmon" / f"{name}.py").is_file(), name
        assert [test for test in entry["tests"] if not (REPO / test.partition("::")[0]).exists()] == []
        source = (REPO / "chatmon" / f"{name}.py").read_text(encoding="utf-8")
        known = {(mutant.old, mutant.new) for mutant in mutants(source)}
        for same in entry.get("equivalent", []):
            assert " ".join(same["code"].split()) in " ".join(source.split()), (
                f"{name}: no code {same['code']!r} any more"
            )
            assert len(same["reason"].split()) >= 3
        assert known


SCRIPT = """
from mutation.run import REPO, run
from mutation.mutants import Mutant

path = REPO / "chatmon" / "cost" / "rates.py"
source = path.read_text(encoding="utf-8")
nothing, broken, endless = (
    Mutant(len(source), len(source), 1, "", code) for code in ("", "raise AssertionError", "while True: pass")
)
found = run([nothing, broken, endless], path, source, ["chatmon/cost/rates.py"], 2, 15)
print(sorted((mutant.new[:5], status) for mutant, status in found))
"""


def test_a_run_tells_the_killed_and_the_endless_from_the_surviving() -> None:
    command = [sys.executable, "-c", SCRIPT]
    environment = os.environ | {"PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'tests'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == "[('', 0), ('raise', 3), ('while', -9)]", done.stdout + done.stderr
