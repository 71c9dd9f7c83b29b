import pytest

from chatmon.experiment import explore
from chatmon.experiment._reading import WITHIN


def test_an_effect_in_one_region_is_seen_there_and_called_a_hypothesis(plan, make_turns):
    turns = make_turns(plan, users=3000)
    turns["region"] = turns.user_id.str[-1].isin(list("01234")).map({True: "eu", False: "us"})
    struck = (turns.variant == "short") & (turns.region == "eu")
    turns.loc[struck, "task_completed"] = turns.loc[struck, "turn_id"].str[-1] != "7"
    found = explore(turns, plan, "region").set_index("segment")
    assert found.loc["eu", "reading"] == "exploratory: a hypothesis for the next experiment"
    assert found.loc["us", "reading"] == WITHIN
    assert found.loc["eu", "low"] > 0.1
    assert found["users"].sum() == 3000
    alone = turns[turns.region == "eu"]
    assert explore(alone, plan, "region").control.tolist() == pytest.approx([found.loc["eu", "control"]])


def test_p_values_are_corrected_for_there_being_several_segments(plan, better):
    turns = better.assign(region="eu")
    once = explore(turns, plan, "region").p[0]
    halves = better.assign(region=better.user_id.str[-1].isin(list("02468")).map({True: "eu", False: "us"}))
    alone = [explore(halves[halves.region == region], plan, "region").p[0] for region in ("eu", "us")]
    together = explore(halves, plan, "region").p
    assert sorted(together) == pytest.approx([2 * min(alone), max(*alone, 2 * min(alone))])
    assert once < min(alone)


def test_a_user_keeps_the_segment_of_the_first_turn(plan, better):
    turns = better.copy()
    later = turns.experiment.notna() & turns.duplicated(["user_id", "experiment"])
    turns["region"] = "us"
    turns.loc[~later, "region"] = "eu"
    found = explore(turns, plan, "region")
    assert found.segment.tolist() == ["eu"]
    assert found.users.tolist() == [2000]


def test_a_segment_with_few_users_says_so_and_one_without_a_name_is_unknown(plan, better):
    turns = better.copy()
    turns["region"] = None
    turns.loc[turns.user_id.isin(["user-1", "user-2"]), "region"] = "mars"
    found = explore(turns, plan, "region").set_index("segment")
    assert found.loc["mars", "reading"].startswith("too few users")
    assert found.loc["unknown", "users"] == 1998


def test_too_many_segments_and_other_columns_are_refused(plan, better):
    with pytest.raises(ValueError, match="20 at most"):
        explore(better, plan, "conversation_id")
    with pytest.raises(ValueError, match="no dimension of turns"):
        explore(better, plan, "response_time")
