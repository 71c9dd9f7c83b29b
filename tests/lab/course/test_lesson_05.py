"""The answers that the exercises of lesson 5 are tried with."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from statistics import fmean
from types import MappingProxyType

import numpy as np
import pandas as pd
from cases import Cases, returning


def own_time(spans):
    below = dict.fromkeys((span["id"] for span in spans), 0)
    for span in spans:
        if span["parent"] is not None:
            below[span["parent"]] += span["seconds"]
    return max(spans, key=lambda span: span["seconds"] - below[span["id"]])["name"]


def own_time_by_pandas(spans):
    table = pd.DataFrame(spans).set_index("id")
    below = table.groupby("parent")["seconds"].sum().reindex(table.index).fillna(0)
    return table.loc[(table["seconds"] - below).idxmax(), "name"]


def longest(spans):
    return max(spans, key=lambda span: span["seconds"])["name"]


def longest_leaf(spans):
    parents = {span["parent"] for span in spans}
    return max((span for span in spans if span["id"] not in parents), key=lambda span: span["seconds"])["name"]


def least_own_time(spans):
    return min(spans, key=lambda span: span["seconds"])["name"]


def whole_span(spans):
    return max(spans, key=lambda span: span["seconds"])


def report(runs):
    succeeded = [run["status"] == "success" for run in runs if run["parent_run_id"] is None]
    tokens = [run["total_tokens"] or 0 for run in runs if run["run_type"] == "llm"]
    rate = sum(succeeded) / len(succeeded) if succeeded else None
    return {"turns": len(succeeded), "success_rate": rate, "tokens": sum(tokens)}


def report_by_loop(runs):
    turns = good = tokens = 0
    for run in runs:
        if not run["parent_run_id"]:
            turns += 1
            good += run["status"] == "success"
        if run["run_type"] == "llm" and run["total_tokens"] is not None:
            tokens += run["total_tokens"]
    return {"success_rate": round(good / turns, 4) if turns else None, "tokens": tokens, "turns": turns, "note": ""}


def changed(**changes):
    return lambda runs: report(runs) | {name: change(runs) for name, change in changes.items()}


def share_of_all(runs):
    return sum(run["status"] == "success" for run in runs) / len(runs) if runs else None


def tokens_of(condition):
    return lambda runs: sum(run["total_tokens"] or 0 for run in runs if condition(run))


def error_where_empty(runs):
    return report(runs) if runs else {"error": "no runs"}


def perfect_where_empty(runs):
    return report(runs) if runs else report(runs) | {"success_rate": 1.0}


def gain(first, second):
    both = [question for question in first if first[question] is not None and second.get(question) is not None]
    return sum(second[one] - first[one] for one in both) / len(both) if both else None


def gain_by_pandas(first, second):
    both = pd.DataFrame({"first": first, "second": second}, dtype="float64").dropna()
    return None if both.empty else (both["second"] - both["first"]).mean()


def difference_of_means(first, second):
    def mean(scores):
        known = [score for score in scores.values() if score is not None]
        return sum(known) / len(known)

    return mean(second) - mean(first)


def first_less_second(first, second):
    found = gain(first, second)
    return None if found is None else -found


def without_zeros(first, second):
    kept = {question: score for question, score in second.items() if score}
    return gain({question: score for question, score in first.items() if score}, kept)


def zero_where_none(first, second):
    return gain(first, second) or 0


def stub_of_one(_):
    return ...


def stub_of_two(_, __):
    return ...


def own_time_by_recursion(spans):
    def own(span):
        return span["seconds"] - sum(one["seconds"] for one in spans if one["parent"] == span["id"])

    return max(spans, key=own)["name"]


def own_time_by_counter(spans):
    left = Counter()
    for span in spans:
        left[span["id"]] += span["seconds"]
        left[span["parent"]] -= span["seconds"]
    names = {span["id"]: span["name"] for span in spans}
    del left[None]
    return names[left.most_common(1)[0][0]]


def own_time_by_merge(spans):
    table = pd.DataFrame(spans)
    below = table.dropna(subset="parent").groupby("parent", as_index=False)["seconds"].sum()
    both = table.merge(below, left_on="id", right_on="parent", how="left", suffixes=("", "_below"))
    return both["name"].iloc[int(np.nanargmax(both["seconds"] - both["seconds_below"].fillna(0)))]


def own_time_by_matrix(spans):
    ids = [span["id"] for span in spans]
    seconds = np.array([span["seconds"] for span in spans])
    is_below = np.array([[other["parent"] == one for other in spans] for one in ids], dtype=float)
    return np.array([span["name"] for span in spans])[np.argmax(seconds - is_below @ seconds)]


def own_time_by_loop(spans):
    best = None
    for span in spans:
        time = span["seconds"]
        for other in spans:
            if other["parent"] == span["id"]:
                time -= other["seconds"]
        if best is None or time > best[0]:
            best = (time, span["name"])
    return best[1]


class OwnTime:
    def __call__(self, spans):
        return own_time(spans)


def own_time_exactly(spans):
    time = {span["id"]: Decimal(str(span["seconds"])) for span in spans}
    own = dict(time)
    for span in spans:
        if span["parent"] in own:
            own[span["parent"]] -= time[span["id"]]
    return next(span["name"] for span in spans if own[span["id"]] == max(own.values()))


def id_of_own_time(spans):
    return next(span["id"] for span in spans if span["name"] == own_time(spans))


def longest_below_the_root(spans):
    below = [span for span in spans if span["parent"] is not None] or spans
    return max(below, key=lambda span: span["seconds"])["name"]


def first_span(spans):
    return spans[0]["name"]


def root(spans):
    return next(span["name"] for span in spans if span["parent"] is None)


def seconds_of_own_time(spans):
    return max(span["seconds"] for span in spans)


def only_calls(spans):
    return "model"


def names_of_all(spans):
    return [span["name"] for span in spans]


def children_added(spans):
    def whole(span):
        return span["seconds"] + sum(one["seconds"] for one in spans if one["parent"] == span["id"])

    return max(spans, key=whole)["name"]


def finds_nothing(spans):
    max(spans, key=lambda span: span["seconds"])


def report_by_frame(runs):
    table = pd.DataFrame(runs, columns=["parent_run_id", "run_type", "status", "total_tokens"])
    roots = table[table["parent_run_id"].isna()]
    rate = (roots["status"] == "success").mean() if len(roots) else None
    tokens = table.loc[table["run_type"] == "llm", "total_tokens"].sum()
    return {"turns": len(roots), "success_rate": rate, "tokens": tokens}


def report_by_counter(runs):
    count = Counter(run["status"] == "success" for run in runs if run["parent_run_id"] is None)
    turns = count.total()
    tokens = sum(filter(None, (run["total_tokens"] for run in runs if run["run_type"] == "llm")))
    return {"turns": turns, "success_rate": Fraction(count[True], turns) if turns else None, "tokens": tokens}


def in_types(**types):
    def changed_types(runs):
        return {
            name: None if value is None else types.get(name, lambda one: one)(value)
            for name, value in report(runs).items()
        }

    return changed_types


def nan_where_empty(runs):
    return report(runs) if runs else report(runs) | {"success_rate": float("nan")}


def good_turns(runs):
    return sum(run["status"] == "success" for run in runs if run["parent_run_id"] is None)


def calls_below_a_root(runs):
    return sum(run["total_tokens"] or 0 for run in runs if run["run_type"] == "llm" and run["parent_run_id"])


def gain_by_loop(first, second):
    total = count = 0
    for question, score in first.items():
        other = second.get(question)
        if score is None or other is None:
            continue
        total, count = total + other - score, count + 1
    return total / count if count else None


def gain_of_two_means(first, second):
    both = {one for one in first.keys() & second.keys() if first[one] is not None and second[one] is not None}
    return fmean(second[one] for one in both) - fmean(first[one] for one in both) if both else None


def gain_by_numpy(first, second):
    pairs = np.array([(first[one], second.get(one)) for one in first], dtype=float)
    kept = pairs[~np.isnan(pairs).any(axis=1)]
    return np.diff(kept, axis=1).mean() if len(kept) else None


def gain_exactly(first, second):
    both = [one for one in first if first[one] is not None and second.get(one) is not None]
    return (
        sum((Fraction(second[one]) - Fraction(first[one]) for one in both), Fraction(0)) / len(both) if both else None
    )


def unknown_is_zero(first, second):
    return sum((second.get(one) or 0) - (first[one] or 0) for one in first) / len(first)


def sum_of_differences(first, second):
    both = [one for one in first if first[one] is not None and second.get(one) is not None]
    return sum(second[one] - first[one] for one in both) if both else None


def over_all_questions(first, second):
    found = sum_of_differences(first, second)
    return None if found is None else found / len(first)


def relative(first, second):
    both = [one for one in first if first[one] is not None and second.get(one) is not None]
    return sum(second[one] for one in both) / sum(first[one] for one in both) - 1 if both else None


CASES = {
    "5.1": Cases(
        right=[
            own_time,
            own_time_by_pandas,
            own_time_by_recursion,
            own_time_by_counter,
            own_time_by_merge,
            own_time_by_matrix,
            own_time_by_loop,
            own_time_exactly,
            OwnTime(),
        ],
        wrong=[
            (longest, "it contains the others"),
            (root, "it contains the others"),
            (children_added, "it contains the others"),
            (longest_leaf, "the longest of those with nothing below"),
            (longest_below_the_root, "a slow model three levels down"),
            (least_own_time, "the most own time is in"),
            (first_span, "With a slow search you found 'desk'"),
            (whole_span, "not the span"),
            (id_of_own_time, "is a span's id"),
            (lambda _: "s99", "is no span"),
            (only_calls, "With a slow search you found 'model'"),
            (names_of_all, "return a span's name"),
            (seconds_of_own_time, "you return 5.0"),
            (finds_nothing, "nothing was returned"),
        ],
        stub=stub_of_one,
    ),
    "5.2": Cases(
        right=[
            report,
            report_by_loop,
            report_by_frame,
            report_by_counter,
            in_types(success_rate=np.float32, tokens=np.int32),
            in_types(success_rate=Decimal, turns=Decimal),
            in_types(success_rate=lambda rate: pd.Series([rate]), tokens=float),
            returning(report, MappingProxyType),
            returning(report, lambda found: pd.Series(found, dtype=object)),
        ],
        wrong=[
            (changed(turns=len), "Those are all runs"),
            (changed(turns=lambda runs: sum(run["run_type"] == "llm" for run in runs)), "Those are the calls"),
            (changed(turns=good_turns), "the turns that succeeded"),
            (changed(turns=lambda runs: 1), "there are 3 turns"),
            (changed(success_rate=share_of_all), "only roots are turns"),
            (changed(success_rate=lambda runs: runs and 100 * report(runs)["success_rate"]), "between 0 and 1"),
            (changed(success_rate=lambda runs: runs and 1 - report(runs)["success_rate"]), "the share that failed"),
            (changed(success_rate=lambda runs: None), "and it is known: 0.667"),
            (changed(success_rate=lambda runs: "0.667"), "`success_rate`: '0.667' is no number"),
            (changed(tokens=tokens_of(lambda run: True)), "added all runs"),
            (changed(tokens=tokens_of(lambda run: run["parent_run_id"] is None)), "you added the roots"),
            (changed(tokens=calls_below_a_root), "a call may be a root itself"),
            (changed(tokens=lambda runs: 7), "wherever they are"),
            (error_where_empty, "an error in place of a result"),
            (perfect_where_empty, "nothing is known"),
            (nan_where_empty, "the success rate is nan, and nothing is known"),
            (lambda runs: {"turns": 3}, "lacks success_rate, tokens"),
            (lambda runs: 3, "a dict, not a int"),
            (lambda runs: tuple(report(runs).values()), "a dict, not a tuple"),
        ],
        stub=stub_of_one,
    ),
    "5.3": Cases(
        right=[
            gain,
            gain_by_pandas,
            gain_by_loop,
            gain_of_two_means,
            gain_by_numpy,
            gain_exactly,
            returning(gain, Decimal),
            returning(gain, np.float32),
            returning(gain, lambda mean: pd.Series([mean])),
            returning(gain, np.array),
        ],
        wrong=[
            (difference_of_means, "different questions"),
            (first_less_second, "Second less first"),
            (without_zeros, "a score of 0 counts"),
            (unknown_is_zero, "a score of None does not"),
            (sum_of_differences, "take the mean"),
            (over_all_questions, "divide by all 4 questions"),
            (relative, "a relative gain"),
            (lambda first, second: (found := gain(first, second)) and 100 * found, "not per cent"),
            (zero_where_none, "so it is None"),
            (
                lambda first, second: float("nan") if gain(first, second) is None else gain(first, second),
                "None, not nan",
            ),
            (lambda first, second: gain({}, second), "is known"),
            (lambda first, second: "0.1", "'0.1' is no number"),
            (lambda first, second: (gain(first, second), 3), "give one number"),
            (lambda first, second: 0.5, "not 0.500"),
        ],
        stub=stub_of_two,
    ),
}
