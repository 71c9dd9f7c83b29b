"""Record what other libraries make of the same verdicts and labels: ``python tests/quality/record_rivals.py``.

In an environment of its own, with pinned versions, so that none of them is needed to run the tests.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PINNED = ("judgy==0.1.0", "ppi-python==0.2.3", "truescore==0.7.4")
RECORDED = Path(__file__).with_name("rivals.json")
RIVALS = """
import json, sys
import numpy as np
from judgy import estimate_success_rate
from ppi_py import ppi_mean_pointestimate
from truescore import cohen_kappa, ppi_estimate, rogan_gladen_estimate, wilson_interval

def of(seed):
    rng = np.random.default_rng(seed)
    n, m = (int(rng.integers(20, 80)), int(rng.integers(100, 400)))
    truth = (rng.random(n + m) < rng.uniform(0.2, 0.8)).astype(int)
    says = np.where(truth == 1, rng.random(n + m) < 0.85, rng.random(n + m) < 0.3).astype(int)
    weight = round(float(rng.uniform(0, 1)), 3)
    y, v, u = truth[:n], says[:n], says[n:]
    known = [part.astype(float) for part in (y, v, u)]
    wilson = wilson_interval(int(y.sum()), n)
    return {
        "labels": y.tolist(), "beside": v.tolist(), "others": u.tolist(), "weight": weight,
        "prediction_powered": float(ppi_mean_pointestimate(*known, lam=weight)[0]),
        "tuned": float(ppi_estimate(says, y, np.arange(n)).point),
        "rogan_gladen": float(rogan_gladen_estimate(says, y, np.arange(n)).point),
        "judgy": float(estimate_success_rate(y, v, says, bootstrap_iterations=10)[0]),
        "kappa": float(cohen_kappa(v, y)), "wilson": [float(wilson.low), float(wilson.high)],
    }

print(json.dumps([of(seed) for seed in range(12)]))
"""


def main() -> None:
    """Install the libraries, ask them, and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINNED], check=True)
        told = subprocess.run([python, "-c", RIVALS], check=True, capture_output=True, text=True).stdout
    RECORDED.write_text(json.dumps({"versions": PINNED, "cases": json.loads(told)}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
