"""The kinds of recommendations: what each looks for, needs, advises and risks."""

from __future__ import annotations

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A kind of recommendation.

    Attributes:
        looks_for: What it looks for.
        needs: Columns of turns without which it cannot look.
        unit: What it mainly saves.
        action: What to do.
        risk: What could go wrong with that.
        metric: What an experiment on it is decided by, one of ``experiment.metrics``.
        guardrails: Metric to the relative change for the worse that is acceptable in it.
    """

    looks_for: str
    needs: tuple[str, ...]
    unit: str
    action: str
    risk: str
    metric: str
    guardrails: dict[str, float]


_QUALITY: Final = {"task_completion": 0.05, "error_rate": 0.5}
KINDS: Final[dict[str, Kind]] = {
    "retry_storm": Kind(
        "requests that time out and are sent again at once", ("error_type",), "seconds",
        "Back off before trying again, with jitter and a budget of retries; give the first request longer.",
        "A longer time-out lets a request that hangs keep its user waiting.",
        "error_rate", {"response_time": 0.1},
    ),
    "error_burst": Kind(
        "hours in which more turns fail than ever", ("error_type",), "errors",
        "Fall back to another provider or region when errors rise; alert on the error rate there.",
        "The fallback answers differently: hold its quality before it is needed.",
        "error_rate", {"cost_per_turn": 0.2},
    ),
    "price_rise": Kind(
        "the same tokens costing more than before", ("cost", "model"), "usd",
        "Ask the provider, and hold other models at their prices against it: cost.what_if() does.",
        "Another model answers differently: decide by an experiment.",
        "cost_per_turn", _QUALITY,
    ),
    "bloated_prompt": Kind(
        "prompts that grew by tokens which complete no more tasks", ("input_tokens",), "usd",
        "Compare the prompt with the one before, and take out what the tasks do not need.",
        "What looks like boilerplate may hold a rule: replay the test questions before the change.",
        "cost_per_turn", _QUALITY,
    ),
    "uncached_prefix": Kind(
        "prompts whose beginning the provider's cache no longer knows", ("cached_tokens", "input_tokens"), "usd",
        "Put what is the same in every request first, and what varies (date, user, context) last.",
        "Instructions that stand elsewhere may be followed less: hold quality before and after.",
        "cost_per_turn", _QUALITY,
    ),
    "overpowered_model": Kind(
        "questions on a dear model that a cheaper one answers as well", ("model", "cost", "task_completed", "intent"),
        "usd", "Send this intent to the cheaper model.",
        "The tasks that the log calls completed may not be all that users value.",
        "cost_per_turn", _QUALITY,
    ),
    "abandonment": Kind(
        "waits in a queue that drive people away", ("response_time", "task_completed"), "seconds",
        "Find what the requests queue for: concurrency limits, rate limits, a cold start. Stream the first words.",
        "More concurrency may run into the provider's rate limit.",
        "response_time", {"error_rate": 0.5, "cost_per_turn": 0.1},
    ),
    "slow_slice": Kind(
        "replies that take longer than the same work does elsewhere or did before", ("response_time",), "seconds",
        "Look at what this slice alone passes through: region, route, model deployment, a new version.",
        "Moving it elsewhere may cost more, or break where its data may be held.",
        "response_time", {"error_rate": 0.5, "cost_per_turn": 0.1},
    ),
    "quality_drop": Kind(
        "fewer completed tasks although nothing fails", ("task_completed",), "unhelped",
        "Go back to what was in place before, then replay the test questions on what changed.",
        "Going back may undo what the change was for.",
        "task_completion", {"cost_per_turn": 0.1, "error_rate": 0.5},
    ),
    "repeated_questions": Kind(
        "the same question, answered the same, again and again", ("question",), "usd",
        "Keep answers and serve them again: a response cache, for first questions only.",
        "A kept answer is stale once the facts change: choose how long it lives, and empty it with each release.",
        "cost_per_turn", _QUALITY,
    ),
    "long_conversations": Kind(
        "what was said before being paid for again with each turn", ("input_tokens", "cost"), "usd",
        "Send the last few exchanges, or a summary, in place of all that was said.",
        "What was said first may be what the question is about; and a window that moves leaves nothing for the cache.",
        "cost_per_turn", _QUALITY,
    ),
    "long_answers": Kind(
        "a prompt whose answers are longer and complete no more tasks", ("output_tokens", "prompt_version"), "usd",
        "Ask for shorter answers, as the other prompt does, or cap the output.",
        "A cap cuts answers in the middle of a sentence: say the length in the prompt first.",
        "cost_per_turn", _QUALITY,
    ),
    "wasted_spend": Kind(
        "money spent on turns that failed", ("cost", "error_type"), "usd",
        "Fail before spending: check inputs first, cap the output, stop what nobody waits for any more.",
        "A check that is too strict refuses good questions.",
        "cost_per_turn", _QUALITY,
    ),
}  # fmt: skip
"""Every kind by its name, the causes first: what one explains is not told again as another."""
