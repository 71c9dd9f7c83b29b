"""The exercises of lesson 5: the slow span of a trace, a report that counts once, and a fair comparison of prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable

Record = dict[str, Any]


def _span(number: int, parent: int | None, name: str, seconds: float) -> Record:
    return {"id": f"s{number}", "parent": None if parent is None else f"s{parent}", "name": name, "seconds": seconds}


TRACES: Final = (
    (
        "a slow search",
        "search",
        [
            _span(0, None, "desk", 5.0),
            _span(1, 0, "search", 3.1),
            _span(2, 0, "attempt", 1.8),
            _span(3, 2, "model", 1.7),
        ],
    ),
    (
        "a slow model three levels down",
        "model",
        [
            _span(3, 2, "model", 6.0),
            _span(2, 1, "attempt", 6.1),
            _span(1, 0, "answer", 6.3),
            _span(0, None, "desk", 9.0),
            _span(4, 0, "search", 1.5),
        ],
    ),
    (
        "time that is in no span of its own",
        "plan",
        [
            _span(0, None, "desk", 10.0),
            _span(1, 0, "plan", 8.0),
            _span(2, 1, "search", 1.0),
            _span(3, 1, "model", 2.0),
            _span(4, 0, "model", 1.8),
        ],
    ),
    ("a single span", "desk", [_span(0, None, "desk", 0.4)]),
)
"""Traces that the lesson does not show: what is slow in them, and their spans."""


def judge_slowest(slowest: Callable[[list[Record]], Any]) -> str:
    """Judge exercise 5.1: the span with the most time of its own."""
    for what, right, spans in TRACES:
        found = slowest([dict(span) for span in spans])
        if isinstance(found, dict):
            raise WrongError("Return the span's name, not the span.")
        if found is None:
            raise WrongError(f"With {what} nothing was returned: return the span's name.")
        if found in [span["id"] for span in spans]:
            raise WrongError(f"{found!r} is a span's id: return its name.")
        if not isinstance(found, str):
            raise WrongError(f"With {what} you return {found!r}: return a span's name.")
        if found == right:
            continue
        names = [span["name"] for span in spans]
        if found not in names:
            raise WrongError(f"{found!r} is no span of a trace whose spans are {', '.join(names)}.")
        if found == max(spans, key=lambda span: span["seconds"])["name"]:
            raise WrongError(
                f"With {what} you found {found!r}, the longest: it contains the others. Take off what is below."
            )
        leaves = [span for span in spans if span["id"] not in {other["parent"] for other in spans}]
        if found == max(leaves, key=lambda span: span["seconds"])["name"]:
            raise WrongError(
                f"With {what} you found {found!r}, the longest of those with nothing below: a parent has own "
                f"time too. {_own_times(spans)}."
            )
        raise WrongError(
            f"With {what} you found {found!r}, and the most own time is in {right!r}: {_own_times(spans)}."
        )
    return "Most own time is where to look, and in a span with children it is a request for one more span."


def _own_times(spans: list[Record]) -> str:
    below = {span["id"]: sum(other["seconds"] for other in spans if other["parent"] == span["id"]) for span in spans}
    return ", ".join(f"{span['name']} {span['seconds'] - below[span['id']]:.1f} s" for span in spans)


def _run(parent: str | None, kind: str, status: str, tokens: int | None) -> Record:
    return {"parent_run_id": parent, "run_type": kind, "status": status, "total_tokens": tokens}


WEEKS: Final[tuple[tuple[str, list[Record], Record], ...]] = (
    (
        "a week with a retry",
        [
            _run(None, "chain", "success", 130),
            _run("a", "llm", "error", None),
            _run("a", "llm", "success", 130),
            _run(None, "chain", "error", None),
            _run("b", "llm", "error", None),
            _run(None, "chain", "success", 70),
            _run("c", "retriever", "success", None),
            _run("c", "prompt", "success", None),
            _run("c", "chain", "success", 70),
            _run("d", "llm", "success", 70),
        ],
        {"turns": 3, "success_rate": 2 / 3, "tokens": 200},
    ),
    (
        "a service that adds nothing up",
        [
            _run("a", "llm", "success", 40),
            _run(None, "chain", "success", None),
            _run("a", "llm", "success", 60),
            _run(None, "llm", "success", 25),
        ],
        {"turns": 2, "success_rate": 1.0, "tokens": 125},
    ),
    ("an empty week", [], {"turns": 0, "success_rate": None, "tokens": 0}),
)
"""Weeks that the lesson does not show: their runs, and the right report."""


def judge_report(report: Callable[[list[Record]], Any]) -> str:
    """Judge exercise 5.2: a report over runs that counts turns, and each token once."""
    for what, runs, right in WEEKS:
        found = report([dict(run) for run in runs])
        if not isinstance(found, Mapping) and type(found).__name__ != "Series":
            raise WrongError(f"Return a dict, not a {type(found).__name__}.")
        if "error" in found:
            raise WrongError(f"For {what} you return an error in place of a result: give what is known, and None.")
        if missing := sorted(right.keys() - found.keys()):
            raise WrongError(f"For {what} your report lacks {', '.join(missing)}.")
        _judge_week(what, runs, found, right)
    return "A retry that works is no failure, and a week without turns is not a good one."


def _judge_week(what: str, runs: list[Record], found: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    turns = as_number(found["turns"], f"For {what}, `turns`: ")
    calls = sum(run["run_type"] == "llm" for run in runs)
    good = sum(run["status"] == "success" for run in runs if run["parent_run_id"] is None)
    wrong_turns = f"For {what} there are {right['turns']} turns, not {turns:g}"
    judge_number(
        turns,
        right["turns"],
        [
            (len(runs), f"{wrong_turns}. Those are all runs: a turn is a root, which has no parent."),
            (calls, f"{wrong_turns}. Those are the calls of type llm: a turn is a root, which has no parent."),
            (good, f"{wrong_turns}. Those are the turns that succeeded: count the others, too."),
        ],
        f"{wrong_turns}: a turn is a root, which has no parent.",
    )
    _judge_rate(what, runs, found["success_rate"], right["success_rate"])
    tokens = as_number(found["tokens"], f"For {what}, `tokens`: ")
    wrong_tokens = f"For {what} there are {right['tokens']} tokens, not {tokens:g}"
    twice = sum(run["total_tokens"] or 0 for run in runs)
    roots = sum(run["total_tokens"] or 0 for run in runs if run["parent_run_id"] is None)
    succeeded = sum(
        run["total_tokens"] or 0 for run in runs if run["run_type"] == "llm" and run["parent_run_id"] is not None
    )
    judge_number(
        tokens,
        right["tokens"],
        [
            (twice, f"{wrong_tokens}: you added all runs, and what holds a call has its tokens too."),
            (roots, f"{wrong_tokens}: you added the roots, which need not know them: add the calls."),
            (succeeded, f"{wrong_tokens}: a call may be a root itself, and it has tokens, too."),
        ],
        f"{wrong_tokens}: add the runs of type llm, wherever they are.",
    )


def _judge_rate(what: str, runs: list[Record], found: Any, wanted: float | None) -> None:
    if wanted is None:
        if found is not None and type(found).__name__ != "NAType":
            raise WrongError(f"For {what} the success rate is {found}, and nothing is known: `None`.")
        return
    if found is None:
        raise WrongError(f"For {what} you return no success rate, and it is known: {wanted:.3f}.")
    rate = as_number(found, f"For {what}, `success_rate`: ")
    told = f"For {what} the success rate is {wanted:.3f}, not {rate:g}"
    every = sum(run["status"] == "success" for run in runs) / len(runs)
    judge_number(
        rate,
        wanted,
        [
            (every, f"{told}: only roots are turns, a call is none."),
            (100 * wanted, f"{told}: give a share between 0 and 1."),
            (1 - wanted, f"{told}: that is the share that failed."),
        ],
        f"{told}: the share of roots whose `status` is success.",
        within=1e-3,
    )


PAIRS: Final = (
    (
        "the hard questions timed out in the second",
        {"a": 1.0, "b": 1.0, "c": 0.2, "d": 0.2},
        {"a": 0.9, "b": 0.8, "c": None},
        -0.15,
    ),
    ("the first has a gap too", {"a": None, "b": 0.25, "c": 0.5}, {"c": 0.75, "b": 0.0, "a": 1.0, "e": 1.0}, 0.0),
    ("truth values and a score of zero", {"a": False, "b": 0, "c": True}, {"a": True, "b": 1, "c": 0}, 1 / 3),
    ("no question in common", {"a": 1.0, "b": None}, {"b": 1.0}, None),
)
"""Scores of two versions that the lesson does not show, and the mean difference question by question."""


def judge_gain(gain: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> str:
    """Judge exercise 5.3: the mean difference over the questions that both versions have a score for."""
    for what, first, second, right in PAIRS:
        found = gain(dict(first), dict(second))
        if right is None:
            if found is not None and type(found).__name__ != "NAType":
                raise WrongError(f"With {what} nothing can be compared, so it is None, not {found}.")
            continue
        if found is None:
            raise WrongError(f"With {what} you return None, and {right:.3f} is known.")
        number = as_number(found, f"With {what}: ")
        both = [one for one in first if first[one] is not None and second.get(one) is not None]
        ratio = sum(float(second[one] or 0) for one in both) / (sum(float(first[one] or 0) for one in both) or 1)
        judge_number(
            number,
            right,
            [
                (
                    _plain(second) - _plain(first),
                    f"With {what} you compared two means over different questions: take those that both have.",
                ),
                (-right, "Second less first, please: a gain is above 0 where the second is better."),
                (right * len(both), f"With {what} you return the sum of the differences, {number:.3f}: take the mean."),
                (
                    right * len(both) / len(first),
                    f"With {what} you divide by all {len(first)} questions: divide by those with two scores.",
                ),
                (100 * right, f"With {what} you return {number:g}: scores are not per cent."),
                (ratio, f"With {what} you return a ratio, {number:.3f}: take differences."),
                (ratio - 1, f"With {what} you return a relative gain, {number:.3f}: take the mean of the differences."),
            ],
            f"With {what} it is {right:.3f}, not {number:.3f}: a score of 0 counts, and a score of None does not.",
            within=1e-3,
        )
    return "The version that leaves out what is hard looks better in its mean; question by question it does not."


def _plain(scores: Mapping[str, Any]) -> float:
    known = [float(score) for score in scores.values() if score is not None]
    return sum(known) / len(known)


EXERCISES = [
    Exercise(
        "5.1",
        hints=(
            "For each span, first add up the seconds of the spans whose parent it is.",
            'With those sums in `below`: `max(spans, key=lambda span: span["seconds"] - below[span["id"]])["name"]`.',
        ),
        judge=judge_slowest,
    ),
    Exercise(
        "5.2",
        hints=(
            "Two lists out of one: the roots, for turns and success, and the calls of type llm, for tokens.",
            "A root has `parent_run_id` None. A call's tokens may be None too: `run['total_tokens'] or 0`.",
        ),
        judge=judge_report,
    ),
    Exercise(
        "5.3",
        hints=(
            "Make the list of questions first: those of `first` whose score is not None, in both. `second.get` helps.",
            "Then the mean of `second[question] - first[question]` over that list, if it is not empty.",
        ),
        judge=judge_gain,
    ),
]
