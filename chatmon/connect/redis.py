"""Turns of bots on many hosts through one Redis stream: each bot sends, one or more receivers store.

A receiver acknowledges a turn when it is synced in its store, so a turn arrives at least once: what a killed receiver
had not acknowledged goes to another one, or to its next self. What comes twice is known by its ``turn_id``: here while
the receiver remembers it, and in compaction and ``open_logs`` for ever. How much Redis itself may lose is its own
setting (``appendfsync``). The client is the package ``redis``.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted
from chatmon.store.buffer import Buffer
from chatmon.store.lines import Rating, from_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatmon.store.lines import Line

logger = logging.getLogger("chatmon.store")

STREAM: Final = "chatmon:turns"
GROUP: Final = "store"
AT_ONCE: Final = 1_000
REMEMBERED: Final = 100_000
"""Turns that a receiver knows again."""
ABANDONED_MS: Final = 60_000
"""Milliseconds after which a receiver takes over what another one has not acknowledged."""


class StreamStore(Buffer):
    """Sends the turns of this process into a Redis stream; used as ``Store`` is.

    Args:
        url: The server, such as ``redis://127.0.0.1:6379``.
        stream: The stream's name.
        **options: As ``Buffer`` has them.
    """

    def __init__(self, url: str, *, stream: str = STREAM, **options: Any) -> None:
        super().__init__(_Stream(url, stream), f"the stream {stream}", **options)


class _Stream:
    """A sink: lines become entries of a stream, all or none."""

    def __init__(self, url: str, stream: str) -> None:
        redis = wanted("redis", "redis", "the store's way through Redis")
        self._connection: Any = redis.Redis.from_url(url, socket_timeout=10)
        self._stream = stream

    def put(self, lines: Sequence[Line]) -> None:
        import redis

        try:
            with self._connection.pipeline(transaction=True) as together:
                for _, text in lines:
                    together.xadd(self._stream, {"turn": text})
                together.execute()
        except redis.RedisError as error:
            raise OSError(f"Redis does not take turns: {error}") from error

    def sync(self) -> None:
        """Leave that to Redis, which syncs as it is set to."""

    def close(self) -> None:
        self._connection.close()


def receive(
    url: str,
    store: Buffer,
    *,
    stream: str = STREAM,
    consumer: str | None = None,
    abandoned_ms: int = ABANDONED_MS,
    until: Callable[[], bool] = lambda: False,
) -> int:
    """Store what comes through a stream, and return how many turns that were.

    Args:
        url: The server.
        store: Where to keep them.
        stream: The stream's name.
        consumer: This receiver's name; host and process if not given.
        abandoned_ms: Milliseconds after which it takes over what another one has not acknowledged.
        until: Asked between two readings, twice a second at least: whether to stop.
    """
    redis = wanted("redis", "redis", "the store's way through Redis")
    name = consumer or f"{socket.gethostname()}-{os.getpid()}"
    known: OrderedDict[str, None] = OrderedDict()
    count = 0
    connection: Any
    with redis.Redis.from_url(url) as connection:
        while not until():
            try:
                _join(connection, stream)
                entries = _next(connection, stream, name, abandoned_ms)
                if not entries:
                    continue
                count += _keep(entries, store, known)
                store.flush()
                places = [place for place, _ in entries]
                # Both or neither: what is acknowledged and not deleted would stay in Redis, and nobody come for it.
                with connection.pipeline(transaction=True) as together:
                    together.xack(stream, GROUP, *places)
                    together.xdel(stream, *places)
                    together.execute()
            except (OSError, redis.RedisError) as error:
                logger.error("what came is not acknowledged, and read again: %s", error)  # noqa: TRY400 - no fault here
                time.sleep(0.5)
    return count


class _Waiting:
    """The turns in a stream, as an erasure asks for them."""

    def __init__(self, url: str, stream: str, abandoned_ms: int) -> None:
        redis = wanted("redis", "redis", "the turns that wait in Redis")
        self._connection: Any = redis.Redis.from_url(url, socket_timeout=10)
        self._stream = stream
        self._abandoned_ms = abandoned_ms
        self.name = f"the stream {stream}"

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        start = b"-"
        while page := _answered(self._connection.xrange, self._stream, min=start, count=AT_ONCE):
            for place, fields in page:
                yield place, fields.get(b"turn", b" ".join(fields.values()))
            start = b"(" + page[-1][0]

    def replace(self, place: bytes, line: bytes | None) -> bool:
        arguments = (_REPLACE, 1, self._stream, GROUP, place, self._abandoned_ms, line or b"")
        return bool(_answered(self._connection.eval, *arguments))


_REPLACE: Final = """
local held = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
if type(held) == 'table' and held[3] < tonumber(ARGV[3]) then return 0 end
if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.pcall('XACK', KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] ~= '' then redis.call('XADD', KEYS[1], '*', 'turn', ARGV[4]) end
return 1
"""
"""One step for Redis: no receiver is handed the old entry while the new one takes its place."""


def waiting(url: str, *, stream: str = STREAM, abandoned_ms: int = ABANDONED_MS) -> _Waiting:
    """Return the turns that wait in a stream, for ``erase`` and ``export_user``.

    An erasure replaces them by what may stay. One that a receiver has in hand is left to it, and said: erase again when
    it is stored. What Redis wrote into files of its own (its log, a snapshot) it keeps until it writes them anew.

    Args:
        url: The server.
        stream: The stream's name.
        abandoned_ms: Milliseconds after which a receiver that has acknowledged nothing has it in hand no more.
    """
    return _Waiting(url, stream, abandoned_ms)


def _answered(ask: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    import redis

    try:
        return ask(*arguments, **options)
    except redis.RedisError as error:
        raise OSError(f"Redis does not tell what waits in it: {error}") from error


def _join(connection: Any, stream: str) -> None:
    import redis

    try:
        connection.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):  # it is there already
            raise


def _next(connection: Any, stream: str, name: str, abandoned_ms: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return what this receiver left unacknowledged, else what another one did, else what is new."""
    for start, block in (("0", None), (None, None), (">", 500)):
        if start is None:
            found = connection.xautoclaim(stream, GROUP, name, abandoned_ms, count=AT_ONCE)[1]
        else:
            read = connection.xreadgroup(GROUP, name, {stream: start}, count=AT_ONCE, block=block)
            if isinstance(read, dict):  # Redis's protocol 3 answers with a map of lists of lists
                read = [(key, [entry for page in pages for entry in page]) for key, pages in read.items()]
            found = read[0][1] if read else []
        if found:
            return list(found)
    return []


def _keep(entries: Sequence[tuple[bytes, dict[bytes, bytes]]], store: Buffer, known: OrderedDict[str, None]) -> int:
    count = 0
    for place, fields in entries:
        try:
            turn = from_line(fields[b"turn"])
        except (KeyError, TypeError, ValueError) as error:
            logger.error("entry %s is left out: %s", place.decode(), error)  # noqa: TRY400 - no fault here
            continue
        if isinstance(turn, Rating):
            store.append(turn)
        elif turn.turn_id not in known:
            known[turn.turn_id] = None
            store.append(turn)
            count += 1
    while len(known) > REMEMBERED:
        known.popitem(last=False)
    return count
