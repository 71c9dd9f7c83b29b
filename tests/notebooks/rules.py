"""The rules of the course's style as pure functions: a parsed notebook in, a list of complaints out.

A *line* of code is any line of a code cell that is not blank, comments included: a reader reads those too. *Words* are
those of the markdown cells without fenced code, comments, tags and addresses.
"""

import ast
import math
import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from chatmon.lab.course._notebook import tags

Notebook = Any
Complaints = list[str]
Rule = Callable[[Notebook], Complaints]

MEDIAN_LINES, MOST_LINES, LONGEST = 5, 15, 25
WORDS_PER_LINE = 7
MOST_WORDS, MOST_MINUTES, MOST_TERMS = 3300, 60, 12
CODE_WIDTH, OUTPUT_WIDTH = 88, 90
A_MINUTE = {"words": 220, "code": 10, "output": 20}
"""What a reader takes in, in a minute: words, lines of code, lines of output."""
TRIVIAL = 15
"""A line of fewer characters than this, spaces left out, says too little to be a leak."""


def code_cells(notebook: Notebook) -> list[Any]:
    """Return the code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook: Notebook) -> list[str]:
    """Return the text of the markdown cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def lines(code: str) -> list[str]:
    """Return the lines that are not blank, stripped."""
    return [line.strip() for line in code.splitlines() if line.strip()]


def header_position(notebook: Notebook) -> int:
    """Return where the header is: first in a lesson, after the banner in a solutions notebook."""
    return next((position for position, cell in enumerate(notebook.cells) if cell.source.startswith("# ")), 0)


def named(cell: Any) -> str:
    """Return a cell's first line, to name it in a complaint."""
    return f"cell {(lines(cell.source) or ['(empty)'])[0]!r}"


def prose(text: str) -> str:
    """Return what a reader reads of a markdown cell: no fenced code, no comments, no tags, no addresses."""
    for hidden in (
        r"```.*?```",
        r"~~~.*?~~~",
        r"<!--.*?-->",
        r"</?[a-zA-Z][^>]*>",
        r"(?<=\])\([^)]*\)",
        r"https?://\S+",
    ):
        text = re.sub(hidden, " ", text, flags=re.DOTALL)
    return text


# How a lesson is laid out


def header(notebook: Notebook) -> Complaints:
    """The first cell is the header: a title, what you will do, learn and need, the minutes, the cost, the network."""
    first = notebook.cells[0]
    text = first.source
    if first.cell_type != "markdown" or not text.startswith("# "):
        return ["the first cell is not markdown that begins with a title (# ...)"]
    wanted = {
        "**What you will do**": r"\*\*What you will do\*\*\W+\w+",
        "**What you will learn**": r"\*\*What you will learn\*\*\W+\w+",
        "**What you need**": r"\*\*What you need\*\*\W+\w+",
        "minutes to read": r"\b\d+ minutes to read\b",
        "minutes of exercises": r"\b\d+ minutes of exercises\b",
        "cost: $0": r"\bcost: \\?\$0(?![.\d])",
        "network: none": r"\bnetwork: none\b",
    }
    return [f"the header lacks {name!r}" for name, form in wanted.items() if not re.search(form, text, re.IGNORECASE)]


def sections(notebook: Notebook) -> Complaints:
    """A lesson ends with Summary, In practice, Quiz and Going further, in this order."""
    wanted = ["Summary", "In practice", "Quiz", "Going further"]
    found = re.findall(r"^## (.+?)\s*$", "\n".join(markdown(notebook)), re.MULTILINE)
    kept = [heading for heading in found if heading in wanted]
    return [] if kept == wanted else [f"the closing sections are {kept}, not {wanted}"]


def quiz(notebook: Notebook) -> Complaints:
    """The quiz asks three to five questions, each answer folded in <details> with a <summary>, without JavaScript."""
    text = "\n".join(markdown(notebook))
    complaints = ["a <script> in markdown: the quiz needs no JavaScript"] if "<script" in text.lower() else []
    part = re.search(r"^## Quiz\s*$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not part:
        return [*complaints, "there is no section '## Quiz'"]
    folded = re.findall(r"<details>\s*<summary>.+?</summary>(.+?)</details>", part[1], re.DOTALL)
    if part[1].count("<details") != len(folded):
        complaints.append("a <details> of the quiz has no <summary>, no text, or no end")
    if not 3 <= len(folded) <= 5:
        complaints.append(f"the quiz has {len(folded)} folded answers, not three to five")
    for answer in folded:
        if len(prose(answer).split()) < 10:
            complaints.append(f"a folded answer gives no reason for every choice: {answer.strip()!r}")
    return complaints


def links(notebook: Notebook, folder: Path) -> Complaints:
    """Every relative link and picture leads to a file."""
    text = re.sub(r"```.*?```|`[^`\n]+`", " ", "\n".join(markdown(notebook)), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)|(?:href|src)=\"([^\"]+)", text)
    paths = [path for pair in targets for path in pair if path and not re.match(r"[a-zA-Z][\w+.-]*:|#", path)]
    return [f"a link leads nowhere: {path}" for path in paths if not (folder / path.partition("#")[0]).exists()]


# Money


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_CODE = re.compile(r"```.*?```|(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_JOINED = {"text", "text_special", "softbreak", "hardbreak"}
"""Pieces of a paragraph that stand in one run of text, beside comments and <br>: anything else begins an element."""


def mathematics(notebook: Notebook) -> Complaints:
    r"""No dollars that make mathematics of what stands between them: two in one run of text, though they are escaped.

    JupyterLab takes a pair of `$` for mathematics before it reads the markdown, and a pair of `\$` after it, within an
    element. The builder puts each `\$7.29` of a source into an element of its own. A lesson's formulas are code.
    """
    return [
        f"cell {position}: {reason}"
        for position, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "markdown"
        for reason in [*_bare_dollars(cell.source), *_runs_with_dollars(cell.source)]
    ]


def _bare_dollars(text: str) -> list[str]:
    """Complain of what is mathematics in the text as it is written, whatever elements there are."""
    complaints = []
    for part in re.split(r"\n\s*\n", _CODE.sub("", text)):
        shown = re.sub(r"<!--.*?-->", "", part, flags=re.DOTALL)
        bare, all_of_them = (len(re.findall(r"(?<!\\)\$", one)) for one in (shown, part))
        if bare and all_of_them > 1:
            complaints.append(f"two `$` without a backslash make mathematics, write `\\$`: {part.strip()!r}")
        if found := re.search(r"\\\\[(\[]|\\begin\{", shown):
            complaints.append(f"{found[0]!r} begins mathematics: {part.strip()!r}")
    return complaints


def _runs_with_dollars(text: str) -> list[str]:
    """Complain of two dollars in one run of rendered text, and of any in raw HTML, where a backslash is shown."""
    complaints = []
    for block in _MARKDOWN.parse(text):
        if block.type == "html_block" and "$" in re.sub(r"<!--.*?-->", "", block.content, flags=re.DOTALL):
            complaints.append(f"a `$` in raw HTML: put an empty line before the text in {block.content.strip()!r}")
        runs = [""]
        for piece in block.children or []:
            if piece.type in _JOINED or re.match(r"<!--|<w?br\b", piece.content):
                runs[-1] += piece.content if piece.type in _JOINED else ""
            else:
                runs.append("")
        complaints += [
            f"what is between two amounts would be mathematics: {run!r}" for run in runs if run.count("$") > 1
        ]
    return complaints


# Length


def cell_length(notebook: Notebook) -> Complaints:
    """Code cells: median 5 lines or fewer, 90 % within 15, none over 25."""
    counts = [len(lines(cell.source)) for cell in code_cells(notebook)]
    if not counts:
        return ["there is no code cell"]
    complaints = [
        f"{named(cell)} has {len(lines(cell.source))} lines, more than {LONGEST}: move code to chatmon/"
        for cell in code_cells(notebook)
        if len(lines(cell.source)) > LONGEST
    ]
    if statistics.median(counts) > MEDIAN_LINES:
        complaints.append(f"the median code cell has {statistics.median(counts)} lines, more than {MEDIAN_LINES}")
    short = sum(count <= MOST_LINES for count in counts)
    if short < 0.9 * len(counts):
        complaints.append(f"only {short} of {len(counts)} code cells have {MOST_LINES} lines or fewer; 90 % should")
    return complaints


def counts(notebook: Notebook) -> dict[str, int]:
    """Return how much there is to read: words of prose, lines of code, lines of output (a figure is five)."""
    return {
        "words": sum(len(re.findall(r"\b[^\W\d_][\w'’-]*", prose(text))) for text in markdown(notebook)),
        "code": sum(len(lines(cell.source)) for cell in code_cells(notebook)),
        "output": sum(_lines_shown(output) for cell in code_cells(notebook) for output in cell.outputs),
    }


def _lines_shown(output: Any) -> int:
    data = output.get("data", {})
    if "image/png" in data:
        return 5
    return len(lines(output.get("text") or data.get("text/plain", "") or "\n".join(output.get("traceback", []))))


def reading_minutes(notebook: Notebook) -> int:
    """Return the minutes that a notebook takes to read, to the next five."""
    minutes = sum(number / A_MINUTE[what] for what, number in counts(notebook).items())
    return 5 * math.ceil(minutes / 5)


def length(notebook: Notebook, *, read: int, exercises: int) -> Complaints:
    """A lesson has at most 3,300 words and takes at most 60 minutes, and says how many it takes to read.

    Args:
        notebook: The lesson.
        read: The minutes that it says it takes to read.
        exercises: The minutes that it says its exercises take.
    """
    counted, minutes = counts(notebook), reading_minutes(notebook)
    complaints = []
    if counted["words"] > MOST_WORDS:
        complaints.append(f"{counted['words']} words, more than {MOST_WORDS}")
    if minutes + exercises > MOST_MINUTES:
        complaints.append(f"{minutes} minutes to read and {exercises} of exercises, more than {MOST_MINUTES}")
    if minutes != read:
        complaints.append(f"lessons.toml says {read} minutes to read; {counted} take {minutes}")
    return complaints


def new_terms(notebook: Notebook) -> Complaints:
    """A lesson defines at most 12 terms in its boxes; the banner of a solutions notebook is none."""
    cells = [cell for cell in notebook.cells[header_position(notebook) :] if cell.cell_type == "markdown"]
    found = re.findall(r"^> \*\*([^*]+)\*\*", "\n".join(cell.source for cell in cells), re.MULTILINE)
    return [f"{len(found)} new terms, more than {MOST_TERMS}: {', '.join(found)}"] if len(found) > MOST_TERMS else []


def widths(notebook: Notebook) -> Complaints:
    """Lines of code have at most 88 characters and printed ones 90: what JupyterLab shows at 900 pixels."""
    complaints = []
    for cell in code_cells(notebook):
        shown = [line for output in cell.outputs for line in _printed(output).splitlines()]
        for what, limit, written in (("code", CODE_WIDTH, cell.source.splitlines()), ("output", OUTPUT_WIDTH, shown)):
            complaints += [
                f"{named(cell)} has a line of {what} of {len(line)} characters, more than {limit}: {line!r}"
                for line in written
                if len(line) > limit
            ]
    return complaints


def _printed(output: Any) -> str:
    """Return what an output shows in letters of one width: nothing where it is shown as a picture or a page."""
    data = output.get("data", {})
    return output.get("text", "") or ("" if {"image/png", "text/html"} & set(data) else data.get("text/plain", ""))


def words(notebook: Notebook) -> Complaints:
    """At least 7 words of prose for each line of code."""
    written, coded = counts(notebook)["words"], counts(notebook)["code"]
    if written >= WORDS_PER_LINE * coded:
        return []
    return [f"{written} words for {coded} lines of code, fewer than {WORDS_PER_LINE} a line"]


# Outputs


def execution_counts(notebook: Notebook) -> Complaints:
    """Execution counts run 1..n: the notebook was run once, from top to bottom."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}, not 1..{len(counts)}"]


def errors(notebook: Notebook) -> Complaints:
    """No error output except in a cell tagged raises-exception, which has one; nothing on standard error."""
    complaints = []
    for cell in code_cells(notebook):
        kinds = [output.output_type for output in cell.outputs]
        expected = "raises-exception" in tags(cell)
        if ("error" in kinds) != expected:
            said = "is tagged raises-exception and raised nothing" if expected else "raised an error"
            complaints.append(f"{named(cell)} {said}")
        if any(output.output_type == "stream" and output.name == "stderr" for output in cell.outputs):
            complaints.append(f"{named(cell)} wrote to standard error: a warning is not part of a lesson")
    return complaints


def ignored_cells(notebooks: Mapping[str, Iterable[Notebook]], listed: Mapping[str, Any]) -> Complaints:
    """Cells tagged nbval-ignore-output and the entries of ignored_outputs.toml are the same, within the maximum.

    Args:
        notebooks: Of each lesson's name, its notebooks (the lesson and its solutions).
        listed: The parsed file.
    """
    tagged = {
        (lesson, (lines(cell.source) or [""])[0])
        for lesson, parts in notebooks.items()
        for notebook in parts
        for cell in code_cells(notebook)
        if "nbval-ignore-output" in tags(cell)
    }
    entries = [(entry["lesson"], entry["first_line"]) for entry in listed.get("cell", [])]
    complaints = [f"{lesson}: {line!r} is ignored and not listed" for lesson, line in sorted(tagged - set(entries))]
    complaints += [
        f"{lesson}: {line!r} is listed and no such cell is tagged"
        for lesson, line in entries
        if (lesson, line) not in tagged
    ]
    complaints += [
        f"{entry['first_line']!r} is listed without a reason"
        for entry in listed.get("cell", [])
        if len(entry.get("reason", "").split()) < 4
    ]
    if len(entries) != len(set(entries)):
        complaints.append("an entry is listed twice")
    if len(entries) > listed["maximum"]:
        complaints.append(f"{len(entries)} cells are ignored, more than the maximum of {listed['maximum']}")
    return complaints


def nbval_comments(notebook: Notebook) -> Complaints:
    """What nbval skips is said by a tag that the rules see, never by a comment or a tag of another name."""
    found = []
    for cell in code_cells(notebook):
        if re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source) or {"nbval-skip"} & set(tags(cell)):
            found.append(
                f"{named(cell)} is hidden from nbval: only the tags raises-exception and nbval-ignore-output may"
            )
    return found


# Code


FORBIDDEN = {
    r"^\s*!|!pip\b|^\s*%pip|^\s*%conda": "a shell command or an install",
    r"^\s*%": "a magic such as %load_ext",
    r"\bsys\.path\b": "sys.path",
    r"\b(?:wget|curl|urlretrieve|urlopen|hf_hub_download|snapshot_download)\b|requests\.get|httpx\.get": "a download",
}
ABSOLUTE = re.compile(
    r"(?<![\w:/.<~])/(?:home|Users|root|tmp|var|usr|opt|work|mnt|srv|etc|private)\b/?|\b[A-Z]:\\|~/|\bfile://"
)


def forbidden_code(notebook: Notebook) -> Complaints:
    """No !pip, %load_ext, sys.path or download."""
    return [
        f"{named(cell)} has {what}"
        for cell in code_cells(notebook)
        for form, what in FORBIDDEN.items()
        if re.search(form, cell.source, re.MULTILINE)
    ]


def paths(notebook: Notebook) -> Complaints:
    """No absolute path in code or output, and none that is relative: a lesson and its solutions lie in two folders."""
    complaints = []
    for cell in code_cells(notebook):
        tracebacks = [line for output in cell.outputs for line in output.get("traceback", [])]
        for text in [cell.source, *output_texts(cell), *tracebacks]:
            if found := ABSOLUTE.search(text):
                complaints.append(f"{named(cell)} has the path {found[0]!r} of one machine in its code or output")
        if found := re.search(r"[\"'](?:\.{1,2}/|(?:data|notebooks|tests)/)", cell.source):
            complaints.append(f"{named(cell)} has the relative path {found[0]!r}: use chatmon._tools.paths")
    return complaints


def semicolons(notebook: Notebook) -> Complaints:
    """No cell ends with a semicolon: nbval compares the value all the same."""
    return [
        f"{named(cell)} ends with a semicolon"
        for cell in code_cells(notebook)
        if re.sub(r"\s*#[^\"']*$", "", cell.source.rstrip()).endswith(";")
    ]


MODEL = re.compile(
    r"\b(?:gpt-(?:\d|oss)[\w.-]*|chatgpt-[\w.-]+|o[1345](?:-(?:mini|pro|preview))\b|claude-[\w.-]+|gemini-[\w.-]+"
    r"|(?:code)?llama-?\d[\w.:-]*|smollm\d?-\d+\w*|mi[sx]tral-[\w.-]+|qwen-?\d[\w.:-]*|gemma-?\d[\w.:-]*"
    r"|deepseek-[\w.-]+|phi-?\d[\w.:-]*|text-embedding-[\w.-]+)",
    re.IGNORECASE,
)


def model_names(notebook: Notebook, names: Iterable[str]) -> Complaints:
    """No model is named in a lesson's code or prose: models.toml is the one place.

    Args:
        notebook: The notebook.
        names: The names in models.toml.
    """
    exact = "|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)" for name in sorted(names, key=len, reverse=True))
    known = re.compile(exact or r"(?!)", re.IGNORECASE)
    return [
        f"{named(cell)} names the model {found[0]!r}: ask chatmon.lab.course_models()"
        for cell in notebook.cells
        if (found := known.search(cell.source) or MODEL.search(cell.source))
    ]


HOSTED = re.compile(
    r"\b\w+_API_KEY\b|ChatConfig\.(?:openai|from_env)\(|api\.openai\.com|smith\.langchain\.com|langtail\.com"
)


def hosted_cells(notebook: Notebook) -> Complaints:
    """A cell that talks to a hosted service is tagged hosted, announced as optional, and skips without a key."""
    complaints = []
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if HOSTED.search(cell.source) and "hosted" not in tags(cell):
            complaints.append(f"{named(cell)} talks of a hosted service and is not tagged hosted")
        if "hosted" not in tags(cell):
            continue
        before = notebook.cells[position - 1]
        if before.cell_type != "markdown" or not re.match(r"\W*optional\b", before.source, re.IGNORECASE):
            complaints.append(f"{named(cell)}: the cell before does not begin with 'Optional'")
        if not _skips_without_key(cell.source):
            complaints.append(
                f"{named(cell)}: is not `if <..._API_KEY in the environment>: ... else: <says it is skipped>`"
            )
    return complaints


def _skips_without_key(code: str) -> bool:
    """Say whether code does nothing but import outside one `if` that asks for a key and has an `else`."""
    body = [step for step in ast.parse(code).body if not isinstance(step, (ast.Import, ast.ImportFrom))]
    if len(body) != 1 or not isinstance(body[0], ast.If):
        return False
    return bool(body[0].orelse) and "_API_KEY" in ast.unparse(body[0].test)


# Figures


def figures(notebook: Notebook) -> Complaints:
    """Every figure has a description in its metadata, and a paragraph right after its cell that says the same."""
    complaints = []
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        for picture in pictures:
            alt = picture.metadata.get("image/png", {}).get("alt", "")
            if len(alt.split()) < 4:
                complaints.append(f"{named(cell)}: its figure has no alt text in its metadata: use chatmon.plots.show")
        after = notebook.cells[position + 1] if position + 1 < len(notebook.cells) else None
        if pictures and (after is None or after.cell_type != "markdown" or not _begins_with_sentence(after.source)):
            complaints.append(f"{named(cell)}: no sentence under its figure says what it shows")
    return complaints


def _begins_with_sentence(text: str) -> bool:
    first = text.lstrip().partition("\n\n")[0]
    return not re.match(r"[#\-*|<>`]|\d+\. ", first) and len(prose(first).split()) >= 6


# Exercises


def checked(notebook: Notebook) -> list[str]:
    """Return the exercises that a notebook's code checks, in order."""
    return [number for cell in code_cells(notebook) for number in _checks(cell.source)]


def _checks(code: str) -> list[str]:
    return re.findall(r"^\s*check\(\s*[\"']([\d.]+)[\"']", code, re.MULTILINE)


def exercise_numbers(notebook: Notebook, known: Sequence[str], *, count: tuple[int, int] | None) -> Complaints:
    """The exercises checked in a lesson are those its checkers know, in order, and as many as allowed.

    Args:
        notebook: The notebook.
        known: The numbers in chatmon/lab/course/_lesson_NN.py.
        count: The least and the most; None where there may be any number.
    """
    have = checked(notebook)
    complaints = [] if have == list(known) else [f"the lesson checks {have} and its checkers know {list(known)}"]
    if count and not count[0] <= len(have) <= count[1]:
        complaints.append(f"{len(have)} exercises, not {count[0]} to {count[1]}")
    return complaints


def exercise_shape(notebook: Notebook) -> Complaints:
    """Each exercise: a task headed 'Exercise N.M' that names its hint, a stub with one line to change, its check."""
    complaints = []
    stubs = 0
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "stub" not in tags(cell):
            continue
        stubs += 1
        marked = [line for line in lines(cell.source) if "# your turn" in line]
        if len(marked) != 1 or not re.search(r"(?:^|[\s=(])\.\.\.\s*\)?\s*# your turn", marked[0]):
            complaints.append(f"{named(cell)}: a stub has exactly one line `answer = ...  # your turn`")
        task = notebook.cells[position - 1].source
        heading = re.match(r"#{2,4} Exercise (\d+\.\d+)\b", task)
        if not heading:
            complaints.append(f"{named(cell)}: the cell before a stub begins with '### Exercise N.M'")
            continue
        number = heading[1]
        following = next((c for c in notebook.cells[position + 1 :] if c.cell_type == "code"), None)
        if following is None or _checks(following.source) != [number]:
            complaints.append(f'exercise {number}: the code cell after the stub is not check("{number}", ...)')
        if f'hint("{number}")' not in task:
            complaints.append(f'exercise {number}: its task does not say that there is hint("{number}")')
    if stubs != len(checked(notebook)):
        complaints.append(f"{stubs} stubs and {len(checked(notebook))} checks")
    return complaints


def outcomes(notebook: Notebook, wanted: str) -> Complaints:
    """Every check shows the wanted outcome: "not attempted yet" in a lesson, "right" in its solutions."""
    complaints = []
    for cell in code_cells(notebook):
        said = "\n".join(output_texts(cell))
        complaints += [
            f"exercise {number} is not shown as {wanted!r}"
            for number in _checks(cell.source)
            if f"Exercise {number}: {wanted}" not in said
        ]
    return complaints


def leaks(source: Notebook, lesson: Notebook) -> Complaints:
    """No line of a solution stands in the lesson's code, short lines and those of its own stub aside."""
    complaints = []
    shown = {_bare(line): line for cell in code_cells(lesson) for line in lines(cell.source)}
    for stub, cell in zip(source.cells, source.cells[1:], strict=False):
        if "solution" not in tags(cell):
            continue
        given = {_bare(line) for line in lines(stub.source)}
        secret = [line for line in lines(cell.source) if len(_bare(line)) >= TRIVIAL and _bare(line) not in given]
        complaints += [f"the lesson shows the solution's line {line!r}" for line in secret if _bare(line) in shown]
    if any("solution" in tags(cell) for cell in lesson.cells):
        complaints.append("the lesson has a cell tagged solution")
    return complaints


def _bare(line: str) -> str:
    return re.sub(r"\s+", "", line.partition("  #")[0])


def output_texts(cell: Any) -> list[str]:
    """Return what a cell's outputs say, as text."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        else:
            data = output.data
            texts += [data["text/plain"]] if "text/plain" in data else []
            if "text/html" in data and "image/png" not in data:  # a figure's description is its plain text
                texts.append(re.sub(r"<style.*?</style>|<[^>]+>", " ", data["text/html"], flags=re.DOTALL))
            texts += [data["text/markdown"]] if "text/markdown" in data else []
    return texts
