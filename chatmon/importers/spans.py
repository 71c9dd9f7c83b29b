"""Spans, the table between a tool's records and turns, and the SQL that makes one of the other.

A span is one timed step of a trace: a model call, a tool, or the whole. A trace is one user message and its reply, so
it becomes one turn: time, conversation, user and feedback come from its root, tokens and cost are added up over its
leaf model calls only, because every tool repeats them in the spans above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

SPAN_COLUMNS: Final[dict[str, str]] = {
    "file": "VARCHAR",
    "line": "BIGINT",
    "span_id": "VARCHAR",
    "trace_id": "VARCHAR",
    "parent_id": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
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
    "note": "VARCHAR",
    "reject": "VARCHAR",
}
"""Columns of the table ``spans``. Times are UTC, tokens follow the convention of turns, unknown is NULL."""

TEXT_CAPTURED: Final = ("question", "answer")
TOKENS: Final = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
OF_THE_TRACE: Final = (
    "user_id", "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed", "attributes", "question", "answer",
)  # fmt: skip
"""Columns of turns that any span of the trace may carry, its root first."""

MACROS: Final = (
    """CREATE MACRO epoch_time(x) AS CASE
        WHEN try_cast(x AS DOUBLE) IS NULL OR try_cast(x AS DOUBLE) < 1e8 OR try_cast(x AS DOUBLE) >= 1e19 THEN NULL
        WHEN try_cast(x AS DOUBLE) < 1e11 THEN to_timestamp(try_cast(x AS DOUBLE))
        WHEN try_cast(x AS DOUBLE) < 1e14 THEN make_timestamptz(CAST(try_cast(x AS DECIMAL(38,6)) * 1000 AS BIGINT))
        WHEN try_cast(x AS DOUBLE) < 1e17 THEN make_timestamptz(CAST(try_cast(x AS DECIMAL(38,6)) AS BIGINT))
        ELSE make_timestamptz(CAST(try_cast(x AS HUGEINT) // 1000 AS BIGINT)) END""",
    # A text without a zone is read in the session's TimeZone, which open_logs sets to its tz.
    "CREATE MACRO utc(x) AS coalesce(try_cast(x AS TIMESTAMPTZ), epoch_time(x))",
    """CREATE MACRO whole(x) AS coalesce(
        CASE WHEN regexp_full_match(x, '-?[0-9]{1,18}') THEN try_cast(x AS BIGINT) END,
        CASE WHEN try_cast(x AS DOUBLE) = floor(try_cast(x AS DOUBLE)) THEN try_cast(try_cast(x AS DOUBLE) AS BIGINT)
        END)""",
    "CREATE MACRO number(x) AS CASE WHEN isfinite(try_cast(x AS DOUBLE)) THEN try_cast(x AS DOUBLE) END",
    "CREATE MACRO dollars(x) AS try_cast(x AS DECIMAL(38,18))",
    """CREATE MACRO flag(x) AS CASE WHEN lower(x) IN ('true', '1', '1.0', 'yes') THEN true
        WHEN lower(x) IN ('false', '0', '0.0', 'no') THEN false END""",
    "CREATE MACRO filled(x) AS nullif(x, '')",
    "CREATE MACRO seconds_between(a, b) AS (epoch_us(b) - epoch_us(a)) / 1e6",
)

NO_START: Final = "no start time, or one that cannot be read"
CHECKS: Final = (
    ("span_id IS NULL AND kind IS DISTINCT FROM 'score'", "'no id'"),
    ("trace_id IS NULL", "'no trace: a score or trace row without its trace id'"),
    # A record with an end alone may be the second half of a span: set_rejects_aside asks again once they are one.
    ("start_time IS NULL AND end_time IS NULL AND kind IS DISTINCT FROM 'score'", f"'{NO_START}'"),
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
    ("cost < 0", "'cost is ' || cost"),
)
"""What no span of any tool can be: condition and reason, in SQL."""


RANGES: Final = {"context_relevance": (0, 1), "user_satisfaction": (1, 5)}


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that importers use, and the empty tables ``spans`` and ``rejects``."""
    for macro in MACROS:
        connection.execute(macro)
    columns = ", ".join(f"{name} {kind}" for name, kind in SPAN_COLUMNS.items())
    connection.execute(f"CREATE TABLE spans ({columns})")
    connection.execute(f"CREATE TABLE span_shape ({columns})")
    connection.execute("CREATE TABLE rejects (file VARCHAR, line BIGINT, reason VARCHAR)")


def checked(select: str, *, content: bool) -> str:
    """Return a dialect's SELECT with all columns of spans, and the reason for each row that no span can be.

    Args:
        select: A dialect's SELECT.
        content: Whether to keep the texts of questions and answers.
    """
    cases = " ".join(f"WHEN {condition} THEN {reason}" for condition, reason in CHECKS)
    replaced = [f"CASE WHEN reject IS NOT NULL THEN reject {cases} END AS reject"]
    replaced += [] if content else [f"NULL AS {name}" for name in TEXT_CAPTURED]
    replaced += [f"CASE WHEN {name} BETWEEN {a} AND {b} THEN {name} END AS {name}" for name, (a, b) in RANGES.items()]
    outside = " OR ".join(f"{name} NOT BETWEEN {a} AND {b}" for name, (a, b) in RANGES.items())
    replaced.append(f"CASE WHEN {outside} THEN 'a score outside its range is left out' ELSE note END AS note")
    given = f"SELECT * FROM span_shape UNION ALL BY NAME ({select})"
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({given})"


def set_rejects_aside(connection: duckdb.DuckDBPyConnection, keep: int) -> None:
    """Move the rows of spans that are none to ``rejects``, which holds so many at most."""
    connection.execute(
        "INSERT INTO rejects SELECT file, line, reject FROM spans WHERE reject IS NOT NULL ORDER BY file, line LIMIT ?",
        [keep],
    )
    connection.execute("DELETE FROM spans WHERE reject IS NOT NULL")


def drop_duplicates(connection: duckdb.DuckDBPyConnection) -> int:
    """Make one span of the rows with the same id, each column as the last row that has it says; return how many went.

    Overlapping windows export a span twice, and some tools write its start and its end as two records.
    """
    rows, distinct = connection.execute("SELECT count(span_id), count(DISTINCT hash(span_id)) FROM spans").fetchall()[0]
    if rows == distinct:
        return 0
    newest = ", ".join(f"arg_max({name}, place) AS {name}" for name in SPAN_COLUMNS if name != "span_id")
    connection.execute(f"""CREATE TABLE single AS
        SELECT {", ".join(SPAN_COLUMNS)} FROM (
            SELECT span_id, {newest} FROM (
                SELECT *, (file, line, coalesce(end_time, start_time)) AS place FROM spans WHERE span_id IS NOT NULL
            ) GROUP BY span_id
            UNION ALL BY NAME SELECT DISTINCT * FROM spans WHERE span_id IS NULL)""")
    left: int = connection.execute("SELECT count(span_id) FROM single").fetchall()[0][0]
    connection.execute("DROP TABLE spans")
    connection.execute("ALTER TABLE single RENAME TO spans")
    return int(rows) - left


def to_turns(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table ``turns`` with ``turns.schema()``, one row for each trace of ``spans``.

    Args:
        connection: Holds spans without rejects and duplicates.
    """
    from chatmon import turns

    leaf = "coalesce(kind = 'llm', false)"
    if _nested_calls(connection):
        leaf += " AND span_id NOT IN (SELECT parent_id FROM nested)"
    connection.execute(f"""CREATE TEMP VIEW ranked AS SELECT *, {leaf} AS is_leaf,
        parent_id IS NULL AND kind IS DISTINCT FROM 'score' AS is_root FROM spans""")
    expressions = _turn_columns(_facts(connection))
    kinds = {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "Decimal": "DECIMAL(38,18)", "bool": "BOOLEAN"}
    kinds |= {"datetime": "TIMESTAMPTZ", "Mapping[str, JSON]": "VARCHAR"}
    columns = ", ".join(
        f"CAST({expressions.get(name, 'NULL')} AS {kinds[kind]}) AS {name}" for name, kind in turns.KINDS.items()
    )
    connection.execute(f"""CREATE TABLE turns AS SELECT {columns} FROM ranked
        GROUP BY trace_id HAVING count(start_time) > 0""")
    connection.execute("""INSERT INTO rejects SELECT any_value(file), any_value(line),
        'feedback for a trace that is not in the export' FROM spans GROUP BY trace_id HAVING count(start_time) = 0""")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is true of all spans of an import: aggregates that nothing needs would cost most of its time.

    Attributes:
        at_root: Columns that roots have values in.
        below: Columns that other spans have values in.
        unknown: Columns that some successful leaf call has no value in.
        all_called: Every trace holds a model call.
    """

    at_root: frozenset[str]
    below: frozenset[str]
    unknown: frozenset[str]
    all_called: bool


def _facts(connection: duckdb.DuckDBPyConnection) -> _Facts:
    names = list(SPAN_COLUMNS)
    groups = connection.execute(
        "SELECT is_root, is_leaf AND NOT coalesce(failed, false), count(*), "
        f"{', '.join(f'count({name})' for name in names)} FROM ranked GROUP BY ALL"
    ).fetchall()
    traces, called = connection.execute(
        "SELECT count(DISTINCT hash(trace_id)), count(DISTINCT hash(trace_id)) FILTER (is_leaf) FROM ranked"
    ).fetchall()[0]

    def columns(having: Callable[[int, int], bool], position: int, *, value: bool) -> frozenset[str]:
        chosen = [group for group in groups if bool(group[position]) is value]
        return frozenset(
            name for at, name in enumerate(names, start=3) if any(having(group[at], group[2]) for group in chosen)
        )

    return _Facts(
        at_root=columns(lambda filled, rows: filled > 0, 0, value=True),
        below=columns(lambda filled, rows: filled > 0, 0, value=False),
        unknown=columns(lambda filled, rows: filled < rows, 1, value=True),
        all_called=traces == called,
    )


def _turn_columns(facts: _Facts) -> dict[str, str]:
    """Return the SQL of each column of turns that spans of this kind can fill."""
    known = facts.at_root | facts.below
    start = _of_trace("start_time", facts)
    end = _of_trace("end_time", facts).replace("min(", "max(")
    failed = "coalesce(bool_or(failed) FILTER (is_root), bool_and(failed) FILTER (is_leaf), bool_or(failed))"
    columns = {
        "turn_id": "trace_id",
        "conversation_id": f"coalesce({_of_trace('conversation_id', facts)}, trace_id)",
        "timestamp": start,
        "response_time": f"coalesce(seconds_between({start}, {end}), {_of_trace('response_time', facts)})",
        "attempts": "nullif(count(*) FILTER (is_leaf), 0)",
        "attributes": f"CAST({_of_trace('attributes', facts)} AS VARCHAR)",
    }
    if "error_type" in known or "failed" in known:
        columns["error_type"] = f"CASE WHEN {failed} THEN coalesce({_of_trace('error_type', facts)}, 'unknown') END"
        columns["error_message"] = f"CASE WHEN {failed} THEN {_of_trace('error_message', facts)} END"
    columns |= {name: _of_trace(name, facts) for name in OF_THE_TRACE if name != "attributes"}
    columns |= {name: _of_last_call(name, known) for name in ("provider", "model", "finish_reason")}
    columns |= {name: _total(name, facts) for name in (*TOKENS, "cost")}
    reported = f"coalesce({columns['input_tokens']}, {columns['output_tokens']}) IS NOT NULL"
    columns["usage_source"] = f"CASE WHEN {reported} THEN 'reported' END"
    if "first_token_time" in known:
        first = "min(first_token_time) FILTER (is_leaf AND NOT coalesce(failed, false))"
        columns["time_to_first_token"] = f"CASE WHEN {first} >= {start} THEN seconds_between({start}, {first}) END"
    columns["price_source"] = f"CASE WHEN {columns['cost']} IS NOT NULL THEN 'stated by the export' END"
    return columns


def _of_trace(name: str, facts: _Facts) -> str:
    """What the root says, else any span: the smallest value, so that the answer does not depend on the order."""
    if name not in facts.at_root | facts.below:
        return f"CAST(NULL AS {SPAN_COLUMNS[name]})"
    if name not in facts.below or name not in facts.at_root:
        return f"min({name})"
    return f"coalesce(min({name}) FILTER (is_root), min({name}))"


def _of_last_call(name: str, known: frozenset[str]) -> str:
    last = f"arg_max({name}, start_time)"
    return f"coalesce({last} FILTER (is_leaf AND NOT coalesce(failed, false)), {last})" if name in known else "NULL"


def _total(name: str, facts: _Facts) -> str:
    """Add up the leaf calls, or where a trace holds none, what its root states.

    A sum with an unknown part is unknown; a failed call that reports nothing is no part.
    """
    if name not in facts.at_root | facts.below:
        return "NULL"

    def over(rows: str) -> str:
        unknown = f"count(*) FILTER ({rows} AND {name} IS NULL AND NOT coalesce(failed, false)) > 0"
        added = f"sum({name}) FILTER ({rows})"
        return f"CASE WHEN {unknown} THEN NULL ELSE {added} END" if name in facts.unknown else added

    if facts.all_called:
        return over("is_leaf")
    return f"CASE WHEN bool_or(is_leaf) THEN {over('is_leaf')} ELSE {over('is_root')} END"


def _nested_calls(connection: duckdb.DuckDBPyConnection) -> bool:
    """Make the table ``nested`` of the calls that hold a model call: wrappers, whose usage is their children's."""
    connection.execute("""CREATE TEMP TABLE nested AS
        SELECT DISTINCT child.parent_id FROM spans AS child
        WHERE child.kind = 'llm' AND child.parent_id IS NOT NULL AND child.trace_id IN (
            SELECT trace_id FROM spans WHERE kind = 'llm' GROUP BY trace_id HAVING count(*) > 1)""")
    return bool(connection.execute("SELECT count(*) FROM nested").fetchall()[0][0])
