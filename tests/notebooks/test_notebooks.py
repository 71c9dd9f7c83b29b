"""Every rule of the course's style, held against every committed notebook."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import rules
from course_files import IGNORED, LESSONS, SOLUTIONS, SOURCES, number_of, numbers_known, read, source_of
from prose_numbers import prose_numbers

from chatmon._tools.models import course_models
from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course import _exercises as exercises
from chatmon.lab.course._lessons import lessons
from chatmon.lab.course.build import check_committed

FIRST_WITH_EXERCISES = 1
"""Lesson 0 is the map: it needs no quiz and no exercises."""
EVERYWHERE = [
    rules.mathematics,
    rules.cell_length,
    rules.words,
    rules.new_terms,
    rules.widths,
    rules.execution_counts,
    rules.errors,
    rules.nbval_comments,
    rules.forbidden_code,
    rules.paths,
    rules.semicolons,
    rules.hosted_cells,
    rules.figures,
    prose_numbers,
]


def model_names() -> list[str]:
    models = course_models()
    named = [models.local.alias, models.local.file, models.hosted, models.ollama, models.legacy, *models.what_if]
    return [*named, *dataclasses.asdict(models.bill).values()]


def test_there_are_lessons_and_each_has_one_source() -> None:
    assert SOURCES, "notebooks/source/ has no lesson"
    assert [path.stem for path in LESSONS] == [path.stem for path in SOURCES]
    assert {path.stem for path in SOLUTIONS} <= {path.stem for path in SOURCES}


def test_each_lesson_has_a_number_of_its_own() -> None:
    numbers = [number_of(path) for path in LESSONS]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 0


def test_every_module_of_exercises_belongs_to_a_lesson() -> None:
    assert set(exercises.lessons()) <= {number_of(path) for path in LESSONS}


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.__name__)
def test_a_notebook_keeps_the_rule(notebook: Path, rule: rules.Rule) -> None:
    assert rule(read(notebook)) == []


def test_a_notebook_names_no_model(notebook: Path) -> None:
    assert rules.model_names(read(notebook), model_names()) == []


def test_every_link_of_a_notebook_leads_somewhere(notebook: Path) -> None:
    assert rules.links(read(notebook), notebook.parent) == []


def test_a_lesson_is_as_long_as_it_says_and_never_too_long(lesson: Path) -> None:
    said = lessons()[number_of(lesson)]
    assert said.stem == lesson.stem
    assert rules.length(read(lesson), read=said.read, exercises=said.exercises) == []


def test_a_lesson_begins_with_its_header(lesson: Path) -> None:
    assert rules.header(read(lesson)) == []


def test_a_lesson_closes_with_its_sections_and_a_quiz(lesson: Path) -> None:
    if number_of(lesson) >= FIRST_WITH_EXERCISES:
        assert rules.sections(read(lesson)) == []
        assert rules.quiz(read(lesson)) == []


def test_a_lesson_checks_the_exercises_that_its_checkers_know(lesson: Path) -> None:
    count = (2, 4) if number_of(lesson) >= FIRST_WITH_EXERCISES else None
    assert rules.exercise_numbers(read(lesson), numbers_known(number_of(lesson)), count=count) == []


def test_an_exercise_has_the_one_shape(lesson: Path) -> None:
    assert rules.exercise_shape(read(lesson)) == []


def test_a_lesson_shows_its_exercises_as_not_attempted(lesson: Path) -> None:
    assert rules.outcomes(read(lesson), "not attempted yet") == []


def test_a_lesson_leaks_no_solution(lesson: Path) -> None:
    assert rules.leaks(source_of(lesson), read(lesson)) == []


def test_a_solutions_notebook_solves_every_exercise_rightly(solution: Path) -> None:
    assert rules.checked(read(solution)) == numbers_known(number_of(solution))
    assert rules.outcomes(read(solution), "right") == []


def test_a_notebook_uses_no_name_that_it_does_not_set(notebook: Path) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821", str(notebook)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_the_notebooks_are_what_their_source_makes() -> None:
    assert [line for source in SOURCES for line in check_committed(source, NOTEBOOKS)] == []


def test_ignored_outputs_are_listed_with_their_reason() -> None:
    names = {path.stem: [read(other) for other in LESSONS + SOLUTIONS if other.stem == path.stem] for path in LESSONS}
    assert rules.ignored_cells(names, IGNORED) == []
