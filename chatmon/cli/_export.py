"""The command ``chatmon export``: the history of logs for other systems."""

import functools
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chatmon.cli._reading import Reading, reading
from chatmon.cli._say import say


class Target(StrEnum):
    """What a log can be exported to."""

    OPENMETRICS = "openmetrics"
    INFLUX = "influx"
    OTLP = "otlp"
    GRAFANA = "grafana"


NEXT = {
    Target.OPENMETRICS: "promtool tsdb create-blocks-from openmetrics {file} DATA_FOLDER",
    Target.INFLUX: "curl --data-binary @{file} 'http://HOST:8086/write?db=NAME&precision=ns'",
    Target.OTLP: "each line is one request for a receiver's /v1/traces, as JSON",
    Target.GRAFANA: "import it in Grafana: Dashboards, New, Import",
}


@functools.partial(reading, needed=False)
def export(
    to: Annotated[Target, typer.Option("--to", help="The system that is to read it.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    logs_at: Reading,
    content: Annotated[bool, typer.Option("--content", help="Keep questions and answers, in otlp only.")] = False,
) -> None:
    """Write logs as history for Prometheus, InfluxDB or OpenTelemetry, or the dashboard for Grafana."""
    from chatmon.connect import exporters

    paths = logs_at.paths
    if content and to is not Target.OTLP:
        raise ValueError(f"--content goes with --to otlp: {to} holds no texts")
    if to is Target.GRAFANA:
        if paths:
            raise ValueError(f"the dashboard is the same for all logs: leave out {', '.join(paths)}")
        exporters.write_grafana(output)
        say(f"{output} is the dashboard: {NEXT[to]}")
        return
    if not paths:
        raise ValueError(f"--to {to} needs logs: name files, globs or folders")
    write = {
        Target.OPENMETRICS: exporters.write_openmetrics,
        Target.INFLUX: exporters.write_influx,
        Target.OTLP: exporters.write_otlp,
    }[to]
    with logs_at.open(content=content) as logs:
        say(logs.report)
        if not logs.report.turns:
            raise ValueError("no turns in these logs: the lines above say what was found and why it was rejected")
        write(logs, output)
        say(f"\n{output} has {logs.report.turns:,} turns. Next: {NEXT[to].format(file=output)}")
