"""What a proof of erasure finds, in whatever a file packs it, and what it says it could not read."""

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from urllib.parse import quote

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
import zstandard

from chatmon.store.privacy import Pseudonyms, erase

USER = "customer-mia-0202"
OTHER = "customer-zoe-0303"


def zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def parquet(text):
    packed = io.BytesIO()
    pd.DataFrame({"who": [text, "x"], "n": [1, 2]}).to_parquet(packed)
    return packed.getvalue()


def feather(text):
    packed = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"who": [text, "x"]}), packed, compression="zstd")
    return packed.getvalue()


def nested(text):
    packed = io.BytesIO()
    pd.DataFrame({"runs": [[{"meta": {"who": text}}], []]}).to_parquet(packed)
    return packed.getvalue()


def sqlite(text):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE notes (body TEXT)")
    database.execute("INSERT INTO notes VALUES (?)", [text])
    return database.serialize()


PACKED = {
    "text": lambda text: f"call {text} back".encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "zstd": lambda text: zstandard.compress(text.encode()),
    "zip, named otherwise": lambda text: zipped("a.txt", text),
    "name in a zip": lambda text: zipped(f"{text}.txt", "nothing"),
    "zip in gzip in zip": lambda text: zipped("b.gz", gzip.compress(zipped("a.txt", text))),
    "xlsx": lambda text: zipped("xl/sharedStrings.xml", f"<si><t>{text}</t></si>"),
    "Parquet of other columns": parquet,
    "Parquet in gzip": lambda text: gzip.compress(parquet(text)),
    "Parquet of lists of structs": nested,
    "Feather": feather,
    "notebook": lambda text: json.dumps({"cells": [{"source": [f"erase('{text}')"]}]}, indent=1).encode(),
    "UTF-16": lambda text: f"a;{text}".encode("utf-16"),
    "CSV with semicolons": lambda text: f"n;who\n1;{text}\n".encode(),
    "in capitals": lambda text: text.upper().encode(),
    "in an address": lambda text: f"https://example.org/?u={quote(text + '/x', safe='')}".encode(),
    "base64": lambda text: base64.b64encode(f"{{'user': '{text}'}}".encode()),
    "base64, one on": lambda text: base64.b64encode(f"{{'user':'{text}'}}".encode()),
    "base64, two on": lambda text: base64.b64encode(f"{{'user'='{text}' }}"[1:].encode()),
    "JSON in JSON": lambda text: json.dumps({"line": json.dumps({"line": json.dumps({"u": text})})}).encode(),
}


@pytest.mark.parametrize("how", PACKED)
def test_a_name_is_found_in_whatever_a_file_packs_it(tmp_path, how):
    (tmp_path / "kept.bin").write_bytes(PACKED[how](USER))
    (tmp_path / "other.bin").write_bytes(PACKED[how](OTHER))
    receipt = erase(USER, tmp_path)
    assert (receipt.left, receipt.unread, receipt.proved) == (("kept.bin",), {}, False)


@pytest.mark.parametrize("user", ["zoë müller+1@example.org", 'the "one" & only', "пользователь-77"])
@pytest.mark.parametrize(
    "write",
    [
        lambda user: json.dumps([user]),
        lambda user: quote(user),
        lambda user: user.replace("&", "&amp;").replace('"', "&quot;"),
        lambda user: __import__("unicodedata").normalize("NFD", user),
        lambda user: user.upper() if user.isascii() else user,
    ],
    ids=["JSON", "address", "HTML", "decomposed", "capitals"],
)
def test_a_name_is_found_however_it_is_written(tmp_path, user, write):
    (tmp_path / "log.txt").write_text(f"see {write(user)} there", encoding="utf-8")
    assert erase(user, tmp_path).left == ("log.txt",)


def test_databases_are_read_and_those_of_nobody_known_are_cleaned_of_texts(tmp_path):
    (tmp_path / "notes.db").write_bytes(sqlite(f"call {USER}"))
    with duckdb.connect(tmp_path / "facts.duckdb") as connection:
        connection.execute("CREATE TABLE calls AS SELECT ? AS who, 1 AS n", [USER])
    receipt = erase(USER, tmp_path)
    assert receipt.changed == {"notes.db": 1}
    assert receipt.left == ("facts.duckdb",)
    with closing(sqlite3.connect(tmp_path / "notes.db")) as connection:
        assert connection.execute("SELECT body FROM notes").fetchall() == [("call [erased]",)]


def encrypted():
    packed = bytearray(zipped("a.txt", USER))
    packed[6] |= 1  # the flag that says so
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 8] |= 1
    return bytes(packed)


CLOSED = {
    "an encrypted archive": (encrypted(), "encrypted"),
    "half an archive": (zipped("a.txt", "x" * 10_000)[:80], "no whole archive"),
    "half a gzip": (gzip.compress(bytes(range(256)) * 100)[:200], "cannot be unpacked"),
    "half a Parquet": (parquet(USER)[:200], "no whole Parquet"),
    "a PDF": (b"%PDF-1.7\n1 0 obj", "PDF"),
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_cannot_be_opened_is_said_and_nothing_is_proved_of_it(tmp_path, what):
    content, why = CLOSED[what]
    (tmp_path / "closed.bin").write_bytes(content)
    receipt = erase(OTHER, tmp_path)
    assert (receipt.left, receipt.proved) == ((), False)
    assert why in receipt.unread["closed.bin"]
    assert "Not proved of these, which could not be opened:\n  closed.bin: " in str(receipt)
    assert "nothing of this user is in them but what is listed here" in str(receipt)


def test_pseudonyms_under_keys_that_are_not_at_hand_leave_it_unproved(tmp_path):
    old, new = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    (tmp_path / "old.txt").write_text(f"{old.of('bob')} {new.of('bob')}", encoding="utf-8")
    receipt = erase(USER, tmp_path, pseudonyms=new)
    assert (receipt.other_keys, receipt.proved) == (old.key_ids, False)
    assert f"keys that are not at hand: {old.key_ids[0]}" in str(receipt)
    both = erase(USER, tmp_path, pseudonyms=Pseudonyms(b"2" * 32, b"1" * 32))
    assert both.proved


def test_the_command_ends_with_1_where_it_is_not_proved(tmp_path):
    (tmp_path / "closed.pdf").write_bytes(b"%PDF-1.7")
    environment = {"CHATMON_PSEUDONYM_KEY_FILE": str(tmp_path.parent / "no-keys")}
    done = subprocess.run(
        [sys.executable, "-m", "chatmon", "erase", USER, "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False, env=environment | {"PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "closed.pdf: a PDF" in done.stdout


NUMBERED = {
    "JSON lines": (b'{"user_id": "42", "n": 7}\n', True),
    "a number in a field of users": (b'{"user": {"id": 1}, "userId": 42}\n', True),
    "JSON in JSON": (json.dumps({"body": json.dumps({"user_id": "42"})}).encode(), True),
    "a number elsewhere": (b'{"n": 42, "text": "42 minutes", "user_id": "420"}\n', False),
    "a sentence": (b"I waited 42 minutes", False),
}


@pytest.mark.parametrize("what", NUMBERED)
def test_an_id_that_is_a_number_is_found_where_ids_stand_and_nowhere_else(tmp_path, what):
    content, is_found = NUMBERED[what]
    (tmp_path / "some.json").write_bytes(content)
    assert erase("42", tmp_path).left == (("some.json",) if is_found else ())


def test_an_id_that_is_a_number_is_found_in_the_columns_of_users_of_tables(tmp_path):
    pd.DataFrame({"user_id": [42, 7], "n": [1, 2]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"user_id": [1, 7], "n": [42, 2]}).to_parquet(tmp_path / "b.parquet")
    assert erase("42", tmp_path).left == ("a.parquet",)
