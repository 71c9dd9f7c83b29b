"""The exercises of lesson 3: a price by hand, an honest sum, and what a cache saves."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from chatmon.course.exercises import Exercise, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MILLION = 1_000_000
INPUT, CACHED, OUTPUT, REASONING = 3000, 2048, 900, 640
"""The tokens of exercise 3.1, as the body in the lesson reports them."""


def _amount(answer: Any) -> Decimal:
    """Return an answer as a Decimal; text, lists and truth values are no amounts."""
    if isinstance(answer, bool | str):
        raise Wrong(f"{answer!r} is no number: give the amount itself, as a `Decimal` or a float.")
    try:
        amount = Decimal(str(answer))
    except InvalidOperation:
        raise Wrong(f"A {type(answer).__name__} is no number: give one amount.") from None
    if not amount.is_finite():
        raise Wrong(f"{answer} is no amount of money.")
    return amount


def _one_of(amount: Decimal, mistakes: Mapping[Decimal, str], within: Decimal) -> None:
    """Raise the reason of the mistake that gives this amount, if one does."""
    for wrong, reason in mistakes.items():
        if abs(amount - wrong) <= within:
            raise Wrong(reason)


def judge_call(answer: Any) -> str:
    """Judge exercise 3.1: what a call with cached input and reasoning costs."""
    full, cached, out = Decimal("1.25"), Decimal("0.125"), Decimal(10)
    read, fresh = CACHED * cached, (INPUT - CACHED) * full
    right = (fresh + read + OUTPUT * out) / MILLION
    within = Decimal("0.0000001")
    amount = _amount(answer)
    mistakes = {
        (fresh + read + (OUTPUT + REASONING) * out) / MILLION: (
            "Reasoning is counted twice: `completion_tokens` holds it already."
        ),
        (INPUT * full + read + OUTPUT * out) / MILLION: (
            "Cached tokens are charged twice: `prompt_tokens` holds them already, so take them out of the full rate."
        ),
        (INPUT * full + OUTPUT * out) / MILLION: "The cached tokens are charged at the full rate: they have their own.",
        (fresh + OUTPUT * out) / MILLION: "The cached tokens are missing: they are cheaper, not free.",
        (fresh + read + (OUTPUT - REASONING) * out) / MILLION: (
            "Reasoning is missing: nobody sees it, and it is charged as output."
        ),
        right * MILLION: "The rates are per million tokens: divide the sum by a million.",
        right * 1000: "The rates are per million tokens, not per thousand.",
    }
    if abs(amount - right) <= within:
        return "More than half of this bill is reasoning that nobody read, and the cache took a third off the rest."
    for wrong, reason in mistakes.items():
        _one_of(amount, {wrong: reason}, within)
    raise Wrong(f"{amount} US dollars is not it. Each token is in one kind: fresh input, cached input, or output.")


def judge_honest_sum(honest_sum: Callable[[list[Decimal | None]], Any]) -> str:
    """Judge exercise 3.2: a sum that counts what it leaves out."""
    cent = Decimal("0.01")
    for costs, wanted in (
        ([cent, 2 * cent], (3 * cent, 0)),
        ([cent, None, 4 * cent, None], (5 * cent, 2)),
        ([Decimal(0), None, cent], (cent, 1)),
        ([Decimal(0)], (Decimal(0), 0)),
        ([None, None], (None, 2)),
        ([], (None, 0)),
    ):
        found = honest_sum(list(costs))
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise Wrong("Return a pair: the sum, and how many amounts are unknown.")
        amount, unknown = found
        shown = f"For {[None if cost is None else float(cost) for cost in costs]}"
        if unknown != wanted[1]:
            raise Wrong(f"{shown} {wanted[1]} amounts are unknown, not {unknown}: a 0 that is stated is known.")
        if wanted[0] is None and amount is not None:
            raise Wrong(f"{shown} nothing is known, so the sum is `None`, not {amount}: `sum([])` is 0.")
        if isinstance(amount, float):
            raise Wrong("The amounts are `Decimal`, and your sum is a float: add them as they are.")
        if amount != wanted[0]:
            raise Wrong(f"{shown} the sum of what is known is {wanted[0]}, not {amount}.")
    return "Whoever reads this sum can see how far to trust it."


def judge_cache(answer: Any) -> str:
    """Judge exercise 3.3: what the cache saved in October on the chat model."""
    from chatmon import config
    from chatmon.paths import data_file
    from chatmon.turns import read_parquet

    turns = read_parquet(data_file("october_bill.parquet"))
    of_chat = [turn for turn in turns if turn.model == config.models().bill.chat]
    cached = sum(turn.cached_tokens or 0 for turn in of_chat)
    of_all = sum(turn.cached_tokens or 0 for turn in turns)
    whole = sum(turn.input_tokens or 0 for turn in of_chat)
    full, reduced = Decimal(2), Decimal("0.50")
    right, within = cached * (full - reduced) / MILLION, Decimal("0.005")
    amount = _amount(answer)
    if abs(amount - right) <= within:
        return "Without the cache this model's invoice would be more than a quarter higher: long prompts pay back."
    mistakes = {
        right * MILLION: "The rates are per million tokens: divide by a million.",
        right * 100: "That is in cents: the task asks for US dollars.",
        cached * full / MILLION: "Cached tokens are not free: the saving is the difference of the two rates.",
        cached * reduced / MILLION: "That is what the cached tokens cost. Without the cache, what would they have?",
        of_all * (full - reduced) / MILLION: "Those are the cached tokens of all models: take the chat model's only.",
        whole * (full - reduced) / MILLION: "Those are all input tokens: only the cached ones were cheaper.",
    }
    for wrong, reason in mistakes.items():
        _one_of(amount, {wrong: reason}, within)
    raise Wrong(f"{amount:.4f} US dollars is not it: cached tokens times what each of them saved.")


EXERCISES = [
    Exercise(
        "3.1",
        hints=(
            "The body is OpenAI's, so `prompt_tokens` holds the cached tokens and `completion_tokens` the reasoning.",
            "3000 - 2048 tokens are fresh input, 2048 are cached, 900 are output. Mind that rates are per million.",
        ),
        judge=judge_call,
    ),
    Exercise(
        "3.2",
        hints=(
            "First make a list of the amounts that are not `None`: how long is it, and how long was the whole one?",
            "`sum` of an empty list is 0, so ask first whether anything is known. `if cost` would drop a stated 0.",
        ),
        judge=judge_honest_sum,
    ),
    Exercise(
        "3.3",
        hints=(
            '`bill.loc[bill["model"] == models.bill.chat, "cached_tokens"].sum()` are the tokens.',
            "Each of them saved 2 - 0.50 US dollars per million.",
        ),
        judge=judge_cache,
    ),
]
