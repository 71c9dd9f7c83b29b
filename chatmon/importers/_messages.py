"""Rows that are messages become turns; rows of a user without a conversation become conversations by their gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools import sql
from chatmon.importers._spans import SCORED, SPAN_COLUMNS, TOKENS

if TYPE_CHECKING:
    import duckdb

    from chatmon.importers._map import ColumnMap

USERS: Final = ("user", "human", "customer", "client", "visitor", "end_user", "end-user", "enduser", "contact")
ASSISTANTS: Final = ("assistant", "bot", "ai", "chatbot", "model", "agent", "llm", "gpt")
OTHERS: Final = ("system", "tool", "function", "developer", "note", "internal", "event")
"""Words for who wrote a message, in small letters."""
MESSAGE, REPLY, OTHER = "message", "reply", "other message"
NO_REPLY: Final = "no turn: a message of neither a user nor the bot"
NO_QUESTION: Final = "no turn: no user wrote in its conversation"


def roles(found: ColumnMap) -> dict[str, tuple[str, ...]]:
    """Return the words for each kind of message, in small letters: the map's, else the usual ones."""
    said = {part: tuple(word.lower() for word in found.messages.get(part, ())) for part in ("user", "assistant")}
    return {MESSAGE: said["user"] or USERS, REPLY: said["assistant"] or ASSISTANTS}


def of_rows(found: ColumnMap, values: dict[str, str]) -> dict[str, str]:
    """Return the columns of spans for rows that are messages, from those for rows that are turns."""
    words = roles(found)
    role = "lower(message__role_text)"
    cases = " ".join(
        f"WHEN {role} IN ({', '.join(map(sql.text, chosen))}) THEN '{kind}'" for kind, chosen in words.items()
    )
    kind = f"CASE {cases} WHEN {role} IN ({', '.join(map(sql.text, OTHERS))}) THEN '{OTHER}' END"
    of_user = f"({kind}) = '{MESSAGE}'"
    unknown = (
        f"WHEN ({kind}) IS NULL THEN 'role (' || left(coalesce(message__role_text, ''), 40) || ') is neither the user "
        "nor the bot: name it in [messages], as user = [...] or assistant = [...]'"
    )
    more = {"kind": kind, "reject": values["reject"].removesuffix("END") + f"{unknown} END"}
    if "order" in found.messages:
        more["name"] = "message__order_text"
    if "answers" in found.messages:
        more["parent_id"] = "message__answers_text"
    if "user_id" in values:
        more["user_id"] = f"CASE WHEN {of_user} THEN {values['user_id']} END"
    if "text" in found.messages:
        more["question"] = f"CASE WHEN {of_user} THEN message__text_text END"
        more["answer"] = f"CASE WHEN NOT {of_user} THEN message__text_text END"
    return values | more


def settle(found: ColumnMap, connection: duckdb.DuckDBPyConnection) -> int:
    """Make spans of the rows of a table; return how many replies were joined to their messages.

    Args:
        found: The map.
        connection: Holds ``spans``.
    """
    if found.minutes:
        _cut_sessions(connection, found.minutes)
    return _join_replies(connection) if found.messages else 0


def _cut_sessions(connection: duckdb.DuckDBPyConnection, minutes: float) -> None:
    """Give a user's turns the conversation that the first of them began, until nothing came for so long."""
    order = "PARTITION BY user_id ORDER BY start_time, span_id"
    connection.execute(f"""CREATE TEMP TABLE begun AS
        SELECT span_id, user_id || '@' || strftime(
                max(first) OVER ({order}) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS conversation
        FROM (SELECT span_id, user_id, start_time, CASE WHEN coalesce(seconds_between(
                lag(start_time) OVER ({order}), start_time) > {60 * minutes}, true) THEN start_time END AS first
            FROM spans WHERE user_id IS NOT NULL AND start_time IS NOT NULL)""")
    connection.execute("UPDATE spans SET conversation_id = conversation FROM begun WHERE begun.span_id = spans.span_id")
    connection.execute("DROP TABLE begun")


def _join_replies(connection: duckdb.DuckDBPyConnection) -> int:
    """Make one span of a user's message and the replies to it, those before the first message going with it."""
    connection.execute(f"""UPDATE spans
        SET reject = CASE WHEN kind = '{OTHER}' THEN '{NO_REPLY}' ELSE '{NO_QUESTION}' END
        WHERE kind = '{OTHER}' OR conversation_id IS NULL OR conversation_id NOT IN (
            SELECT conversation_id FROM spans WHERE kind = '{MESSAGE}' AND conversation_id IS NOT NULL)""")
    order = "PARTITION BY conversation_id ORDER BY start_time, try_cast(name AS DOUBLE), name, file, line, span_id"
    message = f"CASE WHEN kind = '{MESSAGE}' THEN span_id END"
    before = f"last_value({message} IGNORE NULLS) OVER ({order} ROWS UNBOUNDED PRECEDING)"
    after = f"first_value({message} IGNORE NULLS) OVER ({order} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    said = f"CASE WHEN parent_id IN (SELECT span_id FROM spans WHERE kind = '{MESSAGE}') THEN parent_id END"
    connection.execute(f"""CREATE TEMP TABLE placed AS
        SELECT *, coalesce(answers, before, after) AS owner,
            CASE WHEN kind = '{REPLY}' AND coalesce(answers, before) IS NOT NULL THEN start_time END AS answered FROM (
            SELECT *, {before} AS before, {after} AS after, CASE WHEN kind = '{REPLY}' THEN {said} END AS answers
            FROM spans WHERE reject IS NULL)""")
    columns = ", ".join(f"{_joined(name)} AS {name}" for name in SPAN_COLUMNS)
    connection.execute(f"CREATE TABLE joined AS SELECT {columns} FROM placed GROUP BY owner")
    replies = connection.execute("SELECT (SELECT count(*) FROM placed) - (SELECT count(*) FROM joined)").fetchall()[0][
        0
    ]
    connection.execute("DELETE FROM spans WHERE reject IS NULL")
    connection.execute("INSERT INTO spans SELECT * FROM joined")
    connection.execute("DROP TABLE placed; DROP TABLE joined")
    return int(replies)


OF_THE_MESSAGE: Final = ("span_id", "trace_id", "file", "line", "start_time")
OF_NO_ROW: Final = ("name", "reject", "parent_id", "scope")


def _joined(name: str) -> str:
    """Return the SQL of a column of a turn, from the same of its messages."""
    message, replies = f"kind = '{MESSAGE}'", f"kind = '{REPLY}'"
    known = f"{name} IS NOT NULL"
    if name in OF_THE_MESSAGE:
        return f"arg_min({name}, start_time) FILTER ({message})"
    if name in OF_NO_ROW:
        return f"CAST(NULL AS {SPAN_COLUMNS[name]})"
    if name in (*TOKENS, "cost"):  # a sum with an unknown part is unknown, and a user's own words cost nothing
        gaps = f"count(*) FILTER ({replies} AND {name} IS NULL)"
        return f"CASE WHEN {gaps} = 0 OR count({name}) FILTER ({replies}) = 0 THEN sum({name}) END"
    if name in SCORED:
        return f"arg_max({name}, start_time) FILTER ({known})"
    if name in ("model", "provider", "finish_reason"):
        return f"coalesce(arg_max({name}, start_time) FILTER ({replies} AND {known}), min({name}))"
    own = {
        "kind": "'llm'",
        "failed": "bool_or(failed)",
        "end_time": "CASE WHEN count(response_time) = 0 THEN min(answered) END",
        "response_time": f"arg_min(response_time, start_time) FILTER ({known})",
        "answer": f"string_agg(answer, chr(10) ORDER BY start_time, line) FILTER ({replies})",
        "lost": "nullif(flatten(list(lost) FILTER (lost IS NOT NULL)), [])",
    }
    return own.get(name, f"coalesce(min({name}) FILTER ({message}), min({name}))")
