from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chatmon.analysis.source import query
from chatmon.optimizer._speed import lateness, slowness
from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)


def test_it_is_what_no_work_of_the_reply_explains():
    draw = np.random.default_rng(1)
    turns = []
    for place in range(2000):
        model, fresh, output = ("small", "large")[place % 2], int(draw.integers(100, 3000)), int(draw.integers(10, 400))
        takes = (0.3 + 0.0001 * fresh + 0.008 * output) * (1 if model == "small" else 2)
        turns.append(
            Turn(
                turn_id=f"t{place}", conversation_id=f"c{place}", model=model, input_tokens=fresh + 50,
                cached_tokens=50, output_tokens=output, timestamp=MONDAY + timedelta(seconds=place),
                response_time=takes * (1.5 if place % 20 == 7 else 1.0), region="far" if place % 20 == 7 else "near",
            )
        )  # fmt: skip
    found = dict(query(turns, f"SELECT region, avg({slowness(turns)}) FROM turns GROUP BY 1"))
    assert found["far"] - found["near"] == pytest.approx(np.log(1.5), abs=0.02)
    late = query(turns, f"SELECT sum({lateness(turns)}) FROM turns WHERE region = 'far'")[0][0]
    waited = sum(one.response_time for one in turns if one.region == "far")
    assert late == pytest.approx(waited / 3, rel=0.1)  # of 1.5 times as long, a third is too much


def test_where_nothing_is_known_of_the_work_it_is_null():
    turns = [Turn(turn_id="t", conversation_id="c", timestamp=MONDAY, response_time=2.0, model="small")]
    assert query(turns, f"SELECT {slowness(turns)}, {lateness(turns)} FROM turns") == [(None, None)]
