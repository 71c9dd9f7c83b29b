"""Routing that runs: open alerts, acknowledgements and silences are kept on disk, messages go to the outbox."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from chatmon.alerts.live import _routing as routing
from chatmon.alerts.live._routing import Alerts, OpenAlert
from chatmon.alerts.live.policy import Match, Policy, Silence
from chatmon.alerts.notification import Notification

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from chatmon.alerts.live._outbox import Outbox
    from chatmon.alerts.live._spool import Delivery

logger = logging.getLogger("chatmon.alerts.live._dispatch")
_NEW = "new/"


def utc_now() -> datetime:
    """Return the present time, in UTC."""
    return datetime.now(UTC)


class Dispatcher:
    """Takes notifications, and sees to it that the right channels are told.

    What it knows is written with the messages, in one transaction: a process that is killed at any moment goes on, when
    started again, from before or from after a step, and a step made twice makes the same messages with the same ids.

    Args:
        policy: Who is told of what.
        outbox: Where messages go. It stays the caller's to close, after this.
        clock: The present time, in UTC.
        every: How often to look for what is new, escalates or is no longer silenced; None for when `tick` is called.

    Raises:
        ValueError: The policy names a channel that the outbox does not have.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from chatmon.alerts.channels import Notebook
        >>> from chatmon.alerts.notification import Severity, Status
        >>> from chatmon.alerts.live._outbox import Outbox
        >>> from chatmon.alerts.live.policy import Route
        >>> now = datetime(2026, 10, 5, 3, tzinfo=UTC)
        >>> one = Notification(rule="errors", labels={"region": "uk"}, severity=Severity.PAGE, status=Status.FIRING,
        ...                    started_at=now, at=now, value=0.2, limit=0.1, n=40, text="20 % of 40 turns failed")
        >>> policy = Policy((Route(channels=("notebook",)),))
        >>> channels = {"notebook": Notebook(show=print)}
        >>> with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "outbox.db", channels) as outbox:
        ...     with Dispatcher(policy, outbox) as dispatcher:
        ...         dispatcher.notify(one)
        ...     delivered = outbox.drain(timeout=5)
        Firing: errors{region=uk}
        page, firing, errors{region=uk}: 20 % of 40 turns failed (since 2026-10-05 03:00 UTC)
    """

    def __init__(
        self,
        policy: Policy,
        outbox: Outbox,
        *,
        clock: Callable[[], datetime] = utc_now,
        every: timedelta | None = timedelta(seconds=1),
    ) -> None:
        strangers = policy.channels - outbox.channels
        if strangers:
            raise ValueError(
                f"routes name {', '.join(sorted(strangers))}, the outbox has {', '.join(sorted(outbox.channels))}"
            )
        self._policy = policy
        self._outbox = outbox
        self._clock = clock
        self._lock = outbox.file.changed  # what is known and what is on disk change together
        self._load()
        outbox.file.undone.append(self._load)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._tick_on, args=(every,), name="chatmon-dispatch", daemon=True)
        if every is not None:
            self._thread.start()

    def _load(self) -> None:
        notes = self._outbox.notes()
        self._alerts: Alerts = {key: OpenAlert.from_dict(one) for key, one in notes.get("alerts", {}).items()}
        self._silences = [Silence.from_dict(one) for one in notes.get("silences", [])]
        self._new = {name: Notification.from_dict(one) for name, one in notes.items() if name.startswith(_NEW)}

    def notify(self, *notifications: Notification) -> None:
        """Take notifications in, in the order they were decided; they are on disk when this returns.

        They are routed at the next tick, so that what comes within one becomes one message for each group.

        Raises:
            sqlite3.Error: The disk does not take them; nothing was taken in, and the call may be made again.
        """
        with self._lock:
            first = int(next(reversed(self._new)).removeprefix(_NEW)) + 1 if self._new else 0
            new = {f"{_NEW}{number:09}": one for number, one in enumerate(notifications, first)}
            self._outbox.put([], {name: one.to_dict() for name, one in new.items()})
            self._new |= new

    def tick(self) -> None:
        """Route what is new, and send what time has made due: escalations, alerts whose silence has ended."""
        with self._lock:
            now = self._clock()
            alerts, deliveries = routing.route(self._alerts, self._new.values(), self._policy, self._silences, now)
            if self._new or deliveries:
                self._keep(alerts, deliveries, dict.fromkeys(self._new))
                self._new = {}

    def acknowledge(self, key: str, by: str) -> None:
        """Note that somebody has taken an alert on: nobody else is told of it until it ends, but those who know are.

        Args:
            key: The alert's key, as in `alerts`.
            by: Who.

        Raises:
            ValueError: No such alert is open.
        """
        with self._lock:
            self._keep(*routing.acknowledge(self._alerts, key, by, self._policy), {})

    def silence(self, match: Match, length: timedelta, *, by: str, reason: str) -> Silence:
        """Tell nobody of the alerts that match, from now on for so long, and return the silence."""
        now = self._clock()
        silence = Silence(match=match, starts_at=now, ends_at=now + length, by=by, reason=reason)
        with self._lock:
            self._keep_silences([*self._silences, silence])
        return silence

    def unsilence(self, silence: Silence) -> None:
        """End a silence before its time; one that has ended already is no matter."""
        with self._lock:
            self._keep_silences([one for one in self._silences if one != silence])

    @property
    def alerts(self) -> Alerts:
        """The open alerts by key: their latest notification, who was told, and who has taken them on."""
        with self._lock:
            return dict(self._alerts)

    @property
    def silences(self) -> list[Silence]:
        """The silences that have not ended."""
        with self._lock:
            return [one for one in self._silences if self._clock() < one.ends_at]

    @property
    def muted(self) -> set[str]:
        """The keys of the open alerts that a silence or another alert keeps from being told."""
        with self._lock:
            return routing.muted(self._alerts, self._policy, self._silences, self._clock())

    def close(self, timeout: float = threading.TIMEOUT_MAX) -> None:
        """Route what is new a last time, and stop looking at the clock.

        Args:
            timeout: Seconds to wait for it; what takes longer is routed by the next one of this file.
        """
        self._closed.set()
        if self._thread.ident is None:
            self.tick()
        else:
            self._thread.join(timeout)
            if self._thread.is_alive():
                logger.error("alerts were not routed after %g s: the next start goes on", timeout)
                return
        if self._load in self._outbox.file.undone:  # a second close does nothing more
            self._outbox.file.undone.remove(self._load)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tick_on(self, every: timedelta | None) -> None:
        closed = every is None
        while not closed:
            closed = self._closed.wait(every.total_seconds() if every else None)
            try:
                self.tick()
            except Exception:  # a thread that dies would leave alerts unrouted, and say nothing
                logger.exception("alerts could not be routed; the next tick tries again")

    def _keep(self, alerts: Alerts, deliveries: list[Delivery], notes: dict[str, None]) -> None:
        self._outbox.put(deliveries, {"alerts": {key: one.to_dict() for key, one in alerts.items()}, **notes})
        self._alerts = alerts

    def _keep_silences(self, silences: list[Silence]) -> None:
        now = self._clock()
        left = [one for one in silences if now < one.ends_at]
        self._outbox.put([], {"silences": [one.to_dict() for one in left]})
        self._silences = left
