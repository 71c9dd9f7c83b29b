"""A request of an OpenTelemetry exporter, span by span, for a service that is sent them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chatmon.importers._langfuse import number_of, whole_of
from chatmon.importers._otlp import by_name, flat_span, in_envelope
from chatmon.importers._spans import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def exported(request: Mapping[str, Any]) -> Iterator[Callable[[], tuple[dict[str, Any], dict[str, Any]]]]:
    """Yield a reader for each span, so that one which cannot be read costs none of the others.

    Args:
        request: An ``ExportTraceServiceRequest`` as OTLP has it in JSON.

    Returns:
        Functions that give a span as the importer reads it, its counts as numbers, and its own attributes by name.

    Example:
        >>> span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "chat", "startTimeUnixNano": "1",
        ...         "attributes": [{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}}]}
        >>> (read,) = exported({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
        >>> found, own = read()
        >>> found["span_id"], found["input_tokens"], own
        ('cdcdcdcdcdcdcdcd', 12, {'gen_ai.usage.input_tokens': 12})
    """
    for span, common, scope in in_envelope(dict(request)):
        yield partial(_read, span, common, scope)


def _read(span: dict[str, Any], common: dict[str, Any], scope: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    found = flat_span(span, common, scope)
    counts = {name: whole_of(found[name]) for name in TOKENS}
    hidden = sum(counts[name] or 0 for name in ("cached_tokens", "cache_write_tokens"))
    if counts["input_tokens"] is not None and hidden > counts["input_tokens"]:  # counted without the cache
        counts["input_tokens"] += hidden
    return {**found, **counts, "cost": number_of(found["cost"])}, by_name(span.get("attributes"))
