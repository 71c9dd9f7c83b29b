"""Verdicts as a metric of experiments: variants whose truth is known, and judges that like the style of one."""

import json
from functools import partial

import numpy as np
import pytest

from chatmon.experiment import SHIP, aa_check, analyse, size

PLAN = {"primary": "verdict_solves", "secondaries": (), "guardrails": {}}


@pytest.fixture(scope="module")
def judged(make_turns):
    """Makes turns whose truth is ``task_completed``, with verdicts of a judge that is kinder to the treatment."""
    return partial(with_verdicts, make_turns)


@pytest.fixture(scope="module")
def plan(make_plan):
    return make_plan(**PLAN)


def with_verdicts(make_turns, plan, *, uplift=0.0, kindness=0.0, labels=0.1, users=2000, seed=1, judge=None):
    turns = make_turns(plan, users=users, uplift=uplift, seed=seed)
    random = np.random.default_rng(seed + 1)
    truth, treated = turns["task_completed"].to_numpy(bool), (turns["variant"] == plan.treatments[0]).to_numpy()
    word = random.random(len(turns)) < np.where(truth, 0.9, 0.4) + np.where(treated, kindness, 0.0)
    word = word if judge is None else judge(truth, random)
    known = random.random(len(turns)) < labels
    turns["attributes"] = [
        json.dumps({"verdict_solves": bool(said)} | ({"label_solves": bool(true)} if seen else {}))
        for said, true, seen in zip(word, truth, known, strict=True)
    ]
    return turns


def last(turns, plan):
    return analyse(turns, plan, look=plan.looks)


def test_a_judge_that_likes_one_style_is_not_believed(plan, judged):
    turns = judged(plan, kindness=0.1)
    (line,) = last(turns, plan).lines()
    true = turns.groupby("variant")["task_completed"].mean()
    assert line.control == pytest.approx(true["control"], abs=0.05)
    assert line.treatment == pytest.approx(true["short"], abs=0.05)
    assert line.reading == "within chance"
    said = turns["attributes"].map(lambda told: json.loads(told)["verdict_solves"]).groupby(turns["variant"]).mean()
    assert said["short"] - said["control"] > 0.05, "the judge alone would have called it better"


def test_an_improvement_that_is_there_is_found(plan, judged):
    result = last(judged(plan, uplift=0.15), plan)
    assert result.decision.verdict == SHIP
    (line,) = result.lines()
    assert line.relative > 0.1


def test_with_all_replies_labelled_it_is_the_metric_of_the_truth(plan, judged, make_plan):
    turns = judged(plan, labels=1.1, kindness=0.1)
    (line,) = last(turns, plan).lines()
    (truth,) = last(turns, make_plan(primary="task_completion", secondaries=(), guardrails={}, pre_days=0)).lines()
    assert (line.control, line.treatment) == (pytest.approx(truth.control), pytest.approx(truth.treatment))
    assert line.high - line.low == pytest.approx(truth.high - truth.low, rel=0.05)


def test_a_difference_that_is_not_there_is_claimed_in_few_of_many(plan, judged, make_plan):
    plan = make_plan(**PLAN, looks=1, pre_days=0)
    claimed = 0
    for seed in range(30):
        turns = judged(plan, kindness=0.1, users=400, seed=1000 + seed)
        (line,) = analyse(turns[turns["variant"].notna()], plan, look=1).lines()
        claimed += line.p < 0.05
    assert claimed <= 6, "the chance of seven in thirty is one in a thousand"


@pytest.mark.parametrize(
    ("judge", "reads"),
    [
        (lambda truth, random: np.ones(len(truth), bool), "within chance"),
        (lambda truth, random: random.random(len(truth)) < 0.5, "within chance"),
        (lambda truth, random: ~truth, "within chance"),
    ],
)
def test_a_judge_that_knows_nothing_or_says_the_opposite_changes_no_answer(plan, judge, reads, judged):
    turns = judged(plan, judge=judge)
    (line,) = last(turns, plan).lines()
    true = turns.groupby("variant")["task_completed"].mean()
    assert (line.control, line.treatment) == (
        pytest.approx(true["control"], abs=0.05),
        pytest.approx(true["short"], abs=0.05),
    )
    assert line.reading == reads


def only(turns, keep):
    """The same turns with the labels that ``keep`` picks, by row and what the label says."""
    told = turns["attributes"].map(json.loads)
    turns["attributes"] = [
        json.dumps({name: value for name, value in one.items() if name != "label_solves" or keep(row, value)})
        for row, one in zip(turns.to_dict("records"), told, strict=True)
    ]
    return turns


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (lambda row, value: False, "the control: no reply has a label: how wrong the judge is about it nobody knows"),
        (lambda row, value: row["variant"] == "control", "short: no reply has a label"),
        (lambda row, value: value, "labels say yes and 0 no: 2 of each are needed, label more"),
        (lambda row, value: row["user_id"] in {f"user-{n}" for n in range(20)}, "are needed, drawn at random"),
    ],
)
def test_where_labels_cannot_put_the_judge_right_nothing_is_claimed(plan, keep, why, judged):
    turns = only(judged(plan, uplift=0.1, labels=1.1), keep)
    result = last(turns, plan)
    (line,) = result.lines()
    assert why in line.reading
    assert (line.control, line.p) == (None, None)
    assert "is not known" in str(result.decision)


def test_as_a_guardrail_it_has_to_be_shown_to_hold(plan, judged, make_plan):
    plan = make_plan(primary="task_completion", secondaries=(), guardrails={"verdict_solves": 0.1})
    assert last(judged(plan, uplift=0.15), plan).decision.verdict == SHIP
    said = last(judged(plan, uplift=0.15, labels=0.0), plan).decision
    assert said.verdict != SHIP
    assert "verdict_solves is not known" in str(said)


def test_users_cannot_be_planned_for_a_verdict(plan, judged, make_plan):
    turns = judged(plan, users=50)
    with pytest.raises(ValueError, match="hangs on the labels"):
        size(turns, primary="verdict_solves", effect=0.05, variants={"control": 1, "short": 1}, looks=1)
    with pytest.raises(ValueError, match="no labels of their own"):
        aa_check(turns, ["verdict_solves"], seed=1, replications=10)
    with pytest.raises(ValueError, match=r"no metric 'solves': .*verdict_NAME"):
        make_plan(primary="solves")
