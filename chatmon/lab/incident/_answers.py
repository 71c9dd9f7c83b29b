"""What a diagnosis may answer, and which of these answers fit which kind of problem."""

from __future__ import annotations

from typing import Final, NamedTuple

WHAT: Final[dict[str, str]] = {
    "latency_step": "the model takes longer for the same work",
    "retry_storm": "requests time out, and their client sends them again at once",
    "prompt_bloat": "prompts hold tokens that are of no use",
    "uncached_prefix": "prompts are no longer found in the provider's cache",
    "overpowered_model": "a dear model answers what a cheap one answers as well",
    "error_burst": "requests fail far more often, for some hours",
    "abandonment": "requests wait in a queue, and people leave",
    "quality_drop": "fewer tasks are completed, and nothing fails",
    "price_change": "the same tokens cost more",
}
DO: Final[dict[str, str]] = {
    "roll_back": "take back the change of a prompt or a version",
    "stable_prefix": "put what is the same in every prompt first",
    "cheaper_model": "send these questions to the cheaper model",
    "back_off": "wait longer before trying again, and less often",
    "fall_back": "send requests elsewhere while errors or waits are high",
    "more_capacity": "find the limit for which requests queue, and raise it",
    "ask_the_provider": "ask the provider about its prices",
}
EXPERIMENT: Final[dict[str, str]] = {
    "users_cost": "users in two groups, decided by the cost of a conversation",
    "users_waiting": "users in two groups, decided by the time of a reply",
    "users_failures": "users in two groups, decided by the share of failures",
    "users_tasks": "users in two groups, decided by the share of completed tasks",
    "turns_cost": "turns in two groups, decided by the cost of a turn",
    "week_by_week": "one week without the remedy, the next week with it",
    "invoice": "no experiment: the provider's invoice, line by line",
}
RULED_OUT: Final[dict[str, str]] = {
    "long_answers": "installation is slow because its answers are long",
    "asked_again": "people ask the same question again hours later, and mean it",
    "long_context": "router has a long context that its answers need",
    "quiet_region": "ireland is too quiet for its prompts to stay in the cache",
    "hard_questions": "plans looks easy, and the usual model is worse at it",
    "broken_client": "one user's client fails every time",
    "short_by_nature": "contact ends after one turn because it is answered",
    "bad_news": "cancellation is rated badly however well it is answered",
    "weekend": "at weekends other people ask for other things",
}


class Fitting(NamedTuple):
    """The answers that fit a kind of problem.

    Attributes:
        do: What mends it; any of these.
        experiment: What would prove that; any of these.
        ruled_out: What looks like it and is not.
        costs: What it mainly costs: one of the amounts of a diagnosis.
    """

    do: tuple[str, ...]
    experiment: tuple[str, ...]
    ruled_out: str
    costs: str


FITTING: Final[dict[str, Fitting]] = {
    "latency_step": Fitting(("fall_back", "roll_back"), ("users_waiting",), "long_answers", "seconds"),
    "retry_storm": Fitting(("back_off",), ("users_failures", "users_waiting", "users_cost"), "asked_again", "seconds"),
    "prompt_bloat": Fitting(("roll_back",), ("users_cost",), "long_context", "usd"),
    "uncached_prefix": Fitting(("stable_prefix", "roll_back"), ("users_cost",), "quiet_region", "usd"),
    "overpowered_model": Fitting(
        ("cheaper_model", "roll_back"), ("users_cost", "users_tasks"), "hard_questions", "usd"
    ),
    "error_burst": Fitting(("fall_back",), ("users_failures",), "broken_client", "failures"),
    "abandonment": Fitting(
        ("more_capacity", "fall_back"), ("users_waiting", "users_tasks"), "short_by_nature", "seconds"
    ),
    "quality_drop": Fitting(("roll_back",), ("users_tasks",), "bad_news", "unhelped"),
    "price_change": Fitting(("ask_the_provider", "cheaper_model"), ("invoice",), "weekend", "usd"),
}
