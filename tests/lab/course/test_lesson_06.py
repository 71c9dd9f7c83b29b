"""The answers that lesson 6's exercises are tried with."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from cases import Cases, forms, returning

from chatmon.quality import agreement, labels_needed


def kappa(labels, verdicts):
    n = len(labels)
    agree = sum(a == b for a, b in zip(labels, verdicts, strict=True)) / n
    true, said = sum(labels) / n, sum(verdicts) / n
    chance = true * said + (1 - true) * (1 - said)
    return None if chance == 1 else (agree - chance) / (1 - chance)


def by_library(labels, verdicts):
    return agreement(labels, verdicts).kappa.value


def as_an_estimate(labels, verdicts):
    found = agreement(labels, verdicts).kappa
    return None if found.value is None else found


def by_table(labels, verdicts):
    table = pd.crosstab(pd.Series(labels), pd.Series(verdicts), normalize=True)
    table = table.reindex(index=[False, True], columns=[False, True], fill_value=0).to_numpy()
    chance = float(table.sum(axis=0) @ table.sum(axis=1))
    return None if chance > 1 - 1e-12 else (np.trace(table) - chance) / (1 - chance)


def by_counts(labels, verdicts):
    n, yes, said = len(labels), sum(labels), sum(verdicts)
    same = sum(1 for a, b in zip(labels, verdicts, strict=True) if a is b)
    chance = Fraction(yes * said + (n - yes) * (n - said), n * n)
    return None if chance == 1 else (Fraction(same, n) - chance) / (1 - chance)


def of_parts(made, chance_is_one=None):
    def changed(labels, verdicts):
        n = len(labels)
        agree = sum(a == b for a, b in zip(labels, verdicts, strict=True)) / n
        true, said = sum(labels) / n, sum(verdicts) / n
        chance = true * said + (1 - true) * (1 - said)
        return chance_is_one if chance == 1 else made(agree, chance, true, said)

    return changed


def divides_by_nothing(labels, verdicts):
    agree, n = sum(a == b for a, b in zip(labels, verdicts, strict=True)), len(labels)
    true, said = sum(labels) / n, sum(verdicts) / n
    chance = true * said + (1 - true) * (1 - said)
    return (agree / n - chance) / (1 - chance)


def saving(**changes):
    asked = {"sensitivity": 0.92, "specificity": 0.75, "verdicts": 5000} | changes
    needed = labels_needed(asked.pop("width", 0.08), asked.pop("rate", 0.8), **asked)
    return (needed.alone - needed.with_judge) * 1.20 - 5000 * 0.004


NEEDED = labels_needed(0.08, 0.8, sensitivity=0.92, specificity=0.75, verdicts=5000)
SAVED = f"{saving():.2f}"


def corrected(verdicts, labels, weight):
    pairs = list(zip(verdicts, labels, strict=True))
    known = [label for _, label in pairs if label is not None]
    beside = [verdict for verdict, label in pairs if label is not None]
    others = [verdict for verdict, label in pairs if label is None]
    rate = sum(known) / len(known)
    return rate - weight * (sum(beside) / len(beside) - sum(others) / len(others)) if others else rate


def by_frame(verdicts, labels, weight):
    table = pd.DataFrame({"verdict": verdicts, "label": pd.Series(labels, dtype="boolean")})
    seen = table["label"].notna()
    if seen.all():
        return table["label"].mean()
    apart = table.loc[seen, "verdict"].mean() - table.loc[~seen, "verdict"].mean()
    return float(table["label"].mean()) - weight * apart


def by_residuals(verdicts, labels, weight):
    seen = np.array([label is not None for label in labels])
    words = np.array(verdicts, float)
    truth = np.array([float(label or 0) for label in labels])
    if seen.all():
        return truth.mean()
    return weight * words[~seen].mean() + (truth - weight * words)[seen].mean()


def of_rates(made):
    def changed(verdicts, labels, weight):
        known = [label for label in labels if label is not None]
        beside = [word for word, label in zip(verdicts, labels, strict=True) if label is not None]
        others = [word for word, label in zip(verdicts, labels, strict=True) if label is None] or beside
        shares = (sum(some) / len(some) for some in (known, beside, others, verdicts))
        return made(*shares, weight, len(known) / len(labels))

    return changed


def stumbles(verdicts, labels, weight):
    known = [label for label in labels if label is not None]
    others = [word for word, label in zip(verdicts, labels, strict=True) if label is None]
    beside = [word for word, label in zip(verdicts, labels, strict=True) if label is not None]
    return sum(known) / len(known) - weight * (sum(beside) / len(beside) - sum(others) / len(others))


CASES = {
    "6.1": Cases(
        stub=lambda labels, verdicts: ...,
        right=[
            kappa,
            by_library,
            as_an_estimate,
            by_table,
            by_counts,
            returning(kappa, Decimal),
            returning(kappa, np.float32),
            returning(kappa, lambda value: round(value, 4)),
            returning(kappa, lambda value: pd.Series([value])),
        ],
        wrong=[
            (of_parts(lambda agree, chance, true, said: agree), "agreement itself"),
            (of_parts(lambda agree, chance, true, said: chance), "what chance gives"),
            (of_parts(lambda agree, chance, true, said: agree - chance), "divide by what chance leaves"),
            (
                of_parts(lambda agree, chance, true, said: (agree - true * said) / (1 - true * said)),
                "on no as well as on yes",
            ),
            (of_parts(lambda agree, chance, true, said: 2 * agree - 1), "toss a coin"),
            (
                of_parts(lambda agree, chance, true, said: (agree - max(true, 1 - true)) / min(true, 1 - true)),
                "commoner label",
            ),
            (of_parts(lambda agree, chance, true, said: chance - agree), "agreement comes first"),
            (of_parts(lambda agree, chance, true, said: agree / chance), "so kappa is not that"),
            (of_parts(lambda agree, chance, true, said: (agree - chance) / (1 - chance), 0.0), "kappa is `None`"),
            (of_parts(lambda agree, chance, true, said: (agree - chance) / (1 - chance), 1.0), "kappa is `None`"),
            (divides_by_nothing, "divided by 0"),
            (lambda labels, verdicts: float("nan"), "no number to work with"),
            (lambda labels, verdicts: "0.5", "'0.5' is no number"),
        ],
    ),
    "6.2": Cases(
        stub=lambda verdicts, labels, weight: ...,
        right=[
            corrected,
            by_frame,
            by_residuals,
            returning(corrected, Decimal),
            returning(corrected, Fraction),
            returning(corrected, np.float64),
            returning(corrected, lambda value: round(value, 4)),
            returning(corrected, lambda value: np.array([value])),
            of_rates(lambda rate, beside, others, every, weight, share: rate - weight * (beside - others)),
        ],
        wrong=[
            (of_rates(lambda rate, beside, others, every, weight, share: rate), "the labels' own rate"),
            (of_rates(lambda rate, beside, others, every, weight, share: every), "the judge's own rate"),
            (
                of_rates(lambda rate, beside, others, every, weight, share: rate + weight * (beside - others)),
                "the wrong way",
            ),
            (
                of_rates(lambda rate, beside, others, every, weight, share: rate - (beside - others)),
                "weight is missing",
            ),
            (
                of_rates(lambda rate, beside, others, every, weight, share: rate - weight * (beside - every)),
                "compare with the others",
            ),
            (
                of_rates(lambda rate, beside, others, every, weight, share: rate * share - weight * (beside - others)),
                "`None` is not no",
            ),
            (
                of_rates(lambda rate, beside, others, every, weight, share: weight * rate + (1 - weight) * every),
                "mean of the two rates",
            ),
            (
                of_rates(lambda rate, beside, others, every, weight, share: rate - weight * (beside - rate)),
                "not the labels' own",
            ),
            (of_rates(lambda rate, beside, others, every, weight, share: others / 3), "labels 0.692"),
            (stumbles, "divided by 0"),
            (lambda verdicts, labels, weight: [0.5, 0.5], "no number"),
            (lambda verdicts, labels, weight: 12, "labels 0.692"),
        ],
    ),
    "6.3": Cases(
        right=[saving(), *forms(SAVED)],
        wrong=[
            (saving() + 20, "The verdicts cost something"),
            (NEEDED.alone * 1.20, "without a judge"),
            (NEEDED.with_judge * 1.20 + 20, "all that it costs with the judge"),
            (NEEDED.with_judge * 1.20, "labels cost with the judge"),
            (NEEDED.alone - NEEDED.with_judge, "how many labels it saves"),
            (-saving(), "The other way round"),
            (saving() + 40, "take them off"),
            (saving(width=0.16), "from end to end"),
            (saving(rate=0.5), "About 0.8 of the replies"),
            (saving(verdicts=10_000), "here are 5,000"),
            ((NEEDED.alone - NEEDED.with_judge) * 1.20 - NEEDED.with_judge * 0.004, "All 5,000 replies are judged"),
            ((NEEDED.alone - NEEDED.with_judge) * 1.20 - 0.004, "the price of one verdict"),
            (12345, "it takes"),
            (SAVED, "is no number"),
        ],
    ),
}
