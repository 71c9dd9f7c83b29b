"""An experiment before any user is in it: every variant answers the same questions, and replies are compared in pairs.

It shows what a prompt does to questions whose right answers are known. It has as many units as questions, not as
replies, and no user: what people make of a reply only an experiment on users shows.
"""

from __future__ import annotations

import time
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chatmon import estimates
from chatmon.cost.usage import Usage
from chatmon.quality import context_relevance, task_completed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from chatmon.estimates import Estimate
    from chatmon.lab.bot._knowledge import KnowledgeBase


class Question(NamedTuple):
    """A question whose right answer is known.

    Attributes:
        id: Unique among the questions.
        text: What the user writes.
        note: What the knowledge base says about it, the same for every variant.
        facts: What a right reply must mention: for each fact its accepted wordings.
    """

    id: str
    text: str
    note: str
    facts: Sequence[Sequence[str]]


class Said(Protocol):
    """A reply, such as ``chatmon.connect.langtail.Reply``."""

    @property
    def text(self) -> str:
        """What the model wrote."""

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """Tokens as OpenAI counts them; None where they were not reported."""


class Answer(NamedTuple):
    """What one variant made of one question.

    Attributes:
        variant: The variant.
        question: The question's id.
        completed: Whether the reply mentions every fact.
        relevance: Of the reply to the question; None where there is nothing to compare.
        input_tokens: None where not reported.
        output_tokens: The same.
        seconds: From the call to the whole reply.
        text: The reply.
    """

    variant: str
    question: str
    completed: bool
    relevance: float | None
    input_tokens: int | None
    output_tokens: int | None
    seconds: float
    text: str


class Pairs(NamedTuple):
    """A treatment against the control, question by question.

    Attributes:
        variant: The treatment.
        questions: How many.
        both: Questions that both complete.
        won: Only the treatment.
        lost: Only the control.
        neither: Neither.
        p: Of won and lost being equally likely: McNemar's exact test, two-sided.
        relevance: The treatment's less the control's, over the questions where both are known.
        tokens: The same of input and output tokens together.
    """

    variant: str
    questions: int
    both: int
    won: int
    lost: int
    neither: int
    p: float
    relevance: Estimate
    tokens: Estimate


def questions(base: KnowledgeBase, *, every: int = 1) -> list[Question]:
    """Return a question for each entry of a knowledge base, in words of a user where it has some.

    One for each: two ways to ask the same are answered alike, and would count for two without saying more.

    Args:
        base: The knowledge base.
        every: Take each so many-th entry.

    Raises:
        ValueError: ``every`` is not positive.
    """
    if every < 1:
        raise ValueError(f"every ({every}) must be at least 1: 2 takes every second entry")
    return [
        Question(entry.id, (entry.phrasings or (entry.question,))[0], entry.answer, entry.facts)
        for entry in base.entries[::every]
    ]


def answer(
    variants: Sequence[str],
    asked: Sequence[Question],
    ask: Callable[[str, Question], Said],
    *,
    timer: Callable[[], float] = time.perf_counter,
) -> list[Answer]:
    """Have every variant answer every question, one variant after the other, so that a model's cache can help each.

    Args:
        variants: Names of the variants.
        asked: The questions.
        ask: Calls a variant with a question; what it raises ends the evaluation.
        timer: Monotonic, in seconds.

    Raises:
        ValueError: A variant or a question is named twice.
    """
    for what, names in (("variants", list(variants)), ("questions", [question.id for question in asked])):
        if len(set(names)) < len(names):
            raise ValueError(f"{what} {names} name one twice: each is one half of a pair")
    found = []
    for variant in variants:
        for question in asked:
            begin = timer()
            said = ask(variant, question)
            seconds = timer() - begin
            usage = Usage() if said.usage is None else Usage.from_openai_chat(said.usage)
            found.append(
                Answer(
                    variant=variant,
                    question=question.id,
                    completed=task_completed(said.text, question.facts),
                    relevance=context_relevance(question.text, said.text),
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                    seconds=seconds,
                    text=said.text,
                )
            )
    return found


def compare(answers: Sequence[Answer], control: str) -> list[Pairs]:
    """Return each treatment against the control, over the same questions.

    Args:
        answers: What ``answer`` returned.
        control: The variant that the others are compared with.

    Raises:
        ValueError: The control has no answers, or a treatment answered other questions.
    """
    by_variant: dict[str, dict[str, Answer]] = {}
    for one in answers:
        by_variant.setdefault(one.variant, {})[one.question] = one
    if control not in by_variant:
        raise ValueError(f"control {control!r} has no answers: there are those of {', '.join(by_variant) or 'nobody'}")
    base = by_variant.pop(control)
    for variant, own in by_variant.items():
        if own.keys() != base.keys():
            odd = ", ".join(sorted(own.keys() ^ base.keys()))
            raise ValueError(f"{variant} and {control} answered different questions ({odd}): they cannot be paired")
    return [_pairs(variant, [(base[name], own[name]) for name in base]) for variant, own in by_variant.items()]


def _pairs(variant: str, pairs: Sequence[tuple[Answer, Answer]]) -> Pairs:
    counts = {(old, new): 0 for old in (True, False) for new in (True, False)}
    for old, new in pairs:
        counts[old.completed, new.completed] += 1
    won, lost = counts[False, True], counts[True, False]
    return Pairs(
        variant=variant,
        questions=len(pairs),
        both=counts[True, True],
        won=won,
        lost=lost,
        neither=counts[False, False],
        p=_sign_p(won, lost),
        relevance=_difference([(old.relevance, new.relevance) for old, new in pairs]),
        tokens=_difference([(_tokens(old), _tokens(new)) for old, new in pairs]),
    )


def _tokens(one: Answer) -> int | None:
    return None if one.input_tokens is None or one.output_tokens is None else one.input_tokens + one.output_tokens


def _difference(pairs: Sequence[tuple[float | None, float | None]]) -> Estimate:
    apart = [new - old for old, new in pairs if old is not None and new is not None]
    # Scores lie between 0 and 1: nothing that a small sample lacks could be as far off as a mean has to fear.
    return estimates.mean_of(len(apart), fmean(apart) if apart else None, variance(apart) if len(apart) > 1 else None)


def _sign_p(won: int, lost: int) -> float:
    """Return the two-sided p of ``won`` against ``lost`` where either was equally likely.

    Example:
        >>> _sign_p(5, 0), _sign_p(6, 0), _sign_p(0, 0)
        (0.0625, 0.03125, 1.0)
    """
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def fewest(alpha: float = 0.05) -> int:
    """Return how many questions have to be won, and none lost, before chance is ruled out.

    Args:
        alpha: The level of the test.

    Raises:
        ValueError: ``alpha`` is not between 0 and 1.

    Example:
        >>> fewest(), fewest(0.05 / 2)
        (6, 7)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha ({alpha}) must lie between 0 and 1: 5 % is 0.05")
    number = 1
    while _sign_p(number, 0) >= alpha:
        number += 1
    return number


def table(answers: Sequence[Answer]) -> pd.DataFrame:
    """Return a row for each variant: the share completed, and the means of relevance, tokens and seconds."""
    import pandas as pd

    frame = pd.DataFrame(answers, columns=list(Answer._fields))
    columns = ["completed", "relevance", "input_tokens", "output_tokens", "seconds"]
    frame[columns] = frame[columns].astype("float64")
    return frame.groupby("variant", sort=False)[columns].mean()
