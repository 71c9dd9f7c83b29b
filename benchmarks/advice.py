"""What is advised in worlds that no finder was written for: of quiet logs, of decoys, and of logs with a problem.

    python benchmarks/advice.py --only quiet --seeds 2
    python benchmarks/advice.py --only planted --seeds 3 --worlds plain "three clocks" "all at once"

What a piece of advice would truly save is known by running the world twice with the same draws: once without what was
planted, without what makes a region slow, or with a window of the conversation. Advice is false where neither that nor
anything that happened to the provider is behind it. Seeds count from 5000: none was used to choose a threshold.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from claims import arguments, own
from worlds import WORLDS, Change, Log, World, made

from chatmon.optimizer import KINDS, recommend

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa
    from worlds import Event

    from chatmon.optimizer import Recommendation

FIRST_SEED: Final = 5000
ANSWERS: Final[dict[str, tuple[str, ...]]] = {
    "latency": ("slow_slice",),
    "errors": ("error_burst",),
    "padding": ("bloated_prompt",),
    "uncached": ("uncached_prefix",),
    "dearer": ("overpowered_model",),
    "price": ("price_rise",),
    "completion": ("quality_drop",),
    "incident": ("error_burst", "slow_slice", "quality_drop"),
}
"""What happened to the kinds of advice that answer it."""
STANDING: Final[dict[str, dict[str, Any]]] = {"slow_slice": {"slow_home": 0.0}, "long_conversations": {"kept": 2}}
"""Kind of advice about the whole log to what is otherwise in the world that has followed it."""
NEAR: Final = 0.25
"""By how much a saving may be off."""


class Plant(NamedTuple):
    """A change for the worse, and what of its world is otherwise than its name says."""

    change: Change
    other: dict[str, Any] = {}  # noqa: RUF012 - never written to


PLANTS: Final = {
    "latency": Plant(Change(kind="latency", where={"intent": "billing"}, size=0.4)),
    "latency, three days": Plant(Change(kind="latency", where={"channel": "app"}, ends=17.375, size=0.4)),
    "errors": Plant(Change(kind="errors", where={"channel": "app"}, ends=17.375, size=0.06)),
    "errors, two hours": Plant(Change(kind="errors", ends=14.375 + 2 / 24, size=0.4)),
    "longer prompts": Plant(Change(kind="padding", where={"channel": "app"}, size=0.4)),
    "cache lost": Plant(Change(kind="uncached", where={"channel": "app"}), {"system": 1600}),
    "dearer model, no better": Plant(Change(kind="dearer", where={"intent": "returns"}), {"dear_better": 0.0}),
    "price": Plant(Change(kind="price", where={"model": "gpt-4.1"}, size=0.2)),
    "completion": Plant(Change(kind="completion", where={"intent": "delivery"}, size=0.8)),
}
"""Problems of middle size, for logs of 20,000 turns in four weeks."""
DECOYS: Final = {
    "dearer model, better": Plant(Change(kind="dearer", where={"intent": "returns"})),
    "longer prompts, better answers": Plant(Change(kind="context", where={"channel": "app"}, size=3.0)),
    "more of the hard questions": Plant(Change(kind="mix", where={"intent": "technical"}, size=0.2)),
}
"""Changes that cost more and are worth it, or are nobody's fault: nothing is to be advised about them."""


class Advised(NamedTuple):
    """What was advised about a log.

    Attributes:
        found: Whether what was planted was answered.
        near: Whether the saving said is within 25 % of the true one.
        exact: Whether the slice is the planted one.
        standing: True savings of advice about the whole log, relative to what was said.
        false: Advice with nothing behind it, in words.
    """

    found: bool
    near: bool
    exact: bool
    standing: tuple[float, ...]
    false: tuple[str, ...]


def advised(name: str, seed: int, plant: Plant | None = None) -> Advised:
    """Return what is advised about a world's log, quiet or with something planted, and how it meets the truth.

    Args:
        name: The world.
        seed: Of its draws.
        plant: What is planted.
    """
    world, seed = replace(WORLDS[name], **(plant.other if plant else {})), own(name, seed)
    quiet = made(world, seed)
    log = quiet if plant is None else made(world, seed, plant.change)
    answer, standing, false = None, [], []
    for one in recommend(log.turns):
        if plant is not None and answer is None and _answers(one, log.events[-1]):
            answer = one
        elif (
            one.kind in STANDING and _all_along(one, log) and (ratio := _ratio(one, quiet, _followed(world, seed, one)))
        ):
            standing.append(ratio)
        elif not any(_answers(one, event) for event in quiet.events):
            false.append(f"{one.kind} {dict(one.slice)} {one.start:%d %H}-{one.end:%d %H}: {one.confidence[:10]}")
    if answer is None or plant is None:
        return Advised(found=False, near=False, exact=False, standing=tuple(standing), false=tuple(false))
    ratio = _ratio(replace(answer, slice={}), log, quiet)
    exact = dict(answer.slice) == plant.change.where
    return Advised(found=True, near=abs(ratio - 1) <= NEAR, exact=exact, standing=tuple(standing), false=tuple(false))


def _answers(one: Recommendation, event: Event) -> bool:
    return one.kind in ANSWERS.get(event.kind, ()) and one.start < event.ends and event.begins < one.end


def _all_along(one: Recommendation, log: Log) -> bool:
    return one.ongoing and one.start == log.turns["timestamp"][0].as_py()


def _followed(world: World, seed: int, one: Recommendation) -> Log:
    """Return the log of the world in which a piece of advice about the whole log was followed."""
    return made(replace(world, **STANDING[one.kind]), seed)


def _ratio(one: Recommendation, log: Log, without: Log) -> float:
    """Return what is said to be saved over what the slice has more of it in one log than in the other; 0 if nothing."""
    unit = KINDS[one.kind].unit
    true = _total(log.turns, unit, one.slice) - _total(without.turns, unit, one.slice)
    return one.saving[unit].value / true if true > 0 else 0.0


def _total(turns: pa.Table, unit: str, where: Mapping[str, str]) -> float:
    frame: pd.DataFrame = turns.to_pandas()
    for column, value in where.items():
        frame = frame[frame[column] == value]
    if unit == "usd":
        return float(sum(frame["cost"].dropna()))
    if unit == "seconds":
        return float(frame["response_time"].sum())
    if unit == "errors":
        return float(frame["error_type"].notna().sum())
    last = frame.drop_duplicates("conversation_id", keep="last")
    return float((~last["task_completed"].astype(bool) | last["error_type"].notna()).sum())


def _run(task: tuple[str, int, Plant | None]) -> Advised:
    return advised(*task)


def main() -> None:
    """Print a row for each world, quiet, and for each world and problem or decoy."""
    plants = PLANTS | DECOYS
    asked = arguments(__doc__, plants, seeds=2, first=FIRST_SEED, verbose="print false advice")
    quiet = [(None, name) for name in asked.worlds if asked.only != "planted"]
    planted = [(plant, name) for plant in asked.plants for name in asked.worlds if asked.only != "quiet"]
    with ProcessPoolExecutor(asked.processes) as pool:
        for plant, name in quiet + planted:
            seeds = range(asked.first, asked.first + asked.seeds)
            logs = list(pool.map(_run, [(name, seed, plants[plant] if plant else None) for seed in seeds]))
            _print_row(plant, name, logs, verbose=asked.verbose)


def _print_row(plant: str | None, name: str, logs: list[Advised], *, verbose: bool) -> None:
    told = [ratio for one in logs for ratio in one.standing]
    counts = f"false advice in {sum(bool(one.false) for one in logs)} of {len(logs)}"
    if told:
        counts += f"; {sum(abs(ratio - 1) <= NEAR for ratio in told)} of {len(told)} standing savings near"
    if plant in PLANTS:
        found, near, exact = (sum(getattr(one, part) for one in logs) for part in ("found", "near", "exact"))
        counts = f"found {found}, slice {exact}, saving near {near}; {counts}"
    print(f"{plant or 'quiet':<32}{name:<30}{counts}", flush=True)
    for line in (line for one in logs for line in one.false if verbose):
        print(f"    {line}")
    if verbose and told:
        print("    said over true: " + " ".join(f"{ratio:.2f}" for ratio in told))


if __name__ == "__main__":
    main()
