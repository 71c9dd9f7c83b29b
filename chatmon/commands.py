"""The commands of ``chatmon``. What a command does is imported when it runs, so that ``chatmon --help`` is quick."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chatmon.course_commands import course
from chatmon.export_commands import export
from chatmon.privacy_commands import erase, export_user
from chatmon.serve_commands import serve
from chatmon.store_commands import store

LISTED = 50
"""Alerts that a replay lists; the others are counted."""
FIRST_DAY = datetime(2026, 10, 5, tzinfo=UTC)

app = typer.Typer(
    name="chatmon",
    help="Monitor and optimise an LLM chatbot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(serve, name="serve")
app.add_typer(course, name="course")
app.command()(erase)
app.command("export-user")(export_user)
app.add_typer(store, name="store")
app.command()(export)


def run() -> int:
    """Run the command that the arguments name and return the exit status; a failure is one message, no traceback."""
    from chatmon.local.errors import LocalModelError

    try:
        app()
    except (LocalModelError, OSError, ValueError) as error:
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


@app.command()
def doctor() -> None:
    """Check the set-up; each failure names the one command that mends it."""
    from chatmon import doctor as checks

    raise typer.Exit(checks.main())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Check the set-up and open the course in JupyterLab, until Ctrl-C; other arguments are JupyterLab's."""
    from chatmon import doctor as checks

    if status := checks.main():
        raise typer.Exit(status)
    from chatmon import lab as jupyterlab

    jupyterlab.run(context.args)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML page to write.")] = Path("report.html"),
    turns: Annotated[int, typer.Option(help="How many turns; those beyond 8 are simulated users' questions.")] = 8,
    log: Annotated[Path | None, typer.Option(help="The Parquet file of turns to write.")] = None,
) -> None:
    """See all of it in half a minute: a real model answers, its monitor sums up, and a report is written."""
    from chatmon import demo as demonstration

    try:
        demonstration.run(output, say=lambda text: typer.echo(text, nl=False), turns=turns, log=log)
    except KeyboardInterrupt:
        typer.echo("\nStopped: the model has ended, and no file is half-written.", err=True)
        raise typer.Exit(130) from None


@app.command("fetch-model")
def fetch_model() -> None:
    """Bring the local model to this machine, once for every clone (98 MB)."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from chatmon.local import model
    from chatmon.local.errors import LocalModelError

    try:
        file = model.verify()
    except LocalModelError as reason:
        if model.override() is not None:
            raise
        typer.echo(f"Fetching the model: {str(reason).rpartition(': ')[0]}.")
    else:
        typer.echo(f"The model is there, and whole: {file}")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        known: dict[str, TaskID] = {}

        def progress(step: str, done: int, total: int) -> None:
            if step not in known:
                known[step] = bars.add_task(step, total=total)
            bars.update(known[step], completed=done)

        file = model.fetch(progress)
    typer.echo(f"The model is at {file}, and whole.")


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
    engine: Annotated[
        str | None,
        typer.Option(help="Read turns in Parquet on Spark: a cluster, as spark://HOST:7077, or local[2]."),
    ] = None,
) -> None:
    """Write one HTML page about exported logs: what to know first, then figures, tables and how they were read."""
    from rich.console import Console

    from chatmon import spark
    from chatmon.importers import open_logs
    from chatmon.report import write_report

    if engine is not None:
        if tool or tz or columns:
            raise ValueError("--engine reads turns in Parquet: leave out --format, --tz, --columns, or convert first")
        with spark.session(engine) as session:
            write_report(spark.turns(session, paths), output)
        typer.echo(f"{output} is made: open it in a browser.")
        return
    with open_logs(paths, tool, tz, columns=columns) as logs:
        if not logs.report.turns:
            typer.echo(logs.report)
        _refuse_nothing(logs.report.turns)
        with Console(stderr=True).status("adding up") as status:  # drawn on a terminal only
            write_report(logs, output, step=status.update)
        typer.echo(f"{output} reports on {logs.report.turns:,} turns: open it in a browser.")


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
    from chatmon.alerts import picture as pictures
    from chatmon.alerts.replay import replay as run_over
    from chatmon.alerts.rules_file import load_rules
    from chatmon.alerts.score import score
    from chatmon.importers import open_logs
    from chatmon.traffic import Truth

    known = None if truth is None else Truth.from_json(truth.read_text(encoding="utf-8", errors="replace"))
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
        scored = score(said, known)
        typer.echo(f"{scored}\n\n{scored.to_frame().to_string(index=False)}")
    if picture is not None:
        pictures.drawn(said, known)[0].savefig(picture)
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
    from chatmon.optimizer.score import score
    from chatmon.traffic import Truth

    known = None if truth is None else Truth.from_json(truth.read_text(encoding="utf-8", errors="replace"))
    with open_logs(paths, tool, tz, columns=columns, content=True) as logs:
        _refuse_nothing(logs.report.turns)
        found = recommend(logs)
    typer.echo(found)
    for one in found:
        typer.echo(f"\n{one}")
    if known is not None:
        typer.echo(f"\n{score(found, known)}")


@app.command()
def simulate(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for turns.parquet and truth.json.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same traffic: a student's number, say.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="How long.")] = 14,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, in UTC.")] = FIRST_DAY,
    turns_per_day: Annotated[float, typer.Option(min=1, help="About how many, averaged over a week.")] = 700,
    problem: Annotated[
        list[str] | None,
        typer.Option(help="KIND:DIMENSION=VALUE:SEVERITY@START/END, all but KIND optional; `list` lists them."),
    ] = None,
    surprise: Annotated[int, typer.Option(min=0, help="Plant so many problems that the seed picks.")] = 0,
) -> None:
    """Make support-desk traffic with planted problems: the log for a student, and the answer key."""
    from chatmon import traffic

    if problem == ["list"]:
        for name, kind in traffic.KINDS.items():
            typer.echo(f"{name}: {kind.says.format(effect=' or '.join(f'{one:g}' for one in kind.effects))}")
        typer.echo(f"severities: {', '.join(traffic.SEVERITIES)}")
        return
    begins = start.replace(tzinfo=UTC)
    problems = [traffic.Problem.parse(one) for one in problem or []]
    if surprise:
        problems += traffic.surprise(seed, surprise, start=begins, days=days)
    made = traffic.simulate(seed, start=begins, days=days, problems=problems, turns_per_day=turns_per_day)
    output.mkdir(parents=True, exist_ok=True)
    made.write(output)
    typer.echo(f"{output / 'turns.parquet'} holds {made.truth.turns:,} turns of {days} days, seed {seed}.")
    typer.echo(f"{output / 'truth.json'} is the answer key: {len(problems)} planted.")


def _refuse_nothing(turns: int) -> None:
    if not turns:
        raise ValueError("no turns in these logs: the lines above say what was found and why it was rejected")
