"""Spans, the table between a tool's records and turns: its columns, how values are read, and what no span can be.

A span is one timed step of a trace: a model call, a tool, or the whole. ``traces`` makes one turn of each trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools.outcomes import CANCELLATIONS, CANCELLED
from chatmon.cost import usage

if TYPE_CHECKING:
    import duckdb

SPAN_COLUMNS: Final[dict[str, str]] = {
    "file": "INTEGER",
    "line": "BIGINT",
    "span_id": "VARCHAR",
    "trace_id": "VARCHAR",
    "parent_id": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "scope": "VARCHAR",
    "start_time": "TIMESTAMPTZ",
    "end_time": "TIMESTAMPTZ",
    "first_token_time": "TIMESTAMPTZ",
    "response_time": "DOUBLE",
    "provider": "VARCHAR",
    "model": "VARCHAR",
    "input_tokens": "BIGINT",
    "cached_tokens": "BIGINT",
    "cache_write_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "reasoning_tokens": "BIGINT",
    "usage_details": "JSON",
    "estimated": "BOOLEAN",
    "cost": "DECIMAL(38,18)",
    "failed": "BOOLEAN",
    "error_type": "VARCHAR",
    "error_message": "VARCHAR",
    "finish_reason": "VARCHAR",
    "conversation_id": "VARCHAR",
    "user_id": "VARCHAR",
    "intent": "VARCHAR",
    "prompt_version": "VARCHAR",
    "variant": "VARCHAR",
    "experiment": "VARCHAR",
    "region": "VARCHAR",
    "channel": "VARCHAR",
    "context_relevance": "DOUBLE",
    "user_satisfaction": "DOUBLE",
    "task_completed": "BOOLEAN",
    "attributes": "JSON",
    "question": "VARCHAR",
    "answer": "VARCHAR",
    "kept": "JSON",
    "note": "VARCHAR",
    "reject": "VARCHAR",
    "lost": "STRUCT(name VARCHAR, cell VARCHAR)[]",
    "scores": "JSON",
}
"""Columns of the table ``spans``: times are UTC, tokens follow the convention of turns, unknown is NULL.

``file`` is a number in the table ``files``; ``kind`` is ``llm`` for a model call, ``score`` for feedback; ``name``, and
``scope``, the library that made a span, are there where a tool's traces need not be about a chatbot; ``estimated`` says
that its tokens are the library's own count; ``lost`` has the cells that could not be read, where they cost no more than
themselves; ``scores`` is a list of all that was said of the reply: ``name``, ``number`` or ``word``, and where the tool
says so ``source``, ``by``, ``span`` (the call that it is of) and ``n`` (of how many it is the mean).
"""

TOKENS: Final = usage.TOKENS
TEXT_CAPTURED: Final = ("question", "answer")
LAYOUTS: Final = ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ")
"""Times as most tools write them, in UTC: read at once, where any other text takes a slower way."""
LONGEST_DIMENSION: Final = 200
"""Characters of a free dimension: what is longer is a text, and what is nested may hold one."""
# DuckDB works out at once, for all rows, what an expression says twice: the rare ways are lambdas, which it does not.
MACROS: Final = (
    """CREATE MACRO epoch_time(x) AS list_transform([try_cast(x AS DECIMAL(38,6))], lambda since: CASE
        WHEN since IS NULL OR since < 1e8 OR since >= 1e19 THEN NULL
        WHEN since < 1e11 THEN make_timestamptz(CAST(since * 1000000 AS BIGINT))
        WHEN since < 1e14 THEN make_timestamptz(CAST(since * 1000 AS BIGINT))
        WHEN since < 1e17 THEN make_timestamptz(CAST(since AS BIGINT))
        ELSE make_timestamptz(CAST(CAST(since AS HUGEINT) // 1000 AS BIGINT)) END)[1]""",
    """CREATE MACRO whole(x) AS CASE
        WHEN NOT contains(x, '.') AND NOT contains(x, '-') THEN try_cast(x AS BIGINT)
        WHEN x IS NOT NULL THEN list_transform([try_cast(x AS DECIMAL(38,6))], lambda n:
            CASE WHEN n = floor(n) THEN try_cast(n AS BIGINT) END)[1] END""",
    "CREATE MACRO number(x) AS CASE WHEN isfinite(try_cast(x AS DOUBLE)) THEN try_cast(x AS DOUBLE) END",
    "CREATE MACRO dollars(x) AS try_cast(x AS DECIMAL(38,18))",
    """CREATE MACRO flag(x) AS CASE WHEN lower(x) IN ('true', '1', '1.0', 'yes') THEN true
        WHEN lower(x) IN ('false', '0', '0.0', 'no') THEN false END""",
    "CREATE MACRO filled(x) AS nullif(x, '')",
    # Most metadata is a few short scalars: only what may be more is taken apart.
    f"""CREATE MACRO dimensions(x) AS CASE
        WHEN json_type(x) = 'OBJECT' AND ((strlen(CAST(x AS VARCHAR)) >= {LONGEST_DIMENSION}
                AND regexp_matches(CAST(x AS VARCHAR), '(?:[^"\\\\]|\\\\.){{{LONGEST_DIMENSION}}}'))
            OR contains(substr(CAST(x AS VARCHAR), 2), '{{') OR contains(CAST(x AS VARCHAR), '['))
        THEN CAST(list_transform([x], lambda whole: to_json(map_from_entries(list_filter(
            map_entries(CAST(whole AS MAP(VARCHAR, JSON))), lambda one: json_type(one.value) NOT IN ('OBJECT', 'ARRAY')
            AND strlen(CAST(one.value AS VARCHAR)) < {LONGEST_DIMENSION}))))[1] AS JSON)
        ELSE x END""",
    "CREATE MACRO seconds_between(a, b) AS (epoch_us(b) - epoch_us(a)) / 1e6",
    "CREATE MACRO later(x, seconds) AS x + to_microseconds(CAST(round(seconds * 1e6) AS BIGINT))",
)
# A text without a zone is read in the session's TimeZone.
ANY_TIME: Final = "coalesce(try_cast(x AS TIMESTAMPTZ), epoch_time(x))"
KNOWN_LAYOUT_TIME: Final = f"make_timestamptz(epoch_us(try_strptime(x, {list(LAYOUTS)})))"
UTC_TIME: Final = f"CASE WHEN x IS NOT NULL THEN coalesce({KNOWN_LAYOUT_TIME}, {ANY_TIME}) END"


def _sum_of_details(parts: tuple[str, ...]) -> str:
    return "(" + " + ".join(f"coalesce(try_cast(usage_details->>'{name}' AS BIGINT), 0)" for name in parts) + ")"


NO_START: Final = "no start time, or one that cannot be read"
EARLIEST, LATEST = "TIMESTAMPTZ '1990-01-01 00:00:00Z'", "TIMESTAMPTZ '2200-01-01 00:00:00Z'"
CHECKS: Final = (
    ("nullif(span_id, '') IS NULL", "'no id'"),
    (
        "nullif(trace_id, '') IS NULL AND (parent_id IS NULL OR kind IS DISTINCT FROM 'score')",
        "'no trace: nothing says whose it is'",
    ),
    # A record with an end alone may be the second half of a span: reject_without_start asks again once they are one.
    ("start_time IS NULL AND end_time IS NULL AND kind IS DISTINCT FROM 'score'", f"'{NO_START}'"),
    *(
        (f"{name} NOT BETWEEN {EARLIEST} AND {LATEST}", f"'{name} is in the year ' || coalesce(year({name}), 0)")
        for name in ("start_time", "end_time")
    ),
    (
        "end_time < start_time",
        "'it ends ' || (-seconds_between(start_time, end_time)) || ' s before it starts'",
    ),
    ("response_time < 0", "'its duration is ' || response_time || ' s'"),
    *((f"{name} < 0", f"'{name} is ' || {name}") for name in TOKENS),
    (
        "coalesce(cached_tokens, 0) + coalesce(cache_write_tokens, 0) > input_tokens",
        (
            "'cached_tokens (' || coalesce(cached_tokens, 0) || ') + cache_write_tokens (' || "
            "coalesce(cache_write_tokens, 0) || ') exceed input_tokens (' || input_tokens || '), which count all input'"
        ),
    ),
    (
        "reasoning_tokens > output_tokens",
        "'reasoning_tokens (' || reasoning_tokens || ') exceed output_tokens (' || output_tokens || ')'",
    ),
    *(
        (
            f"usage_details IS NOT NULL AND {_sum_of_details(parts)} > {whole}",
            f"'parts of {whole} in its details (' || {_sum_of_details(parts)} || ') exceed it (' || {whole} || ')'",
        )
        for whole, parts in usage.PARTS.items()
    ),
    ("cost < 0", "'cost is ' || cost"),
)
"""What no span of any tool can be: condition and reason, in SQL."""


RATED: Final = "/rated"
"""What the id of a rating ends in, after the turn's: it replaces what the turn says."""
SCORED: Final = ("context_relevance", "user_satisfaction", "task_completed")
"""Columns of turns that feedback fills, and names of scores that are read."""
RANGES: Final = {"context_relevance": (0, 1), "user_satisfaction": (1, 5)}


def prepare(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Create the macros that importers use, and the empty tables ``files``, ``file_times``, ``spans`` and ``rejects``.

    Args:
        connection: Where.
        zone: The zone of times that name none.
    """
    for macro in MACROS:
        connection.execute(macro)
    connection.execute(f"SET TimeZone = '{zone}'")
    connection.execute(f"CREATE MACRO utc(x) AS {UTC_TIME if zone == 'UTC' else ANY_TIME}")
    columns = ", ".join(f"{name} {kind}" for name, kind in SPAN_COLUMNS.items())
    connection.execute("CREATE TABLE files (number INTEGER, name VARCHAR, path VARCHAR)")
    connection.execute("CREATE TABLE file_times (number INTEGER, written TIMESTAMPTZ)")
    connection.execute(f"CREATE TABLE spans ({columns})")
    connection.execute(f"CREATE TABLE span_shape ({columns})")
    connection.execute("CREATE TABLE rejects (file VARCHAR, line BIGINT, reason VARCHAR)")


def unreadable(**readers: str) -> str:
    """Return the SQL of a reason to reject a row: the first of its columns that says something that is no number.

    Args:
        readers: The macro that each column is read with; the value read stands in ``<column>_read``.

    Example:
        >>> unreadable(cost="dollars")[:54]
        'CASE WHEN cost_read IS NULL AND filled(cost) IS NOT NU'
    """
    kinds = {"whole": "whole number", "dollars": "amount", "number": "number"}
    cases = " ".join(
        f"WHEN {name}_read IS NULL AND filled({name}) IS NOT NULL "
        f"THEN '{name} (' || left({name}, 40) || ') is no {kinds[reader]}'"
        for name, reader in readers.items()
    )
    return f"CASE {cases} END"


UNREAD_SCORES: Final = (
    "scores that no column of turns is named for: ",
    ". Written as user_satisfaction (1 to 5), task_completed (0 or 1) or context_relevance (0 to 1) they are read",
)
"""What stands before and after the names of feedback that no column of turns has, with the way to have it read."""


def unread_scores(name: str) -> str:
    """Return the SQL of the note on feedback under names that no column of turns has.

    Args:
        name: The SQL of the names.

    Example:
        >>> unread_scores("key")[:60]
        "'scores that no column of turns is named for: ' || left(key,"
    """
    before, after = UNREAD_SCORES
    return f"'{before}' || left({name}, 80) || '{after}'"


def readings(**readers: str) -> str:
    """Return the SQL of the values that ``unreadable`` judges, so that each is worked out once.

    Example:
        >>> readings(cost="dollars")
        'dollars(cost) AS cost_read'
    """
    return ", ".join(f"{reader}({name}) AS {name}_read" for name, reader in readers.items())


def checked(select: str, *, content: bool, scores: bool = False) -> str:
    """Return a dialect's SELECT with all columns of spans, and the reason for each row that no span can be.

    Args:
        select: A dialect's SELECT.
        content: Whether to keep the texts of questions and answers.
        scores: Whether to keep scores of any name.
    """
    cases = " ".join(f"WHEN {condition} THEN {reason}" for condition, reason in CHECKS)
    replaced = [f"CASE WHEN reject IS NOT NULL THEN reject {cases} END AS reject"]
    replaced += [] if content else [f"NULL AS {name}" for name in TEXT_CAPTURED]
    replaced += [] if scores else ["NULL AS scores"]
    replaced += [f"CASE WHEN {name} BETWEEN {a} AND {b} THEN {name} END AS {name}" for name, (a, b) in RANGES.items()]
    replaced.append("CASE WHEN json_type(attributes) = 'OBJECT' THEN attributes END AS attributes")
    left = f"coalesce(regexp_matches(error_type, '(^|[.])({'|'.join(CANCELLATIONS)})$'), false)"
    replaced += [f"CASE WHEN NOT {left} THEN {name} END AS {name}" for name in ("error_type", "error_message")]
    replaced.append(f"CASE WHEN {left} THEN false ELSE failed END AS failed")
    replaced.append(f"CASE WHEN {left} THEN '{CANCELLED}' ELSE finish_reason END AS finish_reason")
    outside = " OR ".join(f"{name} NOT BETWEEN {a} AND {b}" for name, (a, b) in RANGES.items())
    replaced.append(f"CASE WHEN {outside} THEN 'a score outside its range is left out' ELSE note END AS note")
    given = f"SELECT * FROM span_shape UNION ALL BY NAME ({select})"
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({given})"


def set_rejects_aside(connection: duckdb.DuckDBPyConnection, keep: int) -> dict[str, int]:
    """Move the rows of spans that are none to ``rejects``, which holds so many at most; return the reasons' counts."""
    counts: list[tuple[str, int]] = connection.execute(
        "SELECT reject, count(*) FROM spans WHERE reject IS NOT NULL GROUP BY reject ORDER BY reject"
    ).fetchall()
    if counts:
        connection.execute(
            """INSERT INTO rejects SELECT files.name, line, reject FROM spans JOIN files ON file = number
            WHERE reject IS NOT NULL ORDER BY number, line LIMIT ?""",
            [keep],
        )
        connection.execute("DELETE FROM spans WHERE reject IS NOT NULL")
    return dict(counts)


FULLEST: Final = """(end_time IS NOT NULL, coalesce(input_tokens, -1) + coalesce(output_tokens, -1), coalesce(cost, -1),
    file, line, coalesce(end_time, start_time))"""
"""What sorts the rows of one span, the one to be believed last."""


SAME_ID: Final = (
    "rows with the id of another one that differ from it in time, conversation, user or model: kept, each as a turn"
)
AT_ONCE: Final = 1
"""Seconds between the times of one record in two exports, which may round them."""


def drop_duplicates(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Make one span of the rows with the same id, each column as the fullest row that has it says, of equals the last.

    The fullest has an end, most tokens and most cost: tools fill these in after a run was first exported. Overlapping
    windows export a span twice, and some tools write its start and its end as two records. Rows that are a whole trace
    each and differ in time, conversation, user or model are no duplicates: their tool counts ids anew each day.

    Returns:
        How many rows went because another had their id, and how many second halves were joined to their first.
    """
    rows, distinct = connection.execute("SELECT count(*), count(DISTINCT hash(span_id)) FROM spans").fetchall()[0]
    if rows == distinct:
        return 0, 0
    _tell_apart(connection)
    newest = ", ".join(f"arg_max({name}, place) AS {name}" for name in SPAN_COLUMNS if name != "span_id")
    begun, ended = "start_time IS NOT NULL", "start_time IS NULL AND end_time IS NOT NULL"
    connection.execute(f"""CREATE TABLE single AS SELECT span_id, {newest}, count(*) AS times,
            CASE WHEN count(*) FILTER ({begun}) > 0 THEN count(*) FILTER ({ended}) ELSE 0 END AS halves
        FROM (SELECT *, {FULLEST} AS place FROM spans) GROUP BY span_id""")
    halves, duplicates = connection.execute(
        "SELECT sum(least(halves, 1)), sum(times - 1 - least(halves, 1)) FROM single"
    ).fetchall()[0]
    connection.execute("DROP TABLE spans")
    connection.execute(f"CREATE TABLE spans AS SELECT {', '.join(SPAN_COLUMNS)} FROM single")
    connection.execute("DROP TABLE single")
    return int(duplicates), int(halves)


def _tell_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Give rows that only share an id ids of their own, after it: the second of ``7`` is ``7#2``."""
    told = "start_time, conversation_id, user_id, model"
    within = f"PARTITION BY span_id ORDER BY {told} NULLS LAST, file, line"
    differ = [f"lag({name}) OVER ({within}) <> {name}" for name in ("conversation_id", "user_id", "model")]
    differ.append(f"seconds_between(lag(start_time) OVER ({within}), start_time) > {AT_ONCE}")
    connection.execute(f"""CREATE TEMP TABLE apart AS
        SELECT row_id, 1 + sum(CAST(other AS INTEGER)) OVER (PARTITION BY span_id ORDER BY row_id_order) AS number
        FROM (SELECT rowid AS row_id, span_id, coalesce({" OR ".join(differ)}, false) AS other,
                row_number() OVER ({within}) AS row_id_order
            FROM spans WHERE span_id IN (SELECT span_id FROM spans GROUP BY span_id HAVING count(*) > 1)
                AND trace_id = span_id AND parent_id IS NULL AND kind IS DISTINCT FROM 'score'
                AND trace_id NOT IN (SELECT trace_id FROM spans WHERE span_id <> trace_id AND trace_id IS NOT NULL))""")
    connection.execute(f"""UPDATE spans SET span_id = span_id || '#' || number, trace_id = trace_id || '#' || number,
            note = coalesce(note || '; ', '') || '{SAME_ID}'
        FROM apart WHERE spans.rowid = row_id AND number > 1""")
    connection.execute("DROP TABLE apart")


def reject_without_start(connection: duckdb.DuckDBPyConnection, keep: int) -> dict[str, int]:
    """Reject the spans that have only an end, now that the halves of a span are one row; return the reason's count."""
    connection.execute(
        f"UPDATE spans SET reject = '{NO_START}' WHERE start_time IS NULL AND kind IS DISTINCT FROM 'score'"
    )
    return set_rejects_aside(connection, keep)
