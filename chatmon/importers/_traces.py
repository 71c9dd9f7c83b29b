"""Traces into turns: the SQL that makes one row of all the spans of a trace.

A trace is one user message and its reply, so it becomes one turn: time, conversation, user and feedback come from its
root, tokens and cost are added up over its leaf model calls only, because every tool repeats them in the spans above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon.cost.shapes import TEXTS
from chatmon.importers._spans import RATED, SCORED, SPAN_COLUMNS, TOKENS
from chatmon.importers.names import NO_TURN as OTHER_KINDS
from chatmon.turns import DUCKDB_TYPES, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import duckdb

OF_THE_TRACE: Final = (
    "user_id", "intent", "prompt_version", "variant", "experiment", "region", "channel", "question", "answer",
)  # fmt: skip
"""Columns of turns that any span of the trace may carry, its root first."""
OF_THE_CALL: Final = ("provider", "model", "finish_reason")
"""Columns of turns that the last successful call says."""
SOURCE_COLUMNS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "usage_source": ("reported", ("input_tokens", "output_tokens")),
    "price_source": ("stated by the export", ("cost",)),
}
"""Columns of turns that say where a number is from: what they say, and of which columns."""
KEPT: Final = ("attempts", "time_to_first_token", "usage_source", "price_source")
"""Columns of turns that are made here of what spans say, and that chatmon's own turns say themselves, in ``kept``."""
OF_A_TURN: Final = (
    "input_tokens", "output_tokens", "cost", "model", "conversation_id", "user_id", "intent", "prompt_version",
    "variant", "experiment", *SCORED,
)  # fmt: skip
"""Columns of which each makes a trace a turn. Texts are none: whether they are read must not change what is counted."""
NO_TURN: Final = "no turn: nothing in its trace asks a model or says whose it is"
FLAGS: Final = ("failed", "estimated")
"""Columns of spans in which false says no more than nothing."""
STRANGE_FEEDBACK: Final = "feedback for a trace that is not in the export"


def join_feedback(connection: duckdb.DuckDBPyConnection) -> None:
    """Give feedback on a run the run's trace, and reject the feedback whose trace is not there."""
    if not connection.execute("SELECT count(*) FROM spans WHERE kind = 'score'").fetchall()[0][0]:
        return
    connection.execute("""UPDATE spans SET trace_id = run.trace_id FROM spans AS run
        WHERE spans.kind = 'score' AND spans.trace_id IS NULL AND run.span_id = spans.parent_id""")
    # OpenTelemetry's spans have ids of their own within a trace, and are known by both.
    connection.execute("""UPDATE spans SET trace_id = run.trace_id, parent_id = run.span_id FROM spans AS run
        WHERE spans.kind = 'score' AND spans.trace_id IS NULL
            AND substr(run.span_id, length(run.trace_id) + 2) = spans.parent_id""")
    connection.execute(f"""UPDATE spans SET reject = '{STRANGE_FEEDBACK}' WHERE kind = 'score' AND (trace_id IS NULL
        OR trace_id NOT IN (SELECT trace_id FROM spans WHERE kind IS DISTINCT FROM 'score'))""")
    connection.execute(f"""UPDATE spans SET user_satisfaction = NULL FROM spans AS rated
        WHERE rated.kind = 'score' AND rated.span_id = spans.span_id || '{RATED}'""")


def leave_out_other_traces(connection: duckdb.DuckDBPyConnection) -> None:
    """Reject the spans of traces that are no turns: health checks, pages, queries, in a log of all that a service does.

    A turn asks a model, is an agent's, or says whose it is: a conversation, a user, a prompt version, feedback. A tool
    or a retriever alone is none.
    """
    other = f"coalesce(kind IN {OTHER_KINDS}, true)"
    some = f"SELECT count(*) FROM spans WHERE {other} AND coalesce(name, kind) IS NOT NULL"
    if not connection.execute(some).fetchall()[0][0]:
        return
    said = " OR ".join(f"{column} IS NOT NULL" for column in OF_A_TURN)
    connection.execute(f"""UPDATE spans SET reject = '{NO_TURN}: ' || left(coalesce(name, kind), 60)
        WHERE coalesce(name, kind) IS NOT NULL
            AND trace_id NOT IN (SELECT trace_id FROM spans WHERE NOT {other} OR {said})""")


def to_turns(connection: duckdb.DuckDBPyConnection, silent: Collection[int] = ()) -> None:
    """Create the view ``turns`` with ``turns.schema()``, one row for each trace of ``spans``.

    Only columns in which something is known are stored; the view has the others as NULL.

    Args:
        connection: Holds spans without rejects and duplicates, each with its start.
        silent: Numbers of the files that say nothing of failures.
    """
    from chatmon import turns

    root = "parent_id IS NULL AND kind IS DISTINCT FROM 'score'"
    least_roots, least_calls, most_calls = connection.execute(f"""
        SELECT coalesce(min(roots), 0), coalesce(min(calls), 0), coalesce(max(calls), 0) FROM (
            SELECT count(*) FILTER ({root}) AS roots, count(*) FILTER (kind = 'llm') AS calls
            FROM spans GROUP BY trace_id)""").fetchall()[0]
    leaf = "coalesce(kind = 'llm', false)"
    if most_calls > 1 and _nested_calls(connection):
        leaf += " AND span_id NOT IN (SELECT parent_id FROM nested)"
    connection.execute(f"CREATE TEMP VIEW ranked AS SELECT *, {leaf} AS is_leaf, {root} AS is_root FROM spans")
    facts = _facts(connection, rooted=least_roots > 0, called=least_calls > 0, single=most_calls == 1)
    found = _turn_columns(facts)
    if silent:
        files = f"bool_and(file IN ({', '.join(map(str, sorted(silent)))}))"
        found["attributes"] = _unstated(files, found.get("attributes", "CAST(NULL AS JSON)"))
    known = ", ".join(f"CAST({sql} AS {DUCKDB_TYPES[turns.KINDS[name]]}) AS {name}" for name, sql in found.items())
    connection.execute(f"CREATE TABLE traces AS SELECT {known} FROM ranked GROUP BY trace_id")
    columns = ", ".join(_shown(name, kind, found) for name, kind in turns.KINDS.items())
    connection.execute(f"CREATE VIEW turns AS SELECT {columns} FROM traces")
    connection.execute("DROP VIEW ranked")


def _unstated(condition: str, attributes: str) -> str:
    """Return the SQL of attributes that say ``"failed": null`` where a condition holds."""
    said = f"nullif(CAST({attributes} AS VARCHAR), '{{}}')"
    more = f"coalesce(left({said}, length({said}) - 1) || ',', '{{') || '\"failed\":null}}'"
    return f"CASE WHEN {condition} THEN {more} ELSE CAST({attributes} AS VARCHAR) END"


def _shown(name: str, kind: str, stored: Mapping[str, str]) -> str:
    """Return the SQL of a column of the view: as it is stored, or following from what is, or unknown."""
    if name in stored:
        return name
    said, sources = SOURCE_COLUMNS.get(name, ("", ()))
    known = [source for source in sources if source in stored]
    if known:
        return f"CASE WHEN coalesce({', '.join(known)}) IS NOT NULL THEN '{said}' END AS {name}"
    return f"CAST(NULL AS {DUCKDB_TYPES[kind]}) AS {name}"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is true of all spans of an import: aggregates that nothing needs would cost most of its time.

    Attributes:
        at_root: Columns that roots have values in.
        below: Columns that other spans have values in.
        always: Columns that every trace has a root with a value in.
        elsewhere: Columns that spans other than successful leaf calls have values in.
        unknown: Columns that some successful leaf call has no value in.
        called: Every trace holds a model call.
        single: No trace holds two.
    """

    at_root: frozenset[str]
    below: frozenset[str]
    always: frozenset[str]
    elsewhere: frozenset[str]
    unknown: frozenset[str]
    called: bool
    single: bool

    @property
    def known(self) -> frozenset[str]:
        return self.at_root | self.below


def _facts(connection: duckdb.DuckDBPyConnection, *, rooted: bool, called: bool, single: bool) -> _Facts:
    counted = [f"count(nullif({name}, false))" if name in FLAGS else f"count({name})" for name in SPAN_COLUMNS]
    groups = connection.execute(
        f"SELECT is_root, is_leaf AND NOT coalesce(failed, false), count(*), {', '.join(counted)} "
        "FROM ranked GROUP BY ALL"
    ).fetchall()

    def columns(having: Callable[[int, int], bool], position: int, *, value: bool) -> frozenset[str]:
        chosen = [group for group in groups if bool(group[position]) is value]
        return frozenset(
            name
            for at, name in enumerate(SPAN_COLUMNS, start=3)
            if any(having(group[at], group[2]) for group in chosen)
        )

    def some(filled: int, rows: int) -> bool:
        return filled > 0

    def gaps(filled: int, rows: int) -> bool:
        return filled < rows

    at_root = columns(some, 0, value=True)
    return _Facts(
        at_root=at_root,
        below=columns(some, 0, value=False),
        always=at_root - columns(gaps, 0, value=True) if rooted else frozenset(),
        elsewhere=columns(some, 1, value=False),
        unknown=columns(gaps, 1, value=True),
        called=called,
        single=single,
    )


def _turn_columns(facts: _Facts) -> dict[str, str]:
    """Return the SQL of each column of turns that spans of this kind can fill."""
    start, end = _of_trace("start_time", facts), _of_trace("end_time", facts, "max")
    # Where the root does not say, a call that is not said to have failed is enough.
    of_calls = "bool_and(coalesce(failed, false)) FILTER (is_leaf)"
    failed = f"coalesce(bool_or(failed) FILTER (is_root), {of_calls}, bool_or(failed))"
    columns = {
        "turn_id": "trace_id",
        "conversation_id": f"coalesce(nullif({_of_trace('conversation_id', facts)}, ''), trace_id)",
        "timestamp": start,
        "attempts": "nullif(count(*) FILTER (is_leaf), 0)",
    }
    if facts.known & {"end_time", "response_time"}:
        columns["response_time"] = f"coalesce(seconds_between({start}, {end}), {_of_trace('response_time', facts)})"
    if "failed" in facts.known:
        columns["error_type"] = f"CASE WHEN {failed} THEN coalesce({_of_trace('error_type', facts)}, 'unknown') END"
        columns["error_message"] = f"CASE WHEN {failed} THEN {_of_trace('error_message', facts)} END"
    if "attributes" in facts.known:
        columns["attributes"] = _of_trace("attributes", facts)
    columns |= {name: _of_trace(name, facts) for name in OF_THE_TRACE if name in facts.known}
    columns |= {name: _score(name, facts) for name in SCORED if name in facts.known}
    columns |= {
        name: _of_last_call(name, facts) for name in ("provider", "model", "finish_reason") if name in facts.known
    }
    columns |= {name: _total(name, facts) for name in (*TOKENS, "cost") if name in facts.known}
    if "estimated" in facts.known:
        told = "coalesce(input_tokens, output_tokens) IS NOT NULL AND (kind = 'llm' OR is_root)"
        source = "CASE WHEN estimated THEN 'estimated' ELSE 'reported' END"
        columns["usage_source"] = f"min({source}) FILTER ({told})"
    if "usage_details" in facts.known:
        columns["usage_details"] = _details(facts)
    if "first_token_time" in facts.known:
        first = "min(first_token_time) FILTER (is_leaf AND NOT coalesce(failed, false))"
        columns["time_to_first_token"] = f"CASE WHEN {first} >= {start} THEN seconds_between({start}, {first}) END"
    if "kept" in facts.known:
        columns |= {name: _kept(name, columns) for name in KEPT}
    return columns


def _kept(name: str, columns: Mapping[str, str]) -> str:
    """Return the SQL of a column as chatmon's own turns have it, unknown where they do not say; else as it is made."""
    said, sources = SOURCE_COLUMNS.get(name, ("", ()))
    known = [columns[source] for source in sources if source in columns]
    made = f"CASE WHEN coalesce({', '.join(known)}) IS NOT NULL THEN '{said}' END" if known else "NULL"
    own, kind = "CAST(max(CAST(kept AS VARCHAR)) AS JSON)", DUCKDB_TYPES[KINDS[name]]
    return f"CASE WHEN count(kept) > 0 THEN CAST({own} ->> '{name}' AS {kind}) ELSE {columns.get(name, made)} END"


def _of_trace(name: str, facts: _Facts, aggregate: str = "min") -> str:
    """What the root says, else any span: the smallest value, so that the answer does not depend on the order."""
    if name not in facts.known:
        return f"CAST(NULL AS {SPAN_COLUMNS[name]})"
    if name in facts.always:
        return f"{aggregate}({name}) FILTER (is_root)"
    if name not in facts.below or name not in facts.at_root:
        return f"{aggregate}({name})"
    return f"coalesce({aggregate}({name}) FILTER (is_root), {aggregate}({name}))"


def _score(name: str, facts: _Facts) -> str:
    """What the root says, else the mean of the feedback, else any span."""
    if name not in facts.below:
        return _of_trace(name, facts)
    mean = f"avg(CAST({name} AS DOUBLE)) FILTER (kind = 'score')"
    if SPAN_COLUMNS[name] == "BOOLEAN":
        mean += " >= 0.5"
    return f"coalesce(min({name}) FILTER (is_root), {mean}, min({name}))"


def _of_last_call(name: str, facts: _Facts) -> str:
    """What the last successful call says, else any last span."""
    if name not in facts.elsewhere:
        return f"min({name})" if facts.single else f"arg_max({name}, start_time) FILTER (is_leaf)"
    last = f"arg_max({name}, start_time)"
    return f"coalesce({last} FILTER (is_leaf AND NOT coalesce(failed, false)), {last})"


def _total(name: str, facts: _Facts) -> str:
    """Add up the leaf calls, or where a trace holds none, what its root states.

    A sum with an unknown part is unknown; a failed call that reports nothing is no part.
    """

    def over(rows: str, *, gaps: bool) -> str:
        unknown = f"count(*) FILTER ({rows} AND {name} IS NULL AND NOT coalesce(failed, false)) > 0"
        added = f"sum({name}) FILTER ({rows})"
        return f"CASE WHEN {unknown} THEN NULL ELSE {added} END" if gaps else added

    calls = over("is_leaf", gaps=name in facts.unknown)
    return calls if facts.called else f"CASE WHEN bool_or(is_leaf) THEN {calls} ELSE {over('is_root', gaps=True)} END"


def _details(facts: _Facts) -> str:
    """Add up the details of the leaf calls, or where a trace holds none, what its root states.

    What a call says nothing of adds nothing; of names, such as service tiers, each that some call has is there.
    """
    rows = "is_leaf" if facts.called else "(is_leaf OR is_root)"
    if facts.single:
        return f"min(usage_details) FILTER ({rows})"
    told = f"list(usage_details ORDER BY start_time, span_id) FILTER ({rows} AND usage_details IS NOT NULL)"
    total = "list_sum(list_transform(sums.told, lambda one: try_cast(one->>key AS BIGINT)))"
    named = "list_filter(list_transform(sums.told, lambda one: one->>key), lambda name: name IS NOT NULL)"
    names = f"""list_aggregate(list_sort(list_distinct(list_concat({named},
        CASE WHEN len({named}) < sums.calls THEN ['standard'] ELSE [] END))), 'string_agg', '+')"""
    value = f"CASE WHEN key IN {TEXTS} THEN to_json({names}) ELSE to_json({total}) END"
    keys = "list_sort(list_distinct(flatten(list_transform(sums.told, lambda one: json_keys(one)))))"
    entries = f"list_transform({keys}, lambda key: {{'key': key, 'value': {value}}})"
    given = f"{{'told': {told}, 'calls': count(*) FILTER ({rows})}}"
    return f"list_transform([{given}], lambda sums: to_json(map_from_entries({entries})))[1]"


def _nested_calls(connection: duckdb.DuckDBPyConnection) -> bool:
    """Make the table ``nested`` of the spans above a model call, however far: a call among them repeats its usage."""
    connection.execute("""CREATE TEMP TABLE nested AS
        WITH RECURSIVE several AS (
            SELECT span_id, parent_id, kind FROM spans WHERE parent_id IS NOT NULL AND trace_id IN (
                SELECT trace_id FROM spans WHERE kind = 'llm' GROUP BY trace_id HAVING count(*) > 1)),
        above AS (
            SELECT parent_id FROM several WHERE kind = 'llm'
            UNION SELECT several.parent_id FROM several JOIN above ON several.span_id = above.parent_id)
        SELECT parent_id FROM above""")
    return bool(connection.execute("SELECT count(*) FROM nested").fetchall()[0][0])
