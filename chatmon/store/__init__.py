"""Turns that outlive the process: ``Store(folder).attach(monitor)``, and ``open_logs(folder)`` reads them back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from chatmon._tools.paths import private_folder
from chatmon.store._live_files import LiveFiles
from chatmon.store._status import StoreStatus
from chatmon.store.buffer import Buffer
from chatmon.store.compaction import compact
from chatmon.store.layout import contents
from chatmon.store.privacy._remembered import LostKeyError, remember_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Buffer", "LostKeyError", "Store", "StoreStatus", "compact", "contents"]


class Store(Buffer):
    """Writes the turns of this process into a folder, beside any number of other processes.

    Args:
        folder: Where; made where there is none.
        clock: Seconds since 1970.
        **options: ``interval``, ``capacity``, ``protect`` and ``notify``, as ``Buffer`` has them.

    Raises:
        LostKeyError: The folder's turns have pseudonyms under a key that ``protect`` does not have.
        OSError: The folder cannot be made.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from chatmon.importers import open_logs
        >>> from chatmon.live.monitor import ChatMonitor
        >>> monitor = ChatMonitor()
        >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        ...     store.attach(monitor)
        ...     with monitor.track("c1", "u1"):
        ...         pass
        ...     store.flush()
        ...     with open_logs(folder) as logs:
        ...         logs.report.turns
        1
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time, **options: Any) -> None:
        private_folder(folder)
        pseudonyms = getattr(options.get("protect"), "pseudonyms", None)
        if pseudonyms is not None:
            remember_keys(folder, pseudonyms.key_ids)
        super().__init__(LiveFiles(folder, clock), str(folder), **options)
