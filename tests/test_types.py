"""The package and the benchmarks are typed: mypy's strict mode is content with them."""

import subprocess
import sys

from chatmon._tools.paths import REPO


def test_mypy_is_content() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=REPO, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
