"""The commands of ``chatmon``. What a command does is imported when it runs, so that ``chatmon --help`` is quick."""

import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from chatmon._tools.errors import Error
from chatmon._tools.paths import whole_file
from chatmon.cli._alerts import alerts
from chatmon.cli._export import export
from chatmon.cli._lab import lab
from chatmon.cli._privacy import erase, export_user, keys
from chatmon.cli._quality import judge, label
from chatmon.cli._reading import Reading, moment, reading
from chatmon.cli._say import say
from chatmon.cli._store import store

if TYPE_CHECKING:
    from chatmon.importers import ImportReport

LISTED = 50
"""Alerts that a replay lists; the others are counted."""

app = typer.Typer(
    name="chatmon",
    help="Monitor and optimise an LLM chatbot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # to draw boxes around it would take longer than all else that help does
)
app.command()(erase)
app.command("export-user")(export_user)
app.add_typer(alerts, name="alerts")
app.add_typer(keys, name="keys")
app.add_typer(store, name="store")
app.command()(export)
app.command()(label)
app.command()(judge)


def run() -> int:
    """Run the command that the arguments name and return the exit status; a failure is one message, no traceback."""
    try:
        lab("commands").register(app)
        app()
    except (Error, OSError, ValueError) as error:
        say(f"chatmon: {error}", err=True)
        return 1
    return 0


def _show_version(wanted: bool) -> None:
    if wanted:
        from chatmon import __version__

        say(f"chatmon {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


@app.command()
@reading
def inspect(
    logs_at: Reading,
    draft: Annotated[
        Path | None, typer.Option("--draft", help="The map of columns to write for a table of one's own, as TOML.")
    ] = None,
) -> None:
    """Say what exported logs hold, what was assumed in reading them, and what they add up to.

    Of a table that no known tool writes, a draft of the map of its columns is shown.
    """
    from chatmon import analysis
    from chatmon.importers import draft_map

    if draft is not None:
        if draft.exists():
            raise ValueError(f"{draft} is there already: name another file for the draft")
        drafted = draft_map(logs_at.paths)
        if not drafted:
            raise ValueError(f"{', '.join(logs_at.paths)}: no table in it to draft a map of")
        with whole_file(draft) as unfinished:
            unfinished.write_text(drafted, encoding="utf-8")
        say(f"{draft} is a draft: check its lines. Next: {_with_map(logs_at.paths, str(draft))}")
        return
    with logs_at.open() as logs:
        say(logs.report)
        if not logs.report.turns and _show_draft(logs_at, logs.report):
            raise ValueError("no turns yet: a map says which column is which; the lines above begin one")
        _refuse_nothing(logs.report)
        if logs_at.columns is not None:
            say(f"\n{logs.columns().to_string(index=False)}")
        added_up = analysis.summary(logs)
        say(f"\n{added_up}")
        if added_up.errors:
            say(f"\n{analysis.errors(logs).to_string(index=False)}")


def _show_draft(logs_at: Reading, report: "ImportReport") -> bool:
    """Show what a table of no known shape probably is; False, and nothing shown, where it is none."""
    from chatmon.importers import draft_map

    strange = any(reason.startswith(("no known shape", "no JSON")) for reason in report.rejected)
    drafted = draft_map(logs_at.paths) if strange and logs_at.columns is None else ""
    if "\ntimestamp = " in drafted:
        say(f"\nA table of your own? This is a draft of the map of its columns:\n\n{drafted}")
        say("Write it to a file, check its lines, and go on with it:")
        say(f"  {shlex.join(['chatmon', 'inspect', *logs_at.paths, '--draft', 'map.toml'])}")
        say(f"  {_with_map(logs_at.paths, 'map.toml')}")
        return True
    return False


def _with_map(paths: list[str], name: str) -> str:
    return shlex.join(["chatmon", "inspect", *paths, "--columns", name])


@app.command()
@reading
def convert(
    logs_at: Reading,
    output: Annotated[Path, typer.Option("-o", "--output", help="The Parquet file of turns to write.")],
    content: Annotated[bool, typer.Option("--content", help="Keep the texts of questions and answers.")] = False,
) -> None:
    """Turn exported logs into one Parquet file of turns."""
    with logs_at.open(content=content) as logs:
        say(logs.report)
        _refuse_nothing(logs.report)
        logs.write_parquet(output)
        say(f"\n{output} holds {logs.report.turns:,} turns.")


@app.command()
@reading
def report(
    logs_at: Reading,
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML page to write.")] = Path("report.html"),
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
    from chatmon.report import write_report

    zone = logs_at.tz or "UTC"
    shown: dict[str, Any] = {
        "by": by or (),
        "content": content,
        "marks": _marks(mark or [], zone),
        "title": title,
        "logo": logo,
        "tz": zone,
    }
    if engine is not None:
        if given := logs_at.given():
            raise ValueError(f"--engine reads turns in Parquet: leave out {', '.join(given)}, or convert first")
        with spark.session(engine) as session:
            write_report(spark.turns(session, logs_at.paths), output, **shown)
        say(f"{output} is made: open it in a browser.")
        return
    with logs_at.open(content=True) as logs:  # advice reads texts; the page shows them where --content says so
        if not logs.report.turns:
            say(logs.report)
        _refuse_nothing(logs.report)
        with Console(stderr=True).status("adding up") as status:  # drawn on a terminal only
            write_report(logs, output, **(shown | {"step": status.update}))
        say(f"{output} reports on {logs.report.turns:,} turns: open it in a browser.")


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
@reading
def replay(
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="A TOML file of rules.")],
    logs_at: Reading,
    truth: Annotated[Path | None, typer.Option(help="The answer key of simulated traffic: scores the rules.")] = None,
    picture: Annotated[Path | None, typer.Option("--figure", help="The timeline to write, as PNG or SVG.")] = None,
) -> None:
    """Run alert rules over history: what they would have said, and, with the truth, how good that is."""
    from chatmon.alerts import replay as run_over
    from chatmon.alerts.rules_file import load_rules

    known = None if truth is None else lab("truth").read(truth)
    if picture is not None and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValueError(f"the figure is to be {picture.name}: name it .png, .svg or .pdf")
    loaded = load_rules(rules)
    with logs_at.open() as logs:
        _refuse_nothing(logs.report)
        said = run_over(loaded, logs)
    say(f"{said}\n")
    for alert in said.firings[:LISTED]:
        ended = "still open" if alert.end is None else f"to {alert.end:%Y-%m-%d %H:%M}"
        say(f"{alert.start:%Y-%m-%d %H:%M} {ended:<19}  {alert.text}")
    if len(said.firings) > LISTED:
        say(f"... and {len(said.firings) - LISTED:,} more")
    if known is not None:
        scored = lab("truth").of_alerts(said, known)
        say(f"{scored}\n\n{scored.to_frame().to_string(index=False)}")
    if picture is not None:
        lab("truth").drawn(said, known).savefig(picture)
        say(f"\n{picture} shows it.")


@app.command()
@reading
def optimize(
    logs_at: Reading,
    truth: Annotated[Path | None, typer.Option(help="The answer key of simulated traffic: scores the advice.")] = None,
) -> None:
    """Say what to do about exported logs: where, what it would save, how that is known; or that there is nothing."""
    from chatmon.optimizer import recommend

    known = None if truth is None else lab("truth").read(truth)
    with logs_at.open(content=True) as logs:
        _refuse_nothing(logs.report)
        found = recommend(logs, logs_at.tz or "UTC")
    say(found)
    for one in found:
        say(f"\n{one}")
    if known is not None:
        say(f"\n{lab('truth').of_advice(found, known)}")


@app.command()
@reading
def compare(
    logs_at: Reading,
    split: Annotated[
        Any, typer.Option("--split", parser=moment, metavar="DATE", help="Where the second period begins.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="A dimension that changes are split by; may be given again.")
    ] = None,
) -> None:
    """Say what changed between two logs, or in one before and after a date: volume, mix and rate, with intervals."""
    from chatmon import analysis

    if split is None and len(logs_at.paths) != 2:
        raise ValueError(f"{len(logs_at.paths)} logs to compare: name two, or one with --split DATE")
    if split is not None:
        earlier, later = replace(logs_at, until=split), replace(logs_at, since=split)
    else:
        earlier, later = (replace(logs_at, paths=[path]) for path in logs_at.paths)
    with earlier.open() as before, later.open() as after:
        _refuse_nothing(before.report)
        _refuse_nothing(after.report)
        say(analysis.compare(before, after, **({"by": by} if by else {})))


def _refuse_nothing(report: "ImportReport") -> None:
    if report.turns:
        return
    if report.left_out:
        raise ValueError(f"no turns: all {report.left_out:,} were left out by --where, --since or --until")
    raise ValueError("no turns in these logs: the lines above say what was found and why it was rejected")
