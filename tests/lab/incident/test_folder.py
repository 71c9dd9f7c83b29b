"""Nothing in a student's folder gives the key away: each place where something could is looked into."""

import base64

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from chatmon.lab.incident import Assigned, ClassKey, DiagnosisError, FolderError, incident, make_folder, opened, read
from chatmon.lab.incident._diagnosis import template
from chatmon.lab.incident._folder import untold
from chatmon.lab.traffic import KINDS

KEY = ClassKey(bytes(range(32)))
ADA, BO = (Assigned(name, problems=9, days=10) for name in ("Ada", "Bo"))
"""Each with every kind of problem there is."""
IDS = ("turn_id", "conversation_id", "user_id")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("class") / "ada"
    make_folder(made, KEY, ADA)
    return made


@pytest.fixture(scope="module")
def plain():
    return incident(KEY, ADA)


@pytest.fixture(scope="module")
def log(folder):
    return pq.read_table(folder / "turns.parquet")


def test_a_folder_holds_the_log_and_the_file_to_fill_in(folder, log, plain):
    assert sorted(file.name for file in folder.iterdir()) == ["diagnosis.toml", "turns.parquet"]
    assert log.num_rows == plain.truth.turns
    assert read(folder).seal == ADA.seal(KEY)


def test_no_file_holds_the_secret_or_the_seed_in_any_writing(folder, plain):
    seed = plain.truth.seed
    told = [str(seed).encode(), f"{seed:x}".encode(), seed.to_bytes(32, "big"), seed.to_bytes(32, "little")]
    told += [KEY.secret, KEY.secret.hex().encode(), base64.b64encode(KEY.secret)]
    for file in folder.iterdir():
        assert not [one for one in told if one in file.read_bytes()], file.name


def test_the_file_to_fill_in_differs_between_students_in_name_and_seal_alone():
    ours, theirs = (template(one, one.seal(KEY)).splitlines() for one in (ADA, BO))
    assert [a.split(" = ")[0] for a, b in zip(ours, theirs, strict=True) if a != b] == ["student", "seal"]


def test_the_log_says_nothing_of_itself_but_its_columns(folder):
    file = pq.ParquetFile(folder / "turns.parquet")
    schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(file.metadata.metadata[b"ARROW:schema"])))

    assert set(file.metadata.metadata) == {b"ARROW:schema"}
    assert schema.metadata is None
    assert all(field.metadata is None for field in schema)
    assert file.metadata.num_row_groups == 1


def test_the_statistics_of_a_column_are_those_of_its_values(folder, log):
    group = pq.ParquetFile(folder / "turns.parquet").metadata.row_group(0)
    for at in range(group.num_columns):
        column, values = group.column(at), log.column(at)
        if column.is_stats_set and column.statistics.has_min_max:
            least, most = pc.min_max(values).as_py().values()
            assert (column.statistics.min, column.statistics.max) == (least, most) or column.statistics.min is None
        if column.is_stats_set:
            assert column.statistics.null_count == values.null_count


def test_all_files_of_all_students_were_made_at_one_time(folder, tmp_path):
    make_folder(tmp_path / "bo", KEY, BO, sealed=True)
    times = {file.stat().st_mtime_ns for one in (folder, tmp_path / "bo") for file in one.iterdir()}
    assert len(times) == 1


def test_rows_stand_in_order_of_time_and_of_one_moment_by_their_new_names(log):
    order = log.sort_by([("timestamp", "ascending"), ("turn_id", "ascending")])
    assert log["turn_id"].equals(order["turn_id"])


@pytest.mark.parametrize("column", IDS)
def test_ids_are_new_and_say_the_same_belongs_together(column, log, plain):
    # What a turn is like tells the rows of the two tables apart.
    key = ["timestamp", "response_time", "intent", "question"]
    both = log.select([*key, column]).join(plain.turns.select([*key, column]), key, right_suffix="_before")
    pairs = set(zip(both[column].to_pylist(), both[f"{column}_before"].to_pylist(), strict=True))

    assert not set(log[column].to_pylist()) & set(plain.turns[column].to_pylist())
    assert len(pairs) == len({one for one, _ in pairs}) == len({one for _, one in pairs})
    assert len(pairs) == len(set(plain.turns[column].to_pylist()))


def test_one_users_name_is_another_one_in_another_students_log():
    ours, theirs = (set(untold(incident(KEY, one).turns, KEY, one)["user_id"].to_pylist()) for one in (ADA, BO))
    assert not ours & theirs


def test_no_word_of_any_column_is_said_of_struck_turns_alone(log, plain):
    texts = [field.name for field in log.schema if pa.types.is_string(field.type) and field.name not in IDS]
    for plant in plain.truth.plants:
        struck = pc.and_(pc.greater_equal(log["timestamp"], plant.start), pc.less(log["timestamp"], plant.end))
        for name, value in plant.problem.slice.items():
            struck = pc.and_(struck, pc.equal(log[name], value))
        for name in texts:
            inside, outside = (set(log.filter(mask)[name].to_pylist()) for mask in (struck, pc.invert(struck)))
            assert not inside - outside, (plant.problem.kind, name)


def test_the_traffic_itself_would_have_told_its_prices(plain):
    assert any("times" in (one or "") for one in set(plain.turns["price_source"].to_pylist()))
    assert {plant.problem.kind for plant in plain.truth.plants} == set(KINDS) - {"mix_shift"}


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "truth.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FolderError, match=r"holds truth\.json: name a new folder"):
        make_folder(tmp_path, KEY, ADA)
    assert [one.name for one in tmp_path.iterdir()] == ["truth.json"]


WHOLE = """what = "price_change"
where = { model = "m" }
from = 2026-10-07
to = 2026-10-08
usd = [1, 2]
seconds = [0, 1]
failures = [0, 1]
unhelped = [0, 1]
do = "ask_the_provider"
experiment = "invoice"
ruled_out = ["weekend"]
"""


class TestASealedKey:
    @pytest.fixture
    def own(self, tmp_path):
        make_folder(tmp_path / "me", KEY, Assigned("me", problems=1, days=10), sealed=True)
        return tmp_path / "me"

    def fill(self, folder, text):
        head, _, _ = (folder / "diagnosis.toml").read_text(encoding="utf-8").partition("[[problem]]")
        (folder / "diagnosis.toml").write_text(f"{head}[[problem]]\n{text}", encoding="utf-8")

    def test_it_is_in_the_folder_and_cannot_be_read_off(self, own):
        sealed = base64.b64decode((own / "key.sealed").read_text(encoding="utf-8"))
        assert len(sealed) == 32
        assert sealed != KEY.secret

    def test_it_stays_shut_while_a_line_is_empty(self, own):
        with pytest.raises(DiagnosisError, match="is not whole: 1 left empty"):
            opened(own)
        self.fill(own, WHOLE.replace('do = "ask_the_provider"\n', ""))
        with pytest.raises(DiagnosisError, match="problem 1: do"):
            opened(own)
        assert not (own / "handed_in.toml").exists()

    def test_it_opens_for_a_whole_diagnosis_and_the_first_one_counts(self, own):
        self.fill(own, WHOLE)
        key, first = opened(own)
        self.fill(own, WHOLE.replace("2026-10-07", "2026-10-06"))
        again, second = opened(own)

        assert key == again == KEY
        assert read(first).claims == read(second).claims
        assert read(own).claims != read(second).claims

    def test_without_it_the_teacher_is_named(self, folder):
        copy = folder.parent / "copy"
        copy.mkdir()
        (copy / "diagnosis.toml").write_bytes((folder / "diagnosis.toml").read_bytes())
        self.fill(copy, "[[problem]]\n".join([WHOLE] * 9))
        with pytest.raises(FolderError, match="the teacher has it"):
            opened(copy)
        assert not (copy / "handed_in.toml").exists()

    def test_a_damaged_one_is_told(self, own):
        self.fill(own, WHOLE)
        (own / "key.sealed").write_text("AAAA\n", encoding="utf-8")
        with pytest.raises(FolderError, match="holds 3 bytes, and a key has 32"):
            opened(own)
