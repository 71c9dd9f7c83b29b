"""Honest A/B tests of prompts: a plan before the data, users as the unit, looks that were planned, and a decision.

``plan`` and ``assignment`` come first, ``power`` says how long; ``aggregate``, ``effects``, ``validity``,
``sequential``, ``decision`` and ``reading`` are the steps of ``analyse``; ``offline`` compares prompts on questions,
before any user sees them. Statistics are tea-tasting's if it has them.
"""

from chatmon.experiment.aggregate import add_up
from chatmon.experiment.analysis import analyse
from chatmon.experiment.assignment import position
from chatmon.experiment.decision import GO_ON, NO_EFFECT, NO_RESULT, SHIP, STOP, Decision
from chatmon.experiment.effects import Effect
from chatmon.experiment.hosted_names import create_prompt_experiment, get_experiment_results
from chatmon.experiment.metrics import METRICS, Metric
from chatmon.experiment.plan import Experiment, check_exclusive, load
from chatmon.experiment.power import Size, size
from chatmon.experiment.rehearsal import aa_check
from chatmon.experiment.result import Result
from chatmon.experiment.segments import explore
from chatmon.experiment.sequential import always_valid_critical, always_valid_p, bounds, crossings
from chatmon.experiment.validity import sample_ratio

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
    "check_exclusive",
    "create_prompt_experiment",
    "crossings",
    "explore",
    "get_experiment_results",
    "load",
    "position",
    "sample_ratio",
    "size",
]
