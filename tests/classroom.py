"""A real JupyterHub with the configuration of a class, in an environment of its own beside the course's."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from programs import answered, free_port, program, running
from waits import PATIENCE

from chatmon._tools.paths import REPO, cache_folder

DEPLOYED = REPO / "deploy" / "class"
PASSWORD = "for the tests alone"


def hub_environment(folder):
    """Install the hub where it sees the course's packages and changes none of them; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder / "hub"], check=True, capture_output=True)
    python = folder / "hub" / "bin" / "python"
    (packages,) = (folder / "hub" / "lib").glob("python*/site-packages")
    ours = Path(sys.prefix, "lib", packages.parent.name, "site-packages")
    (packages / "course.pth").write_text(f"import site; site.addsitedir({str(ours)!r})\n", encoding="utf-8")
    for part in ("etc", "share"):  # where JupyterLab and its settings lie
        (folder / "hub" / part).mkdir(exist_ok=True)
        (folder / "hub" / part / "jupyter").symlink_to(Path(sys.prefix, part, "jupyter"))
    wanted = ["install", "--quiet", "--disable-pip-version-check", "-r", DEPLOYED / "requirements.txt"]
    _run(python, "-m", "pip", *wanted)
    shutil.copy2(DEPLOYED / "package.json", folder)
    _run(program("npm", package="npm"), "install", "--silent", "--prefix", folder)
    return python


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=5 * PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def hub(folder, python, students):
    """Run the hub for some students while the block lasts; give its address, and the port of the model."""
    place = folder / "class"
    place.mkdir()
    (place / "students.txt").write_text("\n".join(students), encoding="utf-8")
    port, inner, proxy, model = (free_port() for _ in range(4))
    given = {
        "CHATMON_CLASS": place,
        "CHATMON_CLASS_PASSWORD": PASSWORD,
        "CHATMON_CLASS_MODEL_PORT": model,
        "CHATMON_CACHE": cache_folder(),
        "PATH": f"{folder / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}",
    }
    command = [
        python, "-m", "jupyterhub", "-f", DEPLOYED / "jupyterhub_config.py",
        f"--JupyterHub.bind_url=http://127.0.0.1:{port}", f"--JupyterHub.hub_bind_url=http://127.0.0.1:{inner}",
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}",
    ]  # fmt: skip
    log = folder / "hub.log"
    with running(log, "env", *(f"{name}={value}" for name, value in given.items()), *command):
        answered(f"http://127.0.0.1:{port}/hub/health", log)
        answered(f"http://127.0.0.1:{model}/health", log)
        yield f"http://127.0.0.1:{port}", model
