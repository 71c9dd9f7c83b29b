"""Make the bill of lesson 3: ``python data/make_october_bill.py``.

One month (October 2026) of an invented support bot on hosted models, from one seed. Tokens are sized after the
conversation service of the Azure LLM inference trace 2023 (Patel et al., "Splitwise", ISCA 2024). ``cost`` is what the
bot's own dashboard stated, with mistakes that are known:

- the app's integration charges cached tokens once in full and once more as cached;
- from release 2.3 on, reasoning tokens are added to output tokens that hold them already;
- one model's whole month is charged at the price of the month's last day, though it changed twice;
- for a model without a public price nothing is stated;
- where the reader closed the page before the usage arrived, tokens are not known, and 0 is stated.

It writes ``october_bill.parquet``, ``october_invoice.csv`` (what the providers charge) and ``october_bill_truth.json``
(what each mistake makes). The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import math
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from chatmon.lab import DATA, course_models
from chatmon.turns import Turn, write_parquet

SEED = 20261031
MONTH = date(2026, 10, 1)
DAYS = 31
RELEASE = date(2026, 10, 12)
"""From this day on, reasoning is added twice."""
NEW_MODEL = date(2026, 10, 19)
"""From this day on, a tenth of the web's conversations try the model without a public price."""
FAULTS = ("connection", "router", "speed")
INTENTS = (*FAULTS, "account", "billing", "cancellation", "contact", "installation", "moving", "plans", "privacy")
WEIGHTS = (13, 7, 6, 16, 22, 6, 5, 5, 4, 13, 3)
SHARE_NO_USAGE = 0.03
BLOCK = 128
"""The cache works in blocks of so many tokens, from LEAST_CACHED on."""
LEAST_CACHED = 1024
SHARE_HIT = 0.92
INSTRUCTIONS = 110
"""Tokens of the system prompt."""

MODELS = course_models().bill
PROVIDERS = {MODELS.chat: "openai", MODELS.reasoning: "openai", MODELS.repriced: "mistral", MODELS.contract: "deskmate"}


class Rate(NamedTuple):
    """US dollars per million tokens."""

    input: Decimal
    cached: Decimal
    output: Decimal


def _rate(*amounts: str) -> Rate:
    return Rate(*map(Decimal, amounts))


# Typed by hand as genai-prices 0.2.3 lists them, not asked of chatmon: so that its tests compare two things.
RATES: dict[str, list[tuple[date, Rate]]] = {
    MODELS.chat: [(MONTH, _rate("2.00", "0.50", "8.00"))],
    MODELS.reasoning: [(MONTH, _rate("1.25", "0.125", "10.00"))],
    # Launched at a promotional price, at its list price from the 20th, cheaper again from the 29th.
    MODELS.repriced: [
        (MONTH, _rate("0.68", "0.07", "2.09")),
        (date(2026, 10, 20), _rate("1.36", "0.14", "4.18")),
        (date(2026, 10, 29), _rate("0.70", "0.07", "2.10")),
    ],
    MODELS.contract: [(MONTH, _rate("0.90", "0.90", "3.60"))],
}


class Tokens(NamedTuple):
    """What a call really used: ``cached`` is a part of ``input``, ``reasoning`` a part of ``output``."""

    input: int
    cached: int
    output: int
    reasoning: int


class Call(NamedTuple):
    """A turn as it was, before the dashboard saw it."""

    at: datetime
    conversation: int
    channel: str
    region: str
    intent: str
    model: str
    tokens: Tokens
    seconds: float
    reported: bool


def rate_on(model: str, day: date) -> Rate:
    """Return what a model costs on a day."""
    return [rate for since, rate in RATES[model] if since <= day][-1]


def charge(rate: Rate, tokens: Tokens) -> Decimal:
    """Return what a call costs in US dollars: each token once."""
    fresh = tokens.input - tokens.cached
    return (fresh * rate.input + tokens.cached * rate.cached + tokens.output * rate.output) / 1_000_000


def state(call: Call) -> tuple[Decimal | None, str]:
    """Return what the dashboard states for a call, and which mistake that is."""
    rate, tokens, day = rate_on(call.model, call.at.date()), call.tokens, call.at.date()
    right = charge(rate, tokens)
    if call.model == MODELS.contract:
        return None, "no public price"
    if not call.reported:
        return Decimal(0), "tokens not reported"
    if call.model == MODELS.repriced:
        stated, mistake = charge(RATES[call.model][-1][1], tokens), "price of another date"
    elif call.model == MODELS.reasoning and day >= RELEASE:
        stated, mistake = right + tokens.reasoning * rate.output / 1_000_000, "reasoning added twice"
    elif call.channel == "app":
        stated, mistake = right + tokens.cached * rate.input / 1_000_000, "cached tokens charged twice"
    else:
        stated, mistake = right, "right"
    return stated, mistake if stated != right else "right"


def whole(rng: random.Random, median: float, spread: float, most: float) -> int:
    """Return a whole number above 0, log-normal: ``spread`` is the standard deviation of its logarithm."""
    return max(1, round(min(most, median * math.exp(rng.gauss(0, spread)))))


def answer_length(rng: random.Random) -> int:
    """Return an answer's tokens: short ones around 90 and long ones around 400, the two humps of the trace."""
    if rng.random() < 0.6:
        return whole(rng, 92, 0.6, 350)
    return max(40, round(rng.gauss(390, 55)))


def route(rng: random.Random, day: date, channel: str, intent: str) -> tuple[str, str]:
    """Return a conversation's region and model."""
    region = rng.choices(["uk", "france", "germany"], [60, 28, 12])[0]
    if channel == "app":
        return region, MODELS.chat
    if region == "france":
        return region, MODELS.repriced
    if region == "germany" and day >= NEW_MODEL:
        return region, MODELS.contract
    return region, MODELS.reasoning if intent in FAULTS else MODELS.chat


def conversation(rng: random.Random, number: int, day: date) -> list[Call]:
    """Return the calls of one conversation: its input grows with all that was said, and the old part is cached."""
    hour = 14 + rng.gauss(0, 3.4)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=min(21.5, max(6.0, hour)))
    channel = rng.choices(["web", "app"], [62, 38])[0]
    intent = rng.choices(INTENTS, WEIGHTS)[0]
    region, model = route(rng, day, channel, intent)
    calls: list[Call] = []
    history = 0
    for _ in range(min(7, 1 + int(rng.expovariate(0.62)))):
        # With every message goes what was looked up for it, and all of it stays in the conversation.
        said, looked_up = whole(rng, 45, 0.9, 900), whole(rng, 260, 1.0, 4000)
        tokens_in = (history or INSTRUCTIONS) + said + looked_up
        answer = answer_length(rng)
        thought = 64 * whole(rng, 9, 0.6, 60) if model == MODELS.reasoning else 0
        hit = history >= LEAST_CACHED and rng.random() < SHARE_HIT
        cached = history // BLOCK * BLOCK if hit else 0
        tokens = Tokens(tokens_in, cached, answer + thought, thought)
        seconds = (0.35 + 0.00012 * (tokens_in - cached) + 0.011 * tokens.output) * math.exp(rng.gauss(0, 0.2))
        reported = not (channel == "web" and model == MODELS.chat and rng.random() < SHARE_NO_USAGE)
        calls.append(Call(at, number, channel, region, intent, model, tokens, round(seconds, 3), reported))
        history = tokens_in + answer
        at += timedelta(seconds=round(seconds + rng.uniform(15, 150), 3))
    return calls


def month(seed: int = SEED) -> list[Call]:
    """Return the month's calls in order of time: fewer at the weekend, and no two days alike."""
    rng = random.Random(seed)
    calls: list[Call] = []
    number = 0
    for offset in range(DAYS):
        day = MONTH + timedelta(days=offset)
        expected = (11 if day.weekday() >= 5 else 28) * math.exp(rng.gauss(0, 0.12))
        for _ in range(round(rng.gauss(expected, math.sqrt(expected)))):
            number += 1
            calls += conversation(rng, number, day)
    return sorted(calls, key=lambda call: (call.at, call.conversation))


def turn(number: int, call: Call) -> Turn:
    """Return a call as the dashboard's table holds it."""
    stated, _ = state(call)
    known = call.tokens if call.reported else None
    return Turn(
        turn_id=f"oct-{number:04d}",
        conversation_id=f"c-{call.conversation:03d}",
        timestamp=call.at.replace(microsecond=0),
        response_time=call.seconds,
        provider=PROVIDERS[call.model],
        model=call.model,
        input_tokens=known.input if known else None,
        cached_tokens=known.cached if known else None,
        cache_write_tokens=0 if known else None,
        output_tokens=known.output if known else None,
        reasoning_tokens=known.reasoning if known else None,
        usage_source="reported" if known else None,
        cost=stated,
        price_source=None if stated is None else "dashboard",
        intent=call.intent,
        region=call.region,
        channel=call.channel,
    )


def truth(calls: list[Call]) -> dict[str, Any]:
    """Return what each mistake makes, and what the month really cost: counts, and US dollars as text."""
    turns: defaultdict[str, int] = defaultdict(int)
    stated: defaultdict[str, Decimal] = defaultdict(Decimal)
    actual: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_model: defaultdict[str, Decimal] = defaultdict(Decimal)
    for call in calls:
        said, mistake = state(call)
        cost = charge(rate_on(call.model, call.at.date()), call.tokens)
        turns[mistake] += 1
        stated[mistake] += said or 0
        actual[mistake] += cost
        by_model[call.model] += cost
    return {
        "seed": SEED,
        "turns": len(calls),
        "stated": f"{sum(stated.values()):f}",
        "actual": f"{sum(actual.values()):f}",
        "actual_by_model": {model: f"{by_model[model]:f}" for model in RATES},
        "mistakes": {
            mistake: {
                "turns": turns[mistake],
                "stated": None if mistake == "no public price" else f"{stated[mistake]:f}",
                "actual": f"{actual[mistake]:f}",
            }
            for mistake in sorted(turns)
        },
    }


def write(folder: Path, seed: int = SEED) -> list[Turn]:
    """Write the three files into a folder, and return the turns."""
    calls = month(seed)
    turns = [turn(number, call) for number, call in enumerate(calls, start=1)]
    found = truth(calls)
    write_parquet(turns, folder / "october_bill.parquet")
    (folder / "october_bill_truth.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8", newline="\n")
    with (folder / "october_invoice.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["role", "provider", "model", "invoiced"])
        for role, model in dataclasses.asdict(MODELS).items():
            cents = Decimal(found["actual_by_model"][model]).quantize(Decimal("0.01"), ROUND_HALF_UP)
            lines.writerow([role, PROVIDERS[model], model, cents])
    return turns


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DATA, help="the folder to write into")
    options = parser.parse_args()
    print(f"{len(write(options.output))} turns: october_bill.parquet")


if __name__ == "__main__":
    main()
