"""An erased user is in no byte of the data folder, and everything adds up as before."""

import gzip
import json
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from children import started
from data_folder import ADA, ADAS_WORDS, COMMON, EMAIL, PSEUDONYMS, START, make, write_csv
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.paths import REPO, rewritten
from chatmon.importers import open_logs
from chatmon.lab.services.langsmith import _store as langsmith
from chatmon.lab.services.langtail import _store as langtail
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.layout import Hold
from chatmon.store.lines import to_line
from chatmon.store.privacy import Pseudonyms, erase, export_user
from chatmon.store.privacy import _databases as databases
from chatmon.store.privacy import _erasure as erasure
from chatmon.store.privacy import _turn_files as turn_files
from chatmon.turns import Turn, read_jsonl, write_jsonl, write_parquet

NAMES = (
    ADA,
    *PSEUDONYMS.all_of(ADA),
    EMAIL,
    "thread-of-ada",
    "conversation-1-",
    "conversation-4-",
    "conversation-6-",
    "lovelace",
    "engine",
)
THEIRS = tuple(
    text.encode(coding)
    for text in (*NAMES, *ADAS_WORDS, *(json.dumps(word)[1:-1] for word in ADAS_WORDS))
    for coding in ("utf-8", "utf-16-le")
)


@pytest.fixture
def folder(tmp_path):
    return make(tmp_path / "data")


def everything(folder):
    """Every byte of a folder but its backups', by other means than the erasure's own search."""
    for path in folder.rglob("*"):
        if path.is_file() and "backup" not in path.parts:
            yield path.name, path.name.encode()
            yield path.name, path.read_bytes()
            if path.suffix == ".gz":
                yield path.name, gzip.decompress(path.read_bytes())
            elif path.suffix == ".parquet":
                table = f"read_parquet('{path}', hive_partitioning = false)"
                rows = duckdb.sql(f"SELECT COLUMNS(*)::VARCHAR FROM {table}").fetchall()
                yield path.name, "\n".join(cell or "" for row in rows for cell in row).encode()
            elif path.suffix == ".db":
                dumped = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
                yield path.name, "\n".join(dumped.iterdump()).encode()
                dumped.close()


def found_in(folder):
    return {(name, one) for name, content in everything(folder) for one in THEIRS if one in content}


def totals(folder):
    kept = [path for end in ("jsonl", "parquet", "gz", "csv") for path in sorted(folder.rglob(f"*.{end}"))]
    with open_logs(kept) as logs:
        return logs.turns.aggregate(
            "count(*), count(DISTINCT conversation_id), sum(input_tokens), sum(output_tokens), sum(cost), "
            "count(error_type), sum(response_time), min(timestamp)::VARCHAR, max(timestamp)::VARCHAR, "
            "count(DISTINCT intent)"
        ).fetchall()


def runs(folder):
    with closing(sqlite3.connect(folder / "langsmith.db")) as connection:
        columns = "count(*), count(DISTINCT thread_id), sum(total_tokens), sum(latency), sum(status = 'error')"
        scores = connection.execute("SELECT key, score FROM feedback").fetchall()
        return connection.execute(f"SELECT {columns} FROM runs").fetchall() + scores


def erase_ada(folder):
    return erase(ADA, folder, pseudonyms=PSEUDONYMS, also=[EMAIL])


def a_receipt(**changes):
    nothing = {"changed": {}, "backups": (), "left": (), "key_ids": (), "searched": 1234, "searched_bytes": 5678}
    return erasure.Receipt(**{"at": START} | nothing | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ["Nothing is held about this user: it was erased before, or was never there.",
              "Searched 1,234 files, 5,678 bytes: nothing of this user is in them."]),
        ({"changed": {"a.jsonl": 1200, "b.csv": 34}, "backups": ("old.zip", "older.zip")},
         ["Erased: 1,234 rows of 2 files.", "  a.jsonl: 1,200", "  b.csv: 34",
          "Searched 1,234 files, 5,678 bytes: nothing of this user is in them.",
          "Backups, which were not touched:", "  old.zip", "  older.zip"]),
        ({"changed": {"a.jsonl": 1}, "left": ("notes.txt",)},
         ["Erased: 1 rows of 1 files.", "  a.jsonl: 1",
          ("Searched 1,234 files, 5,678 bytes. Still found in these: erase again where a bot wrote meanwhile, "
           "and by hand what has a form that is not known:"), "  notes.txt"]),
    ],
)  # fmt: skip
def test_a_receipt_says_what_was_done_and_what_is_left_to_do(changes, said):
    assert str(a_receipt(**changes)).splitlines() == said


def test_a_receipt_is_kept_as_json_that_people_can_read():
    text = a_receipt(changed={"a.jsonl": 2}, key_ids=("k1",)).to_json()
    assert text.startswith('{\n  "at": "2026-10-05T09:00:00+00:00",\n  "key_ids": [\n    "k1"\n')
    assert text.endswith("\n}\n")
    assert json.loads(text)["changed"] == {"a.jsonl": 2}


@pytest.fixture
def small(tmp_path):
    """A folder with a turn of Ada's and one of Bob's, a backup, and what is no turn."""
    write_jsonl([a_turn(1, ADA, "c1", "what I said"), a_turn(2, "bob", "c2", "hello")], tmp_path / "turns.jsonl")
    (tmp_path / "old.bak").write_text(ADA, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("buy milk\n", encoding="utf-8")
    return tmp_path


def test_a_receipt_has_what_was_done_where_and_when_and_is_kept_where_something_changed(small):
    later = START + timedelta(days=1)
    receipt = erase(ADA, small, clock=lambda: later)
    searched = [small / name for name in ("turns.jsonl", "notes.txt", ".compaction")]
    assert receipt == erasure.Receipt(
        at=later, key_ids=(), changed={"turns.jsonl": 1}, backups=("old.bak",), searched=len(searched),
        searched_bytes=sum(path.stat().st_size for path in searched), left=(),
    )  # fmt: skip
    (kept,) = (small / "erasures").iterdir()
    assert re.fullmatch(r"20261006T090000Z-[0-9a-f]{8}\.receipt", kept.name)
    assert kept.read_text(encoding="utf-8") == receipt.to_json()
    again = erase(ADA, small, clock=lambda: later)
    assert (again.changed, list((small / "erasures").iterdir())) == ({}, [kept])


def test_what_an_interrupted_writer_left_goes_and_other_hidden_files_stay(small):
    for name in (".unfinished", ".cleaned", ".rewriting-0a1b", ".spilled/block", ".env"):
        path = small / "turns" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ADA if name != ".env" else "COLOUR=1", encoding="utf-8")
    assert erase(ADA, small).left == ()
    assert [path.name for path in (small / "turns").iterdir()] == [".env"]


def test_an_erasure_that_was_interrupted_after_its_last_change_is_ended_by_the_next(small):
    erase(ADA, small)
    note = erasure.subject_of(ADA, None, ()).note(small)
    receipt = erase(ADA, small)
    assert (receipt.changed, receipt.left, note.exists()) == ({}, (), False)


def test_what_a_database_has_in_its_free_pages_alone_goes(small):
    path = small / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE some (text)")
        connection.execute("INSERT INTO some VALUES (?)", [ADA * 500])
        connection.commit()
        connection.execute("DELETE FROM some")
        connection.commit()
    assert ADA.encode() in path.read_bytes()
    assert erase(ADA, small).left == ()
    assert ADA.encode() not in path.read_bytes()


def test_while_a_compaction_is_under_way_nothing_is_erased(small):
    with (
        Hold(small / ".compaction", make=True),
        pytest.raises(BlockingIOError, match="a compaction of"),
    ):
        erase(ADA, small)
    assert ADA.encode() in (small / "turns.jsonl").read_bytes()


def test_a_user_is_in_every_file_before_and_in_no_byte_afterwards(folder):
    before = found_in(folder)
    files = {name for name, _ in before}
    assert {"part-0.parquet", "old.jsonl.gz", "table.csv", "raw.parquet", "langsmith.db", "outbox.db"} < files
    assert any(name.endswith(".jsonl") for name in files)
    receipt = erase_ada(folder)
    assert found_in(folder) == set()
    assert receipt.left == ()
    assert len(receipt.changed) == 8


def test_operational_totals_are_unchanged(folder):
    before = totals(folder), runs(folder)
    erase_ada(folder)
    assert (totals(folder), runs(folder)) == before


def test_the_others_keep_all_that_is_theirs(folder):
    bob, old_bob = PSEUDONYMS.all_of("customer-bob")
    held = export_user("customer-bob", folder, pseudonyms=PSEUDONYMS)
    erase_ada(folder)
    after = export_user("customer-bob", folder, pseudonyms=PSEUDONYMS)
    assert len(after["turns"]) == 24
    assert after["turns"] == held["turns"]
    assert {turn["user_id"] for turn in after["turns"]} == {bob, old_bob, "customer-bob"}
    assert COMMON in {turn.get("answer") for turn in after["turns"]}
    (run, call) = after["runs"]
    assert run["inputs"] == {"question": "tell me of whatever [erased] wrote"}
    assert call["total_tokens"] == 110


def test_a_second_erasure_says_that_nothing_is_held_and_changes_no_byte(folder):
    erase_ada(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = erase_ada(folder)
    assert str(again).startswith("Nothing is held about this user")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_receipt_counts_and_names_nobody(folder):
    receipt = erase_ada(folder)
    (kept,) = (folder / "erasures").iterdir()
    said = json.loads(kept.read_text(encoding="utf-8"))
    assert said["changed"] == receipt.changed
    assert said["key_ids"] == list(PSEUDONYMS.key_ids)
    assert sum(count for name, count in receipt.changed.items() if not name.endswith(".db")) == 36
    assert not [one for one in THEIRS if one in kept.read_bytes() + str(receipt).encode()]


def test_backups_are_listed_and_not_touched(folder):
    receipt = erase_ada(folder)
    assert receipt.backups == ("backup/monday.jsonl",)
    assert (folder / "backup" / "monday.jsonl").read_text(encoding="utf-8") == f"{ADA}\n"


def test_without_the_old_keys_what_was_stored_under_them_stays(folder):
    erase(ADA, folder, pseudonyms=Pseudonyms(bytes(range(32))), also=[EMAIL])
    assert {name for name, _ in found_in(folder)} == {"old.jsonl.gz"}


@pytest.mark.parametrize(("name", "pack"), [("notes.txt", bytes), ("notes.txt.gz", gzip.compress)])
def test_a_file_of_no_known_form_is_named_and_left_alone(folder, name, pack):
    noted = pack(f"call {ADA} back\n".encode())
    (folder / name).write_bytes(noted)
    receipt = erase_ada(folder)
    assert receipt.left == (name,)
    assert name in str(receipt)
    assert (folder / name).read_bytes() == noted


def test_half_a_line_of_a_killed_process_goes_where_it_is_the_users(folder):
    line = next(folder.glob("live/*/*.jsonl"))
    whole = line.read_bytes()
    hers = next(one for one in whole.splitlines() if PSEUDONYMS.of(ADA).encode() in one)
    line.write_bytes(whole + hers[: len(hers) // 2])
    erase_ada(folder)
    assert found_in(folder) == set()
    bobs = b'{"turn_id":"x","conversation_id":"y","user_id":"bo'
    line.write_bytes(line.read_bytes() + bobs)
    erase_ada(folder)
    assert line.read_bytes().endswith(bobs)


def a_turn(number, user, conversation, question):
    return Turn(
        turn_id=f"t{number}", conversation_id=conversation, user_id=user, timestamp=START, question=question
    )  # fmt: skip


def rows(path):
    return [(turn.turn_id, turn.user_id, turn.conversation_id, turn.question) for turn in read_jsonl(path)]


def test_an_id_that_another_contains_is_not_taken_for_it(tmp_path):
    some = [a_turn(1, "u1", "c1", "this is question one"), a_turn(2, "u10", "c10", "I am u10, and know u1")]
    write_jsonl(some, tmp_path / "turns.jsonl")
    receipt = erase("u1", tmp_path)
    (_, user, conversation, question), other = rows(tmp_path / "turns.jsonl")
    assert (user, question) == (None, None)
    assert re.fullmatch(r"erased-[0-9a-f]{24}", conversation)
    assert other == ("t2", "u10", "c10", "I am u10, and know u1"), "so short an id may be anything"
    assert receipt.left == ()


@pytest.mark.parametrize(
    "user", ["a.*+?[b](c)|^$\\\\", "Zoë Ünal-Ω", "用户一二三四五", 'the "quoted" one', "x\ty\nz,;"]
)
def test_a_name_of_any_characters_is_erased_and_nothing_else(tmp_path, user):
    beside = "".join("z" if one in ".*+?" else one for one in user) + "-other"
    write_jsonl(
        [a_turn(1, user, "c1", "what was said here"), a_turn(2, beside, "c2", f"I am not <{user}>")],
        tmp_path / "turns.jsonl",
    )
    write_csv([a_turn(3, user, "c3", "and what there"), a_turn(4, beside, "c4", f"nor {user}")], tmp_path / "table.csv")
    receipt = erase(user, tmp_path)
    assert receipt.left == ()
    assert rows(tmp_path / "turns.jsonl")[1] == ("t2", beside, "c2", "I am not <[erased]>")
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file())
    assert re.search(rb"(?<![\w-])" + re.escape(user.encode()) + rb"(?![\w-])", content) is None
    assert json.dumps(beside, ensure_ascii=False)[1:-1].encode() in content
    assert b"was said here" not in content
    assert b"what there" not in content


def test_a_name_inside_a_longer_word_is_erased_where_no_other_user_is_called_so(tmp_path):
    write_jsonl(
        [a_turn(1, "customer-77", "c1", None), a_turn(2, "bob", "c2", "in session_customer-77_x")], tmp_path / "a.jsonl"
    )
    assert erase("customer-77", tmp_path).left == ()
    assert rows(tmp_path / "a.jsonl")[1][3] == "in session_[erased]_x"


def test_ratings_stay_and_one_that_comes_after_the_erasure_brings_nothing_back(tmp_path):
    monitor = ChatMonitor(capture_content=True)
    with Store(tmp_path) as store:
        store.attach(monitor)
        for number in range(3):
            with monitor.track(f"conversation-{number}", ADA) as turn:
                turn.set(question=f"the difference engine, part {number}")
        store.flush()
        first, second, _ = (turn.turn_id for turn in monitor.turns())
        monitor.rate(first, 2)
        store.flush()
        held = export_user(ADA, tmp_path)["turns"]
        assert [turn.get("user_satisfaction") for turn in held] == [2, None, None]
        erase(ADA, tmp_path)
        monitor.rate(second, 5)
        store.flush()
    for _ in range(2):
        assert found_in(tmp_path) == set()
        with open_logs(tmp_path) as logs:
            frame = logs.frame().set_index("turn_id")["user_satisfaction"]
        assert frame.dropna().to_dict() == {first: 2, second: 5}
        assert len(frame) == 3
        assert str(erase(ADA, tmp_path)).startswith("Nothing is held")
        compact(tmp_path, grace=0)


@pytest.mark.parametrize("begins", ["a rating", "half a line"])
def test_a_file_that_begins_with_no_turn_is_searched_like_any_other(tmp_path, begins):
    line = json.dumps({"turn_id": "t1", "conversation_id": "c1", "timestamp": START.isoformat(), "user_id": ADA}) + "\n"
    first = '{"turn_id":"t0","timestamp":"2026-10-05T09:00:00+00:00","rated_at":"2026-10-05T09:00:00+00:00"}\n' + line
    path = tmp_path / "live" / "2026-10-05" / "host-1-1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(first if begins == "a rating" else line[:-4], encoding="utf-8")
    assert erase(ADA, tmp_path).left == ()
    assert ADA.encode() not in path.read_bytes()


def test_the_half_of_a_line_that_a_process_is_at_is_kept_until_it_is_whole(tmp_path, monkeypatch):
    path, later = tmp_path / "turns.jsonl", tmp_path / "later"
    write_jsonl([a_turn(1, "customer-1", "c1", "what I said")], path)
    write_jsonl([a_turn(2, "customer-1", "c1", "what I said next"), a_turn(3, "customer-2", "c2", "hello")], later)
    more = later.read_bytes()
    later.unlink()
    with path.open("ab") as file:
        file.write(more[:90])

    @contextmanager
    def while_the_other_goes_on(target):
        with rewritten(target) as file:
            yield file
            with target.open("ab") as old:
                old.write(more[90:])

    monkeypatch.setattr(turn_files, "rewritten", while_the_other_goes_on)
    assert erase("customer-1", tmp_path).left == ()
    assert [(turn, user) for turn, user, *_ in rows(path)] == [("t1", None), ("t2", None), ("t3", "customer-2")]


def test_what_a_killed_compaction_spilled_goes(folder):
    spilled = next(folder.glob("turns/*")) / ".spilled"
    spilled.mkdir()
    (spilled / "block").write_bytes(gzip.compress(ADA.encode()))
    erase_ada(folder)
    assert not spilled.exists()


def test_a_cell_longer_than_csv_usually_takes_is_erased(tmp_path):
    write_csv([a_turn(1, ADA, "c1", "cogs " * 50_000)], tmp_path / "table.csv")
    assert erase(ADA, tmp_path).left == ()
    assert b"cogs" not in (tmp_path / "table.csv").read_bytes()


def test_a_broken_database_is_named_and_holds_nothing_up(folder):
    (folder / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(2000) + ADA.encode())
    assert erase_ada(folder).left == ("broken.db",)


def test_two_names_in_rows_that_must_differ_become_one(tmp_path):
    with closing(sqlite3.connect(tmp_path / "tags.db")) as connection:
        connection.execute("CREATE TABLE tags (run INTEGER, tag TEXT, UNIQUE (run, tag))")
        connection.executemany("INSERT INTO tags VALUES (1, ?)", [(ADA,), (EMAIL,), ("other",)])
        connection.commit()
        assert erase(ADA, tmp_path, also=[EMAIL]).left == ()
        assert connection.execute("SELECT tag FROM tags ORDER BY tag").fetchall() == [("[erased]",), ("other",)]


def test_a_langtail_forgets_what_a_user_said_and_was_answered_and_keeps_what_it_cost(tmp_path):
    store = langtail.ThreadStore(str(tmp_path / "langtail.db"))
    for user, word in ((ADA, "difference engine"), ("customer-bob", "parcel")):
        thread = store.create_thread({"user_id": user}, {})["id"]
        call = {"prompt": "support", "environment": "production", "version": "1", "metadata": {"user": user}}
        said = {"messages": [{"role": "user", "content": f"where is the {word} of mine?"}]}
        reply = {
            "model": "m",
            "usage": {"total_tokens": 9},
            "choices": [{"message": {"content": f"the {word} is here"}}],
        }
        log = store.log({**call, "request": said, "reply": reply})
        store.add_message(thread, {"role": "user", "content": f"where is the {word} of mine?"}, {})
        store.add_message(thread, {"role": "assistant", "content": f"the {word} is here"}, {}, log)
    assert erase(ADA, tmp_path).left == ()
    assert found_in(tmp_path) == set()
    hers, bobs = store.logs()
    assert (hers["reply"], hers["request"]) == ({"model": "m", "usage": {"total_tokens": 9}}, {})
    assert "parcel" in json.dumps(bobs)
    (bobs_thread, her_thread) = (thread["id"] for thread in store.threads(10, None))
    assert store.history(her_thread) == [{"role": role, "content": "[erased]"} for role in ("user", "assistant")]
    assert len(store.history(bobs_thread)) == 2
    assert str(erase(ADA, tmp_path)).startswith("Nothing is held")


def test_a_turn_without_a_user_is_theirs_where_its_conversation_is_and_stays_where_others_share_it(tmp_path):
    some = [
        a_turn(1, "customer-1", "alone", "what I said alone"), a_turn(2, None, "alone", "who said this alone"),
        a_turn(3, "customer-1", "shared", "what I said to all"), a_turn(4, "customer-2", "shared", "what another said"),
        a_turn(5, None, "shared", "who said this to all"),
    ]  # fmt: skip
    write_jsonl(some, tmp_path / "turns.jsonl")
    erase("customer-1", tmp_path)
    left = rows(tmp_path / "turns.jsonl")
    assert [question for *_, question in left] == [None, None, None, "what another said", "who said this to all"]
    assert left[0][2] == left[1][2] != "alone"
    assert [conversation for *_, conversation, _ in left[2:]] == ["shared"] * 3


def test_what_a_process_appends_while_its_file_is_written_anew_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "turns.jsonl"
    write_jsonl([a_turn(1, "customer-1", "c1", "what I said")], path)
    write_jsonl([a_turn(2, "customer-2", "c2", "hello"), a_turn(3, "customer-1", "c1", "again")], tmp_path / "later")
    later = (tmp_path / "later").read_bytes()
    (tmp_path / "later").unlink()

    @contextmanager
    def while_another_appends(target):
        with rewritten(target) as file:
            yield file
            with target.open("ab") as old:
                old.write(later)

    monkeypatch.setattr(turn_files, "rewritten", while_another_appends)
    erase("customer-1", tmp_path)
    assert [(turn, user, question) for turn, user, _, question in rows(path)] == [
        ("t1", None, None), ("t2", "customer-2", "hello"), ("t3", None, None)
    ]  # fmt: skip


def test_a_running_bot_loses_no_turn_to_an_erasure(tmp_path):
    with Store(tmp_path, interval=0.001) as store:
        clock = ManualClock(START)
        monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
        store.attach(monitor)
        given = []
        for number in range(40):
            for user in ("customer-ada-1", "customer-bob"):
                with monitor.track(f"conversation-{number}-{user[-3:]}", user) as turn:
                    clock.advance(1)
                given.append(turn.turn_id)
            if number % 10 == 5:
                erase("customer-ada-1", tmp_path)
        store.flush()
        erase("customer-ada-1", tmp_path)
        with open_logs(tmp_path) as logs:
            frame = logs.frame()
    assert sorted(frame["turn_id"]) == sorted(given)
    assert frame["user_id"].isna().sum() == 40


ERASE = """
import sys
from pathlib import Path
from chatmon.store.privacy import Pseudonyms, erase
print("ready", flush=True)
erase(sys.argv[1], Path(sys.argv[2]), pseudonyms=Pseudonyms(bytes(range(32)), bytes(32)), also=[sys.argv[3]])
"""


def test_an_erasure_that_is_killed_at_any_moment_is_finished_by_the_next(tmp_path):
    template = make(tmp_path / "template")
    before = totals(template), runs(template)
    rng = random.Random(7)
    for attempt in range(6):
        data = tmp_path / f"data-{attempt}"
        shutil.copytree(template, data)
        command = [sys.executable, "-c", ERASE, ADA, str(data), EMAIL]
        with started(*command, stdout=subprocess.PIPE, cwd=REPO) as child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.0, 0.4))
            child.kill()
        erase_ada(data)
        assert found_in(data) == set()
        assert (totals(data), runs(data)) == before
        assert not list(data.rglob(".*ing-*"))


@pytest.mark.parametrize("at", range(9))
def test_an_erasure_that_fails_at_any_file_is_finished_by_the_next(folder, monkeypatch, at):
    before = totals(folder), runs(folder)
    calls = 0

    def failing(real):
        def call(*args, **options):
            nonlocal calls
            calls += 1
            if calls > at:
                raise OSError("the disk is full")
            return real(*args, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase_from", failing(erasure.erase_from))
        patched.setattr(erasure, "erase_from_database", failing(erasure.erase_from_database))
        if at < 8:
            with pytest.raises(OSError, match="the disk is full"):
                erase_ada(folder)
    erase_ada(folder)
    assert found_in(folder) == set()
    assert (totals(folder), runs(folder)) == before


def test_a_database_in_use_is_refused_with_what_to_do(folder, monkeypatch):
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.2)
    reader = sqlite3.connect(folder / "langsmith.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchall()
    try:
        with pytest.raises(sqlite3.OperationalError, match=r"stop its server, and erase again|locked"):
            erase_ada(folder)
    finally:
        reader.close()
    erase_ada(folder)
    assert found_in(folder) == set()


def test_a_local_langsmith_takes_traces_on_after_an_erasure(folder):
    erase_ada(folder)
    store = langsmith.RunStore(folder / "langsmith.db")
    hits = store.reading().execute("SELECT count(*) FROM texts WHERE texts MATCH 'engine'").fetchone()[0]
    bobs = store.reading().execute("SELECT count(*) FROM texts WHERE texts MATCH 'whatever'").fetchone()[0]
    store.reading().close()
    store.close()
    assert (hits, bobs > 0) == (0, True)


def test_an_example_that_was_made_of_a_run_goes_with_what_was_said_in_it(folder):
    with closing(sqlite3.connect(folder / "langsmith.db")) as connection, connection:
        run, said = connection.execute(
            "SELECT id, inputs FROM runs JOIN payloads USING (n) WHERE inputs LIKE '%engine%' LIMIT 1"
        ).fetchone()
        document = {"inputs": json.loads(said), "attachments": {"note": "secret"}}
        for example, source in (("theirs", {"source_run_id": run}), ("made up", {})):
            kept = document | source if source else {"inputs": {"question": "What now?"}}
            row = (example, "dataset", 1, None, 1, 1, json.dumps(kept))
            connection.execute("INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO example_attachments VALUES ('secret', 'theirs', 'text/plain', ?)", [b"cogs!"])
    assert erase_ada(folder).left == ()
    with closing(sqlite3.connect(folder / "langsmith.db")) as connection:
        assert connection.execute("SELECT id FROM examples").fetchall() == [("made up",)]
        assert connection.execute("SELECT count(*) FROM example_attachments").fetchone() == (0,)


def test_only_the_owner_may_read_what_an_erasure_writes(folder):
    erase_ada(folder)
    receipts = folder / "erasures"
    written = [*receipts.iterdir(), *folder.glob("turns/*/*"), *folder.glob("exports/*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE(receipts.stat().st_mode) == 0o700


def test_what_is_held_about_a_user_is_told_once_a_turn(folder):
    held = export_user(ADA, folder, pseudonyms=PSEUDONYMS, also=[EMAIL])
    assert len(held["turns"]) == 36
    assert {turn["file"].partition("/")[0] for turn in held["turns"]} == {"live", "turns", "exports"}
    assert held["runs"][0]["inputs"] == {"question": "tell me of difference engine"}
    assert held["runs"][0]["feedback"][0]["comment"] == "my brass cogs!"
    assert "outbox.db" in held["found_in"]
    assert held["backups"] == ["backup/monday.jsonl"]
    json.dumps(held)
    erase_ada(folder)
    after = export_user(ADA, folder, pseudonyms=PSEUDONYMS, also=[EMAIL])
    assert (after["turns"], after["runs"], after["found_in"]) == ([], [], [])


def test_no_folder_and_no_name_are_refused(tmp_path):
    with pytest.raises(NotADirectoryError, match="no folder"):
        erase("ada", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="the user's id is empty"):
        erase("", tmp_path)


IDS = st.sampled_from(["42", "7", "true", "null", "a", "mia", "support", "0", "100234", "customer-77", "2026"])
TEXTS = st.sampled_from(
    ["I waited 42 minutes", "true or null?", "mia, a support case of 2026", "order 100234", "it was 0.42, not 7", None]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["n", "42", "true", "note", "seen"]),
    st.one_of(
        st.sampled_from([42, 7, 0.42, True, None, 100234, "42", "true", "mia", ["7", 42]]),
        TEXTS.filter(bool),
        st.just(json.dumps({"n": 42, "mia": [True, None, "42"]})),
    ),
    max_size=3,
)
ANY_TURNS = st.lists(
    st.tuples(IDS, st.integers(1, 4), TEXTS, ATTRIBUTES, st.sampled_from(["jsonl", "csv", "parquet"])),
    min_size=2, max_size=12,
)  # fmt: skip


def read_back(folder):
    """Every stored turn by its id, by other readers than the erasure's own."""
    found = {}
    for turn in read_jsonl(folder / "a.jsonl"):
        found[turn.turn_id] = (turn.user_id, turn.conversation_id, turn.question, dict(turn.attributes))
    for kind in ("csv", "parquet"):
        path = folder / f"a.{kind}"
        rows = pd.read_csv(path, dtype=str, keep_default_na=False) if kind == "csv" else pd.read_parquet(path)
        for row in rows.to_dict("records"):
            known = {name: value for name, value in row.items() if isinstance(value, str) and value}
            said = [known.get(name) for name in ("user_id", "conversation_id", "question")]
            found[row["turn_id"]] = (*said, json.loads(known.get("attributes", "{}")))
    return found


@examples(25)
@given(ANY_TURNS, IDS)
def test_whatever_a_user_is_called_the_others_keep_every_value(turns, user):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [
            (Turn(turn_id=f"t{n}", conversation_id=f"{owner}/{talk}", user_id=owner, timestamp=START, question=question,
                  attributes=attributes), kind)
            for n, (owner, talk, question, attributes, kind) in enumerate(turns)
        ]  # fmt: skip
        write_jsonl([turn for turn, kind in made if kind == "jsonl"], folder / "a.jsonl")
        write_csv([turn for turn, kind in made if kind == "csv"], folder / "a.csv")
        write_parquet([turn for turn, kind in made if kind == "parquet"], folder / "a.parquet")
        before = read_back(folder)
        receipt = erase(user, folder)
        after = read_back(folder)
        assert receipt.left == ()
        assert not list(folder.glob(".*erasing*"))
        for turn, (owner, talk, *said) in before.items():
            if owner == user:
                assert after[turn][0] is None
                assert after[turn][1] != talk
                assert after[turn][2:] == (None, {})
            else:
                assert after[turn] == (owner, talk, *said), (user, turn)


USER = "77123456789"


@pytest.mark.parametrize("written", [USER, int(USER), float(USER)])
def test_an_id_is_the_same_whatever_type_a_line_gives_it(tmp_path, written):
    others = {"turn_id": "t0", "conversation_id": 8, "user_id": 5, "question": f"{USER[:5]} apples", "n": 7}
    theirs = {"conversation_id": 7, "user_id": written, "question": [{"text": "words of my own"}], "answer": "no"}
    lines = [others, {"turn_id": "t1", **theirs}, {"turn_id": 2, **theirs}, {"user_id": written, "turn_id": "t3"}]
    path = tmp_path / "turns.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert {turn["turn_id"] for turn in export_user(USER, tmp_path)["turns"]} == {"t1", 2, "t3"}
    assert erase(USER, tmp_path).proved
    first, *rest = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == others
    assert [row["turn_id"] for row in rest] == ["t1", 2, "t3"]
    assert rest[0]["conversation_id"] == rest[1]["conversation_id"] != 7
    assert [set(row) - {"turn_id", "conversation_id"} for row in rest] == [set(), set(), set()]


COLUMNS_OF_OTHER_TYPES = {
    "conversations are numbers": ("conversation_id", pa.array([1, 2, 2], pa.int32())),
    "users are numbers with a fraction": ("user_id", pa.array([float(USER), 5.0, None])),
    "users are a dictionary": ("user_id", pa.array([USER, "5", "5"]).dictionary_encode()),
    "a message is a list of parts": ("question", pa.array([[{"text": USER}], [{"text": f"to {USER}"}], []])),
    "attributes are a map": (
        "attributes", pa.array([[("k", USER)], [("k", f"to {USER}")], None], pa.map_(pa.string(), pa.string())),
    ),
    "an attribute is a number": ("attributes", pa.array([{"user_id": int(USER)}, {"user_id": int(USER)}, None])),
    "a column of one's own": ("ticket", pa.array([f"of {USER}", f"like {USER}'s", "other"], pa.large_string())),
    "times in nanoseconds": ("at", pa.array([1, 2, 3], pa.timestamp("ns", "UTC"))),
}  # fmt: skip


@pytest.mark.parametrize("what", COLUMNS_OF_OTHER_TYPES)
def test_columns_of_any_type_are_erased_and_keep_it(tmp_path, what):
    name, column = COLUMNS_OF_OTHER_TYPES[what]
    usual = {"turn_id": ["a", "b", "c"], "conversation_id": ["x", "y", "y"], "user_id": [USER, "5", "5"]}
    before = pa.table(usual | {name: column})
    pq.write_table(before, tmp_path / "turns.parquet")
    assert erase(USER, tmp_path).proved
    after = pq.read_table(tmp_path / "turns.parquet")
    assert after.schema.equals(before.schema)
    assert after["user_id"].to_pylist()[0] is None
    assert USER not in str(after.to_pylist())
    assert after.slice(2).to_pylist() == before.slice(2).to_pylist(), "the last row is another's, and names nobody"
    assert after["conversation_id"][0] != before["conversation_id"][0]
    assert after["conversation_id"][1:].equals(before["conversation_id"][1:])


def test_twice_as_many_messages_take_about_twice_as_long_to_erase(tmp_path):
    def seconds(number, folder):
        lines = folder / "live" / "2026-10-05"
        lines.mkdir(parents=True)
        mine, other = (
            [
                Turn(
                    turn_id=f"{user}-t{n}", conversation_id=f"conversation-of-{user}-{n}", user_id=user,
                    timestamp=datetime(2026, 10, 5, tzinfo=UTC), question=f"{user} asks for number {n} of the list",
                )
                for n in range(number)
            ]
            for user in ("customer-77", "customer-88")
        )  # fmt: skip
        (lines / "host-1-1.jsonl").write_bytes(b"".join(to_line(turn)[1] for turn in (*mine, *other)))
        began = time.process_time()
        receipt = erase("customer-77", folder)
        took = time.process_time() - began
        assert (sum(receipt.changed.values()), receipt.proved) == (number, True)
        return took

    seconds(10, tmp_path / "first")  # what is imported is imported
    times = [[seconds(number, tmp_path / f"{go}-{number}") for number in (1_000, 2_000)] for go in range(3)]
    assert min(long for _, long in times) < 3 * min(short for short, _ in times), times
