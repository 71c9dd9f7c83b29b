"""Feedback: scores and comments on runs, or on a whole project, and what they add up to."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chatmon.lab.services.langsmith._store import AMONG, rows_in
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    aware,
    clean,
    dump,
    microseconds,
    now,
    parse,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

_STORED_FIELDS = (
    "score", "value", "comment", "correction", "feedback_source", "comparative_experiment_id", "feedback_group_id",
    "extra", "feedback_config", "error",
)  # fmt: skip
_COMMENTS = 10  # shown of each key
_LARGEST_SCORE = 10**9  # of a score: sums of squares must stay numbers
COLUMNS = "key, score, value, comment, failed, source"
_LENGTHS = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000}
_IDS = ("run_id", "trace_id", "session_id")


def write(connection: sqlite3.Connection, given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Store feedback, and return it as the API writes it.

    Raises:
        RefusalError: It is on nothing, has no key, or its score is no number.
    """
    stored = [_checked(one) for one in given]
    # Where a run has not come in yet, its feedback waits for it under its id.
    select = (
        "SELECT runs.n, runs.id, trace_id, projects.id AS project FROM runs JOIN projects ON projects.n = project "
        "WHERE runs.id"
    )
    of_run = {row["id"]: row for row in rows_in(connection, select, [one["run_id"] for one in stored])}
    for one in stored:
        row = of_run.get(one["run_id"])
        one["run"] = None if row is None else row["n"]
        if row is not None and one["session_id"] is None:
            place = {"session_id": row["project"], "trace_id": one["trace_id"] or row["trace_id"]}
            one |= place | {"shown": one["shown"] | place}  # noqa: PLW2901 - changes the dict itself
    connection.executemany(
        "INSERT OR REPLACE INTO feedback VALUES (:id, :run, :run_id, :trace_id, :session_id, :key, :score, :value, "
        ":comment, :failed, :source, :at, :document)",
        [one | {"document": dump(one["shown"])} for one in stored],
    )
    return [one["shown"] for one in stored]


def token(connection: sqlite3.Connection, given: Mapping[str, Any]) -> tuple[str, int]:
    """Make a token for one kind of feedback on a run, and return its id and when it ends, in microseconds since 1970.

    Raises:
        RefusalError: It is for no run or no key, or ends at no time.
    """
    run, key = uuid(given.get("run_id"), "run_id"), given.get("feedback_key")
    if not isinstance(key, str) or not key:
        raise RefusalError(422, f"feedback_key ({key!r}) is no name")
    length = given.get("expires_in") or {"hours": 3}
    if given.get("expires_at") is not None:
        ends = microseconds(given["expires_at"], "expires_at")
    elif isinstance(length, dict) and all(type(one) is int and 0 <= one < 10**6 for one in length.values()):
        ends = now() + sum(length.get(name, 0) * one for name, one in _LENGTHS.items())
    else:
        raise RefusalError(422, f"expires_in ({length!r}) is no number of days, hours and minutes")
    made = str(uuid(given["id"], "id") if given.get("id") else uuid4())
    connection.execute("INSERT INTO feedback_tokens VALUES (?, ?, ?, ?)", [made, run, clean(key), ends])
    return made, ends


def write_by_token(connection: sqlite3.Connection, which: str, given: Mapping[str, Any]) -> None:
    """Store feedback that somebody gives who has a token and no key.

    Raises:
        RefusalError: There is no such token, or it has ended.
    """
    row = connection.execute("SELECT * FROM feedback_tokens WHERE id = ?", [which]).fetchone()
    if row is None:
        raise RefusalError(404, f"no token {which}")
    if now() >= row["expires_at"]:
        raise RefusalError(403, f"the token {which} ended at {aware(row['expires_at'])}: ask for a new one")
    score = given.get("score")
    if isinstance(score, str):  # from an address
        try:
            score = float(score)
        except ValueError:
            raise RefusalError(422, f"score ({score!r}) is no number") from None
    said = {name: given.get(name) for name in ("value", "comment", "correction")}
    write(connection, [{**said, "score": score, "run_id": row["run_id"], "key": row["key"], "id": str(uuid4())}])


def meet(connection: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
    """Give feedback that waited for its run the run's number.

    Args:
        connection: The database.
        numbers: Of runs that have just come in, by id.
    """
    connection.executemany(
        "UPDATE feedback SET run = ? WHERE run_id = ?", [(number, run) for run, number in numbers.items()]
    )


def update(connection: sqlite3.Connection, feedback_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change feedback; what is null is left as it was."""
    before = read(connection, feedback_id)
    given = {name: value for name, value in changes.items() if value is not None and name in _STORED_FIELDS}
    return write(connection, [before | given | {"modified_at": None}])[0]


def read(connection: sqlite3.Connection, feedback_id: str) -> dict[str, Any]:
    """Return one feedback.

    Raises:
        RefusalError: It is not there.
    """
    row = connection.execute("SELECT document FROM feedback WHERE id = ?", [feedback_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no feedback {feedback_id}")
    return dict(parse(row["document"]))


def delete(connection: sqlite3.Connection, feedback_id: str) -> None:
    """Delete one feedback.

    Raises:
        RefusalError: It is not there.
    """
    read(connection, feedback_id)
    connection.execute("DELETE FROM feedback WHERE id = ?", [feedback_id])


def found(
    connection: sqlite3.Connection,
    *,
    runs: Sequence[str],
    keys: Sequence[str],
    sources: Sequence[str],
    projects: Sequence[str],
    limit: int,
    offset: int,
) -> list[str]:
    """Return feedback as JSON texts, the latest first."""
    where: list[str] = ["1"]
    values: list[Any] = []
    for column, given in (("run_id", runs), ("key", keys), ("source", sources), ("project_id", projects)):
        if given:
            where.append(f"{column} {AMONG}")
            values.append(dump(given))
    rows = connection.execute(
        f"SELECT document FROM feedback WHERE {' AND '.join(where)} ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    return [row["document"] for row in rows]


def stats_of(connection: sqlite3.Connection, runs: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what the feedback of each run adds up to, by key."""
    select = f"SELECT run_id, {COLUMNS} FROM feedback WHERE run_id"
    by_run: dict[str, list[sqlite3.Row]] = {}
    for row in rows_in(connection, select, runs, after="ORDER BY created_at"):
        by_run.setdefault(row["run_id"], []).append(row)
    return {run: summed(rows) for run, rows in by_run.items()}


def summed(rows: Iterable[sqlite3.Row]) -> dict[str, Any]:
    """Return what feedback adds up to, by key; rows hold ``COLUMNS``, in order of time."""
    by_key: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        by_key.setdefault(row["key"], []).append(row)
    return {key: _stats(of_key) for key, of_key in sorted(by_key.items())}


def _stats(rows: list[sqlite3.Row]) -> dict[str, Any]:
    scores = [row["score"] for row in rows if row["score"] is not None]
    mean = math.fsum(scores) / len(scores) if scores else None
    return {
        "n": len(rows),
        "avg": mean,
        "min": min(scores, default=None),
        "max": max(scores, default=None),
        "stdev": None if len(scores) < 2 else math.sqrt(math.fsum((x - mean) ** 2 for x in scores) / (len(scores) - 1)),
        "errors": sum(row["failed"] for row in rows),
        "values": dict(Counter(row["value"] for row in rows if row["value"] is not None)),
        "comments": [row["comment"] for row in rows if row["comment"]][:_COMMENTS],
        "sources": sorted({row["source"] for row in rows}),
    }


def _source(document: Mapping[str, Any]) -> str:
    source = document.get("feedback_source")
    return clean(str(source.get("type") or "api")) if isinstance(source, dict) else "api"


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    ids = {name: uuid(given[name], name) if given.get(name) is not None else None for name in _IDS}
    key, score = given.get("key"), given.get("score")
    if not isinstance(key, str) or not key:
        raise RefusalError(422, f"feedback has the key {key!r}: it needs a name")
    if score is not None and not (isinstance(score, bool | int | float) and -_LARGEST_SCORE <= score <= _LARGEST_SCORE):
        raise RefusalError(
            422,
            f"feedback {key!r} has the score {score!r}: it must be a number "
            f"from -{_LARGEST_SCORE:,} to {_LARGEST_SCORE:,}, or true or false",
        )
    run_id = ids["run_id"] = ids["run_id"] or ids["trace_id"]
    if run_id is None and ids["session_id"] is None:
        raise RefusalError(422, f"feedback {key!r} is on nothing: give run_id, trace_id or session_id")
    created = now() if given.get("created_at") is None else microseconds(given["created_at"], "created_at")
    modified = now() if given.get("modified_at") is None else microseconds(given["modified_at"], "modified_at")
    feedback_id = str(uuid4()) if given.get("id") is None else uuid(given["id"], "a feedback's id")
    shown = {"id": feedback_id, **ids, "key": clean(key)} | {name: given.get(name) for name in _STORED_FIELDS}
    shown["start_time"] = given.get("start_time")
    shown |= {"created_at": aware(created), "modified_at": aware(modified)}
    return {
        "id": feedback_id, **ids, "key": clean(key), "score": None if score is None else float(score),
        "value": clean(given["value"]) if isinstance(given.get("value"), str) else None,
        "comment": clean(given["comment"]) if isinstance(given.get("comment"), str) else None,
        "failed": given.get("error") is True, "source": _source(shown), "at": created, "shown": shown,
    }  # fmt: skip
