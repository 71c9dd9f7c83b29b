"""What is said of a feedback key: its kind, its bounds, its categories. Feedback is taken whatever it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.lab.services.langsmith._store import TENANT
from chatmon.lab.services.langsmith._values import RefusalError, aware, clean, dump, now, parse, shortened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

_KINDS: Final = ("continuous", "categorical", "freeform")
_FEWEST_CATEGORIES: Final = 2


def create(connection: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a key means; the same said again changes nothing.

    Raises:
        RefusalError: Something else is said of the key already.
    """
    if body.get("is_enforced"):
        raise RefusalError(501, "is_enforced: feedback is not held to a configuration here")
    key, config = body.get("feedback_key"), _checked(body.get("feedback_config"))
    if not isinstance(key, str) or not key:
        raise RefusalError(422, f"feedback_key ({shortened(key)}) is no name")
    row = connection.execute("SELECT * FROM feedback_configs WHERE key = ?", [clean(key)]).fetchone()
    if row is None:
        said = {"feedback_config": config, "is_lower_score_better": bool(body.get("is_lower_score_better"))}
        return _put(connection, clean(key), str(uuid4()), said)
    if parse(row["document"])["feedback_config"] != config:
        raise RefusalError(400, f"a feedback config of {key!r} already exists, and is another: update it")
    return _shown(row)


def found(
    connection: sqlite3.Connection, *, keys: Sequence[str], contains: str | None, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Return what is said of keys, by their names."""
    rows = connection.execute(
        "SELECT * FROM feedback_configs WHERE (? = '[]' OR key IN (SELECT value FROM json_each(?))) "
        "AND (? IS NULL OR instr(lower(key), lower(?)) > 0) ORDER BY key LIMIT ? OFFSET ?",
        [dump(keys), dump(keys), contains, contains, limit, offset],
    )
    return [_shown(row) for row in rows]


def update(connection: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is said of a key; what is null is left as it was.

    Raises:
        RefusalError: Nothing is said of it, or its categories would be none.
    """
    row = _row(connection, "key" if body.get("id") is None else "id", body.get("id") or body.get("feedback_key"))
    said = parse(row["document"])
    if body.get("feedback_config") is not None:
        said["feedback_config"] = _checked(body["feedback_config"])
    if body.get("is_lower_score_better") is not None:
        said["is_lower_score_better"] = bool(body["is_lower_score_better"])
    added, removed = body.get("add_categories") or [], body.get("remove_categories") or []
    if added or removed:
        said["feedback_config"] = _categories(said["feedback_config"], added, removed)
    return _put(connection, row["key"], row["id"], said)


def delete(connection: sqlite3.Connection, column: str, value: str) -> None:
    """Say nothing more of a key, found by ``key`` or by ``id``."""
    row = _row(connection, column, value)
    connection.execute("DELETE FROM feedback_configs WHERE key = ?", [row["key"]])


def _categories(config: dict[str, Any], added: list[Any], removed: list[Any]) -> dict[str, Any]:
    before = config.get("categories")
    if config.get("type") != "categorical" or not isinstance(before, list):
        raise RefusalError(422, f"a configuration that is {config.get('type')} has no categories to change")
    after = [one for one in before if one.get("value") not in removed] + added
    if len(after) < _FEWEST_CATEGORIES:
        raise RefusalError(422, f"{len(after)} categories would be left, {_FEWEST_CATEGORIES} are needed")
    return _checked({**config, "categories": after})


def _checked(config: object) -> dict[str, Any]:
    if not isinstance(config, dict) or config.get("type") not in _KINDS:
        raise RefusalError(422, f"feedback_config ({shortened(config)}) needs a type of {', '.join(_KINDS)}")
    categories = config.get("categories") or []
    if not isinstance(categories, list) or not all(isinstance(one, dict) for one in categories):
        raise RefusalError(422, "categories of a feedback config are no list of JSON objects")
    for name in ("value", "label"):
        given = [one.get(name) for one in categories if one.get(name) is not None]
        if len(given) != len({dump(one) for one in given}):
            raise RefusalError(422, f"two categories have the same {name}: {shortened(given)}")
    return config


def _row(connection: sqlite3.Connection, column: str, value: object) -> sqlite3.Row:
    select = {
        "key": "SELECT * FROM feedback_configs WHERE key = ?",
        "id": "SELECT * FROM feedback_configs WHERE id = ?",
    }
    row: sqlite3.Row | None = connection.execute(select[column], [str(value)]).fetchone()
    if row is None:
        raise RefusalError(404, f"no feedback config with {column} {shortened(value)}")
    return row


def _put(connection: sqlite3.Connection, key: str, config_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    connection.execute(
        "INSERT OR REPLACE INTO feedback_configs VALUES (?, ?, ?, ?)", [key, config_id, now(), dump(said)]
    )
    return _shown(_row(connection, "key", key))


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"], "feedback_key": row["key"], "tenant_id": str(TENANT), "modified_at": aware(row["modified_at"]),
        "is_enforced": False, "is_first": True, **parse(row["document"]),
    }  # fmt: skip
