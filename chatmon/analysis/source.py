"""Turns as a DuckDB relation, whatever they came as, and questions asked of it.

The queries of this package are text that Spark accepts too, over a view ``turns``, in a session whose zone is UTC. What
has no common spelling is in ``connect.spark.SPELLED``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatmon import turns as table
from chatmon._tools.sql import as_pattern, text
from chatmon.cost.prices import LOWER_BOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas as pd
    import pyarrow as pa

    from chatmon.connect.spark import SparkTurns
    from chatmon.importers import Logs
    from chatmon.live.monitor import ChatMonitor
    from chatmon.turns import Turn

Turns: TypeAlias = (
    "Logs | ChatMonitor | duckdb.DuckDBPyRelation | pd.DataFrame | pa.Table | str | Path | SparkTurns | Sequence[Turn]"
)
"""What an analysis reads: logs, a monitor, a relation, a frame, Arrow, Parquet, turns on Spark or in a list."""
MICROSECONDS: Final = "epoch_us"
"""The function from a timestamp to microseconds since 1970; Spark's is ``unix_micros``."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
IN_PART: Final = f"cost IS NOT NULL AND price_source LIKE '%{LOWER_BOUND}%'"
"""The SQL of whether a turn's cost leaves out something that was billed."""
DIMENSIONS: Final = tuple(name for name, kind in table.KINDS.items() if kind == "str")
"""The columns that turns can be cut by: those that hold text."""


def relation(turns: Turns) -> duckdb.DuckDBPyRelation:
    """Return turns as a relation with every column of ``turns.schema()``; the ones that are not there are NULL.

    Args:
        turns: Any holder of turns.

    Raises:
        TypeError: It is no holder of turns.
        ValueError: A column that a turn needs is missing, its times have no zone, or, in what somebody has put together
            (a frame, Arrow), a row stands there twice or a grade is outside of its scale.

    Example:
        >>> relation([]).columns[:2]
        ['turn_id', 'conversation_id']
    """
    import duckdb

    if isinstance(turns, duckdb.DuckDBPyRelation):
        return _completed(turns)
    if all(hasattr(turns, method) for method in ("query", "filter", "fetchall", "to_arrow_table")):
        return cast("duckdb.DuckDBPyRelation", turns)  # turns on Spark: they have the methods that analyses call
    is_frame = isinstance(turns, _kind("pandas", "DataFrame"))
    if hasattr(turns, "turns") and not is_frame:  # a frame may have a column of that name
        return relation(turns.turns() if callable(turns.turns) else turns.turns)  # logs, a monitor
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if isinstance(turns, str | Path):
        one = Path(turns).is_file()  # else a pattern, or a folder's
        # Files of other releases have other columns: each turn keeps those that its file has.
        return _completed(connection.read_parquet(as_pattern(turns) if one else str(turns), union_by_name=True))
    if is_frame or isinstance(turns, _kind("pyarrow", "Table")):
        import pyarrow as pa

        frame = pa.Table.from_pandas(turns, preserve_index=False) if is_frame else turns
        return _checked(_completed(connection.from_arrow(frame)))
    if isinstance(turns, list | tuple):
        return connection.from_arrow(table.to_arrow(turns))
    raise TypeError(
        f"turns are {type(turns).__name__}: give logs, a monitor, a relation, a frame, a path of Parquet or a list"
    )


def _kind(package: str, name: str) -> Any:
    """Return a package's class, or no class where nobody has imported the package, and so nobody has one of it."""
    return getattr(sys.modules.get(package), name, ())


def between(turns: Turns, start: datetime | None = None, end: datetime | None = None) -> duckdb.DuckDBPyRelation:
    """Return the turns that started from one moment on and before another.

    Args:
        turns: Any holder of turns.
        start: The first moment, aware; None from the first turn on.
        end: The first moment that is out, aware; None to the last turn.

    Raises:
        ValueError: A moment is none (NaT, as the median of no timestamps is) or has no time zone, or ``end`` is not
            after ``start``.

    Example:
        >>> between([], end=datetime(2026, 10, 12, tzinfo=UTC)).fetchall()
        []
    """
    import pandas as pd

    for name, time in (("start", start), ("end", end)):
        if time is not None and pd.isna(time):
            number, known = query(turns, "SELECT count(*), count(timestamp) FROM turns")[0]
            raise ValueError(
                f"{name} ({time}) is no moment: {known:,} of {number:,} turns have a timestamp. Give an aware "
                "datetime; where turns are missing, the import's report says what was rejected"
            )
        if time is not None and time.tzinfo is None:
            raise ValueError(f"{name} ({time}) has no time zone: say which, such as datetime.UTC")
    if start is not None and end is not None and end <= start:
        raise ValueError(f"end ({end}) is not after start ({start})")
    conditions = [
        f"timestamp {sign} {moment(time.astimezone(UTC))}"
        for sign, time in ((">=", start), ("<", end))
        if time is not None
    ]
    return relation(turns).filter(" AND ".join(conditions) or "true")


def zone_of(tz: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        ValueError: There is no such zone.

    Example:
        >>> zone_of("Mars/Olympus")
        Traceback (most recent call last):
        ValueError: tz ('Mars/Olympus') is no time zone: name one, such as Europe/Berlin or UTC
    """
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"tz ({tz!r}) is no time zone: name one, such as Europe/Berlin or UTC") from None


def on_the_clock(turns: Turns, tz: str) -> duckdb.DuckDBPyRelation:
    """Return turns whose timestamps are what a clock of a zone shows, called UTC, so that days are that zone's.

    The hour that comes twice when summer time ends is one hour then, of twice as many turns.

    Args:
        turns: Any holder of turns.
        tz: The zone.

    Raises:
        ValueError: There is no such zone, or the turns are on Spark.
    """
    import duckdb

    source, zone = relation(turns), zone_of(tz).key
    if zone in ("UTC", "Etc/UTC"):
        return source
    if not isinstance(source, duckdb.DuckDBPyRelation):
        raise ValueError(f"turns on Spark are added up by days of UTC, not of {zone}: leave out tz")  # noqa: TRY004 - a value of tz
    shown = {"timestamp": f"timestamp AT TIME ZONE {text(zone)} AT TIME ZONE 'UTC' AS timestamp"}
    columns = ", ".join(shown.get(name, name) for name in table.COLUMNS)
    return asked(source, f"SELECT {columns} FROM turns")  # noqa: S608 - our own names


def moment(time: datetime) -> str:
    """Return an aware time as a value of SQL."""
    return f"TIMESTAMPTZ '{time.isoformat()}'"


def instant(microseconds: int | None) -> datetime | None:
    """Return the time so many ``MICROSECONDS`` after 1970, in UTC; DuckDB's own conversion would need pytz.

    Example:
        >>> instant(0).isoformat()
        '1970-01-01T00:00:00+00:00'
    """
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def cut(turns: Turns, by: str | Sequence[str]) -> tuple[duckdb.DuckDBPyRelation, list[str]]:
    """Return turns as a relation that has the columns to cut them by, and the names of these.

    Args:
        turns: Any holder of turns.
        by: Text columns of turns, or dimensions of one's own, which are keys of ``attributes``.

    Raises:
        ValueError: There is none, or one is no text column and no turn's attributes have it.

    Example:
        >>> cut([], "intent")[1]
        ['intent']
    """
    names = [by] if isinstance(by, str) else list(by)
    source = relation(turns)
    own = [name for name in names if name not in DIMENSIONS]
    strangers = [name for name in own if not _has_own(source, name)]
    if strangers or not names:
        what = ", ".join(strangers) or "nothing"
        raise ValueError(
            f"{what} is no dimension of turns, and no turn's attributes have it: take from {', '.join(DIMENSIONS)}"
        )
    if own:
        columns = ", ".join(f"{_own(name)} AS {name}" for name in own)
        source = asked(source, f"SELECT *, {columns} FROM turns")  # noqa: S608 - identifiers
    return source, names


def _has_own(source: duckdb.DuckDBPyRelation, name: str) -> bool:
    """Say whether any turn has a dimension of one's own; a name that SQL would not take as a column's has none."""
    import duckdb

    if not name.isidentifier() or name in table.COLUMNS:
        return False
    counted = f"SELECT count({name}) FROM (SELECT {_own(name)} AS {name} FROM turns) AS own"  # noqa: S608 - identifiers
    try:
        return bool(query(source, counted)[0][0])
    except duckdb.ParserException:
        raise ValueError(f"{name} is a word of SQL, so no dimension can have that name: give it another one") from None


def _own(name: str) -> str:
    return f"json_extract_string(attributes, '$.{name}')"


def query(turns: Turns, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT that names the turns ``turns``."""
    return asked(turns, sql).fetchall()


def frame(turns: Turns, sql: str) -> pd.DataFrame:
    """Return a SELECT's rows as a pandas frame: decimals stay exact."""
    return table.as_frame(arrow(turns, sql))


def arrow(turns: Turns, sql: str) -> pa.Table:
    """Return a SELECT's rows as an Arrow table."""
    return asked(turns, sql).to_arrow_table()


def asked(turns: Turns, sql: str) -> duckdb.DuckDBPyRelation:
    """Return a SELECT's answer, not yet fetched; every query of this package passes here."""
    answer = relation(turns).query("turns", sql)
    if answer is None:
        raise ValueError(f"no SELECT: {sql}")
    return answer


def _completed(given: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    missing = [name for name in table.REQUIRED if name not in given.columns]
    if missing:
        raise ValueError(f"turns need {', '.join(missing)}; these have {', '.join(given.columns)}")
    _refuse_without_zone(given)
    if given.columns[: len(table.COLUMNS)] == list(table.COLUMNS):  # what stands behind them is the asker's own
        return given
    return given.project(
        ", ".join(
            f'CAST("{name}" AS {table.DUCKDB_TYPES[kind]}) AS "{name}"'
            if name in given.columns
            else f'CAST(NULL AS {table.DUCKDB_TYPES[kind]}) AS "{name}"'
            for name, kind in table.KINDS.items()
        )
    )


_ZONED: Final = r"\s*.*([zZ]|[+-]\d\d(:?\d\d)?)\s*"
_GRADES: Final = {"user_satisfaction": (1, 5), "context_relevance": (0, 1)}


def _refuse_without_zone(given: duckdb.DuckDBPyRelation) -> None:
    """Refuse times that may be of any zone: taken for UTC, they would be hours off without a word."""
    kind = str(given.types[given.columns.index("timestamp")])
    naive = kind.startswith("TIMESTAMP") and "TZ" not in kind and "TIME ZONE" not in kind
    if kind == "VARCHAR":
        bare = given.filter(f"NOT regexp_full_match(\"timestamp\", '{_ZONED}')").limit(1)
        naive = bool(bare.fetchall())
    if naive:
        raise ValueError(
            "timestamp has no time zone: say which, such as "
            "frame['timestamp'] = pd.to_datetime(frame['timestamp']).dt.tz_localize('Europe/Berlin')"
        )


def _checked(given: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return turns that somebody has put together, held to what an import is held to."""
    outside = ", ".join(
        f"count(*) FILTER (WHERE {name} NOT BETWEEN {low} AND {high}), max({name})"
        for name, (low, high) in _GRADES.items()
    )
    rows, ids, *found = given.aggregate(f"count(*), count(DISTINCT turn_id), {outside}").fetchall()[0]
    for (name, (low, high)), count, most in zip(_GRADES.items(), found[::2], found[1::2], strict=True):
        if count:
            raise ValueError(
                f"{name} is outside {low} to {high} in {count:,} of {rows:,} rows, up to {most:g}: rescale it"
            )
    if ids < rows:
        same = 'turn_id, conversation_id, user_id, "timestamp", model'
        twice = rows - given.project(same).distinct().aggregate("count(*)").fetchall()[0][0]
        if twice:
            raise ValueError(
                f"{twice:,} of {rows:,} rows are there twice, equal in {same.replace(chr(34), '')}: drop them, as with "
                "frame.drop_duplicates(['turn_id', 'timestamp']), or they count twice"
            )
    return given
