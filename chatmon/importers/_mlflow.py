"""MLflow's traces: ``Trace.to_json()``, one a line or a file, and the rows of ``search_traces()``.

Every attribute is JSON text, the token counts too. Who asked, and in which conversation, stands in what is said of the
trace and not in its spans.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers import _otlp as otlp
from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import SCORED, TOKENS, UNREAD_SCORES
from chatmon.importers.attributes import NAMES, flat, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _of_trace(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    info = object_of(document.get("info"))
    yield from _spans(info, object_of(document.get("data")).get("spans") or [])


def _of_row(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _spans(row, row.get("spans") or [])


def _spans(info: Mapping[str, Any], spans: list[Any]) -> Iterator[dict[str, Any]]:
    """The spans of a trace, each with whose it is, and its root with what was counted where no span says so."""
    metadata = object_of(info.get("trace_metadata") or info.get("request_metadata"))
    said = {"session.id": metadata.get("mlflow.trace.session"), "user.id": metadata.get("mlflow.trace.user")}
    own = {**metadata, **object_of(info.get("tags"))}
    said |= {f"metadata.{name}": value for name, value in own.items() if not name.startswith("mlflow.")}
    scores = _scores(info.get("assessments"))
    said |= {f"metadata.{name}": value for name, value in scores.items() if name in SCORED}
    strangers = ", ".join(sorted(name for name in scores if name not in SCORED))
    read = [(span, _attributes(span)) for span in spans]
    counted = any("mlflow.chat.tokenUsage" in attributes for _, attributes in read)
    whole = {} if counted else _usage(object_of(metadata.get("mlflow.trace.tokenUsage")))
    for span, attributes in read:
        root = not (span.get("parent_span_id") or span.get("parent_id"))
        row = _span(span, {**attributes, **said} | (whole if root else {}), info.get("trace_id"))
        row |= {"scores": _entries(info.get("assessments"), row["trace_id"])} if root else {}
        yield row | ({"said": strangers[:80].join(UNREAD_SCORES)} if root and strangers else {})


def _span(span: Mapping[str, Any], attributes: dict[str, Any], trace: Any) -> dict[str, Any]:
    context, status = object_of(span.get("context")), object_of(span.get("status"))
    named = {
        "gen_ai.operation.name": attributes.get("mlflow.spanType"),
        "gen_ai.response.model": attributes.get("mlflow.llm.model") or attributes.get("model"),
        "gen_ai.provider.name": attributes.get("mlflow.llm.provider"),
        NAMES["cost"][0]: object_of(attributes.get("mlflow.llm.cost")).get("total_cost"),
        NAMES["question"][0]: _text(attributes.get("mlflow.spanInputs")),
        NAMES["answer"][0]: _text(attributes.get("mlflow.spanOutputs")),
    } | _usage(object_of(attributes.get("mlflow.chat.tokenUsage")))
    return flat(
        {
            "span_id": otlp.hex_of(span.get("span_id") or context.get("span_id")),
            "trace_id": otlp.hex_of(span.get("trace_id") or context.get("trace_id")) or trace,
            "parent_id": otlp.hex_of(span.get("parent_span_id") or span.get("parent_id")),
            "start": span.get("start_time_unix_nano") or span.get("start_time"),
            "end": span.get("end_time_unix_nano") or span.get("end_time"),
            "status": status.get("code", span.get("status_code")),
            "message": status.get("message") or span.get("status_message"),
            "name": span.get("name"),
            "scope": None,
            "events": otlp.events_of(
                span, lambda event: event.get("time_unix_nano", event.get("timestamp")), object_of
            ),
        },
        attributes | {name: value for name, value in named.items() if value is not None},
    )


def _scores(assessments: Any) -> dict[str, Any]:
    """Return feedback by name, the last of several; what was expected of a reply is none."""
    given = {
        str(one.get("assessment_name") or one.get("name")): object_of(one.get("feedback")).get("value")
        for one in (assessments if isinstance(assessments, list) else [])
        if isinstance(one, dict)
    }
    return {name: value for name, value in given.items() if value is not None}


def _entries(assessments: Any, trace: Any) -> list[dict[str, Any]]:
    """Return all feedback as ``spans.scores`` has it; what a later one overrides, and what was expected, is none."""
    given = assessments if isinstance(assessments, list) else []
    return [
        {
            "name": one.get("assessment_name") or one.get("name"),
            "number": value,
            "source": object_of(one.get("source")).get("source_type"),
            "by": object_of(one.get("source")).get("source_id") if _is_model(one) else None,
            "span": f"{trace}-{otlp.hex_of(one['span_id'])}" if one.get("span_id") else None,
        }
        for one in given
        if isinstance(one, dict)
        and one.get("valid") is not False
        and isinstance(value := object_of(one.get("feedback")).get("value"), bool | int | float | str)
    ]


def _is_model(assessment: Mapping[str, Any]) -> bool:
    """Say whether a program gave a feedback: a person's name is nobody's business here."""
    return object_of(assessment.get("source")).get("source_type") in ("LLM_JUDGE", "AI_JUDGE", "CODE")


def _usage(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return MLflow's counts under the standard's names, as they stand: the cache is settled as on any span."""
    shape = SHAPES["mlflow"]
    return {
        NAMES[unit][0]: value
        for unit in TOKENS
        for name in shape.names(unit)
        if (value := counts.get(name)) is not None
    }


def _attributes(span: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _decoded(value) for name, value in object_of(span.get("attributes")).items()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _trace(record: Mapping[str, Any]) -> str | None:
    known = isinstance(record.get("info"), dict) and isinstance(record.get("data"), dict) and "spans" in record["data"]
    return "has info and data.spans" if known else None


def _row(record: Mapping[str, Any]) -> str | None:
    known = {"trace_id", "spans"} <= record.keys() and bool({"trace_metadata", "request_metadata"} & record.keys())
    return "has trace_id, spans and trace_metadata: search_traces()" if known else None


def _dialect(shape: str, recognise: Any, unpack: Any, reads: str) -> Dialect:
    return Dialect(
        name=f"mlflow: {shape}",
        tool="mlflow",
        recognise=recognise,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        ends_well=True,
        unpack=unpack,
        reads=frozenset(reads.split()),
        assumptions=(
            "times are nanoseconds since 1970; durations are end minus start, in seconds",
            "input tokens count cached ones in, but where more are cached than went in",
        ),
    )


DIALECTS: Final = (
    _dialect("traces", _trace, _of_trace, "info data"),
    _dialect(
        "rows of search_traces", _row, _of_row, "trace_id trace spans trace_metadata request_metadata tags assessments"
    ),
)
