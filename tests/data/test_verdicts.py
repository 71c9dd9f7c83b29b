"""The local model's verdicts on its own replies: one for each, and none that it did not give."""

import pandas as pd

from chatmon._tools.paths import DATA
from chatmon.quality import Rubric
from chatmon.turns import read_parquet, to_frame

TURNS = pd.concat([to_frame(read_parquet(DATA / name)) for name in ("local_turns.parquet", "prompt_change.parquet")])
VERDICTS = pd.read_csv(DATA / "verdicts.csv")


def test_every_reply_has_its_verdict_in_the_order_of_the_turns():
    assert list(VERDICTS["turn_id"]) == list(TURNS["turn_id"])
    assert list(VERDICTS["conversation_id"]) == list(TURNS["conversation_id"])


def test_a_verdict_is_what_its_certainty_says():
    assert VERDICTS["score"].between(0, 1).all()
    assert (VERDICTS["verdict"] == (VERDICTS["score"] > 0.5)).all()


def test_the_rubric_is_the_one_that_the_lesson_shows():
    assert Rubric.read(DATA / "rubrics" / "solves.md").name == "Solves the problem"
