"""The exercises of lesson 11: what runs cost, what a map of counts holds, what a file can answer, what moved a bill."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_names, as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Run = dict[str, Any]
ANSWERING = {"helicone.csv", "langfuse_milliseconds.csv"}
"""The files of exercise 11.3 that state costs and conversations."""


def _run(name: str, parent: str | None, kind: str, cost: str | None) -> Run:
    return {"id": name, "parent_run_id": parent, "run_type": kind, "total_cost": cost}


PLAIN = [_run("1", None, "chain", "0.0020"), _run("2", "1", "llm", "0.0020")]
DEEP = [
    _run("1", None, "chain", "0.0050"),
    _run("2", "1", "chain", "0.0050"),
    _run("3", "2", "llm", "0.0020"),
    _run("4", "2", "retriever", None),
    _run("5", "2", "llm", "0.0030"),
]
RETRIED = [_run("6", None, "chain", "0.0070"), _run("7", "6", "llm", None), _run("8", "6", "llm", "0.0070")]
CALLS = [_run("2", "1", "llm", "0.0040"), _run("5", "4", "llm", "0.0060")]


def judge_cost_of(cost_of: Callable[[list[Run]], Any]) -> str:
    """Judge exercise 11.1: the cost of an export of runs, each call once."""
    for what, runs in {
        "a message with one call": PLAIN,
        "a chain in a chain with two calls": DEEP,
        "a message whose first call failed": RETRIED,
        "two messages in one list": [*PLAIN, *RETRIED],
        "an export of model calls alone": CALLS,
    }.items():
        stated = {run["id"]: Decimal(run["total_cost"] or 0) for run in runs}
        right = sum((stated[run["id"]] for run in runs if run["run_type"] == "llm"), Decimal(0))
        every = sum(stated.values(), Decimal(0))
        roots = sum((stated[run["id"]] for run in runs if run["parent_run_id"] is None), Decimal(0))
        no_calls = [(every - right, f"For {what} you added everything but the calls.")] if every != right else []
        number = as_number(cost_of([dict(run) for run in runs]), f"For {what}: ")
        judge_number(
            number,
            right,
            [
                (every, f"For {what} the parents are added to their children: {number:g}, where it cost {right:g}."),
                (roots, f"For {what} your roots add up to {number:g}, and it cost {right:g}: they need not be there."),
                (right * 1_000_000, f"For {what} you return {number:g}: costs are US dollars already."),
                (right * 100, f"For {what} you return {number:g}, which is cents: give US dollars."),
                *no_calls,
                (len(runs), f"For {what} you return how many runs there are: add up `total_cost`."),
            ],
            f"For {what} you return {number:g}, and it cost {right:g}.",
            within=Decimal("1e-9"),
        )
    if not as_number(cost_of([]), "For an export without runs: ").near(0):
        raise WrongError("An export without runs cost 0.")
    return "A call is the one run that somebody is charged for, so this holds for any export that has its calls."


def judge_input_tokens(input_tokens: Callable[[dict[str, int]], Any]) -> str:
    """Judge exercise 11.2: all input of one of Langfuse's maps, whichever habit it follows."""
    for usage, right in (
        ({"input": 300, "output": 40, "total": 340}, 300),
        ({"input": 126, "input_cached_tokens": 1024, "output": 50, "total": 1200}, 1150),
        ({"input": 1150, "input_cached_tokens": 1024, "output": 50, "total": 1200}, 1150),
        ({"input": 80, "input_cached_tokens": 0, "output": 20, "total": 100}, 80),
        ({"input": 400, "input_cached_tokens": 128, "output": 50, "total": 450}, 400),
        ({"input": 90, "input_cached_tokens": 512, "output": 30, "output_reasoning": 70, "total": 702}, 602),
        ({"input": 602, "input_cached_tokens": 512, "output": 100, "output_reasoning": 70, "total": 702}, 602),
        ({"input": 300, "output": 40, "output_reasoning": 60, "total": 400}, 300),
    ):
        number = as_number(input_tokens(dict(usage)), f"For {usage}: ")
        cached, reasoning = usage.get("input_cached_tokens", 0), usage.get("output_reasoning", 0)
        judge_number(
            number,
            right,
            [
                (
                    usage["total"] - usage["output"],
                    f"For {usage} the reasoning is still in your {number:g}: it is output, beside `output` here.",
                ),
                (
                    usage["input"],
                    f"For {usage} the parts make the total only with the cached tokens: they are not in `input`.",
                ),
                (
                    usage["input"] + cached,
                    f"For {usage} `input` and `output` make the total: cached tokens are in it; you added them again.",
                ),
                (
                    usage["total"] - usage["output"] - reasoning,
                    f"For {usage} reasoning is in `output` already, and you took it off again.",
                ),
                (
                    usage["input"] - cached,
                    f"For {usage} you return {number:g}: cached tokens are input, too, and not to be taken off.",
                ),
                *([(cached, f"For {usage} those are the cached tokens: give the whole input.")] if cached else []),
                (usage["output"], f"For {usage} that is the output: the input is asked for."),
                (usage["total"], f"For {usage} that is the total, output and all: the whole input is {right}."),
            ],
            f"For {usage} the whole input is {right}, not {number:g}.",
        )
    return "The map convicts itself: whoever reads the name alone is wrong for one of the two habits."


def judge_files(answer: Any) -> str:
    """Judge exercise 11.3: which of four files can say what a conversation cost."""
    found = set(as_names(answer, "files"))
    reasons: Mapping[str, str] = {
        "otlp_base64.jsonl.gz": "The spans know their conversations, and none states a cost. (Tokens times a price "
        "would be an answer, of lesson 3.)",
        "openai_stored.json": "The stored completions name neither a conversation nor a cost: 69 conversations of one "
        "turn are what is left when nobody says.",
    }
    for name, reason in reasons.items():
        if name in found:
            raise WrongError(reason)
    if strangers := sorted(found - ANSWERING):
        raise WrongError(f"There is no file {', '.join(strangers)}: take from `names`.")
    if not found:
        raise WrongError("Some can: look for a cost, and for fewer conversations than turns.")
    if found != ANSWERING:
        raise WrongError("Another one can: look for a cost, and for fewer conversations than turns.")
    return "You asked what a file holds before you asked it a question, which is the order that saves a week."


def judge_mix(answer: Any) -> str:
    """Judge exercise 11.4: how much of the fourth week's change in cost is other models."""
    parts, number = _parts("model"), as_number(answer)
    told = {
        "after": "That is the bill of the fourth week.",
        "before": "That is the bill of the first week.",
        "change": "That is the whole change: volume, mix and rate together.",
        "rate": "That is the rate: turns of the same model that cost more or less.",
        "volume": "That is the volume: fewer turns.",
    }
    judge_number(
        number,
        parts["mix"],
        [
            *((parts[name], reason) for name, reason in told.items()),
            (parts["mix"] + parts["rate"], "Mix and rate together: give the mix alone."),
            (parts["mix"] + parts["volume"], "Mix and volume together: give the mix alone."),
            (_parts("intent")["mix"], "That is the mix between intents: split by model."),
            (_parts("model", last=3)["mix"], "That is the third week: take the fourth."),
            (_parts("model", last=2)["mix"], "That is the second week: take the fourth, which is `weeks[3]`."),
            (-parts["mix"], "The sign is turned: compare the first week with the fourth, in this order."),
            (100 * parts["mix"], "That is in cents: give US dollars."),
            (parts["mix"] / parts["before"], "That is a share of the first week's bill: give US dollars."),
            (parts["mix"] / parts["change"], "That is a share of the change: give US dollars."),
        ],
        f"{number:.2f} US dollars is not it: compare week one with week four by model, and take the mix.",
        within=0.006,
    )
    return "Somebody sent an intent to a stronger model: nobody's price changed, only who answers."


@cache
def _parts(by: str, last: int = 4) -> dict[str, float]:
    """Return the parts of the change in cost from the first week to another one."""
    from datetime import UTC, datetime, timedelta
    from fractions import Fraction

    from chatmon._tools.paths import data_file
    from chatmon.analysis.change.decompose import Sums, decompose
    from chatmon.analysis.source import between, query

    start, weeks = datetime(2026, 10, 5, tzinfo=UTC), timedelta(weeks=1)
    periods = []
    for week in (0, last - 1):
        turns = between(data_file("four_weeks.parquet"), start + week * weeks, start + (week + 1) * weeks)
        rows = query(turns, f"SELECT {by}, count(cost), sum(cost) FROM turns GROUP BY {by}")  # noqa: S608 - our own names
        periods.append({name: Sums(priced, Fraction(cost)) for name, priced, cost in rows})
    found = decompose(*periods)
    named = {name: float(getattr(found, name)) for name in ("before", "after", "volume", "mix", "rate")}
    return named | {"change": float(found.after - found.before)}


EXERCISES = [
    Exercise(
        "11.1",
        hints=(
            "Which kind of run does somebody charge you for? Those are in the export in either case.",
            '`[run for run in runs if run["run_type"] == "llm"]` are the calls; some of them state no cost.',
        ),
        judge=judge_cost_of,
    ),
    Exercise(
        "11.2",
        hints=(
            "Where `input` and `output` alone make the `total`, everything else is a part of them.",
            "Where they do not, the cached tokens stand beside: `usage.get('input_cached_tokens', 0)` comes on top.",
        ),
        judge=judge_input_tokens,
    ),
    Exercise(
        "11.3",
        hints=(
            "It must state costs, and it must say which turns belong together. The table above shows both.",
            "A file with as many conversations as turns does not know its conversations.",
        ),
        judge=judge_files,
    ),
    Exercise(
        "11.4",
        hints=(
            "The lines that compared the first week with the third need one other number, and one dimension.",
            '`analysis.compare(...)["cost"].by("model")` holds `volume`, `mix` and `rate`.',
        ),
        judge=judge_mix,
    ),
]
