"""Record what real libraries emit, and hold what is read of it to what the server knows: ``make producers``.

Each library of libraries.toml runs in an environment of its own, made once in build/producers, against the server of
``server``. Its spans go to recorded/, small as they are, where ``make test`` reads them again; a new version is tried
by changing its pin.

    python tests/producers/run.py [LIBRARY ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPO = HERE.parents[1]
sys.path[:0] = [str(REPO), str(HERE.parent)]

from producers.server import serve  # noqa: E402 - found from tests/

ENCODER = "opentelemetry-exporter-otlp-proto-common"
PACKAGES = [f"@opentelemetry/{name}" for name in ("sdk-trace-node", "sdk-trace-base", "otlp-transformer", "api")]
"""What writes the spans of any library, of Python and of JavaScript."""


def libraries() -> dict[str, dict[str, Any]]:
    """Return the libraries by name."""
    return tomllib.loads((HERE / "libraries.toml").read_text(encoding="utf-8"))


def recorded(name: str) -> Path:
    """Return the file of a library's spans."""
    return HERE / "recorded" / f"{name}.jsonl"


def python_of(folder: Path, requires: list[str]) -> list[str | Path]:
    """Return the command that runs a library of Python, in an environment made for it."""
    if stale(folder, [*requires, ENCODER]):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *requires, ENCODER], check=True)
        made(folder, [*requires, ENCODER])
    return [folder / "bin" / "python", HERE / "python" / "run.py"]


def node_of(folder: Path, requires: list[str]) -> list[str | Path]:
    """Return the command that runs a library of JavaScript, beside the packages that were installed for it."""
    requires = [*requires, *PACKAGES]
    if stale(folder, requires):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
        subprocess.run(["npm", "install", "--silent", "--legacy-peer-deps", *requires], cwd=folder, check=True)
        made(folder, requires)
    for script in (HERE / "javascript").iterdir():  # modules are looked for from where a script stands
        (folder / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    return ["node", folder / "run.mjs"]


def stale(folder: Path, requires: list[str]) -> bool:
    """Say whether a folder has other packages than these."""
    told = folder / "requires.txt"
    return not told.exists() or told.read_text(encoding="utf-8") != "\n".join(requires)


def made(folder: Path, requires: list[str]) -> None:
    """Write down which packages a folder has."""
    (folder / "requires.txt").write_text("\n".join(requires), encoding="utf-8")


def record(name: str, said: dict[str, Any]) -> Path:
    """Run a library against the server, and return the file of its spans."""
    ways = {"python": python_of, "javascript": node_of}
    command = ways[said.get("language", "python")](REPO / "build" / "producers" / name, said["requires"])
    path = recorded(name)
    path.unlink(missing_ok=True)
    server, address = serve()
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [*command, name, said.get("instrument", ""), address, path], check=True, timeout=120, cwd=folder
            )
        finally:
            server.shutdown()
        places = {address.removesuffix("/v1"): "http://model", folder: ".", str(REPO): ".", sys.base_prefix: "."}
    text = path.read_text(encoding="utf-8")
    for place, named in places.items():
        text = text.replace(place, named)
    path.write_text(text, encoding="utf-8")
    return path


def main() -> int:
    """Record the libraries named, or all, and run the test that reads them."""
    chosen = sys.argv[1:] or list(libraries())
    for name in chosen:
        print(f"{name}: {record(name, libraries()[name])}")
    tests = [sys.executable, "-m", "pytest", "-q", HERE.parent / "importers" / "test_recorded.py"]
    return subprocess.run(tests, check=False, cwd=REPO).returncode


if __name__ == "__main__":
    sys.exit(main())
