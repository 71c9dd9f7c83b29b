"""The commands of ``chatmon``. What a command does is imported when it runs, so that ``chatmon --help`` is quick."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from chatmon._tools.errors import Error
from chatmon.cli._export import export
from chatmon.cli._lab import lab
from chatmon.cli._privacy import erase, export_user, keys
from chatmon.cli._store import store

LISTED = 50
"""Alerts that a replay lists; the others are counted."""

app = typer.Typer(
    name="chatmon",
    help="Monitor and optimise an LLM chatbot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(erase)
app.command("export-user")(export_user)
app.add_typer(keys, name="keys")
app.add_typer(store, name="store")
app.command()(export)


def run() -> int:
    """Run the command that the arguments name and return the exit status; a failure is one message, no traceback."""
    try:
        lab("commands").register(app)
        app()
    except (Error, OSError, ValueError) as error:
        typer.echo(f"chatmon: {error}", err=True)
        return 1
    return 0


def _show_version(wanted: bool) -> None:
    if wanted:
        from chatmon import __version__

        typer.echo(f"chatmon {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


Paths = Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files, globs or folders of exported logs.")]
Format = Annotated[str | None, typer.Option("--format", help="Look for this tool's dialects only, such as langsmith.")]
Zone = Annotated[
    str | None, typer.Option("--tz", help="Zone of times that name none, such as Europe/Berlin; else UTC.")
]
Columns = Annotated[
    Path | None,
    typer.Option("--columns", help="A TOML file that says which column of a table of one's own is which of turns."),
]


@app.command()
def inspect(paths: Paths, tool: Format = None, tz: Zone = None, columns: Columns = None) -> None:
    """Say what exported logs hold, what was assumed in reading them, and what they add up to."""
    from chatmon import analysis
    from chatmon.importers import open_logs

    with open_logs(paths, tool, tz, columns=columns) as logs:
        typer.echo(logs.report)
        _refuse_nothing(logs.report.turns)
        typer.echo(f"\n{analysis.summary(logs)}")
        failed = analysis.errors(logs)
        if len(failed):
            typer.echo(f"\n{failed.to_string(index=False)}")


@app.command()
def convert(
    paths: Paths,
    output: Annotated[Path, typer.Option("-o", "--output", help="The Parquet file of turns to write.")],
    tool: Format = None,
    tz: Zone = None,
    columns: Columns = None,
    content: Annotated[bool, typer.Option("--content", help="Keep the texts of questions and answers.")] = False,
) -> None:
    """Turn exported logs into one Parquet file of turns."""
    from chatmon.importers import open_logs

    with open_logs(paths, tool, tz, columns=columns, content=content) as logs:
        typer.echo(logs.report)
        _refuse_nothing(logs.report.turns)
        logs.write_parquet(output)
        typer.echo(f"\n{output} holds {logs.report.turns:,} turns.")


@app.command()
def report(
    paths: Paths,
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML page to write.")] = Path("report.html"),
    tool: Format = None,
    tz: Zone = None,
    columns: Columns = None,
    content: Annotated[
        bool, typer.Option("--content", help="Show questions and answers: what is asked most, what to read.")
    ] = False,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="A dimension to have tables of, such as team; once for each.")
    ] = None,
    mark: Annotated[
        list[str] | None,
        typer.Option(
            "--mark", metavar="WHEN=NAME", help='A release, such as "2026-09-21 10:00=v2", in the zone of --tz.'
        ),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="What the page is called.")] = None,
    logo: Annotated[Path | None, typer.Option("--logo", help="A picture for the top of the page.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Read turns in Parquet on Spark: a cluster, as spark://HOST:7077, or local[2]."),
    ] = None,
) -> None:
    """Write one HTML page about exported logs: what to know first, then figures, tables and how they were read."""
    from rich.console import Console

    from chatmon.connect import spark
    from chatmon.importers import open_logs
    from chatmon.report import Options, write_report

    zone = tz or "UTC"
    shown: Options = {"by": by or (), "marks": _marks(mark or [], zone), "title": title, "logo": logo, "tz": zone}
    if engine is not None:
        if tool or tz or columns or content:
            raise ValueError(
                "--engine reads turns in Parquet: leave out --format, --tz, --columns, --content, or convert first"
            )
        with spark.session(engine) as session:
            write_report(spark.turns(session, paths), output, **shown)
        typer.echo(f"{output} is made: open it in a browser.")
        return
    with open_logs(paths, tool, tz, columns=columns, content=content) as logs:
        if not logs.report.turns:
            typer.echo(logs.report)
        _refuse_nothing(logs.report.turns)
        with Console(stderr=True).status("adding up") as status:  # drawn on a terminal only
            write_report(logs, output, **(shown | {"step": status.update}))
        typer.echo(f"{output} reports on {logs.report.turns:,} turns: open it in a browser.")


def _marks(told: list[str], tz: str) -> dict[datetime, str]:
    """Return releases as ``--mark`` names them, whose times are those of a zone unless they say otherwise."""
    marks = {}
    for one in told:
        when, _, name = one.partition("=")
        try:
            at = datetime.fromisoformat(when.strip())
        except ValueError:
            raise ValueError(f'--mark {one!r} begins with no time: write it as "2026-09-21 10:00=v2"') from None
        if not name.strip():
            raise ValueError(f'--mark {one!r} names no release: write it as "2026-09-21 10:00=v2"')
        marks[at if at.tzinfo else at.replace(tzinfo=ZoneInfo(tz))] = name.strip()
    return marks


@app.command()
def replay(
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="A TOML file of rules.")],
    paths: Paths,
    truth: Annotated[Path | None, typer.Option(help="The answer key of simulated traffic: scores the rules.")] = None,
    picture: Annotated[Path | None, typer.Option("--figure", help="The timeline to write, as PNG or SVG.")] = None,
    tool: Format = None,
    tz: Zone = None,
) -> None:
    """Run alert rules over history: what they would have said, and, with the truth, how good that is."""
    from chatmon.alerts import replay as run_over
    from chatmon.alerts.rules_file import load_rules
    from chatmon.importers import open_logs

    known = None if truth is None else lab("truth").read(truth)
    if picture is not None and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValueError(f"the figure is to be {picture.name}: name it .png, .svg or .pdf")
    loaded = load_rules(rules)
    with open_logs(paths, tool, tz) as logs:
        _refuse_nothing(logs.report.turns)
        said = run_over(loaded, logs)
    typer.echo(f"{said}\n")
    for alert in said.firings[:LISTED]:
        ended = "still open" if alert.end is None else f"to {alert.end:%Y-%m-%d %H:%M}"
        typer.echo(f"{alert.start:%Y-%m-%d %H:%M} {ended:<19}  {alert.text}")
    if len(said.firings) > LISTED:
        typer.echo(f"... and {len(said.firings) - LISTED:,} more")
    if known is not None:
        scored = lab("truth").of_alerts(said, known)
        typer.echo(f"{scored}\n\n{scored.to_frame().to_string(index=False)}")
    if picture is not None:
        lab("truth").drawn(said, known).savefig(picture)
        typer.echo(f"\n{picture} shows it.")


@app.command()
def optimize(
    paths: Paths,
    truth: Annotated[Path | None, typer.Option(help="The answer key of simulated traffic: scores the advice.")] = None,
    tool: Format = None,
    tz: Zone = None,
    columns: Columns = None,
) -> None:
    """Say what to do about exported logs: where, what it would save, how that is known; or that there is nothing."""
    from chatmon.importers import open_logs
    from chatmon.optimizer import recommend

    known = None if truth is None else lab("truth").read(truth)
    with open_logs(paths, tool, tz, columns=columns, content=True) as logs:
        _refuse_nothing(logs.report.turns)
        found = recommend(logs)
    typer.echo(found)
    for one in found:
        typer.echo(f"\n{one}")
    if known is not None:
        typer.echo(f"\n{lab('truth').of_advice(found, known)}")


def _refuse_nothing(turns: int) -> None:
    if not turns:
        raise ValueError("no turns in these logs: the lines above say what was found and why it was rejected")
