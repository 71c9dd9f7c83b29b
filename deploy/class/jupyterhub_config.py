"""A class on one machine: a JupyterHub on which each student has own copies of the lessons, and all share one model.

How to use it, and what it does not protect, is in docs/teaching/class_on_one_machine.md.
"""

import asyncio
import os
import secrets
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(COURSE))

from chatmon._tools.paths import cache_folder  # noqa: E402 - found once its folder is known
from chatmon.lab.services.llm import shared_address  # noqa: E402

CLASS = Path(os.environ.get("CHATMON_CLASS") or COURSE / "class").absolute()
"""Holds students.txt, a name in each line, and then a folder for each student."""
MODEL_PORT = int(os.environ.get("CHATMON_CLASS_MODEL_PORT") or 4040)
MODEL_KEY = secrets.token_urlsafe(24)
STUDENTS = set((CLASS / "students.txt").read_text(encoding="utf-8").split())

if not STUDENTS:
    raise ValueError(f"no names in {CLASS / 'students.txt'}: one in each line is expected")
if not os.environ.get("CHATMON_CLASS_PASSWORD"):
    raise ValueError("CHATMON_CLASS_PASSWORD is not set: give the class a password of 8 characters at least")


def folder(spawner):
    """Return the folder of a student."""
    return CLASS / spawner.user.name


async def lay_out(spawner):
    """Make a student's folder, with a copy of each lesson that is new; what is there stays."""
    place = folder(spawner)
    place.mkdir(mode=0o700, exist_ok=True)
    for name in ("docs", "notebooks"):  # where the lessons' links lead
        if not (place / name).is_symlink():
            (place / name).symlink_to(COURSE / name)
    environ = os.environ | {"CHATMON_WORK": str(place / "work"), "PYTHONPATH": str(COURSE)}
    copying = await asyncio.create_subprocess_exec(sys.executable, "-m", "chatmon", "course", "update", env=environ)
    if status := await copying.wait():
        raise RuntimeError(f"`chatmon course update` ended with status {status}: its reason is in the hub's log")


c = get_config()  # noqa: F821 - JupyterHub's

# Loopback, as all of the course: a tunnel or a proxy with TLS brings others here.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{CLASS / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(CLASS / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(CLASS / "proxy.pid")
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["CHATMON_CLASS_PASSWORD"]
c.Authenticator.allowed_users = STUDENTS

# The hub starts the model, and starts it again should it end.
c.JupyterHub.services = [
    {
        "name": "model",
        "command": [sys.executable, "-m", "chatmon", "serve", "llm", "--port", str(MODEL_PORT)],
        "environment": {"CHATMON_API_KEY": MODEL_KEY, "CHATMON_CACHE": str(cache_folder()), "PYTHONPATH": str(COURSE)},
    }
]

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(CLASS / "{username}")
c.Spawner.notebook_dir = str(CLASS / "{username}")
c.Spawner.default_url = "/lab/tree/work/00_start_here.ipynb"
# After the model, which all wait for: twenty kernels that import at once would leave it a tenth of the processor.
c.Spawner.cmd = ["nice", "-n", "10", sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
c.Spawner.pre_spawn_hook = lay_out
# Twenty who come in the same minute: with a limit, the hub turns away who comes above it; and servers take their time.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.JupyterHub.concurrent_spawn_limit = 0
c.Spawner.environment = {
    "CHATMON_CACHE": str(cache_folder()),
    "CHATMON_WORK": lambda spawner: str(folder(spawner) / "work"),
    "CHATMON_SHARED_LLM": lambda spawner: shared_address(spawner.user.name, MODEL_KEY, MODEL_PORT),
    "PYTHONPATH": str(COURSE),
}
