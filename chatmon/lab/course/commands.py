"""The commands of ``chatmon course``: the reader's copies of the lessons, and a quiz."""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chatmon.lab.course._quiz import Question
    from chatmon.lab.course._workbook import Copy

course = typer.Typer(help="Look after your copies of the lessons, in work/.", no_args_is_help=True)

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[LESSON]...", help="Lessons by number, such as 03; all if not given.")
]
SIGNS = {"right": "✓", "wrong": "✗", "error": "!", "not attempted": "·", "not run": "·"}


@course.command("status")
def _status() -> None:
    """Say which exercises are solved, as saved in your copies, and which copies are older than their lesson."""
    from chatmon.lab.course._exercises import lessons, of_lesson
    from chatmon.lab.course._notebook import nbformat
    from chatmon.lab.course._progress import outcomes
    from chatmon.lab.course._workbook import copies

    solved = total = 0
    for copy in copies():
        states = outcomes(nbformat.read(copy.path, as_version=4)) if copy.path.exists() else {}
        known = of_lesson(copy.lesson.number) if copy.lesson.number in lessons() else []
        shown = [(one.number, states.get(one.number, "not run")) for one in known]
        solved, total = solved + sum(state == "right" for _, state in shown), total + len(shown)
        signs = "  ".join(f"{number} {SIGNS[state]}" for number, state in shown)
        note = " (the lesson has changed: chatmon course update)" if copy.lags else ""
        typer.echo(f"{copy.lesson.number:2} {copy.lesson.title:31} {signs}{note}")
    typer.echo(
        f"{solved} of {total} exercises solved, as saved in work/  (✓ right, ✗ not right yet, ! an error, · not tried)"
    )


@course.command("results")
def _results(
    folder: Annotated[Path, typer.Argument(help="A folder of learners' folders, each with its copies of the lessons.")],
    csv: Annotated[Path | None, typer.Option("--csv", help="The table to write: a row for each learner.")] = None,
) -> None:
    """Say which checks each learner of a class has passed, as saved in the copies they handed in."""
    from chatmon._tools.paths import whole_file
    from chatmon.lab.course import _results as of_class
    from chatmon.lab.course._exercises import lessons, of_lesson

    rows = of_class.results(folder)
    numbers = [one.number for lesson in lessons() for one in of_lesson(lesson)]
    for row in rows:
        others = [f"{number} {SIGNS[state]}" for number, state in row.states.items() if state in ("wrong", "error")]
        failed = f"; {'  '.join(others)}" if others else ""
        typer.echo(f"{row.learner}: {of_class.passed(row, numbers)} of {len(numbers)} passed{failed}")
    for number in numbers:
        solved = sum(row.states.get(number) == "right" for row in rows)
        typer.echo(f"{number:>5}  {solved} of {len(rows)} passed")
    if csv is not None:
        with whole_file(csv) as unfinished:
            unfinished.write_text(of_class.as_csv(rows, numbers), encoding="utf-8", newline="\n")
        typer.echo(f"{csv} is written.")
    for unread in (one for row in rows for one in row.unread):
        typer.echo(f"not read: {unread}", err=True)


@course.command("hint")
def _hint(folder: Annotated[Path, typer.Argument(help="The folder of your incident.")]) -> None:
    """Give the next hint to an incident's diagnosis: it costs no marks, and your teacher sees how many you took."""
    from datetime import UTC, datetime

    from chatmon.lab.incident import hint as run

    typer.echo(run(folder, datetime.now(UTC)))


@course.command("reset")
def _reset(lesson: Annotated[str, typer.Argument(help="The lesson, by number, such as 03.")]) -> None:
    """Make your copy of a lesson anew; what was there is kept in work/before/."""
    from chatmon.lab.course._workbook import copies
    from chatmon.lab.course._workbook import reset as run

    (copy,) = copies(names=[lesson])
    _tell(copy, run(copy), "is new")


@course.command("update")
def _update(names: Names = None) -> None:
    """Bring your copies up to the lessons, after a git pull; your answers and cells stay in them."""
    from chatmon.lab.course._workbook import add_missing, copies
    from chatmon.lab.course._workbook import update as run

    chosen = copies(names=names or [])
    changed = [(copy, kept) for copy in chosen if (kept := run(copy))]
    made = add_missing(chosen)
    for copy, kept in changed:
        _tell(copy, kept, "is up to date, with your answers")
    for path in made:
        typer.echo(f"work/{path.name} is new.")
    if not changed and not made:
        typer.echo("Your copies are up to date.")


def _tell(copy: "Copy", kept: "Path | None", what: str) -> None:
    beside = f"; the one before is work/{kept.parent.name}/{kept.name}" if kept else ""
    typer.echo(f"work/{copy.path.name} {what}{beside}.")


@course.command("quiz")
def _quiz(
    names: Names = None,
    number: Annotated[int, typer.Option("--questions", "-n", min=1, help="How many questions to ask.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Ask the same questions again.")] = None,
) -> None:
    """Ask questions from the lessons' quizzes, at random; Ctrl-C ends it with the score so far."""
    from chatmon.lab.course._notebook import nbformat
    from chatmon.lab.course._quiz import questions
    from chatmon.lab.course._workbook import copies

    asked = [
        (copy.lesson.number, question)
        for copy in copies(names=names or [])
        for question in questions(nbformat.read(copy.made_from, as_version=4))
    ]
    if not asked:
        raise ValueError("no quiz in this lesson: lessons from 1 on have one")
    chosen = random.Random(seed).sample(asked, min(number, len(asked)))  # noqa: S311 - chance for a game
    right = answered = 0
    for place, (lesson, question) in enumerate(chosen, 1):
        typer.echo(f"\n{place} of {len(chosen)}, lesson {lesson}: {question.text}")
        given = _given(question)
        if given is None:
            break
        answered, right = answered + 1, right + (given == question.right)
        typer.echo(f"{'Right' if given == question.right else 'No'}. {question.reasons}")
    typer.echo(f"\n{right} of {answered} right.")


def _given(question: "Question") -> str | None:
    """Ask until the answer is one of the letters; None when the reader has had enough."""
    for letter, choice in question.choices.items():
        typer.echo(f"  ({letter}) {choice}")
    while True:
        try:
            given: str = typer.prompt("a, b or c").strip().lower().strip("()")
        except typer.Abort:
            return None
        if given in question.choices:
            return given
