import random

import pytest

from chatmon.quality import next_to_label

IDS = [f"t{number}" for number in range(500)]


def test_the_draw_is_the_same_in_any_order_and_goes_on_where_it_was():
    shuffled = random.Random(1).sample(IDS, len(IDS))
    first = list(next_to_label(IDS, 40)["turn_id"])
    assert list(next_to_label(shuffled, 40)["turn_id"]) == first
    assert first == [*first[:15], *next_to_label(IDS, 25, labelled=first[:15])["turn_id"]]
    assert list(next_to_label(IDS, 40, seed=1)["turn_id"]) != first


def test_every_reply_is_drawn_as_often():
    times = dict.fromkeys(IDS, 0)
    for seed in range(400):
        for turn_id in next_to_label(IDS, 50, seed=seed)["turn_id"]:
            times[turn_id] += 1
    assert min(times.values()) >= 15
    assert max(times.values()) <= 70


def test_the_uncertain_are_those_nearest_to_a_half_and_marked():
    scores = {turn_id: number / 500 for number, turn_id in enumerate(IDS)}
    drawn = next_to_label(IDS, 10, scores=scores, uncertain=5)
    uncertain = drawn[drawn["drawn"] == "uncertain"]["turn_id"]
    assert list(drawn["drawn"]).count("at random") == 10
    assert set(uncertain) <= {f"t{number}" for number in range(240, 261)}
    assert not set(uncertain) & set(drawn["turn_id"][:10])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, r"n \(-1\)"),
        ({"n": 1, "uncertain": 3}, "no scores"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        next_to_label(IDS, **arguments)


def test_an_id_that_stands_there_twice_is_refused():
    with pytest.raises(ValueError, match="2 ids, 1 of them different"):
        next_to_label(["a", "a"], 1)
