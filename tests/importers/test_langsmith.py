import gzip
import json
import random

import pytest
from importers import writers_langsmith as writers
from importers.conversations import SHAPES, facts, some_turns

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = some_turns()
SHAPED = some_turns(28, shapes=SHAPES)


def read_back(path, **options):
    with open_logs(path, **options) as logs:
        return table.from_frame(logs.frame()), logs.report


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "runs.jsonl"
    writers.write_lines(writers.runs(TURNS), path)
    return path


@pytest.mark.parametrize("shape", ["runs", "dumped", "nested", "v2", "payloads"])
def test_every_json_dialect_gives_the_same_turns(tmp_path, shape):
    path = tmp_path / "runs.jsonl"
    writers.write_lines(getattr(writers, shape)(SHAPED), path)
    found, report = read_back(path)
    assert facts(found) == facts(SHAPED)
    assert not report.rejected


def test_the_bulk_parquet_gives_the_same_turns(tmp_path):
    folder = tmp_path / "export_id=1" / "runs" / "year=2026" / "month=10" / "day=5"
    folder.mkdir(parents=True)
    writers.write_bulk(SHAPED, folder / "part.parquet")
    found, _ = read_back(tmp_path)
    assert facts(found) == facts(SHAPED)


def test_an_api_page_and_an_indented_array_give_the_same_turns(tmp_path, plain):
    runs = list(writers.runs(TURNS))
    for name, document in (("page.json", {"runs": runs, "cursors": {}}), ("array.json", runs)):
        path = tmp_path / name
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        assert facts(read_back(path)[0]) == facts(TURNS)


def test_the_order_of_rows_and_their_files_do_not_matter(tmp_path):
    runs = list(writers.runs(TURNS))
    random.Random(1).shuffle(runs)
    for number, part in enumerate((runs[:30], runs[30:])):
        writers.write_lines(part, tmp_path / f"part-{number}.jsonl")
    assert facts(read_back(str(tmp_path / "part-*.jsonl"))[0]) == facts(TURNS)


def test_windows_exported_twice_count_once(tmp_path):
    runs = list(writers.runs(TURNS))
    writers.write_lines(runs[:60], tmp_path / "a.jsonl")
    writers.write_lines(runs[20:], tmp_path / "b.jsonl")
    found, report = read_back(tmp_path)
    assert facts(found) == facts(TURNS)
    assert report.duplicates == 40


def test_numbers_as_text_a_mark_at_the_start_and_windows_line_ends_change_nothing(tmp_path):
    path = tmp_path / "runs.jsonl"
    runs = [
        run | {name: run[name] and str(run[name]) for name in ("prompt_tokens", "completion_tokens")}
        for run in writers.runs(TURNS)
    ]
    writers.write_lines(runs, path, end="\r\n", start="\ufeff")
    assert facts(read_back(path)[0]) == facts(TURNS)


def test_gzip_is_read_and_a_cut_one_says_where_it_breaks_off(tmp_path, plain):
    whole = tmp_path / "whole.jsonl.gz"
    whole.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    assert facts(read_back(whole)[0]) == facts(TURNS)
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found, report = read_back(cut)
    assert 0 < len(found) < len(TURNS)
    assert any("breaks off" in one.reason for one in report.examples)


def test_broken_lines_are_rejected_by_line_and_the_others_kept(plain):
    lines = plain.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[2] = "{not json\n"
    lines[4] = '{"hello": "world"}\n'
    lines[-1] = lines[-1][:50]
    plain.write_text("".join(lines), encoding="utf-8")
    _, report = read_back(plain)
    assert [one.line for one in report.examples] == [3, 5, len(lines)]
    assert report.read == len(lines)
    assert report.spans == len(lines) - 3


def test_impossible_tokens_are_refused_with_both_numbers(plain):
    runs = list(writers.runs(TURNS[:1]))
    runs[-1] |= {"prompt_tokens": 10, "prompt_token_details": {"cache_read": 40}}
    writers.write_lines(runs, plain)
    _, report = read_back(plain)
    assert "(40)" in report.examples[0].reason
    assert "(10)" in report.examples[0].reason
    assert report.examples[0].line == len(runs)


def test_times_without_a_zone_are_read_in_the_zone_one_names(plain):
    found, _ = read_back(plain, tz="Europe/Berlin")
    shift = {(a.timestamp - b.timestamp).total_seconds() for a, b in zip(TURNS, found, strict=True)}
    assert shift == {7200.0}


def test_texts_are_read_only_where_one_asks(plain):
    assert {turn.question for turn in read_back(plain)[0]} == {None}
    assert {turn.question for turn in read_back(plain, content=True)[0]} == {"Where is my parcel?"}


def test_the_first_token_is_timed_from_the_question_and_unknown_where_nothing_was_streamed(plain):
    assert [turn.time_to_first_token for turn in read_back(plain)[0]] == [turn.time_to_first_token for turn in TURNS]


def test_a_wrapper_around_a_model_call_does_not_count_twice(plain):
    runs = list(writers.runs(TURNS[:1]))
    wrapper = runs[-1] | {"id": "11111111-2222-4333-8444-555555555555"}
    runs[-1]["parent_run_id"] = wrapper["id"]
    writers.write_lines([*runs, wrapper], plain)
    assert facts(read_back(plain)[0]) == facts(TURNS[:1])


def test_an_export_of_roots_alone_takes_their_usage(plain):
    writers.write_lines([run for run in writers.runs(TURNS) if run["parent_run_id"] is None], plain)
    found, _ = read_back(plain)
    assert [turn.input_tokens for turn in found] == [turn.input_tokens for turn in TURNS]
    assert sum(turn.cost for turn in found if turn.cost) == sum(turn.cost for turn in TURNS if turn.cost)


def feedback(turns):
    for turn in turns:
        for name in ("user_satisfaction", "task_completed"):
            value = getattr(turn, name)
            if value is not None:
                yield {
                    "id": f"{turn.turn_id}-{name}", "created_at": "2026-10-05T12:00:00.000000", "run_id": turn.turn_id,
                    "key": name, "score": float(value), "value": None, "comment": None,
                }  # fmt: skip


def test_a_feedback_export_is_joined_to_its_runs_and_counted_once(tmp_path):
    writers.write_lines(writers.runs(TURNS, feedback=False), tmp_path / "runs.jsonl")
    for name in ("feedback.jsonl", "feedback-again.jsonl"):
        writers.write_lines(feedback(TURNS), tmp_path / name)
    found, report = read_back(tmp_path)
    given = len(list(feedback(TURNS)))
    assert facts(found) == facts(TURNS)
    assert (report.feedback, report.duplicates) == (given, given)


def test_several_scores_of_one_turn_are_averaged(tmp_path):
    score = {"key": "user_satisfaction", "run_id": TURNS[0].turn_id, "value": None}
    rows = [*writers.runs(TURNS[:1], feedback=False), *({"id": f"{n}", "score": n, **score} for n in (2, 5))]
    writers.write_lines(rows, tmp_path / "x.jsonl")
    assert read_back(tmp_path / "x.jsonl")[0][0].user_satisfaction == 3.5


def test_feedback_on_a_run_that_is_not_there_is_rejected(tmp_path):
    lost = next(feedback(TURNS[1:])) | {"run_id": "lost"}
    writers.write_lines([*writers.runs(TURNS[:1]), lost], tmp_path / "x.jsonl")
    assert read_back(tmp_path / "x.jsonl")[1].rejected == {"feedback for a trace that is not in the export": 1}


def test_a_thread_named_on_the_run_itself_is_the_conversation(plain):
    runs = [run | {"thread_id": "t-7", "extra": {"metadata": {}}} for run in writers.runs(TURNS[:2])]
    writers.write_lines(runs, plain)
    assert {turn.conversation_id for turn in read_back(plain)[0]} == {"t-7"}


def read_runs(tmp_path, *documents):
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    return read_back(path)


def run(number, began, ended, **more):
    name = f"00000000-0000-7000-8000-{number:012d}"
    return {
        "id": name, "trace_id": name, "run_type": "chain", "session_id": "p",
        "start_time": f"2026-11-30T02:00:{began}Z", "end_time": f"2026-11-30T02:00:{ended}Z",
        "extra": {"metadata": {"thread_id": "c-1"}},
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("began", "ended", "seconds"),
    [("00.500001", "00.500", 0), ("00.500999", "00.500", 0), ("00.500000", "00.500", 0), ("00.500002", "00.700", 0.2)],
)
def test_a_run_that_ends_in_the_millisecond_it_starts_in_took_none(tmp_path, began, ended, seconds):
    (turn,), report = read_runs(tmp_path, run(1, began, ended))
    assert turn.response_time == pytest.approx(seconds, abs=1e-5)
    assert not report.rejected


def test_a_run_that_ends_a_millisecond_before_it_starts_is_still_rejected(tmp_path):
    _, report = read_runs(tmp_path, run(1, "00.501001", "00.500"))
    assert report.rejected == {"it ends # s before it starts": 1}


def test_usage_that_stands_in_metadata_alone_is_read(tmp_path):
    usage = {"input_tokens": 310, "output_tokens": 31, "input_token_details": {"cache_read": 128}}
    metadata = {"thread_id": "c-1", "usage_metadata": usage | {"output_token_details": {"reasoning": 7}}}
    child = run(2, "00.100002", "00.900", run_type="llm", parent_run_id=run(1, "0", "0")["id"])
    child |= {"trace_id": child["parent_run_id"], "outputs": {"content": "Near."}, "extra": {"metadata": metadata}}
    (turn,), _ = read_runs(tmp_path, run(1, "00.000001", "01.000"), child)
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens, turn.reasoning_tokens) == (310, 128, 31, 7)


def test_a_patch_without_an_id_is_known_by_its_place_in_the_trace(tmp_path):
    trace, child = run(1, "0", "0")["id"], run(2, "0", "0")["id"]
    place = f"20261130T020000000001Z{trace}"
    below = f"{place}.20261130T020000100002Z{child}"
    posts = [
        {"id": trace, "trace_id": trace, "dotted_order": place, "run_type": "chain", "start_time": 1_796_004_000_000},
        {"id": child, "trace_id": trace, "dotted_order": below, "run_type": "llm", "start_time": 1_796_004_000_100,
         "parent_run_id": trace},
    ]  # fmt: skip
    patches = [
        {"dotted_order": below, "trace_id": trace, "end_time": 1_796_004_000_900,
         "outputs": {"usage_metadata": {"input_tokens": 70, "output_tokens": 7}}},
        {"dotted_order": place, "end_time": 1_796_004_002_000},
    ]  # fmt: skip
    (turn,), report = read_runs(tmp_path, {"post": posts, "patch": patches})
    assert (turn.response_time, turn.input_tokens, turn.output_tokens) == (2.0, 70, 7)
    assert (report.halves, dict(report.rejected)) == (2, {})


def test_feedback_under_a_name_of_one_s_own_is_named_with_the_way_to_have_it_read(tmp_path):
    rated = {"stars": {"n": 1, "avg": 4.0}, "user_satisfaction": {"n": 1, "avg": 4.0}, "mood": {"n": 1, "avg": 1.0}}
    (turn,), report = read_runs(tmp_path, run(1, "00.000", "01.000", feedback_stats=rated))
    assert turn.user_satisfaction == 4
    (said,) = (text for text in report.assumptions if "scores" in text)
    assert "mood, stars. Written as user_satisfaction (1 to 5)" in said
