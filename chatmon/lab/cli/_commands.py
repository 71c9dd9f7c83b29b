"""The commands of the course: its set-up, JupyterLab, a demonstration, the model, traffic, services, own copies."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chatmon.lab.cli import _incidents
from chatmon.lab.cli._serve import serve
from chatmon.lab.course.commands import course

FIRST_DAY = datetime(2026, 10, 5, tzinfo=UTC)
_PYTHON = "{}.{}".format(*sys.version_info)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(doctor)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab)
    app.command()(demo)
    app.command("fetch-model")(fetch_model)
    app.command()(bundle)
    app.command()(simulate)
    app.command()(_incidents.grade)
    app.add_typer(serve, name="serve")
    app.add_typer(course, name="course")


def doctor() -> None:
    """Check the set-up; each failure names the one command that mends it."""
    from chatmon.lab.cli import _doctor as checks

    raise typer.Exit(checks.main())


def lab(context: typer.Context) -> None:
    """Check the set-up and open the course in JupyterLab, until Ctrl-C; other arguments are JupyterLab's."""
    from chatmon.lab.cli import _doctor as checks

    if status := checks.main():
        raise typer.Exit(status)
    from chatmon.lab.course import jupyterlab

    jupyterlab.run(context.args)


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML page to write.")] = Path("report.html"),
    turns: Annotated[int, typer.Option(help="How many turns; those beyond 8 are simulated users' questions.")] = 8,
    log: Annotated[Path | None, typer.Option(help="The Parquet file of turns to write.")] = None,
) -> None:
    """See all of it in half a minute: a real model answers, its monitor sums up, and a report is written."""
    from chatmon.lab.cli import _demo as demonstration

    try:
        demonstration.run(output, say=lambda text: typer.echo(text, nl=False), turns=turns, log=log)
    except KeyboardInterrupt:
        typer.echo("\nStopped: the model has ended, and no file is half-written.", err=True)
        raise typer.Exit(130) from None


def fetch_model() -> None:
    """Bring the local model to this machine, once for every clone (98 MB)."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from chatmon.lab.services import model
    from chatmon.lab.services.errors import LocalModelError

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


def bundle(
    output: Annotated[Path, typer.Option("-o", "--output", help="The ZIP file to write.")] = Path("class.zip"),
    platforms: Annotated[str, typer.Option(help="Of linux, macos and windows, with commas.")] = "linux,macos,windows",
    python: Annotated[str, typer.Option(help="The Python that the machines have.")] = _PYTHON,
) -> None:
    """Pack the course for a room without network: wheels, model, lessons, an installer; run again, it goes on."""
    from chatmon._tools.paths import cache_folder
    from chatmon.lab.cli import _bundle as packing

    def tell(platform: str, done: int, wanted: int) -> None:
        typer.echo(f"{platform}: {done} of {wanted} packages")

    packing.make(output, [one.strip() for one in platforms.split(",")], python, cache_folder() / "bundle", tell)
    typer.echo(
        f"{output} is written, {output.stat().st_size / 1e6:,.0f} MB. Unpack it there, and run: python3 install.py"
    )


def simulate(
    context: typer.Context,
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
    student: Annotated[
        str | None, typer.Option(help="Whose incident: a log without its answer key, and a diagnosis to fill in.")
    ] = None,
    class_key: Annotated[
        Path | None, typer.Option("--class", help="The teacher's key file, made where it is missing.")
    ] = None,
) -> None:
    """Make support-desk traffic with planted problems: the log for a student, and the answer key."""
    from chatmon.lab import traffic

    if student is not None:
        _incidents.make(context, output, student, surprise, days, class_key)
        return
    if class_key is not None:
        raise typer.BadParameter("goes with --student, whose log it makes", param_hint="--class")
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
