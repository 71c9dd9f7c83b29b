"""What a run used: tokens and cost, worked out when it comes in, as the hosted service does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import OUTPUT_PARTS, READ_DETAILS, WRITTEN_DETAILS
from chatmon.lab.services.langsmith._values import EPOCH, clean, dump, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatmon.cost.prices import Price

# Millions of such runs still add up to a number that SQLite has.
_MOST_TOKENS: Final = 2**40
_DIGITS: Final = 40  # of an amount of money


@dataclass(frozen=True, slots=True)
class RunUsage:
    """Tokens and US dollars of one model call; what is not known is None.

    Attributes:
        prompt_tokens: All input, cached tokens included.
        completion_tokens: All output.
        total_tokens: Both.
        prompt_cost: US dollars for the input.
        completion_cost: US dollars for the output.
        total_cost: Both.
        prompt_token_details: Kinds of input, as reported.
        first_token_time: When the first token of a streamed reply came, in microseconds since 1970.
        prompt_token_details: Kinds of input, as reported.
        completion_token_details: Kinds of output, as reported.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_cost: Decimal | None = None
    completion_cost: Decimal | None = None
    total_cost: Decimal | None = None
    first_token_time: int | None = None
    prompt_token_details: str | None = None
    completion_token_details: str | None = None


NOTHING: Final = RunUsage()


def usage(run_type: str, outputs: Any, events: Any, metadata: Mapping[str, Any], at: int) -> RunUsage:
    """Return what a run reports and what that costs; only model calls count.

    The cost is what the run states itself; otherwise it is by ``chatmon.cost``, for the model and provider named in
    its metadata, at the time of the call.

    Args:
        run_type: The run's type.
        outputs: Its outputs.
        events: Its events.
        metadata: Its metadata.
        at: When it started, in microseconds since 1970.

    Example:
        >>> said = {"usage_metadata": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}}
        >>> used = usage("llm", said, [], {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}, 1790000000000000)
        >>> used.total_tokens, used.prompt_cost
        (1100, Decimal('0.0004000'))
    """
    if run_type != "llm":
        return NOTHING
    reported = _reported(outputs, metadata)
    if reported is None:
        return RunUsage(first_token_time=_first_token(events))
    prompt, completion = _count(reported.get("input_tokens")), _count(reported.get("output_tokens"))
    total = _count(reported.get("total_tokens"))
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    costs = _stated(reported)
    if all(amount is None for amount in costs):
        costs = _priced(reported, metadata, at)
    return RunUsage(
        prompt, completion, total, *costs, _first_token(events),
        prompt_token_details=_details(reported, READ_DETAILS),
        completion_token_details=_details(reported, WRITTEN_DETAILS),
    )  # fmt: skip


def subtree(runs: Iterable[tuple[str, str | None, RunUsage]]) -> dict[str, RunUsage]:
    """Return, for each run of a trace, what it and the runs below it used.

    A run that holds a model call with tokens does not count its own: it wraps that call, and repeats it.

    Args:
        runs: Id, parent's id and own usage of each, parents before children or not.

    Example:
        >>> found = subtree([("a", None, NOTHING), ("b", "a", RunUsage(10, 5, 15)), ("c", "a", RunUsage(1, 1, 2))])
        >>> found["a"].total_tokens, found["b"].total_tokens
        (17, 15)
    """
    own = {run: used for run, _, used in runs}
    children: dict[str, list[str]] = {run: [] for run in own}
    tops = []
    for run, parent, _ in runs:
        if parent in own and parent != run:
            children[parent].append(run)
        else:
            tops.append(run)
    found: dict[str, RunUsage] = {}
    waiting = [(run, False) for run in tops]
    while waiting:
        run, below_done = waiting.pop()
        if not below_done:
            waiting.append((run, True))
            waiting += [(child, False) for child in children[run]]
            continue
        below = [found[child] for child in children[run] if found[child] != NOTHING]
        found[run] = _added(below) if below else own[run]
    return found


def _added(parts: list[RunUsage]) -> RunUsage:
    if len(parts) == 1:
        return parts[0]

    def known(name: str) -> list[Any]:
        return [value for part in parts if (value := getattr(part, name)) is not None]

    def total(name: str) -> Any:
        values = known(name)
        return sum(values[1:], values[0]) if values else None

    return RunUsage(
        total("prompt_tokens"), total("completion_tokens"), total("total_tokens"),
        total("prompt_cost"), total("completion_cost"), total("total_cost"),
        min(known("first_token_time"), default=None),
    )  # fmt: skip


def _first_token(events: Any) -> int | None:
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict) and event.get("name") == "new_token" and event.get("time") is not None:
            return microseconds(event["time"], "an event's time")
    return None


def _reported(outputs: Any, metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for place in (outputs, metadata):
        found = place.get("usage_metadata") if isinstance(place, dict) else None
        if isinstance(found, dict):
            return found
    return None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None


def _details(reported: Mapping[str, Any], name: str) -> str | None:
    found = reported.get(name)
    if not isinstance(found, dict):
        return None
    counts = {clean(key): count for key, value in found.items() if (count := _count(value)) is not None}
    return dump(counts) if counts else None


def _stated(reported: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    prompt, completion, total = (_amount(reported.get(name)) for name in ("input_cost", "output_cost", "total_cost"))
    if total is None and (prompt is not None or completion is not None):
        total = (prompt or 0) + (completion or Decimal(0))
    return prompt, completion, total


def _amount(value: object) -> Decimal | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if amount.is_zero():
        return Decimal(0)  # without its exponent, which may be a billion
    if not amount.is_finite() or not 0 < amount < 10**12 or amount.adjusted() < -20:
        return None
    return amount if len(amount.as_tuple().digits) <= _DIGITS else None


def _priced(
    reported: Mapping[str, Any], metadata: Mapping[str, Any], at: int
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    from datetime import timedelta

    from chatmon.cost import Usage, price

    try:
        used = Usage.from_langchain(reported)
    except (TypeError, ValueError):
        return None, None, None
    model, provider = metadata.get("ls_model_name"), metadata.get("ls_provider")
    if not isinstance(model, str):
        return None, None, None
    named = {"provider": provider if isinstance(provider, str) else None, "at": EPOCH + timedelta(microseconds=at)}

    def cost(part: Usage) -> Price:
        return price(part, model, **named)  # type: ignore[arg-type]

    total = cost(used).amount
    if total is None:
        return None, None, None
    written = dict.fromkeys((*OUTPUT_PARTS, "web_searches")) | {"output_tokens": 0, "reasoning_tokens": 0}
    prompt = cost(replace(used, **written)).amount
    return prompt, None if prompt is None else total - prompt, total
