"""The answers that the exercises of lesson 10 are tried with."""

from decimal import Decimal

from cases import Cases


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


CASES = {
    "10.1": Cases(
        right=cost_of_calls,
        other_right=cost_of_leaves,
        wrong=[
            (cost_of_all, "added to their children"),
            (cost_of_roots, "holds no roots"),
            (cost_of_first, "a chain in a chain"),
            (cost_as_text, "no number"),
            (cost_of_some, "no number"),
            (cost_of_nothing, "without runs"),
        ],
        stub=stub,
    ),
    "10.2": Cases(
        right=whole_input,
        other_right=what_is_no_output,
        wrong=[
            (input_alone, "not in `input`"),
            (input_and_cache, "added them again"),
            (total_less_output, "reasoning is still in"),
            (total, "the whole input is"),
        ],
        stub=stub,
    ),
    "10.3": Cases(
        right={"helicone.csv", "langfuse_milliseconds.csv"},
        other_right=["langfuse_milliseconds.csv", "helicone.csv"],
        wrong=[
            (["helicone.csv"], "Another one can"),
            ("langfuse_milliseconds.csv", "Another one can"),
            ([], "Another one can"),
            (["helicone.csv", "langfuse_milliseconds.csv", "otlp_base64.jsonl.gz"], "none states a cost"),
            (["helicone.csv", "openai_stored.json"], "neither a conversation"),
            (["helicone"], "no file helicone"),
        ],
    ),
    "10.4": Cases(
        right=Decimal("1.878000648173891055"),
        other_right=1.88,
        wrong=[
            (1.589540, "the whole change"),
            (14.53, "the bill of the fourth week"),
            (-0.21, "the rate"),
            (-0.08, "the volume"),
            (0.85, "between intents"),
            (0.25, "the third week"),
            (-1.88, "sign is turned"),
            (3, "take the mix"),
            ("1.88", "no number"),
        ],
    ),
}
