"""A store with a Redis before it, while everything about them is killed: the long form is ``benchmarks/chaos.py``."""

import pytest
from chaos import chaos, faults, turn_of

from chatmon.store import Store

pytestmark = pytest.mark.system


def test_whoever_is_killed_nothing_synced_is_lost_or_doubled_and_nothing_of_the_erased_is_left(tmp_path, server):
    beside = tmp_path / "beside"
    beside.mkdir()
    assert chaos(tmp_path / "store", beside, 5, redis=server.url, seed=2) == []


def test_what_is_lost_doubled_changed_or_left_is_said(tmp_path):
    with Store(tmp_path) as store:
        for one in ("a-1", "a-2", "a-25", "a-7"):
            store.append(turn_of(one))
    (tmp_path / "notes.txt").write_text("the heron stood in the shallow water", encoding="utf-8")
    wrong = "\n".join(faults(tmp_path, ["a-1", "a-3"]))
    assert "a-3 is lost" in wrong
    assert "a-25 holds" in wrong, "which is the erased user's"
    assert "a-7 is of a day that was to go" in wrong
    assert "notes.txt has the erased user's words" in wrong
    assert "a-1" not in wrong
