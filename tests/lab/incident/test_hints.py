"""Hints come one after the other, cost nothing, and are counted."""

from datetime import UTC, datetime

import pytest

from chatmon.lab.incident import FolderError, hint
from chatmon.lab.incident._answers import WHAT
from chatmon.lab.incident._hints import HINTS, taken

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def test_each_hint_is_told_once_and_counted(tmp_path):
    (tmp_path / "diagnosis.toml").write_text("", encoding="utf-8")
    assert taken(tmp_path) == 0

    told = [hint(tmp_path, NOON) for _ in HINTS]

    assert [one.partition(": ")[2] for one in told] == list(HINTS)
    assert told[1].startswith(f"Hint 2 of {len(HINTS)}: ")
    assert taken(tmp_path) == len(HINTS)
    assert "all" in hint(tmp_path, NOON)
    assert taken(tmp_path) == len(HINTS)
    assert (tmp_path / "hints.txt").read_text(encoding="utf-8").startswith("2026-10-05T12:00:00Z hint 1\n")


def test_no_hint_names_a_kind(tmp_path):
    assert not [one for one in HINTS for kind in WHAT if kind in one]


def test_a_folder_of_something_else_gets_none(tmp_path):
    with pytest.raises(FolderError, match=r"no diagnosis\.toml in"):
        hint(tmp_path, NOON)
    assert not list(tmp_path.iterdir())
