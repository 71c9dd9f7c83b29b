"""One secret of a class, and what follows from it."""

import hashlib
import hmac
import os
import stat

import pytest

from chatmon.lab.incident import ClassKey, ClassKeyError
from chatmon.lab.incident._class_key import Chances, same_name

KEY = ClassKey(bytes(range(32)))


def test_a_digest_is_the_standard_one_of_the_parts_with_their_lengths():
    by_hand = hmac.new(bytes(range(32)), b"4:seed3:ada1:3", hashlib.sha256).digest()

    assert KEY.digest("seed", "ada", 3) == by_hand
    assert KEY.digest("ab", "c") != KEY.digest("a", "bc")


def test_a_key_survives_its_file_which_is_its_owners_alone(tmp_path):
    path = tmp_path / "keys" / "class.key"
    KEY.write(path)

    assert ClassKey.read(path) == KEY
    assert str(bytes(range(32)).hex()) not in repr(KEY)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_new_keys_differ():
    assert ClassKey.new() != ClassKey.new()


@pytest.mark.parametrize(
    "text", ["", "hello", "chatmon class key 1: 00ff", "chatmon class key 2: " + "00" * 32, "00" * 32]
)
def test_what_is_no_class_key_is_refused(tmp_path, text):
    (tmp_path / "x").write_text(text, encoding="utf-8")
    with pytest.raises(ClassKeyError, match="is no class key"):
        ClassKey.read(tmp_path / "x")


def test_a_missing_key_names_the_way_to_one(tmp_path):
    with pytest.raises(ClassKeyError, match="chatmon simulate --student"):
        ClassKey.read(tmp_path / "x")


@pytest.mark.parametrize("name", ["Zo\u00eb  Q", " zoe\u0308 q ", "ZO\u00cb Q"])
def test_ways_to_write_one_name_are_one_student(name):
    assert same_name(name) == "zo\u00eb q"


def test_no_name_is_no_student():
    with pytest.raises(ClassKeyError, match="is empty"):
        same_name("  ")


def test_chances_are_spread_and_stay_inside():
    chances = Chances(KEY, ("x",))
    drawn = [chances.uniform(n) for n in range(2000)]

    assert all(0 <= one < 1 for one in drawn)
    assert abs(sum(drawn) / 2000 - 0.5) < 0.03
    assert {chances.one("abc", n) for n in range(50)} == set("abc")
    assert all(2 <= chances.between(2, 5, n) < 5 for n in range(200))
