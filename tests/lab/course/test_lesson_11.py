"""The answers that the exercises of lesson 11 are tried with."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce

import duckdb
import numpy as np
import pandas as pd
from cases import Cases, forms, returning


def cost_of_calls(runs):
    return sum(Decimal(run["total_cost"] or 0) for run in runs if run["run_type"] == "llm")


def cost_of_leaves(runs):
    parents = {run["parent_run_id"] for run in runs}
    return sum(float(run["total_cost"] or 0) for run in runs if run["id"] not in parents)


def cost_of_all(runs):
    return sum(float(run["total_cost"] or 0) for run in runs)


def cost_of_roots(runs):
    return sum(float(run["total_cost"] or 0) for run in runs if run["parent_run_id"] is None)


def cost_of_first(runs):
    return next((float(run["total_cost"]) for run in runs if run["run_type"] == "llm" and run["total_cost"]), 0)


def cost_as_text(runs):
    return f"{cost_of_calls(runs)}"


def cost_of_some(runs):
    return cost_of_calls(runs) if runs else None


def cost_of_nothing(runs):
    return cost_of_calls(runs) if runs else 1


def whole_input(usage):
    inside = usage["input"] + usage["output"] == usage["total"]
    return usage["input"] + (0 if inside else usage.get("input_cached_tokens", 0))


def what_is_no_output(usage):
    apart = usage["input"] + usage["output"] != usage["total"]
    return usage["total"] - usage["output"] - (usage.get("output_reasoning", 0) if apart else 0)


def input_alone(usage):
    return usage["input"]


def input_and_cache(usage):
    return usage["input"] + usage.get("input_cached_tokens", 0)


def total_less_output(usage):
    return usage["total"] - usage["output"]


def total(usage):
    return usage["total"]


def stub(_given):
    return ...


def cost_by_frame(runs):
    table = pd.DataFrame(runs, columns=["id", "parent_run_id", "run_type", "total_cost"])
    return pd.to_numeric(table.loc[table["run_type"] == "llm", "total_cost"]).sum()


def cost_by_reduce(runs):
    return reduce(
        lambda total, run: total + Fraction(run["total_cost"] or 0) * (run["run_type"] == "llm"), runs, Fraction()
    )


def cost_by_counter(runs):
    by_kind = Counter()
    for run in runs:
        by_kind[run["run_type"]] += float(run["total_cost"] or 0)
    return by_kind["llm"]


def cost_of_own(runs):
    own = {run["id"]: Decimal(run["total_cost"] or 0) for run in runs}
    for run in runs:
        if run["parent_run_id"] in own:
            own[run["parent_run_id"]] -= Decimal(run["total_cost"] or 0)
    return sum(own.values())


def cost_by_query(runs):
    calls = pd.DataFrame(runs, columns=["run_type", "total_cost"]).astype("string")  # noqa: F841 - the query reads it
    ((cost,),) = duckdb.sql("SELECT sum(total_cost::DECIMAL(18, 6)) FROM calls WHERE run_type = 'llm'").fetchall()
    return cost or 0


def cost_in_cents(runs):
    return 100 * cost_of_calls(runs)


def cost_per_million(runs):
    return 1_000_000 * cost_of_calls(runs)


def cost_of_parents(runs):
    return cost_of_all(runs) - float(cost_of_calls(runs))


def cost_of_leaves_below(runs):
    return sum(float(run["total_cost"] or 0) for run in runs if run["parent_run_id"] is not None)


def cost_of_first_message(runs):
    seen = []
    for run in runs:
        if seen and run["parent_run_id"] is None:
            break
        seen.append(run)
    return cost_of_calls(seen)


def mean_cost(runs):
    calls = [float(run["total_cost"] or 0) for run in runs if run["run_type"] == "llm"]
    return sum(calls) / len(calls) if calls else 0


def calls_that_did_not_fail(runs):
    return [run["total_cost"] for run in runs if run["run_type"] == "llm" and run["total_cost"]]


def whole_input_by_comparison(usage):
    parts = [value for name, value in usage.items() if name != "total"]
    if sum(parts) == usage["total"]:
        return sum(value for name, value in usage.items() if name.startswith("input"))
    return usage["input"]


def whole_input_by_maximum(usage):
    inside = usage["total"] == usage["input"] + usage["output"]
    return max(usage["input"], 0 if inside else usage["input"] + usage.get("input_cached_tokens", 0))


def whole_input_by_remainder(usage):
    missing = usage["total"] - usage["input"] - usage["output"] - usage.get("output_reasoning", 0)
    return usage["input"] + max(0, missing)


def whole_input_by_series(usage):
    given = pd.Series(usage).reindex(["input", "output", "total", "input_cached_tokens"], fill_value=0)
    beside = given["total"] != given["input"] + given["output"]
    return given["input"] + beside * given["input_cached_tokens"]


def output_alone(usage):
    return usage["output"]


def cached_alone(usage):
    return usage.get("input_cached_tokens", usage["input"])


def fresh_alone(usage):
    return usage["input"] - usage.get("input_cached_tokens", 0)


def without_reasoning(usage):
    return usage["total"] - usage["output"] - usage.get("output_reasoning", 0)


def all_input_keys(usage):
    return sum(value for name, value in usage.items() if name.startswith("input"))


def input_or_nothing(usage):
    return usage["input"] if usage["input"] + usage["output"] == usage["total"] else None


def by_size(usage):
    return usage["input"] + (usage.get("input_cached_tokens", 0) if usage["input"] < 500 else 0)


def whole_map(usage):
    return usage


def as_text(usage):
    return f"{whole_input(usage)}"


NAMES = ["helicone.csv", "langfuse_milliseconds.csv"]
MIX = "1.878000648173891055"

CASES = {
    "11.1": Cases(
        right=[
            cost_of_calls,
            cost_of_leaves,
            cost_by_frame,
            cost_by_reduce,
            cost_by_counter,
            cost_of_own,
            cost_by_query,
            partial(cost_of_calls),
            returning(cost_of_calls, np.float32),
            returning(cost_of_calls, lambda cost: pd.Series([cost])),
        ],
        wrong=[
            (cost_of_all, "added to their children"),
            (cost_of_roots, "they need not be there"),
            (cost_of_first, "a chain in a chain"),
            (cost_of_leaves_below, "a chain in a chain"),
            (cost_of_first_message, "two messages in one list"),
            (cost_of_parents, "everything but the calls"),
            (mean_cost, "a chain in a chain"),
            (cost_in_cents, "which is cents"),
            (cost_per_million, "US dollars already"),
            (len, "how many runs there are"),
            (cost_as_text, "no number"),
            (calls_that_did_not_fail, "take it out"),
            (cost_of_some, "For an export without runs: `None` is no number"),
            (cost_of_nothing, "without runs cost 0"),
            (lambda runs: 0.002, "you return 0.002"),
        ],
        stub=stub,
    ),
    "11.2": Cases(
        right=[
            whole_input,
            what_is_no_output,
            whole_input_by_comparison,
            whole_input_by_maximum,
            whole_input_by_remainder,
            whole_input_by_series,
            returning(whole_input, float),
            returning(whole_input, Decimal),
            returning(whole_input, np.int16),
            returning(whole_input, np.array),
        ],
        wrong=[
            (input_alone, "not in `input`"),
            (input_and_cache, "added them again"),
            (all_input_keys, "added them again"),
            (total_less_output, "reasoning is still in"),
            (without_reasoning, "you took it off again"),
            (fresh_alone, "not to be taken off"),
            (total, "output and all"),
            (output_alone, "that is the output"),
            (cached_alone, "the cached tokens"),
            (by_size, "you added them again"),
            (input_or_nothing, "is something returned"),
            (as_text, "'300' is no number"),
            (whole_map, "give one number"),
            (lambda usage: 300, "the whole input is 1150, not 300"),
        ],
        stub=stub,
    ),
    "11.3": Cases(
        right=[
            set(NAMES),
            NAMES[::-1],
            tuple(NAMES),
            ", ".join(NAMES),
            pd.Series(NAMES),
            pd.Index(NAMES),
            np.array(NAMES),
            dict.fromkeys(NAMES).keys(),
            frozenset(f" {name}" for name in NAMES),
        ],
        wrong=[
            (["helicone.csv"], "Another one can"),
            ("langfuse_milliseconds.csv", "Another one can"),
            ([], "Some can"),
            ("", "Some can"),
            ([*NAMES, "otlp_base64.jsonl.gz"], "none states a cost"),
            (["helicone.csv", "openai_stored.json"], "neither a conversation"),
            (["otlp_base64.jsonl.gz"], "none states a cost"),
            (["openai_stored.json"], "neither a conversation"),
            (["helicone"], "no file helicone"),
            (["data/helicone.csv", NAMES[1]], "no file data/helicone.csv"),
            (dict.fromkeys(NAMES, True), "the names of the files alone"),
            ([True, False, True, False], "True in your answer is no name"),
            (pd.DataFrame({"name": NAMES}), "alone"),
            (2, "is no list"),
            (None, "is no list"),
        ],
    ),
    "11.4": Cases(
        right=[1.88, np.float64(1.878), 1.8780006481738911, *forms(MIX)],
        wrong=[
            (1.589540, "the whole change"),
            (14.53, "the bill of the fourth week"),
            (12.945, "the bill of the first week"),
            (-0.21, "the rate"),
            (-0.0783, "the volume"),
            (1.6679, "Mix and rate together"),
            (1.7997, "Mix and volume together"),
            (0.85, "between intents"),
            (0.2477, "the third week"),
            (0.5468, "the second week"),
            (-1.88, "sign is turned"),
            (187.8, "in cents"),
            (0.14507, "a share of the first week's bill"),
            (1.18147, "a share of the change"),
            (3, "take the mix"),
            ("1.88", "no number"),
            ([1.88, 0.85], "give one number"),
        ],
    ),
}
