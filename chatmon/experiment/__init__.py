"""Honest A/B tests of prompts: a plan before the data, users as the unit, looks that were planned, and a decision.

``plan`` and ``assignment`` come first, ``power`` says how long; ``aggregate``, ``effects``, ``validity``,
``sequential``, ``decision`` and ``reading`` are the steps of ``analyse``; ``offline`` compares prompts on questions,
before any user sees them. Statistics are tea-tasting's if it has them.
"""

from chatmon.experiment._aggregate import add_up
from chatmon.experiment._analysis import analyse
from chatmon.experiment._decision import GO_ON, NO_EFFECT, NO_RESULT, SHIP, STOP, Decision
from chatmon.experiment._effects import Effect
from chatmon.experiment._hosted_names import create_prompt_experiment, get_experiment_results
from chatmon.experiment._metrics import METRICS, Metric
from chatmon.experiment._plan import Experiment, load
from chatmon.experiment._power import Size, size
from chatmon.experiment._rehearsal import aa_check
from chatmon.experiment._result import Result
from chatmon.experiment._sequential import always_valid_critical, always_valid_p, bounds, crossings
from chatmon.experiment._validity import sample_ratio
from chatmon.experiment.assignment import position

__all__ = [
    "GO_ON",
    "METRICS",
    "NO_EFFECT",
    "NO_RESULT",
    "SHIP",
    "STOP",
    "Decision",
    "Effect",
    "Experiment",
    "Metric",
    "Result",
    "Size",
    "aa_check",
    "add_up",
    "always_valid_critical",
    "always_valid_p",
    "analyse",
    "bounds",
    "create_prompt_experiment",
    "crossings",
    "get_experiment_results",
    "load",
    "position",
    "sample_ratio",
    "size",
]
