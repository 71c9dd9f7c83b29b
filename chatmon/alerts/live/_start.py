"""Alerts on a live bot in one call: rules, where they ring, and one file that loses nothing."""

from __future__ import annotations

import logging
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from chatmon._tools.errors import Error
from chatmon._tools.forks import renew_after_fork
from chatmon._tools.locks import Hold
from chatmon._tools.paths import private_folder
from chatmon.alerts.live._dispatch import Dispatcher
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.live._file import File
from chatmon.alerts.live._outbox import Outbox
from chatmon.alerts.live.policy import Policy, Route
from chatmon.alerts.rules_file import load_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from types import TracebackType

    from chatmon.alerts.channels._message import Channel
    from chatmon.alerts.live.policy import Match, Silence
    from chatmon.alerts.notification import Notification
    from chatmon.alerts.rules import Rule
    from chatmon.live.monitor import ChatMonitor

logger = logging.getLogger("chatmon.alerts.live._start")
FILE = "alerts.db"
OWNER = "alerts.pid"


class AlertsOwnedError(Error, RuntimeError):
    """Alerts of a folder run already: a second process would send everything twice."""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """How alerting stands.

    Attributes:
        firing: Key of each open alert to what was said of it last.
        acknowledged: Key to who has taken it on.
        muted: Keys that a silence or another alert keeps from being told.
        waiting: How many messages are on their way.
        dead: Messages that a channel refused, or that were given up: `LiveAlerts.retry_dead` sends them again.
    """

    firing: dict[str, str]
    acknowledged: dict[str, str]
    muted: tuple[str, ...]
    waiting: int
    dead: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.firing)} alerts are open, {self.waiting} messages wait, {len(self.dead)} are given up"]
        for key, text in self.firing.items():
            by = f" (taken on by {self.acknowledged[key]})" if key in self.acknowledged else ""
            lines.append(f"  {key}: {text}{by}{' (muted)' if key in self.muted else ''}")
        return "\n".join(lines + [f"  given up: {one}" for one in self.dead])


class LiveAlerts:
    """Alerts that run; made by ``start``. Use it in ``with``, or call ``stop`` at the end."""

    def __init__(
        self,
        monitor: ChatMonitor,
        engine: AlertEngine,
        dispatcher: Dispatcher,
        outbox: Outbox,
        file: File,
        owned: Hold,
    ) -> None:
        self._monitor = monitor
        self._engine = engine
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._file = file
        self._owned = owned
        self._stopped = False
        renew_after_fork(self)

    def forked(self) -> None:
        """Leave alerting to the process that this one was forked from, whose threads and files are not here."""
        if not self._stopped:
            self._stopped = True
            self._engine.unwatch(self._monitor)
            logger.warning("no alerts in process %d, a fork: start() them here, in a folder of its own", os.getpid())

    def acknowledge(self, key: str, by: str) -> None:
        """Note that somebody has taken an alert on: nobody else is told of it until it ends, but those who know are.

        Args:
            key: The alert's key, as in ``status().firing``.
            by: Who.

        Raises:
            ValueError: No such alert is open.
        """
        self._dispatcher.acknowledge(key, by)

    def silence(self, match: Match, length: timedelta, *, by: str, reason: str) -> Silence:
        """Tell nobody of the alerts that match, from now on for so long; those that still fire then are told then."""
        return self._dispatcher.silence(match, length, by=by, reason=reason)

    def status(self) -> AlertStatus:
        """Return what is open, who has taken it on, and what is on its way."""
        alerts = self._dispatcher.alerts
        return AlertStatus(
            firing={key: one.latest.text for key, one in alerts.items()},
            acknowledged={key: one.acknowledged_by for key, one in alerts.items() if one.acknowledged_by},
            muted=tuple(sorted(self._dispatcher.muted)),
            waiting=len(self._outbox.entries("waiting")),
            dead=tuple(f"{one.channel}: {one.message.title}: {one.problem}" for one in self._outbox.entries("dead")),
        )

    def retry_dead(self) -> int:
        """Send again what was given up, and return how many messages that are."""
        return self._outbox.retry_dead()

    def tick(self) -> None:
        """Evaluate what is due and tell of it, at once rather than at the end of the tick."""
        self._engine.tick()
        self._dispatcher.tick()

    def stop(self, timeout: float = 5.0) -> None:
        """Evaluate a last time and stop; a second call does nothing.

        Args:
            timeout: Seconds for it, and for what is on its way, one more at the most; what is not evaluated or not
                delivered by then is so by the next ``start``.
        """
        if self._stopped:
            return
        self._stopped = True
        until = time.monotonic() + timeout

        def left() -> float:
            return max(0.0, until - time.monotonic())

        with ExitStack() as last:
            last.callback(self._owned.close)
            last.callback(self._file.close, 0.5)
            last.callback(self._outbox.close, 0.5)  # attempts that outlast it are made again by the next start
            last.callback(lambda: self._outbox.drain(left()))
            last.callback(lambda: self._dispatcher.close(left()))
            self._engine.unwatch(self._monitor)
            self._engine.stop(left())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    monitor: ChatMonitor,
    rules: str | Path | Sequence[Rule],
    *,
    channels: Mapping[str, Channel],
    folder: str | Path,
    policy: Policy | None = None,
    **options: Any,
) -> LiveAlerts:
    """Evaluate rules over a monitor's turns in the background, and tell channels of what they find.

    What a tick decides, who is to be told, and the messages are one transaction in one file of the folder: a process
    that is killed at any moment loses no alert, and the next ``start`` goes on from there. One process at a time owns
    the folder; when that is dead, whatever has its number since, the next one may. A process that is forked from it has
    no alerts.

    Args:
        monitor: Whose turns.
        rules: A TOML file of rules, or the rules.
        channels: Where alerts ring, by name.
        folder: Where the file lies; made where there is none, for its owner only.
        policy: Which alert goes where; every alert to every channel where there is none.
        **options: ``tick_seconds`` and ``clock``, as ``AlertEngine`` has them.

    Raises:
        AlertsOwnedError: Another process has the folder, or this one, twice.
        RuleError: A rule is none; the message says which and why.
        ValueError: There is no channel, or the policy names one that is not there.

    Example:
        >>> import tempfile
        >>> from datetime import timedelta
        >>> from chatmon.alerts.channels import Notebook
        >>> from chatmon.alerts.rules import Rule
        >>> from chatmon.live.monitor import ChatMonitor
        >>> rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with start(ChatMonitor(), [rule], channels={"me": Notebook(show=print)}, folder=folder) as alerts:
        ...         print(alerts.status())
        0 alerts are open, 0 messages wait, 0 are given up
    """
    if not channels:
        raise ValueError("there are 0 channels: name at least one, such as {'team': Slack(url)}")
    loaded = load_rules(Path(rules)) if isinstance(rules, str | Path) else list(rules)
    chosen = policy or Policy((Route(channels=tuple(channels)),))
    private_folder(Path(folder))
    with ExitStack() as opened:
        owned = opened.enter_context(_own(Path(folder)))
        file = File(Path(folder) / FILE)
        opened.callback(file.close)
        outbox = Outbox(file, channels)
        opened.callback(outbox.close)
        dispatcher = Dispatcher(chosen, outbox)
        opened.callback(dispatcher.close)

        def tell(*notifications: Notification) -> None:
            dispatcher.notify(*notifications)
            dispatcher.tick()

        engine = AlertEngine(loaded, tell, path=file, **options)
        engine.watch(monitor)
        engine.start()
        opened.pop_all()
    return LiveAlerts(monitor, engine, dispatcher, outbox, file, owned)


def _own(folder: Path) -> Hold:
    """Return the lock on a folder, in whose file the owner's number is written for others to read.

    Raises:
        AlertsOwnedError: Somebody has it.
    """
    path = folder / OWNER
    owned = Hold(path, make=True)
    if owned.held:
        path.write_text(f"{os.getpid()}\n", encoding="utf-8")
        return owned
    owned.close()
    said = path.read_text(encoding="utf-8").strip() or "unknown"
    here = " (this one)" if said == str(os.getpid()) else ""
    raise AlertsOwnedError(
        f"alerts in {folder} belong to the process with pid {said}{here}: stop() them there, "
        "or give these a folder of their own"
    )
