"""OpenRouter's activity, as its user interface downloads it: a CSV of one request a row.

``created_at`` is UTC. ``cost_total`` is what was paid to OpenRouter; where a key of one's own was used, the provider is
paid too, which ``byok_usage_inference`` says. The counts are the provider's: cached tokens are part of the prompt,
reasoning is part of the completion.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers import _plain as plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ: Final = (
    "generation_id", "created_at", "cost_total", "cost_web_search", "cost_cache", "cost_file_processing",
    "byok_usage_inference", *(name for names in SHAPES["openrouter"].paths.values() for name in names),
    "model_permaslug", "provider_name", "variant", "cancelled", "streamed", "user", "finish_reason_raw",
    "finish_reason_normalized", "generation_time_ms", "time_to_first_token_ms", "api_key_name", "app_name",
)  # fmt: skip


def _of_row(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    reason = row.get("finish_reason_normalized") or row.get("finish_reason_raw")
    cancelled = _said(row.get("cancelled"))
    yield {
        "span_id": row.get("generation_id"),
        "kind": "llm",
        "start_time": row.get("created_at"),
        "response_time": plain.seconds(row.get("generation_time_ms")),
        "first_token_after": plain.seconds(row.get("time_to_first_token_ms")) if _said(row.get("streamed")) else None,
        "provider": "openrouter",
        "model": row.get("model_permaslug"),
        **plain.counted("openrouter", row),
        "cost": _paid(row),
        "failed": reason == "error",
        "error_type": "error" if reason == "error" else None,
        "finish_reason": reason or ("cancelled" if cancelled else None),
        "user_id": row.get("user"),
        "attributes": {name: row.get(name) for name in ("provider_name", "variant", "app_name", "api_key_name")},
        "note": "requests that were cancelled: what they say was used is what was billed" if cancelled else None,
    }


def _paid(row: Mapping[str, Any]) -> Any:
    """Return what OpenRouter and the provider were paid together; what is no number is left to be rejected."""
    cost, own_key = row.get("cost_total"), row.get("byok_usage_inference")
    try:
        return cost if own_key in (None, "") else str(Decimal(str(cost)) + Decimal(str(own_key)))
    except InvalidOperation:
        return cost


def _said(value: Any) -> bool:
    return str(value).lower() == "true"


def _recognise(record: Mapping[str, Any]) -> str | None:
    known = {"generation_id", "cost_total", "model_permaslug"} <= record.keys()
    return "has generation_id, cost_total and model_permaslug" if known else None


DIALECTS: Final = (
    plain.dialect(
        "openrouter",
        "activity",
        _recognise,
        _of_row,
        _READ,
        (
            "created_at is when a request began; times without a zone are UTC, unless tz says otherwise",
            "generation_time_ms and time_to_first_token_ms are milliseconds",
            "tokens_prompt counts cached tokens in, tokens_completion those of reasoning",
            "the cost is cost_total and byok_usage_inference together: what OpenRouter and the provider were paid",
        ),
    ),
)
