"""Prompts and their commits: what the client pushes, pulls and lists. Each belongs to the one workspace there is."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall, answered
from chatmon.lab.services.langsmith._store import TENANT
from chatmon.lab.services.langsmith._values import RefusalError, aware, dump, now, parse, shortened

if TYPE_CHECKING:
    import sqlite3

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,99}")
_TOLD: Final = ("description", "readme", "tags", "is_archived")
_SORTED: Final = {"updated_at": "updated_at", "created_at": "created_at", "repo_handle": "name"}


def create_prompt(call: ApiCall) -> ApiAnswer:
    """Make a prompt without a commit."""
    given = call.object()
    name = given.get("repo_handle")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RefusalError(
            422, f"repo_handle ({shortened(name)}) is none: small letters, digits, - and _, a letter first, at most 100"
        )
    _check_private(given)
    at = now()
    with call.store.writing() as connection:
        if connection.execute("SELECT 1 FROM prompts WHERE name = ?", [name]).fetchone():
            raise RefusalError(409, f"there is a prompt {name} already: push a commit to it")
        told = dump({one: given[one] for one in _TOLD if given.get(one) is not None})
        connection.execute("INSERT INTO prompts VALUES (?, ?, ?, ?, ?, 0)", [str(uuid4()), name, at, at, told])
        return answered({"repo": _shown(connection, _row(connection, call, name))})


def list_prompts(call: ApiCall) -> ApiAnswer:
    """Give a page of prompts."""
    limit, offset = call.window()
    column = _SORTED.get(call.value("sort_field") or "updated_at")
    if column is None:
        raise RefusalError(422, f"sort_field ({shortened(call.value('sort_field'))}) is none of {', '.join(_SORTED)}")
    if call.value("is_public") == "true" or call.value("repo_type") not in (None, "prompt"):
        return answered({"repos": [], "total": 0})
    connection = call.store.reading()
    found = [_shown(connection, row) for row in connection.execute(f"SELECT * FROM prompts ORDER BY {column}, name")]  # noqa: S608
    found = found if call.value("sort_direction") == "asc" else found[::-1]
    wanted, archived = (call.value("query") or "").lower(), call.flag("is_archived")
    kept = [one for one in found if one["repo_handle"].startswith(wanted) and one["is_archived"] == archived]
    return answered({"repos": kept[offset : offset + limit], "total": len(kept)})


def read_prompt(call: ApiCall) -> ApiAnswer:
    """Give one prompt."""
    connection = call.store.reading()
    return answered({"repo": _shown(connection, _row(connection, call))})


def update_prompt(call: ApiCall) -> ApiAnswer:
    """Change what is said of a prompt."""
    given = call.object()
    _check_private(given)
    with call.store.writing() as connection:
        row = _row(connection, call)
        told = {**parse(row["document"]), **{one: given[one] for one in _TOLD if given.get(one) is not None}}
        connection.execute(
            "UPDATE prompts SET document = ?, updated_at = ? WHERE id = ?", [dump(told), now(), row["id"]]
        )
        return answered({"repo": _shown(connection, _row(connection, call))})


def delete_prompt(call: ApiCall) -> ApiAnswer:
    """Delete a prompt with its commits."""
    with call.store.writing() as connection:
        prompt = _row(connection, call)["id"]
        for table, column in (("prompt_tags", "prompt"), ("commits", "prompt"), ("prompts", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", [prompt])  # noqa: S608 - our own names
    return answered({})


def like_prompt(call: ApiCall) -> ApiAnswer:
    """Note whether a prompt is liked; there is one user here."""
    liked = bool(call.object().get("like"))
    with call.store.writing() as connection:
        connection.execute("UPDATE prompts SET liked = ? WHERE id = ?", [liked, _row(connection, call)["id"]])
    return answered({"likes": int(liked)})


def create_commit(call: ApiCall) -> ApiAnswer:
    """Add a commit to a prompt; one that changes nothing is refused, as is one upon what is not there."""
    given = call.object()
    manifest, parent = given.get("manifest"), given.get("parent_commit")
    if not isinstance(manifest, dict):
        raise RefusalError(422, f"manifest is {type(manifest).__name__}, not a JSON object")
    with call.store.writing() as connection:
        row = _row(connection, call)
        latest = _latest(connection, row["id"])
        if parent is not None:
            parent = _commit(connection, row, str(parent))["hash"]
        text = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
        if latest is not None and json.dumps(parse(latest["manifest"]), sort_keys=True, ensure_ascii=False) == text:
            raise RefusalError(409, f"nothing to commit: {row['name']} has not changed since {latest['hash'][:8]}")
        place = 1 if latest is None else latest["place"] + 1
        made = hashlib.sha256(f"{row['id']} {place} {parent} {text}".encode()).hexdigest()
        commit, at = str(uuid4()), now()
        connection.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [commit, row["id"], place, made, parent, at, dump(manifest), given.get("description")],
        )
        connection.execute("UPDATE prompts SET updated_at = ? WHERE id = ?", [at, row["id"]])
        return answered({"commit": _commit_shown(row, _commit(connection, row, made))})


def list_commits(call: ApiCall) -> ApiAnswer:
    """Give a page of a prompt's commits, the newest first."""
    limit, offset = call.window()
    connection = call.store.reading()
    row = _row(connection, call)
    rows = connection.execute("SELECT * FROM commits WHERE prompt = ? ORDER BY place DESC", [row["id"]]).fetchall()
    commits = [_commit_shown(row, one) for one in rows[offset : offset + limit]]
    return answered({"commits": commits, "total": len(rows)})


def read_commit(call: ApiCall) -> ApiAnswer:
    """Give a commit by its hash, the beginning of it, a tag, or ``latest``."""
    connection = call.store.reading()
    row = _row(connection, call)
    found = _commit(connection, row, call.path["commit"])
    told = {"commit_hash": found["hash"], "manifest": parse(found["manifest"]), "examples": []}
    return answered(told | {"description": found["description"]})


def tag_commit(call: ApiCall) -> ApiAnswer:
    """Give a commit a name, which another one may have had."""
    given = call.object()
    name, commit = given.get("tag_name"), given.get("commit_id")
    if not isinstance(name, str) or not name:
        raise RefusalError(422, f"tag_name ({shortened(name)}) is no name")
    with call.store.writing() as connection:
        row = _row(connection, call)
        select = "SELECT 1 FROM commits WHERE prompt = ? AND id = ?"
        if connection.execute(select, [row["id"], str(commit)]).fetchone() is None:
            raise RefusalError(404, f"no commit {commit} of {row['name']}")
        connection.execute("INSERT OR REPLACE INTO prompt_tags VALUES (?, ?, ?)", [row["id"], name, str(commit)])
    return answered({"tag_name": name, "commit_id": str(commit)})


def _check_private(given: dict[str, Any]) -> None:
    if given.get("is_public"):
        raise RefusalError(501, "is_public: this server is on one machine and shows nothing to others; leave it out")


def _row(connection: sqlite3.Connection, call: ApiCall, name: str | None = None) -> sqlite3.Row:
    owner, name = call.path.get("owner", "-"), name or call.path["name"]
    row = connection.execute("SELECT * FROM prompts WHERE name = ?", [name]).fetchone() if owner == "-" else None
    if row is None:
        raise RefusalError(404, f"no prompt {owner}/{name}: this server has those of its one workspace, owner -")
    found: sqlite3.Row = row
    return found


def _latest(connection: sqlite3.Connection, prompt: str) -> sqlite3.Row | None:
    select = "SELECT * FROM commits WHERE prompt = ? ORDER BY place DESC LIMIT 1"
    row: sqlite3.Row | None = connection.execute(select, [prompt]).fetchone()
    return row


def _commit(connection: sqlite3.Connection, prompt: sqlite3.Row, which: str) -> sqlite3.Row:
    if which == "latest":
        rows = [one for one in [_latest(connection, prompt["id"])] if one is not None]
    else:
        tagged = "SELECT commit_id FROM prompt_tags WHERE prompt = :prompt AND name = :which"
        select = f"SELECT * FROM commits WHERE prompt = :prompt AND (id IN ({tagged}) OR substr(hash, 1, :n) = :which)"  # noqa: S608 - our own
        rows = connection.execute(select, {"prompt": prompt["id"], "which": which, "n": len(which)}).fetchall()
    if len(rows) != 1:
        raise RefusalError(404, f"{len(rows)} commits of {prompt['name']} are {shortened(which)}: give a hash or a tag")
    return rows[0]


def _shown(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    told, latest = parse(row["document"]), _latest(connection, row["id"])
    return {
        "id": row["id"], "repo_handle": row["name"], "full_name": f"-/{row['name']}", "owner": None,
        "tenant_id": str(TENANT), "created_at": aware(row["created_at"]), "updated_at": aware(row["updated_at"]),
        "description": told.get("description"), "readme": told.get("readme"), "tags": told.get("tags") or [],
        "is_public": False, "is_archived": bool(told.get("is_archived")), "num_likes": row["liked"],
        "liked_by_auth_user": bool(row["liked"]), "num_downloads": 0, "num_views": 0,
        "num_commits": 0 if latest is None else latest["place"],
        "last_commit_hash": None if latest is None else latest["hash"],
    }  # fmt: skip


def _commit_shown(prompt: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"], "owner": "-", "repo": prompt["name"], "repo_id": prompt["id"], "commit_hash": row["hash"],
        "parent_commit_hash": row["parent"], "created_at": aware(row["created_at"]),
        "updated_at": aware(row["created_at"]), "description": row["description"],
        "manifest": parse(row["manifest"]), "example_run_ids": [], "num_downloads": 0, "num_views": 0,
    }  # fmt: skip
