"""The outbox's queue on disk: an SQLite file of messages, each waiting, delivered or dead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from chatmon.alerts.channels._message import Message
from chatmon.alerts.notification import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatmon.alerts.live._file import File
    from chatmon.alerts.notification import Notification

State = Literal["waiting", "delivered", "dead"]

KEPT_SECONDS: Final = 7 * 24 * 3_600
"""How long a delivered message is remembered, so that it is not taken for a new one."""
_URGENCY: Final = (Severity.PAGE, Severity.TICKET, Severity.INFO)
_TABLES: Final = """
create table if not exists messages (
    number integer primary key,
    channel text not null, id text not null, topic text not null, content text not null,
    state text not null, attempts integer not null, due real not null, changed real not null, problem text,
    urgency integer not null default 0,
    unique (channel, id)
);
create index if not exists waiting on messages (channel, topic, number) where state = 'waiting';
create index if not exists gone on messages (changed) where state = 'delivered';
create table if not exists notes (name text primary key, content text not null);
"""
# Of each topic only the first: no "resolved" overtakes its "firing".
_FIRST: Final = (
    "from messages as m where channel = ? and state = 'waiting' and not exists (select 1 from messages as earlier "
    "where earlier.channel = m.channel and earlier.topic = m.topic and earlier.number < m.number "
    "and earlier.state = 'waiting')"
)


def urgency(notification: Notification) -> int:
    """Return the place of a notification among those that wait: what wakes people goes before what can wait."""
    return _URGENCY.index(notification.severity)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for a channel.

    Attributes:
        channel: The channel's name.
        topic: Messages of one topic arrive in the order they were put in.
        message: What to say.
    """

    channel: str
    topic: str
    message: Message


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """A message in the outbox and how it stands.

    Attributes:
        channel: The channel's name.
        message: What to say.
        state: Whether it waits, was delivered, or was given up.
        attempts: How often it was sent.
        problem: What went wrong last; None where nothing did.
    """

    channel: str
    message: Message
    state: State
    attempts: int
    problem: str | None


class Spool:
    """The queue.

    Args:
        file: Where it is kept.

    Attributes:
        file: As given.
    """

    def __init__(self, file: File) -> None:
        self.file = file
        file.script(_TABLES)
        # Of an older release: before the index that reads the column.
        if not file.read("select 1 from pragma_table_info('messages') where name = 'urgency'"):
            file.script("alter table messages add column urgency integer not null default 0")
        file.script(
            "create index if not exists urgent on messages (channel, urgency, due, number) where state = 'waiting'"
        )
        # Due times are on a clock that began with the process: after a start, everything is due.
        with file.transaction() as db:
            db.execute("update messages set due = 0 where state = 'waiting'")

    def put(self, deliveries: Iterable[Delivery], notes: Mapping[str, Any], now: float) -> None:
        """Take messages and notes in, all or none; a message that is known is not taken in again.

        Args:
            deliveries: What to send.
            notes: JSON values to keep by name; None for one to forget.
            now: Seconds since 1970.
        """
        with self.file.transaction() as db:
            db.execute("delete from messages where state = 'delivered' and changed < ?", (now - KEPT_SECONDS,))
            db.executemany(
                "insert or ignore into messages (channel, id, topic, content, state, attempts, due, changed, urgency) "
                "values (?, ?, ?, ?, 'waiting', 0, 0, ?, ?)",
                [_row(one, now) for one in deliveries],
            )
            for name, content in notes.items():
                if content is None:
                    db.execute("delete from notes where name = ?", (name,))
                else:
                    db.execute("insert or replace into notes values (?, ?)", (name, json.dumps(content)))

    def notes(self) -> dict[str, Any]:
        """Return the notes by name, in the order of their names."""
        return {name: json.loads(content) for name, content in self.file.read("select * from notes order by name")}

    def entries(self, state: State) -> list[SpoolEntry]:
        """Return the messages in a state, the oldest first."""
        columns = "channel, content, state, attempts, problem"
        rows = self.file.read(f"select {columns} from messages where state = ? order by number", state)  # noqa: S608
        return [SpoolEntry(row[0], Message.from_dict(json.loads(row[1])), *row[2:]) for row in rows]

    def waiting(self) -> dict[str, int]:
        """Return how many messages wait, by channel."""
        return dict(self.file.read("select channel, count(*) from messages where state = 'waiting' group by channel"))

    def next(self, channel: str, now: float) -> tuple[int, Message, int] | None:
        """Return number, message and attempts so far of the most urgent that is due for a channel, or None."""
        columns = "number, content, attempts"
        rows = self.file.read(
            f"select {columns} {_FIRST} and due <= ? order by urgency, due, number limit 1", channel, now
        )
        return (rows[0][0], Message.from_dict(json.loads(rows[0][1])), rows[0][2]) if rows else None

    def next_due(self, channel: str) -> float | None:
        """Return when a channel's next message is due; None where none waits."""
        due: float | None = self.file.read(f"select min(due) {_FIRST}", channel)[0][0]
        return due

    def mark(
        self, number: int, state: State, attempts: int, now: float, *, due: float = 0.0, problem: str | None = None
    ) -> None:
        """Write down what became of an attempt."""
        with self.file.transaction() as db:
            db.execute(
                "update messages set state = ?, attempts = ?, due = ?, changed = ?, problem = ? where number = ?",
                (state, attempts, due, now, problem, number),
            )

    def retry_dead(self) -> int:
        """Let what is dead wait again, and what was said after it on its topic, and return how many messages that are.

        A "firing" that arrives after its "resolved" would open what nothing closes.
        """
        with self.file.transaction() as db:
            numbers = db.execute(
                "select number from messages as m where state = 'dead' or exists (select 1 from messages as earlier "
                "where earlier.channel = m.channel and earlier.topic = m.topic and earlier.number < m.number "
                "and earlier.state = 'dead')"
            ).fetchall()
            db.executemany("update messages set state = 'waiting', attempts = 0, due = 0 where number = ?", numbers)
            return len(numbers)


def _row(one: Delivery, now: float) -> tuple[object, ...]:
    most = min(urgency(notification) for notification in one.message.notifications)
    return one.channel, one.message.id, one.topic, json.dumps(one.message.to_dict()), now, most
