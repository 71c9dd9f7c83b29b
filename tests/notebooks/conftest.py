"""Makes the modules beside the tests importable, and runs a rule once for each notebook there is."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatmon.lab.course.build import main

sys.path.insert(0, str(Path(__file__).parent))

import sample
from course_files import LESSONS, SOLUTIONS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by the argument's name: each ``lesson``, each ``solution``, or each ``notebook`` of either kind."""
    chosen = {"lesson": LESSONS, "solution": SOLUTIONS, "notebook": LESSONS + SOLUTIONS}
    for name in chosen.keys() & set(metafunc.fixturenames):
        names = [f"{path.parent.name}/{path.stem}" for path in chosen[name]]
        metafunc.parametrize(name, chosen[name], ids=names)


@pytest.fixture(scope="session")
def sample_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sample lesson, built once by the real builder: the folder of its notebooks."""
    folder = tmp_path_factory.mktemp("course")
    notebooks = sample.lay_out(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder / "lib"))
        assert main(["--folder", str(notebooks)], out=io.StringIO()) == 0
        yield notebooks
