import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from importers import writers_langfuse, writers_langsmith, writers_otlp
from importers.conversations import some_turns
from importers.writers_langsmith import write_lines

from chatmon.importers import open_logs
from chatmon.turns import Turn, read_parquet, write_parquet

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
SOLVES = {"verdicts": {"solves": {"score": "correct"}}}
BOTH = SOLVES | {"labels": {"solves": {"score": "correct"}}}


def judged(path, scores=BOTH, **options):
    """What is known of turns: id to verdict and label; and the report."""
    with open_logs(path, scores=scores, **options) as logs:
        frame = logs.frame()
        told = frame["attributes"].fillna("{}")
        rows = {turn_id: json.loads(said) for turn_id, said in zip(frame["turn_id"], told, strict=True)}
        return rows, logs.report


def one(path, scores=BOTH, **options):
    """The verdict and the label of the only turn."""
    rows, report = judged(path, scores, **options)
    (said,) = rows.values()
    return said.get("verdict_solves"), said.get("label_solves"), report


def langsmith(path, *feedback, stats=None):
    run = {
        "id": "r", "trace_id": "r", "run_type": "llm", "start_time": "2026-10-05T09:00:00", "inputs": {},
        "end_time": "2026-10-05T09:00:01", "session_id": "p", "dotted_order": "x", "parent_run_id": None,
        "outputs": {}, "feedback_stats": stats, "extra": {"metadata": {"team": "north"}},
    }  # fmt: skip
    child = run | {"id": "call", "parent_run_id": "r", "feedback_stats": None, "dotted_order": "x.y"}
    rows = [
        {"id": f"f{place}", "run_id": "r", "trace_id": "r", "key": "correct", "score": None, "value": None,
         "feedback_source": {"type": "api"}} | given
        for place, given in enumerate(feedback)
    ]  # fmt: skip
    return write_lines([run, child, *rows], path / "runs.jsonl") or path / "runs.jsonl"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"score": 1}, True), ({"score": 0.0}, False), ({"score": True}, True), ({"score": False}, False),
        ({"value": "yes"}, True), ({"value": " No "}, False), ({"value": "true"}, True), ({"value": "fine"}, None),
        ({"score": 1, "value": "maybe"}, None), ({}, None),
    ],
)  # fmt: skip
def test_a_score_is_yes_or_no_by_its_number_or_word_or_it_is_unknown(tmp_path, given, wanted):
    verdict, label, report = one(langsmith(tmp_path, given), SOLVES)
    assert (verdict, label) == (wanted, None)
    unread = [text for text in report.warnings if "neither yes nor no" in text]
    assert bool(unread) == (wanted is None and given != {})
    assert all(repr(given["value"]) in text and "yes = " in text for text in unread)


@pytest.mark.parametrize(
    ("said", "given", "wanted"),
    [
        ({"yes": ["pass"], "no": "fail"}, {"value": "PASS"}, True),
        ({"yes": ["pass"], "no": ["fail"]}, {"value": "fail"}, False),
        ({"yes": ["pass"]}, {"value": "part"}, None), ({"at_least": 0.7}, {"score": 0.7}, True),
        ({"at_least": 0.7}, {"score": 0.69}, False), ({"at_most": 2}, {"score": 2}, True),
        ({"at_most": 2}, {"score": 5}, False),
        ({"at_least": 4}, {"score": 1}, False), ({"at_least": 4, "yes": ["top"]}, {"value": "top"}, True),
    ],
)  # fmt: skip
def test_a_map_says_which_words_and_from_where_on_a_grade_is_a_yes(tmp_path, said, given, wanted):
    scores = {"verdicts": {"solves": {"score": "correct"} | said}}
    assert one(langsmith(tmp_path, given), scores)[0] is wanted


def test_grades_that_nothing_says_the_yes_of_are_refused_and_not_read_in_part(tmp_path):
    with pytest.raises(ValueError, match=r"2 of 3 scores 'correct' are neither 0 nor 1, but from 0.2 to 1: .*at_least"):
        judged(langsmith(tmp_path, {"score": 1}, {"score": 0.2}, {"score": 0.6}))


def test_who_gave_a_score_says_whether_it_is_a_verdict_or_a_label(tmp_path):
    people, programs = {"feedback_source": {"type": "app"}}, {"feedback_source": {"type": "model"}}
    verdict, label, report = one(langsmith(tmp_path, {"score": 1} | programs, {"score": 0} | people))
    assert (verdict, label) == (True, False)
    assert "verdict_solves: 1 scores 'correct' are a person's and no verdict: [labels.NAME] reads them" in report.notes
    assert "label_solves: 1 scores 'correct' are a program's and no label: [verdicts.NAME] reads them" in report.notes
    assert one(langsmith(tmp_path, {"score": 1}))[:2] == (True, True), "api says neither, so the map decides"


def test_scores_of_one_name_that_differ_are_unknown_and_said(tmp_path):
    verdict, _, report = one(langsmith(tmp_path, {"score": 1}, {"score": 0}), SOLVES)
    assert verdict is None
    assert any("of 1 of 1 turns one score says yes and one says no" in text for text in report.warnings)
    assert one(langsmith(tmp_path, {"score": 1}, {"score": 1}), SOLVES)[0] is True
    assert one(langsmith(tmp_path, {"score": 1}, {"value": "eh"}), SOLVES)[0] is True


def test_a_score_of_the_turn_comes_before_those_of_its_calls(tmp_path):
    of_call = {"run_id": "call", "score": 0}
    assert one(langsmith(tmp_path, of_call), SOLVES)[0] is False
    assert one(langsmith(tmp_path, of_call, {"score": 1}), SOLVES)[0] is True


def test_what_a_run_says_of_its_feedback_is_read_where_the_feedback_is_not_there(tmp_path):
    stats = {"correct": {"n": 1, "avg": 1.0, "values": {}}}
    assert one(langsmith(tmp_path, stats=stats), SOLVES)[0] is True
    assert one(langsmith(tmp_path, {"score": 0}, stats=stats), SOLVES)[0] is False
    half = {"correct": {"n": 2, "avg": 0.5, "values": {}}}
    verdict, _, report = one(langsmith(tmp_path, stats=half), SOLVES)
    assert verdict is None
    assert any("'0.5'" in text for text in report.warnings)
    words = {"correct": {"n": 1, "avg": None, "values": {"pass": 1}}}
    scores = {"verdicts": {"solves": {"score": "correct", "yes": ["pass"]}}}
    assert one(langsmith(tmp_path, stats=words), scores)[0] is True


def test_langfuse_scores_come_with_the_trace_or_as_rows_of_their_own(tmp_path):
    turns = some_turns(3)
    of = {"project_id": "p", "timestamp": "2026-10-05T10:00:00Z", "observation_id": None, "name": "correct"}
    found = writers_langfuse.legacy(turns)
    rows = [
        {"id": "s1", "trace_id": turns[0].turn_id, "value": 1.0, "data_type": "BOOLEAN", "string_value": "True"},
        {"id": "s2", "trace_id": turns[0].turn_id, "value": 0.0, "data_type": "BOOLEAN", "string_value": "False"},
        {"id": "s3", "trace_id": turns[1].turn_id, "value": None, "data_type": "CATEGORICAL", "string_value": "pass"},
    ]  # fmt: skip
    rows = [of | row | {"source": source} for row, source in zip(rows, ("EVAL", "ANNOTATION", "API"), strict=True)]
    write_lines([*found["observations"], *rows], tmp_path / "rows.jsonl")
    scores = {"verdicts": {"solves": {"score": "correct", "yes": ["pass"]}}, "labels": {"solves": {"score": "correct"}}}
    known, report = judged(tmp_path / "rows.jsonl", scores)
    assert [known[turn.turn_id].get("verdict_solves") for turn in turns] == [True, True, None]
    assert known[turns[0].turn_id]["label_solves"] is False
    assert not [text for text in report.assumptions if "correct" in text], "what a map reads is not called unread"
    downloads = list(writers_langfuse.downloads(turns))
    downloads[0]["trace"]["scores"] = [
        {"name": "correct", "value": 1, "source": "EVAL"}, {"name": "tone", "value": 0.3, "source": "EVAL"},
    ]  # fmt: skip
    write_lines(downloads, tmp_path / "downloads.jsonl")
    known, report = judged(tmp_path / "downloads.jsonl", scores)
    assert [said.get("verdict_solves") for said in known.values()].count(True) == 1
    assert any("named for: tone" in text for text in report.assumptions)


def test_phoenix_annotations_are_joined_by_their_span(tmp_path):
    turns = some_turns(2)
    rows = list(writers_otlp.lines(turns))
    first = rows[0]["trace_id"]
    given = [
        writers_otlp.annotation(rows[0], "correct", kind="LLM", label="incorrect", score=0),
        writers_otlp.annotation(rows[0], "correct", kind="HUMAN", label="correct", score=1),
    ]
    write_lines([*rows, *given], tmp_path / "spans.jsonl")
    words = {"score": "correct", "yes": ["correct"], "no": ["incorrect"]}
    known, report = judged(tmp_path / "spans.jsonl", {"verdicts": {"solves": words}, "labels": {"solves": words}})
    assert report.feedback == 2
    (mine,) = (said for turn_id, said in known.items() if turn_id == first)
    assert (mine["verdict_solves"], mine["label_solves"]) == (False, True)
    assert sum("verdict_solves" in said for said in known.values()) == 1
    flat = [
        {"span_id": rows[-1]["span_id"], "annotation_name": "correct", "annotator_kind": "CODE", "result.score": 1.0,
         "result.label": None, "identifier": ""}
    ]  # fmt: skip
    write_lines([*rows, *flat], tmp_path / "spans.jsonl")
    known, _ = judged(tmp_path / "spans.jsonl", SOLVES)
    assert [said.get("verdict_solves") for said in known.values()].count(True) == 1


def test_mlflow_assessments_tell_whose_they_are_and_a_later_one_stands_for_an_earlier(tmp_path):
    (trace,) = writers_otlp.mlflow(some_turns(1))
    judge = {"source_type": "LLM_JUDGE", "source_id": "openai:/judge-1"}
    person = {"source_type": "HUMAN", "source_id": "ann@example.com"}
    trace["info"]["assessments"] = [
        {"assessment_name": "correct", "source": judge, "feedback": {"value": False}, "valid": False},
        {"assessment_name": "correct", "source": judge, "feedback": {"value": True}, "valid": True},
        {"assessment_name": "correct", "source": person, "feedback": {"value": "no"}},
        {"assessment_name": "correct", "source": person, "expectation": {"value": "Monday"}},
    ]
    write_lines([trace], tmp_path / "traces.jsonl")
    known, _ = judged(tmp_path / "traces.jsonl")
    (said,) = known.values()
    assert (said["verdict_solves"], said["label_solves"]) == (True, False)
    assert said["verdict_solves_by"] == "openai:/judge-1"
    assert "label_solves_by" not in said, "whose labels these are is nobody's business"


def evaluation(name, number=None, word=None, **more):
    parts = {"name": name, "score.value": number, "score.label": word}
    said = {f"gen_ai.evaluation.{part}": value for part, value in parts.items() if value is not None}
    return said | {f"gen_ai.evaluation.{part}": value for part, value in more.items()}


def event_line(span, attributes, *, observed="2026-10-06T00:00:00.000001Z"):
    """What OpenTelemetry's SDK writes to the console of an event."""
    return {
        "body": "evaluation", "severity_number": None, "attributes": attributes, "timestamp": None,
        "observed_timestamp": observed, "trace_id": f"0x{span['trace_id']}", "span_id": f"0x{span['span_id']}",
        "event_name": "gen_ai.evaluation.result",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (evaluation("correct", 1.0, "pass", target="reply"), True),  # pydantic-evals 2.62 of a bool
        (evaluation("correct", 0.0, "fail", target="reply"), False),
        (evaluation("correct", word="curt", target="reply"), None),  # and of a text
        (evaluation("correct", target="reply") | {"error.type": "ValueError"}, None),  # and of a judge that failed
        (evaluation("correct", 1, "unknown") | {"gen_ai.operation.name": "evaluation"}, True),  # Splunk's 0.1.15
        (evaluation("correct", 4.0, "pass", threshold="3"), True),  # Azure's SDK 1.18: a grade with its verdict
        (evaluation("correct", "1.0", "PASS"), True),  # Strands' 1.7 writes numbers as text
    ],
)
def test_an_evaluation_of_opentelemetry_is_of_the_span_that_its_record_names(tmp_path, said, wanted):
    rows = list(writers_otlp.lines(some_turns(2)))
    write_lines([*rows, event_line(rows[0], said)], tmp_path / "spans.jsonl")
    known, report = judged(tmp_path / "spans.jsonl", SOLVES)
    assert report.feedback == 1
    assert known[rows[0]["trace_id"]].get("verdict_solves") == wanted
    assert sum("verdict_solves" in one for one in known.values()) == (wanted is not None)


def test_evaluations_stand_in_a_file_of_logs_beside_records_that_are_none(tmp_path):
    (turn,) = some_turns(1)
    write_lines(writers_otlp.envelopes([turn]), tmp_path / "spans.jsonl")
    span = next(iter(writers_otlp.lines([turn])))
    pairs = [
        {"key": name, "value": {"doubleValue" if isinstance(value, float) else "stringValue": value}}
        for name, value in (evaluation("correct", 1.0, "pass") | {"event.name": "gen_ai.evaluation.result"}).items()
    ]
    ids = {"traceId": span["trace_id"], "spanId": span["span_id"], "timeUnixNano": "1796000000000000000"}
    records = [
        ids | {"body": {"stringValue": "a user's words"}, "attributes": []},
        ids | {"attributes": pairs},  # the name of the event as an attribute, as older SDKs write it
    ]
    logs = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {"name": "judge"}, "logRecords": records}]}]}
    write_lines([logs], tmp_path / "logs.jsonl")
    known, report = judged([tmp_path / "spans.jsonl", tmp_path / "logs.jsonl"], SOLVES)
    assert [one["verdict_solves"] for one in known.values()] == [True]
    assert report.rejected == {"a log record that is no evaluation of a reply": 1}
    write_lines([{"resourceLogs": [{"scopeLogs": [{"logRecords": records[:1]}]}]}], tmp_path / "logs.jsonl")
    _, report = judged([tmp_path / "spans.jsonl", tmp_path / "logs.jsonl"], None)
    assert "it looks like logs of OpenTelemetry" in str(report.rejected)


def test_an_evaluation_stands_among_a_span_s_events_or_on_the_judge_s_own_span(tmp_path):
    rows = list(writers_otlp.lines(some_turns(2)))
    first, last = (next(row for row in some if not row["parent_span_id"]) for some in (rows, rows[::-1]))
    event = {"name": "gen_ai.evaluation.result", "attributes": evaluation("correct", word="no")}
    first["events"] = [event, event | {"attributes": evaluation("tone", 0.4)}]
    judge = last | {"span_id": "00000000000000aa", "parent_span_id": last["span_id"], "name": "evaluator correct"}
    judge["attributes"] = evaluation("correct", "1.0", "UNKNOWN") | evaluation("task_completed", 1.0)
    write_lines([*rows, judge], tmp_path / "spans.jsonl")
    known, report = judged(tmp_path / "spans.jsonl", SOLVES)
    assert known[first["trace_id"]]["verdict_solves"] is False
    assert any("named for: correct, tone" in text or "named for: tone" in text for text in report.assumptions)


def test_an_evaluation_of_no_span_or_without_a_name_is_rejected(tmp_path):
    rows = list(writers_otlp.lines(some_turns(1)))
    stray = event_line({"trace_id": "ab" * 16, "span_id": "cd" * 8}, evaluation("correct", 1.0))
    nameless = event_line(rows[0], evaluation("correct", 1.0) | {"gen_ai.evaluation.name": ""})
    write_lines([*rows, stray, nameless], tmp_path / "spans.jsonl")
    _, report = judged(tmp_path / "spans.jsonl", SOLVES)
    assert sorted(report.rejected.values()) == [1, 1]
    assert "an evaluation without a name" in str(report.rejected)


def test_helicone_s_scores_are_read_by_the_names_they_were_given_and_a_thumb_is_the_user_s(tmp_path):
    def row(number, **scores):
        return {
            "request_id": f"r{number}", "request_created_at": f"2026-10-05T09:00:0{number}Z", "response_status": 200,
            "delay_ms": 900, "model": "m", "provider": "OPENAI", "scores": scores or None,
        }  # fmt: skip

    thumb = "helicone-score-feedback"
    given = [
        {"correct-hcone-bool": 1, thumb: 0, "tone": 70}, {"correct-hcone-bool": 0, thumb: 1}, {"task_completed": 1}, {},
    ]  # fmt: skip
    write_lines([row(number, **scores) for number, scores in enumerate(given)], tmp_path / "rows.jsonl")
    known, report = judged(tmp_path / "rows.jsonl", SOLVES | {"labels": {"liked": {"score": thumb}}})
    assert [known[f"r{n}"].get("verdict_solves") for n in range(4)] == [True, False, None, None]
    assert [known[f"r{n}"].get("label_liked") for n in range(4)] == [False, True, None, None]
    assert any("named for: tone" in text for text in report.assumptions)
    with open_logs(tmp_path / "rows.jsonl") as logs:
        frame = logs.frame()
    assert frame["user_satisfaction"].tolist()[:2] == [1, 5]
    assert frame["user_satisfaction"].isna().tolist()[2:] == [True, True]
    assert frame["task_completed"].isna().tolist() == [True, True, False, True]
    assert frame["task_completed"][2]


def test_a_word_that_says_neither_yes_nor_no_completes_no_task_and_fails_none(tmp_path):
    rows = list(writers_otlp.lines([replace(turn, task_completed=None) for turn in some_turns(1)]))
    given = [writers_otlp.annotation(rows[0], "task_completed", kind="LLM", label="partly")]
    write_lines([*rows, *given], tmp_path / "spans.jsonl")
    with open_logs(tmp_path / "spans.jsonl") as logs:
        assert logs.frame()["task_completed"].isna().all()


def turns_of(path, number=6):
    write_parquet(
        [Turn(turn_id=f"t{place}", conversation_id="c", timestamp=START + timedelta(minutes=place), response_time=1.0,
              attributes={"failed": None, "team": "north"}) for place in range(number)],
        path,
    )  # fmt: skip
    return path


def test_a_table_of_verdicts_and_one_of_labels_are_joined_in_one_line(tmp_path):
    log = turns_of(tmp_path / "turns.parquet")
    verdicts, labels = tmp_path / "verdicts.csv", tmp_path / "labels.csv"
    verdicts.write_text(
        "turn_id,name,verdict,by,version\nt0,Solves it,True,judge-1,ab12\nt1,Solves it,False,judge-1,ab12\n"
        "t2,Solves it,,judge-1,ab12\ngone,Solves it,True,judge-1,ab12\n", encoding="utf-8")  # fmt: skip
    labels.write_text("turn_id,name,label,drawn\nt0,Solves it,no,at random\nt1,Solves it,yes,uncertain\n", "utf-8")
    known, report = judged(log, [verdicts, labels])
    plain = {"failed": None, "team": "north"}
    whose = {"verdict_solves_it_by": "judge-1", "verdict_solves_it_version": "ab12"}
    assert known == {
        "t0": plain | whose | {"verdict_solves_it": True, "label_solves_it": False},
        "t1": plain | whose | {"verdict_solves_it": False}, **{f"t{place}": plain for place in range(2, 6)},
    }  # fmt: skip
    assert "verdicts.csv: 1 of 3 rows are of no turn here" in report.notes
    assert any("1 labels of replies that were not drawn at random are left out" in text for text in report.notes)


def test_verdicts_are_filtered_by_and_kept_as_any_dimension(tmp_path):
    log = turns_of(tmp_path / "turns.parquet")
    table = tmp_path / "verdicts.csv"
    table.write_text("turn_id,name,verdict\nt0,solves,yes\nt1,solves,no\n", encoding="utf-8")
    known, _ = judged(log, table, where="verdict_solves = 'false' AND team = 'north'")
    assert list(known) == ["t1"]
    with open_logs(log, scores=table) as logs:
        logs.write_parquet(tmp_path / "kept.parquet")
    again = {turn.turn_id: turn.attributes.get("verdict_solves") for turn in read_parquet(tmp_path / "kept.parquet")}
    assert again == {"t0": True, "t1": False, "t2": None, "t3": None, "t4": None, "t5": None}
    table.write_text("turn_id,name,verdict\nt0,solves,no\n", encoding="utf-8")
    known, _ = judged(tmp_path / "kept.parquet", table)
    assert known["t0"]["verdict_solves"] is False, "a verdict that is told now stands for one that was kept"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("turn_id,verdict\nt0,yes\n", "no column name"), ("turn_id,name\nt0,x\n", "no column verdict or label"),
        ("turn_id,name,verdict\nt0,x,0.7\n", r"line 2: '0.7' is no verdict: write yes, no or nothing"),
        ("turn_id,name,label\nt0,!,yes\n", "'!' names no verdict"),
        ("turn_id,name,label\nt0,seen by,yes\n", "an end other than _by"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_of_verdicts_is_refused_with_what_to_write(tmp_path, text, wanted):
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=wanted):
        judged(turns_of(tmp_path / "turns.parquet"), tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"verdict": {}}, r"\[verdicts.NAME\]"), ({}, r"\[verdicts.NAME\]"),
        ({"verdicts": {"x": "tone"}}, "write score ="),
        ({"verdicts": {"x": {"name": "tone"}}}, "has no 'name': it has score"), ({"labels": {"x": {}}}, "has no score"),
        ({"labels": {"x": {"score": 1}}}, "score = 1 is no text"),
        ({"labels": {"x": {"score": "s", "yes": 1}}}, "yes = 1 is no list of words"),
        ({"labels": {"x": {"score": "s", "yes": ["a"], "no": ["A"]}}}, "'a' is in yes and in no"),
        ({"labels": {"x": {"score": "s", "at_least": "0.7"}}}, "at_least = '0.7' is no number"),
        ({"labels": {"x": {"score": "s", "at_least": 1, "at_most": 2}}}, "take one"),
    ],
)  # fmt: skip
def test_a_map_that_is_none_is_refused_with_its_place_and_what_is_allowed(tmp_path, given, wanted):
    with pytest.raises(ValueError, match=wanted):
        judged(turns_of(tmp_path / "turns.parquet"), given)


def test_a_map_is_a_file_too_and_a_score_that_is_not_there_is_said(tmp_path):
    scores = tmp_path / "scores.toml"
    scores.write_text('[verdicts.solves]\nscore = "corect"\n', encoding="utf-8")
    _, report = judged(langsmith(tmp_path, {"score": 1}), scores)
    assert "scores.toml: [verdicts.solves]: no score is called 'corect': the logs have correct" in report.warnings
    scores.write_text("not toml", encoding="utf-8")
    with pytest.raises(ValueError, match=r"scores.toml: no TOML of scores"):
        judged(tmp_path / "runs.jsonl", scores)
    with pytest.raises(FileNotFoundError, match="a map in TOML, or a CSV"):
        judged(tmp_path / "runs.jsonl", tmp_path / "gone.toml")


def test_without_a_map_nothing_is_read_and_the_notes_say_what_there_is(tmp_path):
    verdict, label, report = one(langsmith(tmp_path, {"score": 0.3}), None)
    assert (verdict, label) == (None, None)
    assert any("named for: correct" in text for text in report.assumptions)


def test_many_runs_have_their_scores_as_one_by_one(tmp_path):
    turns = some_turns(40)
    runs = list(writers_langsmith.runs(turns))
    for place, run in enumerate(one for one in runs if not one.get("parent_run_id")):
        run["feedback_stats"] = {**(run.get("feedback_stats") or {}), "correct": {"n": 1, "avg": float(place % 3 == 0)}}
    write_lines(runs, tmp_path / "runs.jsonl")
    known, _ = judged(tmp_path / "runs.jsonl", SOLVES)
    tops = [one["trace_id"] or one["id"] for one in runs if not one.get("parent_run_id")]
    assert {top: place % 3 == 0 for place, top in enumerate(tops)} == {
        turn_id: said["verdict_solves"] for turn_id, said in known.items() if "verdict_solves" in said
    }
