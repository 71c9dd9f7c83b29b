"""A log as the metrics that Prometheus would have scraped from the monitor, to fill its past with.

    promtool tsdb create-blocks-from openmetrics history.txt DATA_FOLDER

It is the live endpoint's own code that counts, so names, labels and buckets are the same. promtool reads the file anew
for each two hours of it; its hidden option ``--max-block-duration=744h``, before ``openmetrics``, spares that.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chatmon.connect.exporters._history import in_order, text_file
from chatmon.connect.prometheus.metrics import Metrics
from chatmon.turns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chatmon.analysis.source import Turns
    from chatmon.turns import Turn

STEP: Final = timedelta(minutes=15)
"""How far apart samples are. A window has to hold two of them, so ask for increases over half an hour or more."""
_KINDS: Final = ("counter", "histogram", "summary")


@dataclass(slots=True)
class _Past:
    """A turn of a log as `Metrics` takes a live one."""

    columns: dict[str, Any]
    response_time: float | None
    time_to_first_token: float | None


@dataclass(slots=True)
class _Point:
    """The samples of one metric: their texts up to the value, and their values at every step since it is there."""

    names: list[str]
    begins: int
    values: array[float] = field(default_factory=lambda: array("d"))


def write_openmetrics(turns: Turns, path: Path, *, by: tuple[str, ...] = (), step: timedelta = STEP) -> int:
    """Write turns as OpenMetrics text with a time on every sample, and return the number of samples.

    Args:
        turns: Any holder of turns.
        path: The file.
        by: Labels besides model and provider, as of ``Metrics``.
        step: How far apart samples are.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: ``by`` names no label, or ``step`` is not positive.
    """
    written = -1  # the last line is no sample
    with text_file(path) as file:
        for line in lines(in_order(turns), by=by, step=step):
            file.write(line + "\n")
            written += not line.startswith("# TYPE") and not line.startswith("# HELP")
    return written


def lines(turns: Iterable[Turn], *, by: tuple[str, ...] = (), step: timedelta = STEP) -> Iterator[str]:
    """Yield the lines of OpenMetrics of turns.

    Every counter begins at 0 a step before it first grows, because one that appears at 1 has not grown.

    Args:
        turns: In order of time.
        by: As in ``write_openmetrics``.
        step: As in ``write_openmetrics``.

    Raises:
        ValueError: As ``write_openmetrics``.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.turns import Turn
        >>> turn = Turn(turn_id="t1", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC), model="m")
        >>> [line for line in lines([turn]) if line.startswith("chatmon_turns_total")][-1]
        'chatmon_turns_total{gen_ai_request_model="m",gen_ai_provider_name=""} 1.0 1791159300'
    """
    width = step // timedelta(seconds=1)
    if width < 1:
        raise ValueError(f"step ({step}) is below a second: samples of history are whole seconds apart")
    metrics = Metrics(by=by)
    found: dict[str, tuple[str, str, dict[tuple[tuple[str, str], ...], _Point]]] = {}
    start: int | None = None
    steps = 0
    for turn in turns:
        seconds = int(turn.timestamp.timestamp())
        if start is None:
            start = seconds // width * width
        while start + (steps + 1) * width <= seconds:
            steps += 1
            _sample(metrics, found, steps)
        columns = {name: value for name in COLUMNS if (value := getattr(turn, name)) is not None}
        metrics.observe(_Past(columns, turn.response_time, turn.time_to_first_token))
    if start is not None:
        _sample(metrics, found, steps + 1)
        for name, (kind, says, points) in found.items():
            yield f"# HELP {name} {says}"
            yield f"# TYPE {name} {kind}"
            for point in points.values():
                yield from _rows(point, start, width)
    yield "# EOF"


def _sample(metrics: Metrics, found: dict[str, Any], place: int) -> None:
    for family in metrics.registry.collect():
        if family.type not in _KINDS:
            raise ValueError(f"{family.name} is a {family.type}: history is written of {', '.join(_KINDS)}")
        points = found.setdefault(family.name, (family.type, family.documentation, {}))[2]
        rows: dict[tuple[tuple[str, str], ...], list[Any]] = {}
        for sample in family.samples:
            if not sample.name.endswith("_created"):  # which is when this ran
                key = tuple((name, value) for name, value in sample.labels.items() if name != "le")
                rows.setdefault(key, []).append(sample)
        for key, samples in rows.items():
            point = points.get(key)
            if point is None:
                names = [sample.name + _labels(sample.labels) for sample in samples]
                point = points[key] = _Point(names, place - 1)
                point.values.extend(0.0 for _ in samples)
            point.values.extend(sample.value for sample in samples)


def _rows(point: _Point, start: int, width: int) -> Iterator[str]:
    size = len(point.names)
    for at, place in enumerate(range(0, len(point.values), size)):
        moment = start + (point.begins + at) * width
        for name, value in zip(point.names, point.values[place : place + size], strict=True):
            yield f"{name} {value!r} {moment}"


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")) for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
