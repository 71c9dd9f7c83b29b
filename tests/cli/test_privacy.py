"""``chatmon erase`` and ``chatmon export-user`` say what they did, and end with 1 where something is left."""

import json
import stat

import pytest
from data_folder import ADA, EMAIL, NEW, OLD, make
from typer.testing import CliRunner

from chatmon.cli._logs import app
from chatmon.store.privacy import open_keys


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATMON_PSEUDONYM_KEYS", f"{NEW.hex()} {OLD.hex()}")
    return make(tmp_path / "data")


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_user_is_told_what_is_held_then_erased_then_unknown(folder, tmp_path):
    told = tmp_path / "ada.json"
    assert "holds 36 turns and 2 runs" in run("export-user", ADA, "--data", folder, "-o", told).output
    assert len(json.loads(told.read_text(encoding="utf-8"))["turns"]) == 36
    assert stat.S_IMODE(told.stat().st_mode) & 0o077 == 0
    erased = run("erase", ADA, "--data", folder, "--also", EMAIL)
    assert erased.exit_code == 0
    assert "nothing of this user is in them" in erased.output
    assert "backup/monday.jsonl" in erased.output
    assert ADA not in erased.output
    assert "Nothing is held about this user" in run("erase", ADA, "--data", folder, "--also", EMAIL).output


def test_what_could_not_be_erased_is_named_and_is_a_failure(folder):
    (folder / "notes.txt").write_text(f"{ADA} called\n", encoding="utf-8")
    erased = run("erase", ADA, "--data", folder)
    assert erased.exit_code == 1
    assert "notes.txt" in erased.output


def test_without_keys_it_says_that_pseudonyms_were_not_looked_for(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("CHATMON_PSEUDONYM_KEYS")
    monkeypatch.setenv("CHATMON_PSEUDONYM_KEY_FILE", str(tmp_path / "none"))
    assert "under a pseudonym was not looked for" in run("erase", ADA, "--data", folder).output


def test_keys_are_shown_by_their_names_rotated_and_copied_for_their_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("CHATMON_PSEUDONYM_KEYS", raising=False)
    path, copy = tmp_path / "keys", tmp_path / "copy"
    assert run("keys", "backup", copy, "--keys", path).exit_code == 1
    first = open_keys(path).key_ids[0]
    assert run("keys", "show", "--keys", path).output == f"{path}: {first}\n"
    assert run("keys", "backup", copy, "--keys", path).exit_code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert run("keys", "backup", copy, "--keys", path).exit_code == 1, "a copy that is there stays as it is"
    rotated = run("keys", "rotate", "--keys", path).output
    assert open_keys(path).key_ids[1:] == (first,)
    assert open_keys(path).key_ids[0] in rotated
    assert run("keys", "show", "--keys", path).output.endswith(f"; older ones: {first}\n")
    assert open_keys(copy).key_ids == (first,)
