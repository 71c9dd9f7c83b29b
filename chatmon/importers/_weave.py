"""W&B Weave's calls, as its API streams them: one call of a function a record, a model's call among them.

``summary.usage`` has what a call used by model, and every call around it repeats the sum. Of a call that failed nothing
is said but its function's name and the exception.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers import _plain as plain
from chatmon.importers._langfuse import number_of, whole_of
from chatmon.importers._spans import TOKENS
from chatmon.importers.attributes import CLASS, FREE, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ASKS: Final = re.compile(
    r"chat\.completions|responses\.create|messages\.create|messages\.stream|generate_content|litellm\.a?completion"
    r"|\.converse",
    re.IGNORECASE,
)
"""What is in the names of functions that ask a model, as Weave's integrations call them."""
LEFT_OUT: Final = "more cached than input tokens: input was counted without cache, which is added"
_READ: Final = (
    "id", "project_id", "op_name", "display_name", "trace_id", "parent_id", "thread_id", "turn_id", "started_at",
    "ended_at", "exception", "attributes", "inputs", "output", "summary", "wb_user_id", "wb_run_id",
)  # fmt: skip


def _of_call(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    summary = object_of(call.get("summary"))
    usage = {model: object_of(used) for model, used in object_of(summary.get("usage")).items()}
    op, said = str(call.get("op_name") or ""), object_of(call.get("attributes"))
    weave = object_of(said.pop("weave", None))
    kind, _, message = str(call.get("exception") or "").partition(":")
    yield {
        "span_id": call.get("id"),
        "trace_id": call.get("trace_id"),
        "parent_id": call.get("parent_id"),
        "kind": "llm" if usage or weave.get("kind") == "llm" or ASKS.search(op) else weave.get("kind") or "unknown",
        "name": call.get("display_name") or op.rpartition("/")[2].partition(":")[0],
        "start_time": call.get("started_at"),
        "end_time": call.get("ended_at"),
        "model": next(iter(usage), None) or object_of(call.get("inputs")).get("model"),
        "cost": _cost(object_of(object_of(summary.get("weave")).get("costs"))),
        "failed": bool(call.get("exception")),
        "error_type": kind if CLASS.fullmatch(kind) else None,
        "error_message": message.strip() or kind or None,
        "conversation_id": call.get("thread_id") or said.pop("conversation_id", None),
        "user_id": said.pop("user_id", None),
        **{name: said.pop(name, None) for name in FREE},
        "attributes": said or None,
    } | _counted(usage)


def _counted(usage: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what all models of a call used together; a count that one of them does not say is unknown."""
    told = [plain.counted("weave", used) for used in usage.values()]
    found = {name: _sum([one[name] for one in told]) for name in TOKENS}
    names = SHAPES["weave"].names("input_tokens")
    said = _sum([next((whole_of(used[name]) for name in names if name in used), None) for used in usage.values()])
    return found | {"note": LEFT_OUT if said != found["input_tokens"] else None}


def _sum(counts: list[int | None]) -> int | None:
    whole = [count for count in counts if count is not None]
    return sum(whole) if whole and len(whole) == len(counts) else None


def _cost(costs: Mapping[str, Any]) -> float | None:
    """Return what the models of a call cost together, where Weave was asked for it."""
    parts = [
        number_of(amount)
        for of_model in costs.values()
        for name, amount in object_of(of_model).items()
        if name.endswith("_total_cost") and amount is not None
    ]
    return sum(part for part in parts if part is not None) if parts and None not in parts else None


def _of_envelope(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for call in page.get("calls") or [page.get("call")]:
        yield from _of_call(call)


def _call(record: Mapping[str, Any]) -> str | None:
    return "has op_name, trace_id and started_at" if {"op_name", "trace_id", "started_at"} <= record.keys() else None


def _envelope(record: Mapping[str, Any]) -> str | None:
    calls = record.get("calls")
    first = calls[0] if isinstance(calls, list) and calls else record.get("call")
    return "an answer of the API: calls" if isinstance(first, dict) and _call(first) else None


_ASSUMED: Final = (
    "times without a zone are UTC, unless tz says otherwise; durations are the seconds between them",
    "input tokens count cached ones in, but where more are cached than went in",
    "a call around another one repeats what that one used",
)
DIALECTS: Final = (
    plain.dialect("weave", "API answers", _envelope, _of_envelope, ("calls", "call"), _ASSUMED),
    plain.dialect("weave", "calls", _call, _of_call, _READ, _ASSUMED),
)
