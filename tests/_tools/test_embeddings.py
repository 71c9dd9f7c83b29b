import subprocess
import sys

import numpy as np
from waits import PATIENCE

from chatmon._tools.embeddings import embed


def test_vectors_have_length_one_and_that_of_nothing_is_zero() -> None:
    vectors = embed(["a bill", "", "🤔", "مرحبا", "\ud83d"])
    assert vectors.shape == (5, 256)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1, 1])
    assert embed([]).shape == (0, 256)


def test_loading_the_model_leaves_the_programs_logging_alone() -> None:
    program = (
        "import logging; from chatmon._tools.embeddings import embed; embed(['x']); "
        "print(logging.root.handlers, logging.root.level)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert (done.stdout.strip(), done.stderr) == ("[] 30", "")
