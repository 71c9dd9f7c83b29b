"""Phoenix's spans as ``get_spans_dataframe()`` has them, written to Parquet: one row a span, attributes as columns.

The lines of ``get_spans()`` and the download of the user interface are OpenTelemetry's layouts and read by ``otlp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers._dialect import Dialect
from chatmon.importers.attributes import flat, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFIX: Final = "attributes."


def _of_row(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    attributes = {name.removeprefix(_PREFIX): value for name, value in row.items() if name.startswith(_PREFIX)}
    nested = {name: value for name, value in attributes.items() if isinstance(value, dict) and name != "metadata"}
    named = {name: value for name, value in attributes.items() if name not in nested} | otlp.dotted(nested)
    yield flat(
        {
            "span_id": row.get("context.span_id"),
            "trace_id": row.get("context.trace_id"),
            "parent_id": row.get("parent_id"),
            "start": row.get("start_time"),
            "end": row.get("end_time"),
            "status": row.get("status_code"),
            "message": row.get("status_message"),
            "name": row.get("name"),
            "scope": None,  # it keeps none
            "events": otlp.events_of(
                row, lambda event: event.get("timestamp"), lambda given: otlp.dotted(object_of(given))
            ),
        },
        {"openinference.span.kind": row.get("span_kind")} | named,
    )


def _recognise(record: Mapping[str, Any]) -> str | None:
    known = "context.span_id" in record and "context.trace_id" in record
    return "has context.span_id and context.trace_id" if known else None


DIALECTS: Final = (
    Dialect(
        name="phoenix: dataframe",
        tool="phoenix",
        recognise=_recognise,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        unpack=_of_row,
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise; durations are end minus start, in seconds",
            "input tokens count cached ones in, as OpenInference says, but where more are cached than went in",
        ),
    ),
)
