"""The answers that lesson 7's exercises are tried with."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from cases import Cases


def held_before(before, after):
    weights = before["intent"].value_counts(normalize=True)
    then, now = (week.groupby("intent")["cost"].mean() for week in (before, after))
    return (weights * now).sum() / (weights * then).sum() - 1


def by_regression(before, after):
    both = pd.concat([before.assign(late=0), after.assign(late=1)])
    fitted = smf.ols("cost ~ C(intent) * late", both).fit()
    return float(fitted.predict(after.assign(late=1)).mean() / fitted.predict(after.assign(late=0)).mean() - 1)


def plain(before, after):
    return after["cost"].mean() / before["cost"].mean() - 1


def every_intent_alike(before, after):
    return (after.groupby("intent")["cost"].mean() / before.groupby("intent")["cost"].mean()).mean() - 1


def surely(found, usd):
    enough = [one for one in found if "usd" in one.monthly and one.monthly["usd"].low >= usd]
    return max(enough, key=lambda one: one.monthly["usd"].value, default=None)


def by_loop(found, usd):
    best = None
    for one in found:
        saved = one.monthly.get("usd")
        if saved and saved.low >= usd and (best is None or saved.low > best.monthly["usd"].low):
            best = one
    return best


def by_value(found, usd):
    enough = [one for one in found if "usd" in one.monthly and one.monthly["usd"].value >= usd]
    return max(enough, key=lambda one: one.monthly["usd"].value, default=None)


CASES = {
    "7.1": Cases(
        right=[60.0] * 100,
        other_right=np.repeat([10, 90], [50, 70]),
        wrong=[
            (list(range(1, 201)), "20 of 200 are above"),
            ([60] * 95 + [90] * 5, "5 of 100 are above"),
            ([60.0] * 10, "10 response times: give at least 100"),
            ([3.0] * 100, "The mean is 3.0 s"),
            (60.0, "give a list of numbers"),
            ([-60.0] * 100, "no negative one"),
            ([float("inf")] * 100, "finite"),
        ],
    ),
    "7.2": Cases(
        right=held_before,
        other_right=by_regression,
        wrong=[
            (plain, "is the plain change"),
            (every_intent_alike, "give each intent the weight"),
            (lambda before, after: 0.0, "where the truth is"),
            (lambda before, after: held_before(before, after) + 1, "neither per cent nor a factor"),
            (lambda before, after: 100 * held_before(before, after), "neither per cent nor a factor"),
            (lambda before, after: "0.1", "return one number"),
        ],
        stub=lambda before, after: ...,
    ),
    "7.3": Cases(
        right=surely,
        other_right=by_loop,
        wrong=[
            (lambda found, usd: found[0] if len(found) else None, "You chose retry_storm"),
            (by_value, "You chose overpowered_model, said to save $8.86"),
            (lambda found, usd: found[0] if usd > 100 else None, "and you chose none"),
            (lambda found, usd: "bloated_prompt", "return one of the recommendations"),
            (lambda found, usd: max(found, key=lambda one: one.weight, default=None), "You chose retry_storm"),
        ],
        stub=lambda found, usd: ...,
    ),
}
