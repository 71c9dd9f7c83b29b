"""The commands about students' incidents: a folder for a student, and what a diagnosis earns."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from chatmon.lab.incident import ClassKey, Graded

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


def _key(file: Path | None, folder: Path) -> "ClassKey":
    from chatmon.lab.incident import ClassKey, ClassKeyError

    if file is None:
        return ClassKey.new()
    if file.absolute().is_relative_to(folder.absolute()):
        raise ClassKeyError(f"the class key {file} would lie in {folder}, which the student gets: keep it elsewhere")
    if not file.exists():
        ClassKey.new().write(file)
        typer.echo(f"{file} is a new class key. Keep it, and use it for the whole class: no other grades these logs.")
    return ClassKey.read(file)


def grade(
    paths: Annotated[list[Path], typer.Argument(help="Diagnoses: files, students' folders, or a folder of these.")],
    class_key: Annotated[
        Path | None, typer.Option("--class", help="The teacher's key file; without it, a folder's own sealed key.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="The table of the class to write.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The page about the class to write.")] = None,
) -> None:
    """Grade diagnoses of incidents: points by part with reasons, and what a class found hard."""
    from chatmon._tools.paths import check_folder, whole_file
    from chatmon.lab import incident

    for wanted in filter(None, (csv, output)):
        check_folder(wanted)
    if class_key is None:
        rows = [_own(folder) for folder in paths]
    else:
        key = incident.ClassKey.read(class_key)
        rows = [incident.graded(file, key) for path in paths for file in incident.found(path)]
    _tell(rows)
    for one in incident.twice(rows):
        typer.echo(one, err=True)
    for written, text in ((csv, incident.table), (output, incident.page)):
        if written is not None:
            with whole_file(written) as unfinished:
                unfinished.write_text(text(rows), encoding="utf-8", newline="\n")
            typer.echo(f"{written} is written.")
    if refused := sum(row.grade is None for row in rows):
        typer.echo(f"{refused} of {len(rows)} not graded.", err=True)
        raise typer.Exit(1)


def _own(folder: Path) -> "Graded":
    """Grade a student's own diagnosis by the sealed key, which opens for a whole one."""
    from chatmon.lab import incident

    folder = folder.parent if folder.is_file() else folder
    key, handed_in = incident.opened(folder)
    typer.echo(f"The key of {folder} is open. What counts is the diagnosis as you handed it in, {handed_in.name}.")
    return incident.graded(handed_in, key)


def _tell(rows: "list[Graded]") -> None:
    """Say one student's points with their reasons, or of many a line for each."""
    for row in rows:
        if row.grade is None:
            typer.echo(f"{row.student or row.file}: not graded. {row.refused}")
        elif len(rows) == 1:
            hints = f", {row.hints} hints taken" if row.hints else ""
            typer.echo(f"{row.student}{hints}: {row.grade}")
        else:
            typer.echo(f"{row.student}: {row.grade.mark:g} of 100")
