"""A service on this machine that speaks Langtail's API: prompts from a folder, replies by the local model.

What the hosted service does and a course needs is here: deployments, prompts by version and environment, calls (also in
pieces), threads and their messages, the OpenAI proxy, a log of calls. There is no page, no test of prompts, no key for
each project.
"""

from __future__ import annotations

import html
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon._tools.paths import DATA
from chatmon.lab.services._service import Service

if TYPE_CHECKING:
    from chatmon.lab.services.llm import LLM

PROMPTS: Final = DATA / "prompts"
"""The course's prompts: a folder for each, in it a JSON file for each version, and ``deployments.toml``."""


class LocalLangtail(Service):
    """A running service; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        base_url: What a client takes as ``base_url``.
        api_key: The key that clients must send.
    """

    _MODULE = "chatmon.lab.services.langtail._child"
    _CALLED = "the local Langtail"
    _LOG = "langtail"

    def __init__(self, settings: dict[str, str | int | None]) -> None:
        super().__init__(settings)
        self.base_url = self.address
        self.api_key = str(settings["api_key"])

    def _repr_html_(self) -> str:
        address = html.escape(self.address)
        return f'<p><b>langtail</b>, {self._state()} at <a href="{address}">{address}</a></p>'


def start(
    llm: LLM,
    prompts: str | Path = PROMPTS,
    *,
    db: str | Path | None = None,
    port: int | None = None,
    api_key: str | None = None,
) -> LocalLangtail:
    """Start the service.

    Args:
        llm: The model that replies, such as ``chatmon.lab.services.llm.start()``.
        prompts: A folder of prompts, laid out as ``PROMPTS``; it is read anew for each call.
        db: A SQLite file that keeps threads and the log of calls; in memory if not given.
        port: A port of 127.0.0.1; any free one if not given.
        api_key: The key that clients must send; a random one if not given.

    Raises:
        FileNotFoundError: There is no such folder.
        PortTakenError: The port cannot be opened.
    """
    folder = Path(prompts).absolute()
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of prompts at {folder}: one folder for each prompt is expected in it")
    return LocalLangtail(
        {
            "prompts": str(folder),
            "db": None if db is None else str(Path(db).absolute()),
            "port": port,
            "api_key": api_key or f"local-{secrets.token_urlsafe(24)}",
            "llm_url": llm.base_url,
            "llm_key": llm.api_key,
            "llm_model": llm.model,
        }
    )
