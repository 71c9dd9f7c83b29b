"""JupyterLab with the reader's copies of the lessons, for whoever opens it: root too, and where there is no display.

It listens on loopback only and wants its token, whatever a configuration file or an argument says: whoever reaches
JupyterLab runs code, and in a container as root.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import webbrowser
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from jupyter_server.serverapp import ServerApp
from traitlets import default, validate

from chatmon._tools.paths import WORK
from chatmon.lab.course._workbook import add_missing, copies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOOPBACK = "127.0.0.1"
FIRST = WORK / "00_start_here.ipynb"
ROOM = WORK.parent
"""What JupyterLab shows: the clone, unless the copies lie elsewhere."""
ROOT = "You are root here: JupyterLab opens all the same, for this machine only and with its token."


def is_root() -> bool:
    """Say whether this process is the superuser's; Windows has none."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_browser(platform: str, environ: Mapping[str, str], find: Callable[[], object] = webbrowser.get) -> bool:
    """Say whether there is a browser to open a page in; one that would take over the terminal is none.

    Args:
        platform: As in `sys.platform`.
        environ: The environment; ``BROWSER`` names a browser, ``DISPLAY`` or ``WAYLAND_DISPLAY`` a display.
        find: Looks for a browser that is installed, and raises `webbrowser.Error` where it finds none.

    Example:
        >>> has_browser("linux", {"TERM": "xterm"})
        False
    """
    if platform not in ("win32", "darwin") and not any(map(environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))):
        return False
    try:
        find()
    except webbrowser.Error:
        return False
    return True


def arguments(extra: Sequence[str], *, root: bool, browser: bool) -> list[str]:
    """Return what JupyterLab is started with.

    Args:
        extra: Arguments of one's own, as JupyterLab takes them.
        root: Whether the superuser starts it, which JupyterLab has to be told is meant.
        browser: Whether there is a browser to open the first lesson in.
    """
    page = "/".join(("/lab/tree", *FIRST.relative_to(ROOM).parts))
    return [
        *(["--allow-root"] if root else []),
        *([] if browser else ["--no-browser"]),
        f"--ServerApp.root_dir={ROOM}",
        f"--LabApp.default_url={page}",
        *extra,
    ]


class LoopbackServer(ServerApp):
    """JupyterLab's server, held to loopback and to a token, and saying its address once."""

    _given = False

    @default("ip")
    def _default_ip(self) -> str:
        return LOOPBACK

    @validate("ip")
    def _validate_ip(self, proposal: Any) -> str:
        if proposal["value"] not in (LOOPBACK, "localhost"):
            asked = f"an argument or a configuration file asks for the address {proposal['value']!r}"
            self.log.warning(f"{asked}: listening on {LOOPBACK} all the same; to have your way, start `jupyter lab`")
        return LOOPBACK

    def init_configurables(self) -> None:
        """Make sure of the token, before what needs it is made."""
        super().init_configurables()
        who = self.identity_provider
        self._given = bool(who.token) and not who.token_generated
        if not self._given:
            who.token = secrets.token_hex(24)
            who.token_generated = False  # else Jupyter shows it as well, and twice

    def start_app(self) -> None:
        """Start, and say where: in a browser that opened, or for the reader to open one."""
        super().start_app()
        token = "(the one you gave)" if self._given else self.identity_provider.token
        address = f"{urljoin(self.connection_url, self.default_url)}?token={token}"
        how = "A browser opens; if none does, open" if self.open_browser else "Open in a browser:"
        sys.stdout.write(f"\n{how}\n    {address}\nStop it with Ctrl-C.\n\n")
        sys.stdout.flush()

    def start_ioloop(self) -> None:
        """Serve until stopped, then end what is left in the loop: a task that stays keeps its thread, and that us."""
        super().start_ioloop()
        loop = self.io_loop.asyncio_loop  # type: ignore[attr-defined]
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def run(extra: Sequence[str] = ()) -> None:
    """Run JupyterLab with the first lesson open, until Ctrl-C.

    Args:
        extra: Arguments of one's own, as JupyterLab takes them.

    Raises:
        FileNotFoundError: There are no lessons here: the package was installed without its clone.
    """
    found = copies()
    made = add_missing(found)
    if made:
        sys.stdout.write(f"{len(made)} lessons copied to work/, which is yours: write what you like.\n")
    if old := [copy.lesson.stem for copy in found if copy.lags]:
        sys.stdout.write(
            f"Lessons have changed since they were copied: {', '.join(old)}. Bring yours up to them with\n"
        )
        sys.stdout.write("    chatmon course update\n")
    if is_root():
        sys.stdout.write(f"{ROOT}\n")
    sys.stdout.flush()
    lab: Any = import_module("jupyterlab.labapp").LabApp  # imported so because it carries no annotations
    lab.serverapp_class = LoopbackServer
    lab.launch_instance(arguments(extra, root=is_root(), browser=has_browser(sys.platform, os.environ)))
