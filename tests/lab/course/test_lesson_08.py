"""The answers that lesson 8's exercises are tried with."""

from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import statsmodels.formula.api as smf
from cases import Cases, returning


def by_means(before, after):
    then, now = (week.groupby("intent")["completed"].mean() for week in (before, after))
    differences = (now - then).dropna()
    weights = before["intent"].value_counts()[differences.index]
    return (weights * differences).sum() / weights.sum()


def at_the_new_mix(before, after):
    common = set(before["intent"]) & set(after["intent"])
    rates = [week[week["intent"].isin(common)].groupby("intent")["completed"].mean() for week in (before, after)]
    weights = after.loc[after["intent"].isin(common), "intent"].value_counts(normalize=True)
    return (weights * rates[1]).sum() - (weights * rates[0]).sum()


def by_regression(before, after):
    both = pd.concat([before.assign(late=0), after.assign(late=1)])
    both = both[both["intent"].isin(set(before["intent"]) & set(after["intent"]))]
    return smf.ols("completed ~ C(intent) + late", both.astype({"completed": float})).fit().params["late"]


def by_dictionaries(before, after):
    rates = []
    for week in (before, after):
        seen = defaultdict(list)
        for intent, completed in zip(week["intent"], week["completed"], strict=True):
            seen[intent].append(completed)
        rates.append({intent: sum(each) / len(each) for intent, each in seen.items()})
    asked = Counter(before["intent"])
    common = rates[0].keys() & rates[1].keys()
    return sum(asked[one] * (rates[1][one] - rates[0][one]) for one in common) / sum(asked[one] for one in common)


def by_expectation(before, after):
    then = before.groupby("intent")["completed"].mean()
    known = after[after["intent"].isin(then.index)]
    return known["completed"].mean() - known["intent"].map(then).mean()


def by_pivot(before, after):
    both = pd.concat([before.assign(week="a"), after.assign(week="b")])
    table = both.pivot_table(index="intent", columns="week", values="completed", aggfunc=["mean", "size"]).dropna()
    return np.average(table["mean", "b"] - table["mean", "a"], weights=table["size"].sum(axis=1))


def by_merge(before, after):
    one, two = (week.groupby("intent")["completed"].agg(["mean", "size"]) for week in (before, after))
    both = one.merge(two, on="intent", suffixes=("_then", "_now"))
    share = both["size_then"] / both["size_then"].sum()
    return float(share @ both["mean_now"] - share @ both["mean_then"])


def exactly(before, after):
    counts = [week.groupby("intent")["completed"].agg(["sum", "size"]).T.to_dict() for week in (before, after)]
    then, now = ({one: Fraction(int(c["sum"]), int(c["size"])) for one, c in week.items()} for week in counts)
    weights = {one: int(counts[0][one]["size"]) for one in then.keys() & now.keys()}
    return sum(n * (now[one] - then[one]) for one, n in weights.items()) / sum(weights.values())


def plain(before, after):
    return after["completed"].mean() - before["completed"].mean()


def plain_of_common(before, after):
    return plain(before[before["intent"].isin(after["intent"])], after[after["intent"].isin(before["intent"])])


def every_intent_alike(before, after):
    return (after.groupby("intent")["completed"].mean() - before.groupby("intent")["completed"].mean()).mean()


def relative(before, after):
    common = before[before["intent"].isin(after["intent"])]
    return by_means(before, after) / common["completed"].mean()


def gone_is_failed(before, after):
    weights = before["intent"].value_counts(normalize=True)
    then, now = (week.groupby("intent")["completed"].mean() for week in (before, after))
    return (weights * now).sum() - (weights * then).sum()


def without_new_weights(before, after):
    weights = before["intent"].value_counts(normalize=True)
    then, now = (week.groupby("intent")["completed"].mean() for week in (before, after))
    return (weights * (now - then)).sum()


def each_at_its_own_mix(before, after):
    then, now = (week.groupby("intent")["completed"].mean() for week in (before, after))
    own = [week["intent"].value_counts(normalize=True) for week in (before, after)]
    return (own[1] * now).sum() - (own[0] * then).sum()


def one_intent(before, after):
    return plain(*(week[week["intent"] == "router"] for week in (before, after)))


def forgets_to_return(before, after):
    by_means(before, after)


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


def by_sorting(found, usd):
    in_money = sorted((one for one in found if "usd" in one.monthly), key=lambda one: -one.monthly["usd"].low)
    return next((one for one in in_money if one.monthly["usd"].low >= usd), None)


def by_frame(found, usd):
    table = pd.DataFrame(
        [
            (at, one.monthly["usd"].low, one.monthly["usd"].value)
            for at, one in enumerate(found)
            if "usd" in one.monthly
        ],
        columns=["at", "low", "value"],
    )
    enough = table[table["low"] >= usd]
    return list(found)[int(enough.loc[enough["value"].idxmax(), "at"])] if len(enough) else None


def by_filter(found, usd):
    enough = list(filter(lambda one: getattr(one.monthly.get("usd"), "low", -1) >= usd, found))
    return max(enough, key=lambda one: one.monthly["usd"].low) if enough else None


def by_try(found, usd):
    kept = {}
    for one in found:
        try:
            if one.monthly["usd"].low >= usd:
                kept[float(one.monthly["usd"].value)] = one
        except KeyError:
            continue
    return kept[max(kept)] if kept else None


def one_after_another(found, usd):
    chosen, least = None, usd
    for one in found:
        if "usd" in one.monthly and one.monthly["usd"].low >= least:
            chosen, least = one, one.monthly["usd"].low
    return chosen


def by_arrays(found, usd):
    lows = np.array([one.monthly["usd"].low if "usd" in one.monthly else -np.inf for one in found])
    return list(found)[lows.argmax()] if lows.size and lows.max() >= usd else None


class Choice:
    def __call__(self, found, usd):
        return surely(found, usd)


def by_value(found, usd):
    enough = [one for one in found if "usd" in one.monthly and one.monthly["usd"].value >= usd]
    return max(enough, key=lambda one: one.monthly["usd"].value, default=None)


def by_upper_end(found, usd):
    enough = [one for one in found if "usd" in one.monthly and one.monthly["usd"].high >= usd]
    return max(enough, key=lambda one: one.monthly["usd"].high, default=None)


def first_that_passes(found, usd):
    return next((one for one in found if "usd" in one.monthly and one.monthly["usd"].low >= usd), None)


def smallest_that_passes(found, usd):
    enough = [one for one in found if "usd" in one.monthly and one.monthly["usd"].low >= usd]
    return min(enough, key=lambda one: one.monthly["usd"].value, default=None)


def all_that_pass(found, usd):
    return [one for one in found if "usd" in one.monthly and one.monthly["usd"].low >= usd]


def largest_anyway(found, usd):
    return max((one for one in found if "usd" in one.monthly), key=lambda one: one.monthly["usd"].value, default=None)


def weightiest(found, usd):
    return max(found, key=lambda one: one.weight, default=None)


def title_of_it(found, usd):
    return None if surely(found, usd) is None else surely(found, usd).title


def amount_of_it(found, usd):
    return None if surely(found, usd) is None else surely(found, usd).monthly["usd"].low


def in_seconds(found, usd):
    return max(found, key=lambda one: one.monthly["seconds"].value if "seconds" in one.monthly else 0, default=None)


CASES = {
    "8.1": Cases(
        right=[
            [60.0] * 100,
            np.repeat([10, 90], [50, 70]),
            pd.Series([31] * 500),
            tuple(Decimal("45.5") for _ in range(100)),
            [1] * 50 + [70] * 60,
            np.full(100, 30, dtype=np.float32),
            pa.array([3600.0] * 120),
            [Fraction(61, 2)] * 100,
            [60] * 1000,
            pd.DataFrame({"seconds": [40.0] * 100})["seconds"],
        ],
        wrong=[
            (list(range(1, 201)), "20 of 200 are above"),
            ([60] * 95 + [90] * 5, "5 of 100 are above"),
            (np.linspace(30, 90, 1000), "they are all different"),
            ([60.0] * 10, "10 response times: give at least 100"),
            ([60.0] * 99, "99 response times"),
            ([], "0 response times"),
            ([3.0] * 100, "The mean is 3.0 s"),
            ([1] * 80 + [60] * 20, "The mean is 12.8 s"),
            (60.0, "give a list of numbers"),
            ("60" * 100, "give a list of numbers"),
            ({"seconds": [60.0] * 100}, "give a list of numbers"),
            (pd.DataFrame({"seconds": [60.0] * 100}), "give its column"),
            ([-60.0] * 100, "no negative one"),
            ([float("inf")] * 100, "One of the response times: inf"),
            ([60.0] * 99 + [None], "One of the response times: `None`"),
            (["60"] * 100, "One of the response times: '60'"),
        ],
    ),
    "8.2": Cases(
        right=[
            by_means,
            at_the_new_mix,
            by_regression,
            by_dictionaries,
            by_expectation,
            by_pivot,
            by_merge,
            exactly,
            returning(by_means, np.float32),
            returning(by_means, lambda share: Decimal(str(share))),
            returning(by_means, lambda share: pd.Series([share])),
        ],
        wrong=[
            (plain, "is the plain change"),
            (each_at_its_own_mix, "is the plain change"),
            (plain_of_common, "the same intents, and still their plain change"),
            (every_intent_alike, "the weight of its turns"),
            (relative, "a relative change"),
            (lambda before, after: 1 + relative(before, after), "that is a factor"),
            (gone_is_failed, "counts as never completed"),
            (without_new_weights, "have to add up to 1 again"),
            (one_intent, "where the truth is"),
            (lambda before, after: 0.0, "where the truth is"),
            (lambda before, after: 0.027, "nothing but other questions"),
            (lambda before, after: -by_means(before, after), "first the second week, then the first"),
            (lambda before, after: 100 * by_means(before, after), "and not points"),
            (lambda before, after: "0.1", "'0.1' is no number"),
            (forgets_to_return, "is something returned"),
            (lambda before, after: after.groupby("intent").completed.mean(), "give one number"),
            (lambda before, after: float("nan"), "a divisor 0"),
        ],
        stub=lambda before, after: ...,
    ),
    "8.3": Cases(
        right=[
            surely,
            by_loop,
            by_sorting,
            by_frame,
            by_filter,
            by_try,
            one_after_another,
            by_arrays,
            Choice(),
            partial(surely),
        ],
        wrong=[
            (first_that_passes, "is surely enough, and not the largest"),
            (smallest_that_passes, "is surely enough, and not the largest"),
            (all_that_pass, "return one, the largest"),
            (lambda found, usd: found, "return one, the largest"),
            (lambda found, usd: found[0] if len(found) else None, "You chose retry_storm"),
            (by_value, "You chose overpowered_model, said to save $8.86"),
            (by_upper_end, "You chose overpowered_model, said to save $8.86"),
            (largest_anyway, "You chose price_rise"),
            (weightiest, "You chose retry_storm"),
            (in_seconds, "You chose retry_storm"),
            (lambda found, usd: found[0] if usd > 100 else None, "and you chose none"),
            (lambda found, usd: "bloated_prompt", "return one of the recommendations"),
            (title_of_it, "return one of the recommendations"),
            (amount_of_it, "It returned a float"),
            (lambda found, usd: surely(found, usd) is not None, "It returned a bool"),
        ],
        stub=lambda found, usd: ...,
    ),
}
