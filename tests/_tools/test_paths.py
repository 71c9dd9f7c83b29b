"""What is private is for its owner only, whoever writes it; a file written anew is whole or as it was."""

import os
import stat
from datetime import UTC, datetime

import pytest
from data_folder import ADA

from chatmon._tools.paths import private_file, rewritten, whole_file
from chatmon.alerts.live._file import File
from chatmon.alerts.live._saved import Saved
from chatmon.alerts.live._spool import Spool
from chatmon.connect.exporters import write_grafana, write_influx, write_openmetrics, write_otlp
from chatmon.importers import open_logs
from chatmon.lab.services.langsmith._store import RunStore as LangSmith
from chatmon.lab.services.langtail._store import ThreadStore as Langtail
from chatmon.report import write_report
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.privacy import erase, open_keys, rotate
from chatmon.store.retention import retain
from chatmon.turns import Turn, write_jsonl, write_parquet


@pytest.fixture
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder):
    """The files and folders below one, itself among them, that anybody but their owner may use."""
    return [
        (path.relative_to(folder).as_posix(), oct(stat.S_IMODE(path.stat().st_mode)))
        for path in [folder, *folder.rglob("*")]
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]


def test_after_everything_has_written_only_the_owner_may_read_and_enter(tmp_path, usual_umask):
    data = tmp_path / "data"
    store = Store(data)
    for day in (5, 6):
        store.append(
            Turn(turn_id=f"t{day}", conversation_id="c", user_id=ADA, timestamp=datetime(2026, 10, day, tzinfo=UTC))
        )
    store.flush()
    databases = [
        Spool(File(data / "alerts" / "outbox.db")).file, Saved(data / "engine" / "alerts.db", 10),
        LangSmith(data / "traces" / "langsmith.db"), Langtail(str(data / "prompts" / "langtail.db")),
    ]  # fmt: skip
    databases[3].create_thread({"user_id": ADA}, {})
    with databases[2].writing() as connection:
        connection.execute("INSERT INTO datasets VALUES ('x', 'x', 0, '{}')")
    rotate(open_keys_in(data / "keys"))
    beside = {path.name for path in data.rglob("*.db-*")}
    assert {"outbox.db-wal", "alerts.db-wal", "langsmith.db-wal", "langtail.db-wal", "langtail.db-shm"} <= beside
    assert open_to_others(data) == []
    for one in databases[:1] + databases[2:3]:
        one.close()
    store.close()
    compact(data)
    assert open_to_others(data) == []
    erase(ADA, data)
    retain(data, days=1, clock=lambda: datetime(2026, 10, 6, tzinfo=UTC).timestamp())
    assert (data / "erasures").is_dir()
    assert [path.name for path in (data / "turns").iterdir()] == ["day=2026-10-06"]
    assert open_to_others(data) == []


def open_keys_in(folder):
    open_keys(folder / "pseudonym_keys")
    return folder / "pseudonym_keys"


def test_a_private_file_that_is_there_stays_as_it_is(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"content")
    path.chmod(0o640)
    private_file(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"content", 0o640)


def test_a_file_written_anew_is_the_old_one_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def interrupted():
        with rewritten(path) as file:
            file.write(b"ne")
            raise LookupError

    with pytest.raises(LookupError):
        interrupted()
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    with rewritten(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def _written(way, path):
    """Let one way of writing turns write a file."""
    turn = Turn(
        turn_id="t1", conversation_id="c1", user_id=ADA, timestamp=datetime(2026, 10, 5, tzinfo=UTC), question="who?"
    )
    lines = path.with_name("in.jsonl")
    write_jsonl([turn], lines)
    if way in _OF_TURNS:
        _OF_TURNS[way]([turn], path)
    else:
        with open_logs(lines, content=True) as logs:
            _OF_LOGS[way](logs, path)


_OF_TURNS = {"jsonl": write_jsonl, "parquet": write_parquet, "report": write_report}
_OF_LOGS = {
    "convert": lambda logs, path: logs.write_parquet(path),
    "otlp": write_otlp,
    "influx": write_influx,
    "openmetrics": write_openmetrics,
}


@pytest.mark.parametrize("way", [*_OF_TURNS, *_OF_LOGS])
@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o600), (0o600, 0o600), (0o400, 0o400)])
def test_what_may_hold_people_is_its_owners_only_whoever_writes_it(tmp_path, usual_umask, way, before, after):
    path = tmp_path / "out"
    if before is not None:
        path.write_bytes(b"older")
        path.chmod(before)
    _written(way, path)
    assert path.read_bytes() != b"older"
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.jsonl", "out"]


def test_nobody_else_may_read_a_file_while_it_is_written(tmp_path, usual_umask):
    (tmp_path / "a.part").write_bytes(b"of a process that was killed, for all to read")
    with whole_file(tmp_path / "a") as unfinished:
        assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
        assert unfinished.read_bytes() == b""


def test_a_dashboard_which_holds_nobodys_data_is_for_whoever_runs_grafana(tmp_path, usual_umask):
    write_grafana(tmp_path / "dashboard.json")
    assert stat.S_IMODE((tmp_path / "dashboard.json").stat().st_mode) == 0o644
