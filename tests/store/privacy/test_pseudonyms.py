"""The same user has the same pseudonym under one key, and old ones are found after a rotation."""

import hashlib
import stat

import pytest

from chatmon.store.privacy import Pseudonyms, known_keys, open_keys, rotate

KEY = bytes(range(32))


def hmac_by_definition(key, message):
    """RFC 2104, written out."""
    padded = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in padded) + message).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in padded) + inner).hexdigest()


def test_a_pseudonym_is_the_hmac_of_the_id_after_the_keys_name():
    pseudonyms = Pseudonyms(KEY)
    name, key_id, mac = pseudonyms.of("ada").split("-")
    assert (name, key_id) == ("user", pseudonyms.key_ids[0])
    assert mac == hmac_by_definition(KEY, b"ada")[:32]


def test_a_pseudonym_stands_for_itself_and_another_keys_does_not():
    ours, others = Pseudonyms(KEY), Pseudonyms(bytes(32))
    assert ours.of(ours.of("ada")) == ours.of("ada")
    assert ours.of(others.of("ada")) not in (ours.of("ada"), others.of("ada"))


def test_no_text_is_too_odd_for_an_id():
    assert len({Pseudonyms(KEY).of(one) for one in ("", "\ud800", "é", "e\u0301", "ada ")}) == 5


def test_a_key_is_long_enough_and_never_shown():
    with pytest.raises(ValueError, match="has 5 bytes: it needs 32"):
        Pseudonyms(b"short")
    assert KEY.hex() not in repr(Pseudonyms(KEY))


def test_the_first_opening_makes_a_key_and_the_second_reads_it(tmp_path):
    path = tmp_path / "configuration" / "keys"
    assert open_keys(path).of("ada") == open_keys(path).of("ada")
    assert open_keys(path).key_ids != open_keys(tmp_path / "other").key_ids


def test_after_a_rotation_there_is_a_new_pseudonym_and_the_old_one_is_still_known(tmp_path):
    path = tmp_path / "keys"
    first = open_keys(path)
    second = rotate(path)
    third = rotate(path)
    assert third.of("ada") not in (first.of("ada"), second.of("ada"))
    assert third.all_of("ada") == (third.of("ada"), second.of("ada"), first.of("ada"))
    assert third.of(first.of("ada")) == first.of("ada")


def test_only_the_owner_may_read_the_keys_and_they_are_refused_otherwise(tmp_path):
    path = tmp_path / "new" / "keys"
    open_keys(path)
    rotate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    with pytest.raises(PermissionError, match="has mode 640: others may read it"):
        open_keys(path)


def test_keys_come_from_the_environment_or_from_the_file_it_names(tmp_path):
    named = {"CHATMON_PSEUDONYM_KEY_FILE": str(tmp_path / "keys")}
    assert known_keys(environment=named) is None
    made = open_keys(environment=named)
    assert known_keys(environment=named).key_ids == made.key_ids
    given = {**named, "CHATMON_PSEUDONYM_KEYS": f"{KEY.hex()} {bytes(32).hex()}"}
    assert open_keys(environment=given).key_ids == Pseudonyms(KEY, bytes(32)).key_ids


def test_what_is_no_key_is_refused_without_showing_it(tmp_path):
    with pytest.raises(ValueError, match="holds what is no key") as raised:
        open_keys(environment={"CHATMON_PSEUDONYM_KEYS": "not-hexadecimal"})
    assert "not-hexadecimal" not in str(raised.value)
    with pytest.raises(FileNotFoundError, match="no keys of pseudonyms at"):
        known_keys(tmp_path / "nowhere")
