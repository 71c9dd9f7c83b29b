"""Which spans are calls of a model, and what each used: settled once the spans of all files are there.

A tool may tell of one call in two places: a stream's usage on a log beside the request, the same call by two
instrumentations, the usage on the span around the innermost one. Each is one call. Calls of another kind, such as
embeddings, are billed as well and no part of a turn's tokens: they are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon.importers._spans import TOKENS
from chatmon.importers.names import LEAVES_ZEROS_OUT, OTHER_CALLS, RAW, RAW_EMBEDDING, STREAM

if TYPE_CHECKING:
    from decimal import Decimal

    import duckdb

USED: Final = (*TOKENS, "usage_details", "estimated", "cost")
TWICE: Final = "calls that two instrumentations tell of, equal in tokens and one inside the other in time: counted once"
APART: Final = f"kind IN {OTHER_CALLS}"
REQUEST: Final = f"kind IN ('{RAW}', '{RAW_EMBEDDING}')"
STATES_NONE: Final = "kind = 'llm' AND input_tokens IS NULL AND output_tokens IS NULL AND NOT coalesce(failed, false)"
SAME_MODEL: Final = """(one.model IS NULL OR other.model IS NULL OR starts_with(one.model, other.model)
    OR starts_with(other.model, one.model))"""
NEAR: Final = "abs(seconds_between(call.end_time, log.start_time) - coalesce(log.response_time, 0))"
"""Seconds between a request's end, when its stream began, and when the log of a stream says that it did."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Billed calls of another kind than a turn's.

    Attributes:
        calls: How many.
        tokens: Their input tokens, where any says so.
        cost: What they cost, where any says so.
    """

    calls: int = 0
    tokens: int | None = None
    cost: Decimal | None = None


def settle(connection: duckdb.DuckDBPyConnection) -> Apart:
    """Make each call of a model one span of the kind ``llm`` with all that is told of it; return the other calls."""
    if connection.execute(f"SELECT count(*) FILTER ({REQUEST}) FROM spans").fetchall()[0][0]:
        _split_requests(connection)
    streams, untold, named, scoped, apart = connection.execute(f"""
        SELECT count(*) FILTER (kind = '{STREAM}'), count(*) FILTER ({STATES_NONE} AND parent_id IS NOT NULL),
            count(*) FILTER (kind = 'llm' AND name IS NOT NULL), count(scope), count(*) FILTER ({APART})
        FROM spans""").fetchall()[0]
    if streams:
        _join_streams(connection)
    if named > 1:
        _join_doubles(connection)
    if untold:
        _hand_down(connection)
    if scoped:
        _write_zeros(connection)
    return _set_apart(connection) if apart else Apart()


def _split_requests(connection: duckdb.DuckDBPyConnection) -> None:
    """Make calls of LiteLLM's requests that no span around them tells of alone.

    Where several share a span, that one tells of the last of them only; elsewhere it may be missing.
    """
    connection.execute(f"""CREATE TEMP TABLE shared AS SELECT parent_id, arg_max(span_id, (start_time, span_id)) AS last
        FROM spans WHERE {REQUEST} GROUP BY parent_id
        HAVING count(*) > 1 OR parent_id NOT IN (SELECT span_id FROM spans WHERE kind = 'llm' OR {APART})""")
    told = ", ".join(f"{name} = coalesce(spans.{name}, around.{name})" for name in (*USED, "provider", "finish_reason"))
    none = ", ".join(f"{name} = NULL" for name in (*USED, "model", "finish_reason"))
    connection.execute(f"""UPDATE spans SET {told} FROM shared JOIN spans AS around ON around.span_id = shared.parent_id
        WHERE spans.span_id = shared.last AND spans.kind = '{RAW}'""")
    connection.execute(f"UPDATE spans SET kind = 'span', {none} WHERE span_id IN (SELECT parent_id FROM shared)")
    connection.execute(f"""UPDATE spans SET kind = CASE kind WHEN '{RAW}' THEN 'llm' ELSE 'embeddings' END
        WHERE {REQUEST} AND parent_id IN (SELECT parent_id FROM shared)""")
    connection.execute(f"UPDATE spans SET {none} WHERE {REQUEST}; DROP TABLE shared")


def _join_streams(connection: duckdb.DuckDBPyConnection) -> None:
    """Give what a log says of a stream to its request, which ended with the headers; a log without one is the call.

    Request and log stand below one span, or where nothing was around them each in a trace of its own.
    """
    order = f"ORDER BY {NEAR}, call.span_id, log.span_id"
    best = f"""QUALIFY row_number() OVER (PARTITION BY log.span_id {order}) = 1
        AND row_number() OVER (PARTITION BY call.span_id {order}) = 1"""
    connection.execute(f"""CREATE TEMP TABLE pairs AS
        WITH requests AS (SELECT * FROM spans WHERE kind = 'llm' AND input_tokens IS NULL AND scope IS NOT NULL),
            logs AS (SELECT * FROM spans WHERE kind = '{STREAM}')
        (SELECT call.span_id AS call, log.span_id AS log FROM logs AS log JOIN requests AS call
            ON call.trace_id = log.trace_id AND call.parent_id = log.parent_id AND call.scope = log.scope
                AND call.start_time <= log.start_time {best})
        UNION ALL
        (SELECT call.span_id, log.span_id
            FROM (SELECT *, unnest([-1, 0, 1]) + floor(epoch(later(start_time, -response_time))) AS second
                FROM logs WHERE parent_id IS NULL) AS log
            JOIN (SELECT *, floor(epoch(end_time)) AS second FROM requests WHERE parent_id IS NULL) AS call
            ON call.second = log.second AND call.scope = log.scope
                AND (starts_with(log.model, call.model) OR starts_with(call.model, log.model))
                AND call.start_time <= log.start_time AND {NEAR} < 1 {best})""")
    told = ", ".join(f"{name} = coalesce(log.{name}, spans.{name})" for name in (*USED, "model", "finish_reason"))
    connection.execute(f"""UPDATE spans SET {told}, end_time = greatest(spans.end_time, log.end_time),
            failed = coalesce(log.failed, spans.failed)
        FROM pairs JOIN spans AS log ON log.span_id = pairs.log WHERE spans.span_id = pairs.call""")
    none = ", ".join(f"{name} = NULL" for name in (*USED, "response_time"))
    connection.execute(f"""UPDATE spans SET kind = 'log', trace_id = call.trace_id, parent_id = call.span_id, {none}
        FROM pairs JOIN spans AS call ON call.span_id = pairs.call WHERE spans.span_id = pairs.log""")
    connection.execute(f"""UPDATE spans SET kind = 'llm', response_time = NULL,
        start_time = later(start_time, -coalesce(response_time, 0)) WHERE kind = '{STREAM}'""")
    connection.execute("DROP TABLE pairs")


def _join_doubles(connection: duckdb.DuckDBPyConnection) -> None:
    """Put a call that another instrumentation tells of too below that other span: as nested calls they are one.

    They are equal in tokens, of one model, and one is inside the other in time. In one trace they differ in name or
    scope; in two, in scope, and one of the traces is nothing but the call.
    """
    connection.execute("""CREATE TEMP TABLE told AS SELECT span_id, trace_id, parent_id, scope, name, model, start_time,
            end_time, input_tokens, output_tokens, cached_tokens, conversation_id, user_id,
            count(*) OVER (PARTITION BY trace_id) AS calls FROM spans
        WHERE kind = 'llm' AND name IS NOT NULL AND input_tokens + output_tokens > 0 AND end_time IS NOT NULL""")
    equal = f"""one.input_tokens = other.input_tokens AND one.output_tokens = other.output_tokens AND {SAME_MODEL}
        AND coalesce(one.cached_tokens = other.cached_tokens, true)"""
    within = "other.start_time <= one.start_time AND one.end_time <= other.end_time"
    around = "one.start_time <= other.start_time AND other.end_time <= one.end_time"
    closest = "ORDER BY other.start_time DESC, other.end_time, other.span_id"
    connection.execute(f"""CREATE TEMP TABLE doubles AS
        SELECT one.span_id AS below, one.trace_id AS moved, other.span_id AS above, other.trace_id AS trace
        FROM told AS one JOIN told AS other ON one.trace_id = other.trace_id AND {equal}
        WHERE one.calls > 1 AND {within} AND (NOT ({around}) OR one.span_id > other.span_id)
            AND (one.scope IS DISTINCT FROM other.scope OR one.name IS DISTINCT FROM other.name)
            AND one.parent_id IS DISTINCT FROM other.span_id AND other.parent_id IS DISTINCT FROM one.span_id
        QUALIFY row_number() OVER (PARTITION BY one.span_id {closest}) = 1""")
    scopes = connection.execute("SELECT count(DISTINCT scope) FROM told").fetchall()[0][0]
    if scopes > 1:
        nearest = "ORDER BY abs(epoch_us(one.start_time) - epoch_us(other.start_time)), one.span_id, other.span_id"
        connection.execute(f"""INSERT INTO doubles
            WITH traced AS (SELECT trace_id FROM spans WHERE kind IS DISTINCT FROM 'score' GROUP BY trace_id
                    HAVING count(*) = 1),
                marked AS (SELECT *, trace_id IN (SELECT trace_id FROM traced) AS alone FROM told),
                minutes AS (SELECT *, unnest(range(epoch_ms(start_time) // 60000 - 1, epoch_ms(end_time) // 60000 + 1))
                    AS minute FROM marked WHERE seconds_between(start_time, end_time) < 3600)
            SELECT one.span_id, one.trace_id, other.span_id, other.trace_id
            FROM (SELECT *, epoch_ms(start_time) // 60000 AS minute FROM marked WHERE alone) AS one
            JOIN minutes AS other ON one.minute = other.minute AND {equal}
            WHERE one.trace_id <> other.trace_id AND one.scope <> other.scope AND (({within}) OR ({around}))
                AND (NOT other.alone OR (({within}) AND (NOT ({around}) OR one.span_id > other.span_id)))
                AND coalesce(one.conversation_id = other.conversation_id, true)
                AND coalesce(one.user_id = other.user_id, true)
            QUALIFY row_number() OVER (PARTITION BY one.span_id {nearest}) = 1
                AND row_number() OVER (PARTITION BY other.span_id {nearest}) = 1""")
    told = ", ".join(
        f"{name} = coalesce(spans.{name}, above.{name})" for name in (*USED, "finish_reason", "first_token_time")
    )
    connection.execute(f"""UPDATE spans SET {told}, note = '{TWICE}', parent_id = doubles.above
        FROM doubles JOIN spans AS above ON above.span_id = doubles.above WHERE spans.span_id = doubles.below""")
    connection.execute("""UPDATE spans SET trace_id = doubles.trace FROM doubles
        WHERE spans.trace_id = doubles.moved AND doubles.moved <> doubles.trace""")
    connection.execute("DROP TABLE told; DROP TABLE doubles")


def _hand_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Give what a call says it used to the last innermost call below it, where none of those says anything."""
    tokens = "input_tokens IS NOT NULL OR output_tokens IS NOT NULL"
    connection.execute(f"""CREATE TEMP TABLE climbs AS
        WITH RECURSIVE near AS (
            SELECT span_id, parent_id, kind, trace_id FROM spans WHERE trace_id IN (
                SELECT trace_id FROM spans WHERE kind = 'llm' GROUP BY trace_id
                HAVING count(*) FILTER ({STATES_NONE}) > 0 AND count(*) FILTER ({tokens}) > 0)),
        above AS (
            SELECT span_id AS call, parent_id FROM near WHERE kind = 'llm' AND parent_id IS NOT NULL
            UNION SELECT call, near.parent_id FROM above JOIN near ON near.span_id = above.parent_id
                WHERE near.parent_id IS NOT NULL)
        SELECT call, above.parent_id AS outer_call FROM above JOIN spans ON spans.span_id = above.parent_id
        WHERE kind = 'llm'""")
    told = ", ".join(f"{name} = coalesce(spans.{name}, outer_span.{name})" for name in (*USED, "model", "provider"))
    connection.execute(f"""UPDATE spans SET {told}
        FROM (SELECT outer_call, arg_max(call, start_time) FILTER ({STATES_NONE}
                    AND call NOT IN (SELECT outer_call FROM climbs)) AS receiver
                FROM climbs JOIN spans ON spans.span_id = call GROUP BY outer_call
                HAVING count(*) FILTER ({tokens}) = 0) AS handed
            JOIN spans AS outer_span ON outer_span.span_id = handed.outer_call
                AND (outer_span.input_tokens IS NOT NULL OR outer_span.output_tokens IS NOT NULL)
        WHERE spans.span_id = handed.receiver""")
    connection.execute("DROP TABLE climbs")


def _write_zeros(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the counts that a library leaves out where they are 0: those that another call of the trace has."""
    sparse = " OR ".join(f"starts_with(scope, '{scope}')" for scope in LEAVES_ZEROS_OUT)
    for name, whole in (
        ("cached_tokens", "input_tokens"), ("cache_write_tokens", "input_tokens"), ("reasoning_tokens", "output_tokens")
    ):  # fmt: skip
        these = f"kind = 'llm' AND ({sparse})"
        connection.execute(f"""UPDATE spans SET {name} = 0 WHERE {these} AND {name} IS NULL AND {whole} IS NOT NULL
            AND trace_id IN (SELECT trace_id FROM spans WHERE {these} AND {name} IS NOT NULL)""")


def _set_apart(connection: duckdb.DuckDBPyConnection) -> Apart:
    """Take what embeddings and rerankers used out of what is added up for turns, and return it."""
    calls, tokens, cost = connection.execute(f"""SELECT count(*), sum(input_tokens)::BIGINT, sum(cost) FROM spans
        WHERE {APART} AND (parent_id IS NULL OR parent_id NOT IN (SELECT span_id FROM spans WHERE {APART}))
    """).fetchall()[0]
    none = ", ".join(f"{name} = NULL" for name in (*USED, "model", "provider", "finish_reason"))
    connection.execute(f"UPDATE spans SET {none} WHERE {APART}")
    return Apart(calls, tokens, cost)
