"""How every command reads logs: the same options, said once."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatmon.cli._say import say

if TYPE_CHECKING:
    from chatmon.importers import Logs


def moment(text: str) -> date:
    """Return the day or the moment that an option names."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise typer.BadParameter(f"{text!r} is no moment: write 2026-09-21 or '2026-09-21 10:00'")


Paths = Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files, globs or folders of exported logs.")]
MaybePaths = Annotated[
    list[str] | None, typer.Argument(metavar="LOGS...", help="Files, globs or folders of exported logs.")
]
Format = Annotated[str | None, typer.Option("--format", help="Look for this tool's dialects only, such as langsmith.")]
Zone = Annotated[
    str | None, typer.Option("--tz", help="Zone of times that name none, such as Europe/Berlin; else UTC.")
]
Columns = Annotated[
    Path | None,
    typer.Option("--columns", help="A TOML file that says which column of a table of one's own is which of turns."),
]
Scores = Annotated[
    list[Path] | None,
    typer.Option(
        "--scores", help="Verdicts and labels: a CSV of them, or a TOML map of a tool's scores; may be given again."
    ),
]
Where = Annotated[
    str | None, typer.Option("--where", help="Which turns count, as SQL: \"channel = 'app' AND team = 'EU'\".")
]
Since = Annotated[
    Any, typer.Option("--since", parser=moment, metavar="DATE", help="The first day or moment that counts.")
]
Until = Annotated[
    Any, typer.Option("--until", parser=moment, metavar="DATE", help="The first day or moment that no longer counts.")
]
Priced = Annotated[
    bool, typer.Option("--price", help="Price turns with tokens and a model but no cost, as of their time.")
]


INCOMPLETE = 3
"""The exit status of a command that did what it was asked, on logs of which a file could not be read to its end."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a command was told to read, and how; and, once it was, which files are not there to their end."""

    paths: list[str]
    tool: str | None = None
    tz: str | None = None
    columns: Path | None = None
    scores: list[Path] | None = None
    where: str | None = None
    since: date | None = None
    until: date | None = None
    price: bool = False
    broken: list[str] = field(default_factory=list)

    def open(self, *, content: bool = False) -> "Logs":
        """Read the logs; what would make their numbers wrong goes to standard error."""
        from chatmon.importers import open_logs

        logs = open_logs(
            self.paths,
            self.tool,
            self.tz,
            columns=self.columns,
            scores=self.scores,
            content=content,
            where=self.where,
            since=self.since,
            until=self.until,
            price=self.price,
        )
        self.broken.extend(logs.report.broken)
        for text in logs.report.warnings if logs.report.turns else ():
            say(f"warning: {text}", err=True)
        return logs

    def given(self) -> list[str]:
        """Return the options that were given, as they are written."""
        names = {"--format": self.tool, "--tz": self.tz, "--columns": self.columns, "--scores": self.scores,
                 "--where": self.where, "--since": self.since, "--until": self.until,
                 "--price": self.price}  # fmt: skip
        return [name for name, value in names.items() if value]


_OPTIONS = {
    "paths": (Paths, inspect.Parameter.empty), "tool": (Format, None), "tz": (Zone, None), "columns": (Columns, None),
    "scores": (Scores, None), "where": (Where, None), "since": (Since, None), "until": (Until, None),
    "price": (Priced, False),
}  # fmt: skip


def reading(command: Callable[..., None], *, needed: bool = True) -> Callable[..., None]:
    """Give a command the options of reading logs in place of its parameter that is a ``Reading``.

    Args:
        command: Has such a parameter.
        needed: Whether it reads logs in any case.
    """
    parameters = inspect.signature(command).parameters
    [place] = [name for name, one in parameters.items() if one.annotation is Reading]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        options = {name: given.pop(name) for name in _OPTIONS}
        reads = Reading(**options | {"paths": options["paths"] or []})
        command(**given, **{place: reads})
        if reads.broken:
            raise typer.Exit(INCOMPLETE)

    chosen = {"paths" if name == place else name: one.annotation for name, one in parameters.items()}
    chosen |= {"paths": Paths if needed else MaybePaths}
    defaults = {name: one.default for name, one in parameters.items()} | ({} if needed else {"paths": None})
    chosen |= {name: kind for name, (kind, _) in _OPTIONS.items() if name not in chosen}
    defaults |= {name: default for name, (_, default) in _OPTIONS.items() if name not in defaults}
    signature = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=kind)
        for name, kind in chosen.items()
    ]
    run.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    run.__annotations__ = {**chosen, "return": None}
    del run.__wrapped__
    return run
