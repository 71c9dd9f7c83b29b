"""Record what real libraries emit, and hold what is read of it to what the server knows: ``make producers``.

Each library of libraries.toml runs in an environment of its own, made once in build/producers, against the server of
``server``. Its spans go to recorded/, small as they are, where ``make test`` reads them again; a new version is tried
by changing its pin.

    python tests/producers/run.py [LIBRARY ...]
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPO = HERE.parents[1]
sys.path[:0] = [str(REPO), str(HERE.parent)]

from producers.server import serve  # noqa: E402 - found from tests/

ENCODER = "opentelemetry-exporter-otlp-proto-common"


def libraries() -> dict[str, dict[str, Any]]:
    """Return the libraries by name."""
    return tomllib.loads((HERE / "libraries.toml").read_text(encoding="utf-8"))


def environment(name: str, requires: list[str]) -> Path:
    """Return the Python of a library's environment, which is made where its pins are not what it has."""
    folder = REPO / "build" / "producers" / name
    python, made = folder / "bin" / "python", folder / "requires.txt"
    wanted = "\n".join([*requires, ENCODER])
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requires, ENCODER], check=True)
        made.write_text(wanted, encoding="utf-8")
    return python


def record(name: str, said: dict[str, Any]) -> Path:
    """Run a library against the server, and return the file of its spans."""
    python, path = environment(name, said["requires"]), HERE / "recorded" / f"{name}.jsonl"
    path.unlink(missing_ok=True)
    server, address = serve()
    try:
        subprocess.run(
            [python, HERE / "scripts.py", name, said.get("instrument", ""), address, path], check=True, timeout=120
        )
    finally:
        server.shutdown()
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
