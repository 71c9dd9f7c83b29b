"""The exercises of lesson 6: agreement beyond chance, a rate put right, and what a judge saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

JUDGES: Final = (
    (
        "a judge that is right in most cases",
        [True] * 40 + [False] * 20,
        [True] * 34 + [False] * 6 + [True] * 5 + [False] * 15,
    ),
    ("one that always says yes", [True] * 18 + [False] * 2, [True] * 20),
    ("one that is right on every reply", [True, False, False, True], [True, False, False, True]),
    ("one that says the opposite", [True, False, True, False], [False, True, False, True]),
    ("a strict one", [True] * 30 + [False] * 10, [True] * 9 + [False] * 31),
)
"""Labels and verdicts that the lesson does not show."""
NO_DOUBT: Final = ([True] * 12, [True] * 12)
"""Where both always say the same, chance gives all of it."""
REPLIES: Final = (
    ("a good judge", [True] * 30 + [False] * 20, [True] * 9 + [None] * 22 + [False] * 4 + [None] * 15, 0.8),
    ("one that says yes too often", [True] * 45 + [False] * 15, [True, False, None] * 20, 0.5),
    ("one that goes against the truth", [False] * 12 + [True] * 28, [True] * 8 + [False] * 4 + [None] * 28, -0.4),
    ("a coin", [True, False, False, True] * 10, [None, True, False, None] * 10, 0.0),
    ("nothing but labels", [True] * 6 + [False] * 4, [True] * 5 + [False] * 5, 0.9),
)
"""Verdicts, labels and weights that the lesson does not show."""
LABEL, VERDICT, MONTH = 1.20, 0.004, 5000
"""What a label and a verdict cost in exercise 6.3, in dollars, and how many replies a month has."""


def _parts(labels: Sequence[bool], verdicts: Sequence[bool]) -> tuple[float, float, float, float]:
    n = len(labels)
    agree = sum(label == verdict for label, verdict in zip(labels, verdicts, strict=True)) / n
    true, said = sum(labels) / n, sum(verdicts) / n
    return agree, true * said + (1 - true) * (1 - said), true, said


def judge_kappa(kappa: Callable[[list[bool], list[bool]], Any]) -> str:
    """Judge exercise 6.1: Cohen's kappa, on judges of every kind."""
    for name, labels, verdicts in JUDGES:
        agree, chance, true, said = _parts(labels, verdicts)
        told = f"For {name} ({len(labels)} replies): "
        always = max(true, 1 - true)
        judge_number(
            as_number(kappa(list(labels), list(verdicts)), told),
            (agree - chance) / (1 - chance),
            [
                (agree, f"{told}that is agreement itself, with chance still in it."),
                (chance, f"{told}that is what chance gives."),
                (agree - chance, f"{told}divide by what chance leaves, `1 - chance`."),
                (
                    (agree - true * said) / (1 - true * said),
                    f"{told}chance agrees on no as well as on yes: two products.",
                ),
                (
                    (agree - 0.5) / 0.5,
                    f"{told}two who toss a coin agree on half; these two say yes more or less often.",
                ),
                (
                    (agree - always) / (1 - always),
                    f"{told}that is against the commoner label for all, not against chance.",
                ),
                (true * said + (1 - true) * (1 - said) - agree, f"{told}agreement comes first, then less chance."),
            ],
            f"{told}agreement is {agree:.3f}, by chance {chance:.3f}, so kappa is not that.",
            within=0.0005,
        )
    try:
        alone = kappa(*(list(part) for part in NO_DOUBT))
    except ZeroDivisionError:
        raise WrongError("Where both say yes to everything, chance is 1, and it divided by 0: return `None`.") from None
    if alone is not None:
        raise WrongError(f"Where both say yes to everything, chance is 1, and kappa is `None`; it returned {alone!r}.")
    return "Agreement of nine in ten can be a kappa of 0: now you can tell which."


def judge_corrected(corrected: Callable[[list[bool], list[bool | None], float], Any]) -> str:
    """Judge exercise 6.2: a rate corrected with a given weight, where labels are many, few, and all there are."""
    for name, verdicts, labels, weight in REPLIES:
        known = [label for label in labels if label is not None]
        beside = [word for word, label in zip(verdicts, labels, strict=True) if label is not None]
        others = [word for word, label in zip(verdicts, labels, strict=True) if label is None]
        rate, on_labelled, on_all = (sum(some) / len(some) for some in (known, beside, verdicts))
        elsewhere = sum(others) / len(others) if others else on_labelled
        told = f"With {len(known)} labels for {len(labels)} replies ({name}): "
        try:
            found = corrected(list(verdicts), list(labels), weight)
        except ZeroDivisionError:
            raise WrongError(f"{told}it divided by 0: without other replies there is nothing to take off.") from None
        judge_number(
            as_number(found, told),
            rate - weight * (on_labelled - elsewhere),
            [
                (rate, f"{told}that is the labels' own rate: take off what the judge shows."),
                (on_all, f"{told}that is the judge's own rate."),
                (rate + weight * (on_labelled - elsewhere), f"{told}the wrong way: a better sample is taken down."),
                (rate - (on_labelled - elsewhere), f"{told}the weight is missing: it is {weight}."),
                (
                    rate - weight * (on_labelled - on_all),
                    f"{told}compare with the others: all replies have the labelled ones in them.",
                ),
                (
                    sum(known) / len(labels) - weight * (on_labelled - elsewhere),
                    f"{told}the labels' rate is one of those that there are: `None` is not no.",
                ),
                (
                    weight * rate + (1 - weight) * on_all,
                    f"{told}that is a mean of the two rates; correct the first one.",
                ),
                (
                    rate - weight * (on_labelled - rate),
                    f"{told}take the judge's share on the others, not the labels' own.",
                ),
            ],
            f"{told}labels {rate:.3f}, judge {on_labelled:.3f} there, {elsewhere:.3f} elsewhere, weight {weight}.",
            within=0.0005,
        )
    return "Two subtractions, and a judge that is wrong by any amount does no harm."


def judge_saving(answer: Any) -> str:
    """Judge exercise 6.3: what a judge saves, once it is paid itself."""
    from chatmon.quality import labels_needed

    def labels(verdicts: int = MONTH, width: float = 0.08, rate: float = 0.8) -> tuple[int, int]:
        needed = labels_needed(width, rate, sensitivity=0.92, specificity=0.75, verdicts=verdicts)
        return needed.with_judge or 0, needed.alone

    beside, alone = labels()
    paid = MONTH * VERDICT
    saved = (alone - beside) * LABEL - paid
    half, half_alone = labels(width=0.16)
    careful, careful_alone = labels(rate=0.5)
    more, _ = labels(verdicts=10_000)
    number = as_number(answer)
    judge_number(
        number,
        saved,
        [
            (saved + paid, "The verdicts cost something, too: 5,000 of them."),
            (alone * LABEL, "That is what the labels cost without a judge."),
            (beside * LABEL + paid, "That is all that it costs with the judge: take it from what it costs without."),
            (beside * LABEL, "That is what the labels cost with the judge."),
            (alone - beside, "That is how many labels it saves: each costs $1.20, and the verdicts cost, too."),
            (-saved, "The other way round: what it costs alone, less what it costs with the judge."),
            (saved + 2 * paid, "The verdicts cost something: take them off instead of adding them."),
            ((half_alone - half) * LABEL - paid, "0.08 is the width from end to end: `labels_needed` takes that."),
            ((careful_alone - careful) * LABEL - paid, "About 0.8 of the replies are good: that is the rate."),
            (
                (alone - more) * LABEL - paid,
                "`labels_needed` thinks of 10,000 verdicts unless it is told: here are 5,000.",
            ),
            ((alone - beside) * LABEL - beside * VERDICT, "All 5,000 replies are judged, not only those with a label."),
            ((alone - beside) * LABEL - VERDICT, "$0.004 is the price of one verdict, and 5,000 are wanted."),
        ],
        f"{number:g} is not it: it takes {alone} labels alone, fewer with the judge, and 5,000 verdicts at $0.004.",
        within=0.005,
    )
    return "A judge pays where a label is dear and its verdict is cheap; at a dollar a verdict it would not."


EXERCISES = [
    Exercise(
        "6.1",
        hints=(
            "`sum(labels) / len(labels)` is how often the label says yes, since `True` counts as 1.",
            "With `true` and `said` as the two shares of yes, chance is `true * said + (1 - true) * (1 - said)`.",
        ),
        judge=judge_kappa,
    ),
    Exercise(
        "6.2",
        hints=(
            "Make three lists first: the labels that are known, the verdicts beside them, and the other verdicts.",
            "`sum(known) / len(known) - weight * (sum(beside) / len(beside) - sum(others) / len(others))`.",
        ),
        judge=judge_corrected,
    ),
    Exercise(
        "6.3",
        hints=(
            "`labels_needed(0.08, 0.8, ...)` takes sensitivity, specificity and verdicts by name.",
            "`(alone - with_judge) * 1.20 - 5000 * 0.004`.",
        ),
        judge=judge_saving,
    ),
]
