"""The two calls that a hosted experiments service is often thought to have, here: nothing is sent anywhere.

Langtail, like other tools of its kind, has prompts and versions but no endpoint for experiments. What decides between
prompts is the log of turns, which is one's own, so both are local functions over ``Experiment`` and ``analyse``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon.experiment._analysis import analyse
from chatmon.experiment._plan import Experiment, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chatmon.analysis.source import Turns
    from chatmon.experiment._result import Result


def create_prompt_experiment(prompt_variants: Sequence[str], folder: Path, **plan: Any) -> str:
    """Save the plan of an experiment between prompts, and return its name.

    Args:
        prompt_variants: Names of the prompts, the one in use first; each gets as many users.
        folder: Where plans are kept.
        **plan: What else ``Experiment`` needs: no name, hypothesis, metric, effect or size can be guessed.

    Raises:
        FileExistsError: There is a plan of that name.
        ValueError: As ``Experiment``.
    """
    if len(set(prompt_variants)) != len(prompt_variants):
        raise ValueError(f"prompt_variants {list(prompt_variants)} name one twice")
    experiment = Experiment(variants=dict.fromkeys(prompt_variants, 1.0), **plan)
    folder.mkdir(parents=True, exist_ok=True)
    experiment.save(_file(folder, experiment.name))
    return experiment.name


def get_experiment_results(experiment_id: str, folder: Path, turns: Turns, *, look: int) -> Result:
    """Return the result of a saved plan at a planned look.

    Args:
        experiment_id: What ``create_prompt_experiment`` returned.
        folder: Where plans are kept.
        turns: Any holder of turns.
        look: Number of the planned look.

    Raises:
        FileNotFoundError: There is no plan of that name.
        ValueError: As ``analyse``.
    """
    return analyse(turns, load(_file(folder, experiment_id)), look=look)


def _file(folder: Path, name: str) -> Path:
    if "/" in name or "\\" in name or name.startswith("."):
        raise ValueError(f"name {name!r} is to be a file's name: no slashes, and no dot in front")
    return folder / f"{name}.json"
