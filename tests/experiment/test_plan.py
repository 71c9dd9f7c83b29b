import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moments import MORNING

from chatmon.experiment import load
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor

START = datetime(2026, 10, 5, tzinfo=UTC)


def test_a_saved_plan_comes_back_the_same_and_says_when_it_was_saved(plan, tmp_path):
    saved = plan.save(tmp_path / "plan.json", clock=ManualClock(MORNING).time_ns)
    assert load(tmp_path / "plan.json") == saved
    assert saved == replace(plan, saved_at=MORNING)
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["hypothesis"] == plan.hypothesis


def test_a_saved_plan_is_not_overwritten(plan, tmp_path):
    plan.save(tmp_path / "plan.json")
    with pytest.raises(FileExistsError, match="a plan is not changed"):
        plan.save(tmp_path / "plan.json")


@pytest.mark.parametrize("text", ["[]", "{", '{"name": "x"}', '{"start": "soon"}'])
def test_a_file_that_is_no_plan_is_named(text, tmp_path):
    (tmp_path / "odd.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"odd\.json is no plan"):
        load(tmp_path / "odd.json")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "name and hypothesis"),
        ({"variants": {"control": 1}}, "two or more"),
        ({"variants": {"control": 1, "short": 0}}, "positive weight"),
        ({"primary": "happiness"}, "no metric 'happiness'"),
        ({"guardrails": {"error": 0.1}}, "no metric 'error'"),
        ({"secondaries": ("task_completion",)}, "name one twice"),
        ({"secondaries": ("satisfaction", "satisfaction")}, "name one twice"),
        ({"effect": 5}, "effect \\(5\\) must lie between 0 and 1"),
        ({"alpha": 0}, "alpha"),
        ({"looks": 0}, "looks \\(0\\)"),
        ({"variants": {"control": 1, "short": float("nan")}}, "positive weight"),
        ({"guardrails": {"error_rate": -0.1}}, "margins"),
        ({"guardrails": {"error_rate": float("nan")}}, "margins"),
        ({"start": START.replace(tzinfo=None)}, "no time zone"),
        ({"part": (0.5, 0.2), "layer": "prompts"}, "rise between 0 and 1"),
        ({"part": (0.0, 0.5)}, "takes a layer"),
    ],
)
def test_a_plan_that_does_not_fit_says_what_does_not(make_plan, changes, reason):
    with pytest.raises(ValueError, match=reason):
        make_plan(**changes)


def test_looks_are_spread_evenly_and_the_last_is_the_end(make_plan):
    plan = make_plan(days=14, looks=4)
    assert [plan.look_time(look) - plan.start for look in (1, 2, 4)] == [timedelta(days=d) for d in (3.5, 7, 14)]
    assert plan.look_time(4) == plan.end
    with pytest.raises(ValueError, match="look \\(5\\) is none of the planned ones: 1 to 4"):
        plan.look_time(5)


def test_a_treatment_and_the_control_have_their_part_of_the_planned_users(make_plan):
    plan = make_plan(variants={"control": 2, "short": 1, "long": 1}, users=4000)
    assert plan.planned_users("short") == 3000


def test_a_tracked_turn_carries_what_its_user_was_shown(plan):
    monitor = ChatMonitor()
    with monitor.track("c1", "user-1", **plan.labels("user-1")):
        pass
    (turn,) = monitor.turns()
    assert (turn.experiment, turn.variant) == (plan.name, plan.assign("user-1"))


def test_experiments_of_one_layer_with_parts_that_do_not_meet_share_no_user(make_plan):
    one = make_plan(name="one", layer="prompts", part=(0, 0.5))
    other = make_plan(name="other", layer="prompts", part=(0.5, 1))
    users = [f"user-{number}" for number in range(2000)]
    shown = [(one.assign(user) is not None, other.assign(user) is not None) for user in users]
    assert set(shown) == {(True, False), (False, True)}
    assert 900 < sum(first for first, _ in shown) < 1100
    assert other.labels(next(user for user in users if one.assign(user))) == {}


def test_a_plan_is_kept_in_utc(make_plan):
    plan = make_plan(start=datetime.fromisoformat("2026-10-05T02:00:00+02:00"))
    assert plan.start == datetime(2026, 10, 5, tzinfo=UTC)
    assert plan.start.tzinfo is UTC


@pytest.mark.parametrize("absolute", [{"satisfaction": 0.1}, {"error_rate": 0.0}, {"error_rate": float("inf")}])
def test_an_absolute_margin_is_a_positive_one_of_a_guardrail(make_plan, absolute):
    with pytest.raises(ValueError, match=r"takes positive margins of guardrails \(error_rate\)"):
        make_plan(absolute=absolute)
