"""A real Chromium, driven over its own debugging protocol: open a page, ask it questions, take its picture."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import websocket
from children import started
from waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
RECTANGLE = "document.querySelector({!r}).getBoundingClientRect()"


class Page:
    """One page of a running browser."""

    def __init__(self, address: str, domains: Sequence[str] = ("Page", "Runtime", "Network", "Log")) -> None:
        self._socket = websocket.create_connection(address, timeout=PATIENCE)
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        self.errors: list[str] = []
        for domain in domains:
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol, noting what the page reports meanwhile."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._note(message.get("method"), message.get("params", {}))

    def _note(self, event: str | None, details: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.errors.append(details["exceptionDetails"]["text"])

    def open(self, url: str, width: int = 1300, height: int = 900) -> None:
        """Go to an address in a window of a size."""
        self.resize(width, height)
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window a size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def ask(self, script: str) -> Any:
        """Return the value of a JavaScript expression, once a promise has kept it."""
        how = {"returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", expression=script, **how)["result"].get("value")

    def wait_for(self, script: str, seconds: float = PATIENCE) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.ask(script):
            assert time.monotonic() < until, f"not true within {seconds} s: {script}\n{self.ask('document.title')}"
            time.sleep(0.2)

    def click(self, selector: str) -> None:
        """Click into the middle of an element, as a mouse does."""
        self.wait_for(f"document.querySelector({selector!r}) !== null")
        box = self.ask(f"(e => [e.x + e.width / 2, e.y + e.height / 2])({RECTANGLE.format(selector)})")
        for kind in ("mousePressed", "mouseReleased"):
            where = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **where)

    def press(self, key: str, code: int, modifiers: int = 0) -> None:
        """Press a key; modifiers: 2 is Control, 8 is Shift."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )

    def close(self) -> None:
        """Leave the page to itself."""
        self._socket.close()

    def picture(self, path: Path) -> None:
        """Save a screenshot."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Start a browser with an empty profile in a folder; it ends with the block.

    Raises:
        RuntimeError: Chromium is not installed.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("no chromium on this machine: on Debian, `apt install chromium`")
    log = (folder / "chromium.log").open("wb")
    profile = folder / "profile"
    command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with (
        log,
        started(*command, seconds=30 * PATIENCE, stdout=log, stderr=log),
        contextlib.closing(Page(_address(profile / "DevToolsActivePort"))) as page,
    ):
        yield page


@contextlib.contextmanager
def visitors(folder: Path, count: int) -> Iterator[list[Page]]:
    """Start a browser with a page for each of some people, none of whom has another's cookies."""
    with chromium(folder):
        port = (folder / "profile" / "DevToolsActivePort").read_text(encoding="utf-8").splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/version", timeout=10) as answer:
            whole = json.load(answer)["webSocketDebuggerUrl"]
        with contextlib.ExitStack() as stack:
            browser = stack.enter_context(contextlib.closing(Page(whole, domains=())))
            pages = []
            for _ in range(count):
                person = browser.call("Target.createBrowserContext")["browserContextId"]
                target = browser.call("Target.createTarget", url="about:blank", browserContextId=person)["targetId"]
                page = Page(f"ws://127.0.0.1:{port}/devtools/page/{target}")
                pages.append(stack.enter_context(contextlib.closing(page)))
            yield pages


def _address(note: Path) -> str:
    """Return the address of the first page, once the browser has written down its port."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if note.exists() and "\n" in note.read_text(encoding="utf-8"):
            port = note.read_text(encoding="utf-8").splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                return pages[0]["webSocketDebuggerUrl"]
        time.sleep(0.1)
    raise RuntimeError(f"chromium did not open its debugging port within {PATIENCE:g} s")
