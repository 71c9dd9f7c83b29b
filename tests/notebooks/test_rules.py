"""Every rule passes on the sample lesson and fails, with its reason, on a change that breaks it."""

import copy
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import rules
import sample
from prose_numbers import prose_numbers
from rules import Notebook

from chatmon.lab.course._notebook import read_source

Change = Callable[[Notebook], object]


def cell(notebook: Notebook, beginning: str) -> Any:
    """Return the first cell whose source contains a text."""
    return next(c for c in notebook.cells if beginning in c.source)


def replace(old: str, new: str) -> Change:
    def change(notebook: Notebook) -> None:
        target = cell(notebook, old)
        target.source = target.source.replace(old, new)

    return change


def add_code(code: str, *cell_tags: str, output: Any = None) -> Change:
    def change(notebook: Notebook) -> None:
        metadata = {"tags": list(cell_tags)} if cell_tags else {}
        outputs = [output] if output else []
        notebook.cells.append(nbformat.v4.new_code_cell(code, metadata=metadata, outputs=outputs))

    return change


def add_text(text: str) -> Change:
    return lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell(text))


def remove(beginning: str) -> Change:
    return lambda notebook: notebook.cells.remove(cell(notebook, beginning))


def output(beginning: str, **values: Any) -> Change:
    """Change the first output of a cell."""
    return lambda notebook: cell(notebook, beginning).outputs[0].update(values)


def stream(text: str, name: str = "stdout") -> Any:
    return nbformat.v4.new_output("stream", text=text, name=name)


CALLS: dict[str, Callable[[Notebook, Path], list[str]]] = {
    "header": lambda notebook, _: rules.header(notebook),
    "sections": lambda notebook, _: rules.sections(notebook),
    "quiz": lambda notebook, _: rules.quiz(notebook),
    "links": lambda notebook, folder: rules.links(notebook, folder),
    "mathematics": lambda notebook, _: rules.mathematics(notebook),
    "cell_length": lambda notebook, _: rules.cell_length(notebook),
    "words": lambda notebook, _: rules.words(notebook),
    "length": lambda notebook, _: rules.length(notebook, read=10, exercises=15),
    "new_terms": lambda notebook, _: rules.new_terms(notebook),
    "widths": lambda notebook, _: rules.widths(notebook),
    "execution_counts": lambda notebook, _: rules.execution_counts(notebook),
    "errors": lambda notebook, _: rules.errors(notebook),
    "ignored_cells": lambda notebook, _: rules.ignored_cells({sample.NAME: [notebook]}, sample.IGNORED),
    "nbval_comments": lambda notebook, _: rules.nbval_comments(notebook),
    "forbidden_code": lambda notebook, _: rules.forbidden_code(notebook),
    "paths": lambda notebook, _: rules.paths(notebook),
    "semicolons": lambda notebook, _: rules.semicolons(notebook),
    "model_names": lambda notebook, _: rules.model_names(notebook, ["nano-7"]),
    "hosted_cells": lambda notebook, _: rules.hosted_cells(notebook),
    "figures": lambda notebook, _: rules.figures(notebook),
    "exercise_numbers": lambda notebook, _: rules.exercise_numbers(notebook, sample.KNOWN, count=(2, 4)),
    "exercise_shape": lambda notebook, _: rules.exercise_shape(notebook),
    "outcomes": lambda notebook, _: rules.outcomes(notebook, "not attempted yet"),
    "leaks": lambda notebook, folder: rules.leaks(read_source(folder / "source" / f"{sample.NAME}.py"), notebook),
    "prose_numbers": lambda notebook, _: prose_numbers(notebook),
}

BREAKS: list[tuple[str, Change, str]] = [
    ("header", replace("# How long do people wait?", "How long"), "title"),
    ("header", replace("**What you will do**", "What you will do"), "What you will do"),
    ("header", replace("**What you will learn**", "**You will learn**"), "What you will learn"),
    ("header", replace("**What you need**", "**You need**"), "What you need"),
    ("header", replace("10 minutes to read", "a while to read"), "minutes to read"),
    ("header", replace("15 minutes of exercises", "some exercises"), "minutes of exercises"),
    ("header", replace("Cost: $0", "Cost: $0.50"), "cost: $0"),
    ("header", replace("network: none", "network: needed"), "network: none"),
    ("sections", replace("## In practice", "## Fine print"), "Summary"),
    ("sections", replace("## Summary", "## Going further"), "Going further"),
    ("quiz", replace("## Quiz", "## Questions"), "no section"),
    ("quiz", replace("</details>\n\n## Going", "\n## Going"), "no end"),
    ("quiz", replace("<summary>Answer</summary>", "Answer"), "no <summary>"),
    ("quiz", replace("2. Would", "2. <script>Would"), "<script>"),
    ("quiz", lambda n: [replace("<details>", "<p>")(n), replace("</details>", "</p>")(n)], "0 folded answers"),
    ("quiz", replace(": the text ends where a value should begin. Not (b): an error always tells", ""), "reason"),
    ("links", replace("(99_sample.ipynb)", "(98_sample.ipynb)"), "98_sample.ipynb"),
    ("links", add_text('<img src="figures/none.png">'), "figures/none.png"),
    ("mathematics", add_text(r"It says \$7.29, not \$5.99."), "between two amounts"),
    ("mathematics", add_text("It says **\\$7.29**<br>or \\$5.99\nand \\$1."), "between two amounts"),
    ("mathematics", add_text(r"| a | b |\n|---|---|\n| \$1 to \$2 | 3 |".replace("\\n", "\n")), "between two amounts"),
    ("mathematics", add_text("It says <span>$7.29</span> or <span>$5.99</span>."), "without a backslash"),
    ("mathematics", add_text("- **$7.29**\n- **$5.99**"), "without a backslash"),
    ("mathematics", add_text("<!-- free: $20 -->\nIt says $20."), "without a backslash"),
    ("mathematics", add_text("<div>\n\\$7.29\n</div>"), "raw HTML"),
    ("mathematics", add_text(r"So \\(a\\) it is."), "begins mathematics"),
    ("cell_length", add_code("\n".join(["a = 1"] * 26)), "26 lines"),
    ("cell_length", lambda n: [add_code("\n".join(["a = 1"] * 16))(n) for _ in range(2)], "90 %"),
    ("cell_length", lambda n: [add_code("\n".join(["a = 1"] * 6))(n) for _ in range(12)], "median"),
    ("cell_length", lambda n: n.update(cells=n.cells[:1]), "no code cell"),
    ("words", add_code("\n".join(["a = 1"] * 60)), "fewer than 7"),
    ("length", add_text("word " * 3300), "more than 3300"),
    ("length", add_text("word " * 9000), "more than 60"),
    ("length", add_text("word " * 1100), "says 10 minutes"),
    ("length", add_code("\n".join(["a = 1"] * 50)), "says 10 minutes"),
    ("length", add_code("show()", output=stream("line\n" * 100)), "says 10 minutes"),
    ("new_terms", add_text("\n>\n".join(f"> **Term {n}**: a word." for n in range(13))), "13 new terms"),
    ("widths", add_code(f"a = '{'b' * 83}'"), "89 characters, more than 88"),
    ("widths", add_code("show()", output=stream("b" * 91)), "91 characters, more than 90"),
    ("execution_counts", lambda n: cell(n, "os.getpid").update(execution_count=None), "None"),
    ("execution_counts", lambda n: cell(n, "os.getpid").update(execution_count=9), "9"),
    ("errors", add_code("1 / 0", output=nbformat.v4.new_output("error", ename="E", evalue="")), "raised an error"),
    ("errors", lambda n: cell(n, "json.loads").update(outputs=[]), "raised nothing"),
    ("errors", add_code("warn()", output=stream("careful", "stderr")), "standard error"),
    ("ignored_cells", add_code("live()", "nbval-ignore-output"), "'live()' is ignored and not listed"),
    ("ignored_cells", lambda n: cell(n, "os.getpid").metadata.pop("tags"), "no such cell is tagged"),
    ("nbval_comments", add_code("# NBVAL_IGNORE_OUTPUT\nlive()"), "hidden from nbval"),
    ("nbval_comments", add_code("live()", "nbval-skip"), "hidden from nbval"),
    ("forbidden_code", add_code("!pip install x"), "shell command"),
    ("forbidden_code", add_code("%load_ext x"), "magic"),
    ("forbidden_code", add_code("import sys\nsys.path.append('x')"), "sys.path"),
    ("forbidden_code", add_code("requests.get('https://a.b')"), "download"),
    ("paths", add_code("open('/home/me/log.txt')"), "/home"),
    ("paths", add_code("open('C:\\\\logs')"), "C:"),
    ("paths", add_code("open('data/log.txt')"), "data/"),
    ("paths", add_code("where()", output=stream("saved in /tmp/x\n")), "/tmp"),
    ("semicolons", add_code("plot(x);"), "semicolon"),
    ("semicolons", add_code("plot(x);  # draw it"), "semicolon"),
    ("model_names", add_code("ask(model='Nano-7')"), "Nano-7"),
    ("model_names", add_code("ask(model='gpt-4o-mini')"), "gpt-4o-mini"),
    ("model_names", add_text("We ask claude-3-opus, a large model."), "claude-3-opus"),
    ("model_names", add_text("We ask Llama 3 or llama3.2, a small model."), "llama3.2"),
    ("hosted_cells", add_code("key = os.environ['LANGSMITH_API_KEY']"), "not tagged hosted"),
    ("hosted_cells", add_code("bot = ChatConfig.openai()"), "not tagged hosted"),
    ("hosted_cells", replace("Optional, for", "For"), "Optional"),
    ("hosted_cells", replace('else:\n    print("skipped: no key")', ""), "else"),
    ("hosted_cells", replace("import os\nif ", "bill()\nif "), "_API_KEY"),
    ("figures", output("plots.bars", metadata={}), "no alt text"),
    ("figures", replace("Two bars are short", "## Two bars are short"), "no sentence"),
    ("figures", lambda n: [remove("Two bars are short")(n), remove("The process that")(n)], "no sentence"),
    ("exercise_numbers", remove('check("99.2"'), "99.2"),
    ("exercise_numbers", add_code('check("99.3", 1)'), "99.3"),
    ("exercise_numbers", lambda n: [remove('check("99.1"')(n), remove('check("99.2"')(n)], "0 exercises"),
    ("exercise_shape", replace("answer = ...  # your turn", "answer = ..."), "exactly one line"),
    ("exercise_shape", replace("answer = ...  # your turn", "answer = 3  # your turn"), "exactly one line"),
    ("exercise_shape", replace("### Exercise 99.1", "### Now you"), "Exercise N.M"),
    ("exercise_shape", replace('check("99.1", answer)', 'check("99.2", answer)'), "is not check"),
    ("exercise_shape", replace('Run `hint("99.1")`', "Ask"), "hint"),
    ("exercise_shape", add_code('check("99.1", 3)'), "2 stubs and 3 checks"),
    ("outcomes", output('check("99.1"', data={"text/plain": "Exercise 99.1: right. Yes."}), "99.1"),
    ("outcomes", lambda n: cell(n, 'check("99.2"').update(outputs=[]), "99.2"),
    ("leaks", add_code("answer = sorted(times)[len(times)//2]  # here"), "solution's line"),
    ("leaks", add_code("x = 1", "solution"), "tagged solution"),
    ("prose_numbers", replace("380.0 ms, which", "381.0 ms, which"), "'381.0"),
    ("prose_numbers", replace("79.8 %", "79.9 %"), "'79.9 %'"),
    ("prose_numbers", replace("as long: it reaches 910 ms", "as long: it reaches 810 ms"), "'810"),
    ("prose_numbers", replace("95th percentile", "96th percentile"), "'96th'"),
    ("prose_numbers", replace("limit of 500 ms", "limit of 600 ms"), "'600"),
    ("prose_numbers", add_text("That makes $5 a day."), "'$5'"),
    ("prose_numbers", add_text("<!-- free: 12.5 --> Nothing."), "not used"),
    ("prose_numbers", add_text("On 2026-10-05 it rained."), "2026-10-05"),
]  # fmt: skip


@pytest.fixture
def built(sample_course: Path) -> Notebook:
    return nbformat.read(sample_course / f"{sample.NAME}.ipynb", as_version=4)


@pytest.mark.parametrize("rule", CALLS)
def test_the_sample_lesson_keeps_the_rule(rule: str, built: Notebook, sample_course: Path) -> None:
    assert CALLS[rule](built, sample_course) == []


@pytest.mark.parametrize(("rule", "change", "reason"), BREAKS, ids=[f"{b[0]}-{i}" for i, b in enumerate(BREAKS)])
def test_a_broken_lesson_is_complained_of(
    rule: str, change: Change, reason: str, built: Notebook, sample_course: Path
) -> None:
    broken = copy.deepcopy(built)
    change(broken)
    complaints = CALLS[rule](broken, sample_course)
    assert any(reason in complaint for complaint in complaints), complaints


def test_every_rule_is_tried_on_a_good_and_on_a_bad_lesson() -> None:
    functions = inspect.getmembers(rules, inspect.isfunction)
    found = {name for name, rule in functions if inspect.signature(rule).return_annotation is rules.Complaints}
    assert len(found) > 15
    assert found | {"prose_numbers"} == set(CALLS) == {rule for rule, _, _ in BREAKS}


def test_the_solutions_of_the_sample_keep_the_rules_too(sample_course: Path) -> None:
    solutions = sample_course / "solutions"
    solved = nbformat.read(solutions / f"{sample.NAME}.ipynb", as_version=4)
    assert rules.outcomes(solved, "right") == []
    assert rules.links(solved, solutions) == []
    for rule in ("cell_length", "words", "execution_counts", "errors", "paths", "figures", "prose_numbers"):
        assert CALLS[rule](solved, solutions) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [({"maximum": 0}, "more than the maximum of 0"), ({"cell": sample.IGNORED["cell"] * 2}, "listed twice")],
)
def test_the_list_of_ignored_outputs_has_a_maximum_and_no_repeats(
    entry: dict[str, Any], reason: str, built: Notebook
) -> None:
    complaints = rules.ignored_cells({sample.NAME: [built]}, sample.IGNORED | entry)
    assert any(reason in complaint for complaint in complaints)


def test_an_ignored_output_needs_a_reason(built: Notebook) -> None:
    [entry] = sample.IGNORED["cell"]
    complaints = rules.ignored_cells({sample.NAME: [built]}, sample.IGNORED | {"cell": [entry | {"reason": ""}]})
    assert complaints == ["'import os' is listed without a reason"]
