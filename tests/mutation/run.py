"""Change a module in every way that a test should notice, and say which changes no test sees: ``make mutants``.

No file is changed. A process that has imported the libraries (not chatmon) forks for each mutant; the fork imports the
changed source in the module's place and runs the module's tests until one fails. Programs that a test starts by
themselves import the unchanged module.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import select
import signal
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

HERE = Path(__file__).parent
REPO = HERE.parents[1]
sys.path[:0] = [str(REPO), str(HERE.parent)]

from mutation.mutants import Mutant, mutants  # noqa: E402 - found from tests/

LIBRARIES = (
    "pytest", "numpy", "pandas", "pyarrow", "pyarrow.parquet", "duckdb", "scipy.stats", "hypothesis", "anyio",
    "anyio._backends._asyncio",
)  # fmt: skip
"""What takes long to import and holds nothing of chatmon."""
GRACE = 20
"""Seconds that a mutant's tests may take beyond three times those of the unchanged module: then it is killed, too."""


@dataclass(frozen=True, slots=True)
class Job:
    """A mutant whose tests are running in a fork."""

    mutant: Mutant
    pid: int
    handle: int
    deadline: float


def listed() -> dict[str, dict[str, Any]]:
    """Return the modules of modules.toml: each with its tests and the mutants that change nothing."""
    return tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants of the modules named, print what survives, and return 1 where too much does."""
    parser = argparse.ArgumentParser(prog="make mutants", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("modules", nargs="*", help="such as importers/traces or cost; all of modules.toml without one")
    parser.add_argument("--sample", type=int, help="try only so many of a module's mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of that choice")
    parser.add_argument("--lines", help="only mutants of these lines, such as 40-80")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many run at once")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument("--least", type=float, default=0.95, help="the share that must be killed")
    chosen = parser.parse_args(arguments)
    known = listed()
    names = [name for name in known if not chosen.modules or any(_named(name, wanted) for wanted in chosen.modules)]
    if not names:
        print(f"no module {' or '.join(chosen.modules)} in modules.toml, which has: {', '.join(known)}")
        return 2
    for library in LIBRARIES:
        importlib.import_module(library)
    shares = [_module(name, known[name], chosen) for name in names]
    return 0 if all(share >= chosen.least for share in shares) else 1


def _named(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}/")


def _module(name: str, entry: dict[str, Any], chosen: argparse.Namespace) -> float:
    """Run a module's mutants; return the share of those that change something which a test killed."""
    path = REPO / "chatmon" / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    same = {_key(one["code"], one["old"], one["new"]) for one in entry.get("equivalent", [])}
    found = [mutant for mutant in mutants(source) if _key(_line(source, mutant), mutant.old, mutant.new) not in same]
    if chosen.lines:
        first, _, last = chosen.lines.partition("-")
        found = [mutant for mutant in found if int(first) <= mutant.line <= int(last or first)]
    if chosen.sample and chosen.sample < len(found):
        found = sorted(random.Random(chosen.seed).sample(found, chosen.sample))
    if chosen.list:
        print("\n".join(f"{name}.py:{mutant}" for mutant in found))
        return 1.0
    started = time.monotonic()
    [(_, sound)] = run([Mutant(0, 0, 1, "", "")], path, source, entry["tests"], 1, 600)
    allowed = GRACE + 3 * (time.monotonic() - started)
    if sound != 0:
        print(f"{name}: its tests fail without any change (pytest's status {sound}): mend them first")
        return 0.0
    survivors: list[Mutant] = []
    for done, (mutant, status) in enumerate(run(found, path, source, entry["tests"], chosen.jobs, allowed), 1):
        if sys.stderr.isatty():
            print(f"  {name}: {done} of {len(found)}", end="\r", file=sys.stderr, flush=True)
        if status == 0:
            survivors.append(mutant)
            print(f"  survives: chatmon/{name}.py:{mutant}", flush=True)
    share = 1 - len(survivors) / max(len(found), 1)
    print(
        f"{name}: {len(found) - len(survivors)} of {len(found)} killed ({share:.1%}), "
        f"{len(same)} more change nothing, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return share


def _key(code: str, old: str, new: str) -> tuple[str, str, str]:
    one, two, three = (" ".join(text.split()) for text in (code, old, new))
    return one, two, three


def _line(source: str, mutant: Mutant) -> str:
    return source.splitlines()[mutant.line - 1]


def run(
    found: Sequence[Mutant], path: Path, source: str, tests: Sequence[str], jobs: int, allowed: float
) -> Iterator[tuple[Mutant, int]]:
    """Yield each mutant with pytest's exit status, some at once; one that takes too long counts as failed."""
    waiting, running = list(reversed(found)), dict[int, Job]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = _fork(waiting.pop(), path, source, tests, allowed)
                running[job.handle] = job
            wait = max(0.0, min(job.deadline for job in running.values()) - time.monotonic())
            ended, _, _ = select.select(list(running), [], [], wait)
            late = [handle for handle, job in running.items() if time.monotonic() >= job.deadline]
            for handle in {*ended, *late}:
                job = running.pop(handle)
                yield job.mutant, _status(job, late=handle not in ended)
    finally:
        for job in running.values():
            _status(job, late=True)


def _status(job: Job, *, late: bool) -> int:
    """End what a fork left behind, and return its status."""
    os.close(job.handle)
    if late:
        os.killpg(job.pid, signal.SIGKILL)
    _, status = os.waitpid(job.pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(job.pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def _fork(mutant: Mutant, path: Path, source: str, tests: Sequence[str], allowed: float) -> Job:
    told, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        status = 3
        try:
            os.setsid()
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            status = _tested(mutant.applied(source), path, tests)
        finally:
            os._exit(status)
    os.close(tells)
    os.set_blocking(told, False)
    return Job(mutant, pid, told, time.monotonic() + allowed)


def _tested(changed: str, path: Path, tests: Sequence[str]) -> int:
    import pytest

    os.chdir(REPO)
    os.environ["CHATMON_EXAMPLES"] = "mutants"
    changed_module = _Changed(path, changed)
    sys.meta_path.insert(0, changed_module)
    importlib.import_module(changed_module.name)  # before pytest looks for its examples, by its path
    # Nobody reads why a test failed: to say it, pytest would rewrite every assert, hypothesis's too, in each fork.
    options = ["-x", "-q", "--assert=plain", "-o", "addopts=--import-mode=importlib --doctest-modules -m 'not system'"]
    options += [
        part for name in ("cacheprovider", "nbval", "langsmith_plugin", "xdist") for part in ("-p", f"no:{name}")
    ]
    return int(pytest.main([*options, *tests]))


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from a changed source."""

    def __init__(self, path: Path, source: str) -> None:
        self._path, self._source = path, source
        parts = path.relative_to(REPO).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | bytes) -> bytes:
        return self._source.encode("utf-8")

    def path_mtime(self, path: str | bytes) -> float:
        raise OSError("never cached")

    def path_stats(self, path: str) -> Any:
        raise OSError("never cached")


if __name__ == "__main__":
    sys.exit(main())
