"""The commands about quality: ask somebody for labels, ask a model for verdicts, and put its rate right."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from chatmon.cli._reading import Reading, reading
from chatmon.cli._say import say

if TYPE_CHECKING:
    import pandas as pd
    from langchain_core.language_models import BaseChatModel

    from chatmon.quality import Rubric

_COLUMNS: Final = ("turn_id", "name", "label", "drawn", "version")
_ANSWERS: Final = {"y": "yes", "n": "no", "s": ""}
_LABELS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": None}


@reading
def label(
    logs_at: Reading,
    output: Annotated[Path, typer.Option("-o", "--output", help="The CSV of labels to write, or to go on with.")],
    rubric: Annotated[Path, typer.Option("--rubric", help="The question about each reply: a file of text.")],
    n: Annotated[int, typer.Option("--n", help="How many replies, drawn at random, are to have a label.")] = 40,
    seed: Annotated[int, typer.Option(help="Another seed draws others.")] = 0,
) -> None:
    """Show replies drawn at random, one by one, and write down what you say of each; it goes on where it ended."""
    from chatmon.quality import Rubric, next_to_label

    asked = Rubric.read(rubric)
    known = _labels(output, asked) if output.exists() else {}
    turns = _texts(logs_at)
    turns = turns.set_index("turn_id")
    questions, answers = turns["question"].to_dict(), turns["answer"].to_dict()
    left = max(0, n - sum(one in turns.index for one in known))
    drawn = next_to_label(list(turns.index), left, labelled=known, seed=seed)
    wanted = len(known) + len(drawn)
    say(f"{asked.text}\n")
    for number, (turn_id, how) in enumerate(drawn.itertuples(index=False), len(known) + 1):
        say(f"--- {number} of {wanted}\nquestion: {questions[turn_id]}")
        say(f"reply:    {answers[turn_id]}")
        answer = _asked()
        if answer is None:
            say(f"{output} has {len(known)} labels: the same command goes on.")
            return
        known[turn_id] = _LABELS[answer]
        _append(output, {"turn_id": turn_id, "name": asked.name, "label": answer, "drawn": how,
                         "version": asked.version})  # fmt: skip
    say(f"{output} has {len(known)} labels, {sum(value is None for value in known.values())} of them open.")


@reading
def judge(
    logs_at: Reading,
    rubric: Annotated[Path, typer.Option("--rubric", help="The question about each reply: a file of text.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The CSV of verdicts to write.")],
    model: Annotated[str, typer.Option("--model", help="The judge's model.")],
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="An endpoint that speaks as OpenAI's does; else OPENAI_BASE_URL.")
    ] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="A CSV of labels: see chatmon label.")] = None,
    workers: Annotated[int, typer.Option(help="How many calls to have under way at once.")] = 4,
) -> None:
    """Ask a model one yes-or-no question about every reply and, with labels, say what is true once its errors are out.

    What was answered is kept beside the output, so that the same command after Ctrl-C asks for the rest only.
    """
    from chatmon._tools.paths import rewritten
    from chatmon.quality import Judge, Rubric

    asked = Rubric.read(rubric)
    known = None if labels is None else _labels(labels, asked)
    turns = _texts(logs_at)
    judging = Judge(asked, _model(model, base_url), path=output.with_suffix(".verdicts.jsonl"), workers=workers)
    found = _with_progress(judging, turns)
    found = found.assign(name=asked.name, by=judging.name, version=asked.version)
    with rewritten(output) as file:  # the judge's words may quote people: for its owner only
        found.to_csv(file, index=False)
    unread = int(found["verdict"].isna().sum())
    say(f"{output} has {len(found):,} verdicts of {judging.name}, {unread:,} of them open, by {asked.name!r} "
        f"(version {asked.version}); {len(judging.monitor.turns()):,} were asked for now.")  # fmt: skip
    _say_what_is_true(found, turns, known)


def _texts(logs_at: Reading) -> "pd.DataFrame":
    """Return the turns that have a question and an answer."""
    with logs_at.open(content=True) as logs:
        turns = logs.frame()
    kept = turns[turns["question"].notna() & turns["answer"].notna()]
    if kept.empty:
        raise ValueError(f"none of {len(turns):,} turns has a question and an answer: the log holds no texts")
    return kept


def _model(name: str, base_url: str | None) -> "BaseChatModel":
    from chatmon._tools.extras import wanted

    openai = wanted("langchain_openai", "judge", "chatmon judge")
    # One word is wanted, and its probability: what a model without them says is read all the same.
    chosen: dict[str, Any] = {"model": name, "temperature": 0, "max_completion_tokens": 5, "max_retries": 2}
    model: BaseChatModel = openai.ChatOpenAI(
        **chosen, base_url=base_url, logprobs=True, top_logprobs=20, use_responses_api=False
    )
    return model


def _with_progress(judging: Any, turns: "pd.DataFrame") -> "pd.DataFrame":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=len(turns))
        found: pd.DataFrame = judging.verdicts(turns, lambda done, _: bar.update(task, completed=done))
    return found


def _say_what_is_true(found: "pd.DataFrame", turns: "pd.DataFrame", known: dict[str, bool | None] | None) -> None:
    from chatmon import estimates
    from chatmon.quality import agreement, corrected_rate, judge_bias

    verdicts = found["verdict"].astype(object)
    if known is None:
        read = [bool(one) for one in found["verdict"].dropna()]
        say(f"the judge's rate: {estimates.rate(sum(read), len(read)).text()}")
        say("How wrong it is nobody knows: chatmon label asks for labels of replies at random, --labels reads them.")
        return
    labels = [known.get(turn_id) for turn_id in found["turn_id"]]
    units = found["conversation_id"].fillna(found["turn_id"])
    say(f"\n{corrected_rate(verdicts, labels, units)}")
    agreed = agreement(labels, verdicts, units)
    say(f"\n{agreed}")
    counts = ", ".join(f"{name} = {count:.0f}" for name, count in agreed.confusion._asdict().items())
    say(f"\nfor a rule of alerts: agreement = {{ {counts} }}")
    length = turns["answer"].str.len()
    halves = ["long" if is_long else "short" for is_long in length > length.median()]
    biased = judge_bias(labels, verdicts, halves, units)
    say(f"\nby the length of the reply\n{biased.to_string(float_format='{:.2f}'.format)}")


def _labels(path: Path, asked: "Rubric") -> dict[str, bool | None]:
    """Return labels by turn: of a rubric, and of replies drawn at random, where the file says so."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = csv.DictReader(file)
        missing = {"turn_id", "label"} - set(read.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))}; chatmon label writes such a file")
        rows = [row for row in read if row.get("drawn") in (None, "", "at random")]
    rows = [row for row in rows if row.get("name") in (None, asked.name)]
    other = [version for row in rows if (version := row.get("version")) not in (None, "", asked.version)]
    if other:
        raise ValueError(
            f"{path}: {len(other):,} of {len(rows):,} labels are by version {other[0]} of {asked.name!r}, the rubric "
            f"is {asked.version}: they answer another question; name another file"
        )
    strange = [row["label"] for row in rows if (row["label"] or "").strip().casefold() not in _LABELS]
    if strange:
        raise ValueError(f"{path}: {strange[0]!r} is no label: write yes, no, or nothing for one that is open")
    return {row["turn_id"]: _LABELS[(row["label"] or "").strip().casefold()] for row in rows}


def _asked() -> str | None:
    """Return yes, no or nothing, as somebody answers; None at the end."""
    while True:
        try:
            said = input("yes, no, skip or quit [y/n/s/q]? ").strip().casefold()[:1]
        except (EOFError, KeyboardInterrupt):
            return None
        if said == "q":
            return None
        if said in _ANSWERS:
            return _ANSWERS[said]


def _append(path: Path, row: dict[str, str]) -> None:
    from chatmon._tools.paths import private_file

    is_new = not path.exists()
    private_file(path)
    columns = _COLUMNS if is_new else _head(path)
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")  # a file of another release keeps its columns
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def _head(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))
