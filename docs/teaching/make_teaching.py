"""Write the pages for teachers: notes from the lessons and their checkers, plans in minutes, the final test.

python docs/teaching/make_teaching.py [--check]
"""

from __future__ import annotations

import random
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from chatmon._tools.paths import NOTEBOOKS, REPO
from chatmon.lab.course import _exercises as exercises
from chatmon.lab.course._lessons import Lesson, filled, lessons
from chatmon.lab.course._notebook import nbformat
from chatmon.lab.course._quiz import questions

sys.path.insert(0, str(REPO / "tests" / "lab" / "course"))
import cases

FOLDER = Path(__file__).parent
MOST_REASONS = 5
"""Of each exercise: the reasons that are told most often come first."""
HEADER = {"objectives": "What you will learn", "prerequisites": "What you need"}
VARIANTS = "AB"
QUESTIONS = 20


def pages() -> dict[str, str]:
    """Return each page by its name."""
    test = tomllib.loads((FOLDER / "final_test.toml").read_text(encoding="utf-8"))["question"]
    return {
        "lessons.md": notes(),
        "plans.md": plans(),
        **{f"final_test_{variant.lower()}.md": final_test(test, variant) for variant in VARIANTS},
        "final_test_answers.md": answers(test),
    }


# Notes


def notes() -> str:
    """Return the notes on every lesson."""
    tried = cases.collect()
    head = """# Notes on the lessons

Made by `make docs` from the lessons' headers, their quizzes, and the wrong answers that their checkers are tried with.
*What goes wrong* is what a learner is told; the number says how many of the tried answers are told it.
"""
    return "\n".join([head, *(_notes_on(lesson, tried) for lesson in lessons())])


def _notes_on(lesson: Lesson, tried: dict[str, cases.Cases]) -> str:
    lines = [f"## {lesson.number}. [{lesson.title}](../../notebooks/{lesson.stem}.ipynb)", ""]
    lines.append(f"{lesson.read} minutes to read, {lesson.exercises} minutes of exercises. You {lesson.you_will}.")
    lines += [f"\n**{what.capitalize()}**: {said}" for what in HEADER if (said := _header(lesson, HEADER[what]))]
    for exercise in exercises.of_lesson(lesson.number) if lesson.number in exercises.lessons() else []:
        reasons = list(dict.fromkeys(_plain(reason) for _, reason in tried[exercise.number].wrong))
        told = _told(exercise, tried[exercise.number])
        lines += ["", f"**Exercise {exercise.number}**, what goes wrong ({len(reasons)} ways are tried):", ""]
        lines += [f"- {reason}" for reason in told[:MOST_REASONS]]
        lines += [f"\nA hint to give: {_plain(exercise.hints[0])}"]
    asked = questions(nbformat.read(NOTEBOOKS / f"{lesson.stem}.ipynb", as_version=4)) if lesson.number else []
    if asked:
        lines += ["", "**Questions to ask**, from its quiz:", "", *(f"- {_plain(one.text)}" for one in asked)]
    return "\n".join([*lines, ""])


def _header(lesson: Lesson, what: str) -> str:
    """Return what a lesson's header says under a name."""
    source = (NOTEBOOKS / "source" / f"{lesson.stem}.py").read_text(encoding="utf-8")
    found = re.search(rf"^# \*\*{what}\*\*: (.*?)\n#\n", source, re.MULTILINE | re.DOTALL)
    if not found:
        return ""
    text = filled(found[1].replace("\n# ", " "), lesson.stem)
    return re.sub(r"\]\((?:\.\./docs/)?([^)]*)\)", lambda link: f"]({_from_here(link[0], link[1])})", text)


def _from_here(link: str, target: str) -> str:
    if "://" in target:
        return target
    return f"../{target}" if "../docs/" in link else f"../../notebooks/{target}"


def _told(exercise: exercises.Exercise, tried: cases.Cases) -> list[str]:
    """Return what the checker says to the wrong answers that it is tried with, the most frequent first."""
    said: dict[str, int] = {}
    for answer, _ in tried.wrong:
        message = str(exercises.grade(exercise, answer))
        reason = _plain(message.partition("not right yet. ")[2])
        # The same mistake in other numbers is the same mistake.
        key = re.sub(r"[-\d.,]+", "#", reason)
        same = next((one for one in said if re.sub(r"[-\d.,]+", "#", one) == key), reason)
        said[same] = said.get(same, 0) + 1
    order = sorted(said, key=lambda one: -said[one])
    return [f"{reason} ({said[reason]})" if said[reason] > 1 else reason for reason in order if " at 0x" not in reason]


def _plain(text: str) -> str:
    return " ".join(text.split())


# Plans


def plans() -> str:
    """Return the plans, their minutes from the list of lessons."""
    listed = tomllib.loads((FOLDER / "plans.toml").read_text(encoding="utf-8"))["plan"]
    head = """# Plans

Made by `make docs` from `plans.toml` and the minutes in `notebooks/source/lessons.toml`. A break of
ten minutes after each hour is in no plan: add it.
"""
    return "\n".join([head, *(_plan(one) for one in listed)])


def _plan(plan: dict[str, Any]) -> str:
    known = {lesson.name: lesson for lesson in lessons()}
    lines = [f"## {plan['title']}", "", plan["for"], ""]
    for session in plan["session"]:
        rows, minutes = [], 0
        for part in session["part"]:
            what, took = _part(part, known)
            minutes += took
            rows.append(f"| {what} | {took} |")
        if minutes > session["minutes"]:
            raise ValueError(f"{plan['title']}, {session['title']}: {minutes} minutes of {session['minutes']}")
        lines += [
            f"**{session['title']}**: {minutes} of {session['minutes']} minutes",
            "",
            "| what | minutes |",
            "|---|---|",
        ]
        lines += [*rows, ""]
    return "\n".join(lines)


def _part(part: dict[str, Any], known: dict[str, Lesson]) -> tuple[str, int]:
    if "lesson" not in part:
        return part["what"], part["minutes"]
    lesson = known[part["lesson"]]
    link = f"[{lesson.number}. {lesson.title}](../../notebooks/{lesson.stem}.ipynb)"
    if part.get("read_only"):
        return f"{link}, without its exercises", lesson.read
    return link, lesson.minutes


# The final test


def final_test(test: list[dict[str, Any]], variant: str) -> str:
    """Return a variant of the test, without its answers."""
    lines = [
        f"# Final test, variant {variant}",
        "",
        f"{len(test)} questions, one right answer each, {2 * len(test)} minutes.",
        "",
    ]
    for number, (text, choices, _) in enumerate(_varied(test, variant), 1):
        lines += [f"{number}. {text}", *(f"    - ({letter}) {choice}" for letter, choice in choices.items()), ""]
    return "\n".join(lines)


def answers(test: list[dict[str, Any]]) -> str:
    """Return the answers to all variants, with the reasons."""
    lines = ["# Final test: answers", "", "For teachers. The reasons are the same in both variants.", ""]
    lines += ["| question | " + " | ".join(VARIANTS) + " |", "|---" * (1 + len(VARIANTS)) + "|"]
    sheets = [_varied(test, variant) for variant in VARIANTS]
    for number in range(len(test)):
        lines.append(f"| {number + 1} | " + " | ".join(f"({sheet[number][2]})" for sheet in sheets) + " |")
    lines.append("")
    for number, question in enumerate(test, 1):
        lines.append(f"{number}. {question['why']}")
    return "\n".join([*lines, ""])


def _varied(test: list[dict[str, Any]], variant: str) -> list[tuple[str, dict[str, str], str]]:
    """Return each question of a variant: its text, its choices by letter, and the letter of the right one."""
    chance = random.Random(f"final test {variant}")  # noqa: S311 - the order of choices, the same in each run
    sheet = []
    for question in test:
        numbers = dict(zip(question.get("names", []), question.get(variant, []), strict=True))
        choices = [question["right"], *question["wrong"]]
        order = chance.sample(range(len(choices)), len(choices))
        shown = {letter: choices[at].format(**numbers) for letter, at in zip("abcd", order, strict=False)}
        sheet.append((question["asks"].format(**numbers), shown, "abcd"[order.index(0)]))
    return sheet


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which differ; return the exit status."""
    made = pages()
    if arguments == ["--check"]:
        old = [name for name, text in made.items() if not (FOLDER / name).exists() or _read(name) != text]
        sys.stdout.write("".join(f"docs/teaching/{name} is out of date: make docs\n" for name in old))
        return int(bool(old))
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
