"""Phoenix's spans as ``get_spans_dataframe()`` has them, written to Parquet: one row a span, attributes as columns.

The lines of ``get_spans()`` and the download of the user interface are OpenTelemetry's layouts and read by ``otlp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers import _plain as plain
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


def _of_traces(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A page of traces: each with the tokens of all its calls; its spans, if they are there, have no attributes."""
    for trace in page["data"]:
        spans = trace.get("spans") or []
        counts = [trace.get(f"token_count_{side}") for side in ("prompt", "completion")]
        asked = any(count is not None for count in counts) or any(one.get("span_kind") == "LLM" for one in spans)
        top = [one for one in spans if not one.get("parent_id")]
        yield {
            "span_id": trace.get("trace_id"),
            "kind": "agent" if asked else "unknown",
            "name": top[0].get("name") if top else trace.get("id"),
            "start_time": trace.get("start_time"),
            "end_time": trace.get("end_time"),
            "input_tokens": counts[0],
            "output_tokens": counts[1],
            "failed": {"ERROR": True, "OK": False}.get(str(top[0].get("status_code"))) if top else None,
        }


def _traces(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    known = isinstance(first, dict) and {"trace_id", "project_id", "start_time", "end_time"} <= first.keys()
    return "a page of the API: data holds traces" if known else None


def _of_annotations(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in page["data"]:
        yield from _of_annotation(row)


def _of_annotation(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An annotation of a span or of a trace, as the API has it or as a row of the client's dataframe."""
    name = row.get("name") or row.get("annotation_name")
    result = object_of(row.get("result"))
    number, word = (result.get(key, row.get(f"result.{key}", row.get(key))) for key in ("score", "label"))
    own = "-".join(str(row.get(key)) for key in ("span_id", "trace_id", "annotator_kind", "identifier"))
    yield {
        "span_id": f"annotation-{row.get('id') or f'{own}-{name}'}",
        "parent_id": row.get("span_id"),
        "trace_id": None if row.get("span_id") else row.get("trace_id"),
        "kind": "score",
        "scores": [{"name": name, "number": number, "word": word, "source": row.get("annotator_kind")}],
    } | plain.scores_of({str(name): word if number is None else number})


def _annotation(record: Mapping[str, Any]) -> str | None:
    named = "annotator_kind" in record and bool({"name", "annotation_name"} & record.keys())
    return "has annotator_kind: annotations" if named and {"span_id", "trace_id"} & record.keys() else None


def _annotations(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    known = isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and _annotation(rows[0]) is not None
    return "a page of the API: data holds annotations" if known else None


_ANNOTATION: Final = (
    "id", "span_id", "trace_id", "name", "annotation_name", "annotator_kind", "result", "result.score", "result.label",
    "score", "label", "identifier",
)  # fmt: skip
_OF_ANNOTATIONS: Final = ("an annotation of a span is one of its trace",)
DIALECTS: Final = (
    plain.dialect(
        "phoenix", "API page of annotations", _annotations, _of_annotations, ("data", "next_cursor"), _OF_ANNOTATIONS
    ),
    plain.dialect("phoenix", "annotations", _annotation, _of_annotation, _ANNOTATION, _OF_ANNOTATIONS),
    plain.dialect(
        "phoenix",
        "API page of traces",
        _traces,
        _of_traces,
        ("data", "next_cursor"),
        (
            "times without a zone are UTC, unless tz says otherwise; durations are end minus start, in seconds",
            "the tokens are those of all calls of a trace, cached ones counted in",
            "a page says nothing of models, conversations and costs: they stay unknown",
        ),
    ),
    Dialect(
        name="phoenix: dataframe",
        tool="phoenix",
        recognise=_recognise,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        ends_well=True,
        unpack=_of_row,
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise; durations are end minus start, in seconds",
            "input tokens count cached ones in, as OpenInference says, but where more are cached than went in",
        ),
    ),
)
