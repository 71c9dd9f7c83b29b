"""The commands about students' incidents: a folder for a student."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from chatmon.lab.incident import ClassKey

FROM_THE_KEY: Final = ("seed", "start", "turns_per_day", "problem")
"""Options of ``simulate`` that a student's incident has no use for."""


def make(context: typer.Context, folder: Path, student: str, problems: int, days: int, key_file: Path | None) -> None:
    """Make a student's folder; without a class key, one with a key of its own, sealed."""
    from chatmon.lab.incident import Assigned, make_folder

    for name in FROM_THE_KEY:
        if _given(context, name):
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter("does not go with --student: the class key decides that", param_hint=option)
    if not problems:
        raise typer.BadParameter("say how many things are to go wrong, such as --surprise 3", param_hint="--surprise")
    whose = Assigned(student, problems, days)
    turns = make_folder(folder, _key(key_file, folder), whose, sealed=key_file is None)
    typer.echo(f"{folder} holds turns.parquet, {turns:,} turns of {days} days, and diagnosis.toml, to be filled in.")
    if key_file is None:
        typer.echo(f"Its key is sealed in it: `chatmon grade {folder}` opens it when the diagnosis is whole.")
    else:
        typer.echo(f"Nothing in it gives the key away: that follows from {key_file}, which stays with you.")


def _given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _key(file: Path | None, folder: Path) -> ClassKey:
    from chatmon.lab.incident import ClassKey, ClassKeyError

    if file is None:
        return ClassKey.new()
    if file.absolute().is_relative_to(folder.absolute()):
        raise ClassKeyError(f"the class key {file} would lie in {folder}, which the student gets: keep it elsewhere")
    if not file.exists():
        ClassKey.new().write(file)
        typer.echo(f"{file} is a new class key. Keep it, and use it for the whole class: no other grades these logs.")
    return ClassKey.read(file)
