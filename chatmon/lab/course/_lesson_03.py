"""The exercises of lesson 3: a price by hand, an honest sum, and what a cache saves."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import Number, as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable

MILLION = 1_000_000
ALMOST = 0.02
"""How near an amount is to the right one, in parts of it, for us to suspect that it was rounded."""
INPUT, CACHED, OUTPUT, REASONING = 3000, 2048, 900, 640
"""The tokens of exercise 3.1, as the body in the lesson reports them."""


def judge_call(answer: Any) -> str:
    """Judge exercise 3.1: what a call with cached input and reasoning costs."""
    full, cached, out = Decimal("1.25"), Decimal("0.125"), Decimal(10)
    read, fresh = CACHED * cached, (INPUT - CACHED) * full
    right = (fresh + read + OUTPUT * out) / MILLION
    number = as_number(answer)
    mistakes: list[tuple[Decimal, str]] = [
        (
            (fresh + read + (OUTPUT + REASONING) * out) / MILLION,
            "Reasoning is counted twice: `completion_tokens` holds it already.",
        ),
        (
            (INPUT * full + read + OUTPUT * out) / MILLION,
            "Cached tokens are charged twice: `prompt_tokens` holds them already, so take them out of the full rate.",
        ),
        (
            (INPUT * full + read + (OUTPUT + REASONING) * out) / MILLION,
            "Cached tokens and reasoning are both charged twice: the larger numbers hold them already.",
        ),
        (
            (INPUT * full + OUTPUT * out) / MILLION,
            "The cached tokens are charged at the full rate: they have their own.",
        ),
        (
            (INPUT * cached + OUTPUT * out) / MILLION,
            "All input is charged at the cached rate: only 2048 tokens were in the cache.",
        ),
        ((fresh + OUTPUT * out) / MILLION, "The cached tokens are missing: they are cheaper, not free."),
        (
            (fresh + read + (OUTPUT - REASONING) * out) / MILLION,
            "Reasoning is missing: nobody sees it, and it is charged as output.",
        ),
        ((fresh + read) / MILLION, "The output is missing."),
        (OUTPUT * out / MILLION, "That is the output alone: the input is missing."),
        ((fresh + read + OUTPUT * full) / MILLION, "The output is charged at the rate of input: it has its own."),
        (right * MILLION, "The rates are per million tokens: divide the sum by a million."),
        (right * 1000, "The rates are per million tokens, not per thousand."),
        (right * 100, "That is in cents: the task asks for US dollars."),
    ]
    judge_number(number, right, mistakes, _inexact(number, right, "Each token is of one kind: fresh, cached, output."))
    return "More than half of this bill is reasoning that nobody read, and the cache took a third off the rest."


def _inexact(number: Number, right: Decimal, otherwise: str) -> str:
    """Return what to say of a number that no known mistake gives: that it is near, or what to think of."""
    if abs(number.exact / Fraction(right) - 1) < ALMOST:
        side = "below" if number.exact < Fraction(right) else "above"
        return f"{number!r} US dollars is a little {side} the exact amount: do not round it, a bill adds up many such."
    return f"{number!r} US dollars is not it. {otherwise}"


def judge_honest_sum(honest_sum: Callable[[list[Decimal | None]], Any]) -> str:
    """Judge exercise 3.2: a sum that counts what it leaves out."""
    cent, inexact = Decimal("0.01"), ""
    for costs, wanted in (
        ([cent, 2 * cent], (3 * cent, 0)),
        ([cent, None, 4 * cent, None], (5 * cent, 2)),
        ([Decimal(0), None, cent, cent], (2 * cent, 1)),
        ([Decimal(0)], (Decimal(0), 0)),
        ([None, None], (None, 2)),
        ([], (None, 0)),
    ):
        found = honest_sum(list(costs))
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise WrongError(f"Return a pair, the sum and how many amounts are unknown, and not {found!r}.")
        amount, unknown = found
        shown = f"For {[None if cost is None else float(cost) for cost in costs]}"
        if wanted[0] != wanted[1] and amount == wanted[1] and unknown == wanted[0]:
            raise WrongError(f"{shown} you return {found!r}: the sum comes first, and then how many are unknown.")
        if isinstance(unknown, bool) or not as_number(unknown, f"{shown}, the count: ").near(wanted[1]):
            known = len(costs) - wanted[1]
            if unknown == known:
                raise WrongError(f"{shown} {unknown} amounts are known: return how many are unknown, {wanted[1]}.")
            raise WrongError(f"{shown} {wanted[1]} amounts are unknown, not {unknown}: a 0 that is stated is known.")
        if wanted[0] is None:
            if amount is not None and type(amount).__name__ != "NAType":
                raise WrongError(f"{shown} nothing is known, so the sum is `None`, not {amount}: `sum([])` is 0.")
            continue
        if amount is None:
            raise WrongError(f"{shown} you return no sum, and {wanted[0]} is known: leave out what is `None`.")
        number = as_number(amount, f"{shown}, the sum: ")
        if isinstance(amount, float) or type(amount).__name__.startswith("float"):
            inexact = " (Yours is a float. Over a month of bills it drifts in the last digits; `Decimal` does not.)"
        if not number.near(wanted[0]):
            raise WrongError(f"{shown} the sum of what is known is {wanted[0]}, not {amount}.")
    return f"Whoever reads this sum can see how far to trust it.{inexact}"


def judge_cache(answer: Any) -> str:
    """Judge exercise 3.3: what the cache saved in October on the chat model."""
    from chatmon._tools.models import course_models
    from chatmon._tools.paths import data_file
    from chatmon.turns import read_parquet

    turns = read_parquet(data_file("october_bill.parquet"))
    of_chat = [turn for turn in turns if turn.model == course_models().bill.chat]
    cached = sum(turn.cached_tokens or 0 for turn in of_chat)
    of_all = sum(turn.cached_tokens or 0 for turn in turns)
    whole = sum(turn.input_tokens or 0 for turn in of_chat)
    full, reduced = Decimal(2), Decimal("0.50")
    right, within = cached * (full - reduced) / MILLION, Decimal("0.005")
    out = sum(turn.output_tokens or 0 for turn in of_chat)
    number = as_number(answer)
    judge_number(
        number,
        right,
        [
            (right * MILLION, "The rates are per million tokens: divide by a million."),
            (right * 1000, "The rates are per million tokens, not per thousand."),
            (right * 100, "That is in cents: the task asks for US dollars."),
            (-right, "The sign is turned: a saving is what it would have cost less what it did cost."),
            (cached * full / MILLION, "Cached tokens are not free: the saving is the difference of the two rates."),
            (
                cached * reduced / MILLION,
                "That is what the cached tokens cost. Without the cache, what would they have?",
            ),
            (
                of_all * (full - reduced) / MILLION,
                "Those are the cached tokens of all models: take the chat model's only.",
            ),
            (
                (of_all - cached) * (full - reduced) / MILLION,
                "Those are the cached tokens of the other models: take the chat model's.",
            ),
            (whole * (full - reduced) / MILLION, "Those are all input tokens: only the cached ones were cheaper."),
            (
                (whole - cached) * (full - reduced) / MILLION,
                "Those are the tokens that were not in the cache: nothing was saved on them.",
            ),
            (out * (full - reduced) / MILLION, "Those are output tokens: a cache holds input."),
            (
                whole * full / MILLION,
                "That is what all input would have cost without the cache: how much less is it?",
            ),
            (cached, "Those are the tokens: each of them saved the difference of the two rates."),
        ],
        f"{number:.4f} US dollars is not it: cached tokens times what each of them saved.",
        within=within,
    )
    return "Without the cache this model's invoice would be more than a quarter higher: long prompts pay back."


def judge_bill(answer: Any) -> str:
    """Judge exercise 3.4: a call with cache writes of two lifetimes and searches."""
    fresh, short, long, out = 2000 * Decimal(3), 20_000, 80_000, 1000 * Decimal(15)
    written = short * Decimal("3.75") + long * Decimal(6)
    searches = 2 * Decimal("0.01")
    tokens = (fresh + written + out) / MILLION
    right = tokens + searches
    number = as_number(answer)
    usual = (short + long) * Decimal("3.75")
    mistakes: list[tuple[Decimal, str]] = [
        (tokens, "The searches are missing: they are no tokens, and each costs a cent."),
        (
            (fresh + usual + out) / MILLION + searches,
            "All of the write is charged as if it lasted five minutes: 80,000 tokens of it last an hour.",
        ),
        (
            (fresh + usual + out) / MILLION,
            "All of the write is charged as if it lasted five minutes, and the searches are missing.",
        ),
        (
            (fresh + (short + long) * Decimal(6) + out) / MILLION + searches,
            "All of the write is charged as if it lasted an hour: 20,000 tokens of it last five minutes.",
        ),
        (
            (fresh + (short + long) * Decimal(3) + out) / MILLION + searches,
            "The written tokens are charged at the rate of input: to write them into a cache costs more.",
        ),
        (
            (fresh + usual + written + out) / MILLION + searches,
            "The writes are counted twice: `cache_creation` says what `cache_creation_input_tokens` is made of.",
        ),
        (
            (written + out) / MILLION + searches,
            "The fresh input is missing: Anthropic counts it apart from what is written.",
        ),
        ((fresh + written) / MILLION + searches, "The output is missing."),
        ((fresh + out) / MILLION + searches, "The writes are missing: they are most of this bill."),
        (fresh + written + out + searches, "The rates are per million tokens: divide the tokens' sum by a million."),
        (tokens + 2, "A search costs a cent, and not a dollar."),
        (right * 100, "That is in cents: the task asks for US dollars."),
    ]
    judge_number(number, right, mistakes, _inexact(number, right, "Add up each kind of token, and the searches."))
    return "Read as five counts it would have been $0.396: the hour and the searches are a third of this bill."


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
    Exercise(
        "3.4",
        hints=(
            "`input_tokens` is fresh input alone. Of the 100,000 written 20,000 stay five minutes, 80,000 an hour.",
            "2000 at 3, 20,000 at 3.75, 80,000 at 6 and 1000 at 15, per million; then 2 searches at 0.01.",
        ),
        judge=judge_bill,
    ),
]
