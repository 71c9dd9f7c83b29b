"""The answers that the exercises of lesson 5 are tried with."""

import pandas as pd
from cases import Cases


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


CASES = {
    "5.1": Cases(
        right=own_time,
        other_right=own_time_by_pandas,
        wrong=[
            (longest, "it contains the others"),
            (longest_leaf, "time that is in no span of its own"),
            (least_own_time, "the most own time is in"),
            (whole_span, "not the span"),
            (lambda _: "s1", "is no span"),
        ],
        stub=stub_of_one,
    ),
    "5.2": Cases(
        right=report,
        other_right=report_by_loop,
        wrong=[
            (changed(turns=len), "Those are all runs"),
            (changed(turns=lambda runs: 1), "there are 3 turns"),
            (changed(success_rate=share_of_all), "only roots are turns"),
            (changed(tokens=tokens_of(lambda run: True)), "added all runs"),
            (changed(tokens=tokens_of(lambda run: run["parent_run_id"] is None)), "you added the roots"),
            (changed(tokens=lambda runs: 7), "wherever they are"),
            (error_where_empty, "an error in place of a result"),
            (perfect_where_empty, "nothing is known"),
            (lambda runs: {"turns": 3}, "lacks success_rate, tokens"),
            (lambda runs: 3, "a dict, not a int"),
        ],
        stub=stub_of_one,
    ),
    "5.3": Cases(
        right=gain,
        other_right=gain_by_pandas,
        wrong=[
            (difference_of_means, "different questions"),
            (first_less_second, "Second less first"),
            (without_zeros, "a score of 0 counts"),
            (zero_where_none, "so it is None"),
            (lambda first, second: "0.1", "one number"),
        ],
        stub=stub_of_two,
    ),
}
