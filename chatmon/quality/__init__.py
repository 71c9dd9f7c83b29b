"""Was a reply any good? Measures of its own, a model as judge, and what is true once the judge's errors are out."""

from chatmon.quality._agreement import Agreement, agreement, judge_bias
from chatmon.quality._corrected import (
    CorrectedRate,
    corrected_difference,
    corrected_rate,
    labels_needed,
    rogan_gladen,
    rogan_gladen_of,
)
from chatmon.quality._judge import Judge, JudgeError
from chatmon.quality._labels import next_to_label
from chatmon.quality._measures import check_satisfaction, context_relevance, task_completed
from chatmon.quality._rubric import Rubric
from chatmon.quality._turnwise import Correction, correction
from chatmon.quality._verdicts import Verdict

__all__ = [
    "Agreement",
    "CorrectedRate",
    "Correction",
    "Judge",
    "JudgeError",
    "Rubric",
    "Verdict",
    "agreement",
    "check_satisfaction",
    "context_relevance",
    "corrected_difference",
    "corrected_rate",
    "correction",
    "judge_bias",
    "labels_needed",
    "next_to_label",
    "rogan_gladen",
    "rogan_gladen_of",
    "task_completed",
]
