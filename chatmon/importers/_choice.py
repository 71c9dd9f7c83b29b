"""Which turns of an import count: by an expression of SQL, and by time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from chatmon import turns
from chatmon._tools import sql

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import duckdb


def chosen_rows(where: str | None, since: date | None, until: date | None, zone: ZoneInfo) -> tuple[str, list[str]]:
    """Return the condition that turns are held to, as SQL, and the dimensions of one's own that it names.

    Args:
        where: SQL over turns; None for all of them.
        since: The first moment that counts; a date, or a moment without a zone, is one of ``zone``.
        until: The first moment that no longer counts.
        zone: See ``since``.

    Raises:
        ValueError: ``where`` is no expression, or ``until`` is not after ``since``.
    """
    moments = [None if day is None else _moment(day, zone) for day in (since, until)]
    if moments[0] and moments[1] and moments[1] <= moments[0]:
        raise ValueError(f"until ({until}) is not after since ({since})")
    own = [] if where is None else [name for name in sql.columns_of(where, "where") if name not in turns.COLUMNS]
    conditions = [] if where is None else [f"({where}\n)"]
    conditions += [
        f"\"timestamp\" {sign} TIMESTAMPTZ '{moment.isoformat()}'"
        for sign, moment in zip((">=", "<"), moments, strict=True)
        if moment
    ]
    return " AND ".join(conditions), own


def _moment(day: date, zone: ZoneInfo) -> datetime:
    at = day if isinstance(day, datetime) else datetime.combine(day, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def choose(connection: duckdb.DuckDBPyConnection, kept: tuple[str, list[str]]) -> int:
    """Leave the other turns out of the view ``turns``; return how many they are.

    Args:
        connection: Holds ``traces`` and ``turns``.
        kept: What ``chosen_rows`` returned.

    Raises:
        ValueError: The condition names what no turn has, or cannot be asked.
    """
    import duckdb

    condition, own = kept
    if not condition:
        return 0
    known = [] if not own else _dimensions(connection)
    for name in own:
        if name not in known:
            raise ValueError(
                f"where names {name!r}: turns have {', '.join(turns.COLUMNS)}, and of your own "
                f"{', '.join(known) or 'none'}"
            )
    dimensions = "".join(f", {sql.own_dimension(name)} AS {sql.name(name)}" for name in own)
    columns = ", ".join(sql.name(name) for name in turns.COLUMNS)
    try:
        before = connection.execute("SELECT count(*) FROM turns").fetchall()[0][0]
        connection.execute("ALTER VIEW turns RENAME TO all_turns")
        connection.execute(
            f"CREATE VIEW turns AS SELECT {columns} FROM (SELECT *{dimensions} FROM all_turns) WHERE {condition}"
        )
        return int(before - connection.execute("SELECT count(*) FROM turns").fetchall()[0][0])
    except duckdb.Error as error:
        raise ValueError(f"where cannot be asked of turns: {str(error).partition(chr(10))[0]}") from error


def _dimensions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT DISTINCT name FROM (SELECT attributes, unnest(json_keys(attributes)) AS name FROM turns "
        "WHERE json_type(attributes) = 'OBJECT') WHERE json_extract_string(attributes, name) IS NOT NULL ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]
