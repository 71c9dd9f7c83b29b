"""The commands of ``chatmon alerts``: rules for one's own bot."""

from pathlib import Path
from typing import Annotated

import typer

from chatmon._tools.paths import whole_file
from chatmon.cli._reading import Reading, reading
from chatmon.cli._say import say

alerts = typer.Typer(help="Find rules for a bot.", no_args_is_help=True)


@alerts.callback()
def _of_several() -> None:  # with one command alone, its name would not be asked for
    pass


@alerts.command("suggest")
@reading
def suggest(
    logs_at: Reading,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The TOML file of rules to write.")] = None,
    most_per_week: Annotated[float, typer.Option(help="Alerts of a rule that can be borne, a week.")] = 0.2,
) -> None:
    """Learn limits from half of exported logs, and say how often each rule would have rung in the rest."""
    from chatmon.alerts import suggest as learn

    with logs_at.open() as logs:
        found = learn(logs, most_per_week=most_per_week)
    say(found)
    if output is not None:
        with whole_file(output) as unfinished:
            unfinished.write_text(found.to_toml(), encoding="utf-8", newline="\n")
        say(
            f"\n{output} holds {len(found.rules)} rules. `chatmon replay {output} LOGS` says what they would have said."
        )
