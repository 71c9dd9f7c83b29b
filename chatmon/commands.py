"""The commands of ``chatmon``. What a command does is imported when it runs, so that ``chatmon --help`` is quick."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

FIRST_DAY = datetime(2026, 10, 5, tzinfo=UTC)

app = typer.Typer(
    name="chatmon",
    help="Monitor and optimise an LLM chatbot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
serve = typer.Typer(help="Serve on this machine what a cloud would.", no_args_is_help=True)
app.add_typer(serve, name="serve")


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


@app.command()
def inspect(paths: Paths, tool: Format = None, tz: Zone = None) -> None:
    """Say what exported logs hold, what was assumed in reading them, and what they add up to."""
    from chatmon import analysis
    from chatmon.importers import open_logs

    with open_logs(paths, tool, tz) as logs:
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
    content: Annotated[bool, typer.Option("--content", help="Keep the texts of questions and answers.")] = False,
) -> None:
    """Turn exported logs into one Parquet file of turns."""
    from chatmon.importers import open_logs

    with open_logs(paths, tool, tz, content=content) as logs:
        typer.echo(logs.report)
        _refuse_nothing(logs.report.turns)
        logs.write_parquet(output)
        typer.echo(f"\n{output} holds {logs.report.turns:,} turns.")


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


@serve.command("llm")
def serve_llm(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port; any free one if not given.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="CHATMON_API_KEY", help="The key clients must send; a random one, shown, if not given."),
    ] = None,
) -> None:
    """Serve the local model to anything that speaks OpenAI, until Ctrl-C."""
    from chatmon.local.llm import start

    with start(port=port, api_key=api_key) as llm:
        key = llm.api_key if api_key is None else "(the one you gave)"
        typer.echo(f"base URL  {llm.base_url}\nmodel     {llm.model}\nAPI key   {key}\nStop it with Ctrl-C.")
        sys.stdout.flush()
        try:
            while llm.running:
                time.sleep(0.2)
        except KeyboardInterrupt:
            typer.echo("\nStopped.")
            return
        llm.check()
