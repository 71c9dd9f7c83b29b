"""What a student wrote is read as it was meant, or refused with its place."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.incident import Assigned, DiagnosisError, read
from chatmon.lab.incident._diagnosis import parse, template

HEAD = '[incident]\nstudent = "Ada"\nproblems = 2\ndays = 14\nseal = "ab"\n[[problem]]\n'


def one(line):
    (claim,) = parse(HEAD + line).claims
    return claim


@examples(60)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name.strip()), st.integers(1, 9)
)
def test_the_template_of_any_name_is_read_back_as_empty(name, problems):
    whose = Assigned(name, problems, days=14)
    found = parse(template(whose, "0123"))

    assert (found.whose, found.seal, found.claims) == (whose, "0123", ())
    assert found.missing == [f"problem {n}: all of it" for n in range(1, problems + 1)]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-10-14T09:00:00Z", datetime(2026, 10, 14, 9, tzinfo=UTC)),
        ("2026-10-14T09:00:00+02:00", datetime(2026, 10, 14, 7, tzinfo=UTC)),
        ("2026-10-14T09:00:00", datetime(2026, 10, 14, 9, tzinfo=UTC)),
        ("2026-10-14", datetime(2026, 10, 14, tzinfo=UTC)),
        ('"2026-10-14 09:00"', datetime(2026, 10, 14, 9, tzinfo=UTC)),
        ('"2026-10-14"', datetime(2026, 10, 14, tzinfo=UTC)),
    ],
)
def test_a_moment_may_be_written_in_several_ways(written, moment):
    assert one(f"from = {written}").start == moment


def test_amounts_are_exact_and_everywhere_is_said():
    claim = one("usd = [0.1, 2]\nwhere = { everywhere = true }")

    assert claim.amounts == {"usd": (Decimal("0.1"), Decimal(2))}
    assert claim.where == {}
    assert one('what = "price_change"').where is None
    assert "what" in claim.missing
    assert "usd" not in claim.missing


def test_an_empty_problem_is_none_and_a_repeated_word_is_said_once():
    assert parse(HEAD).claims == ()
    assert one('ruled_out = ["weekend", "weekend"]').ruled_out == ("weekend",)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('what = "slow"', "problem 1: what is 'slow': it is one of latency_step"),
        ("what = [1]", r"problem 1: what is \[1\]"),
        ('where = "uk"', "where is 'uk': write"),
        ("where = { region = 1 }", "where: region is 1"),
        ('from = "soon"', "from is 'soon': write 2026-10-14"),
        ("from = 3", "from is 3"),
        ("from = 0001-01-01T00:00:00+14:00", "no calendar goes there"),
        ("from = 2026-10-14\nto = 2026-10-14", "is not after from"),
        ("usd = 3", "usd is 3: write the least and the most"),
        ("usd = [1]", r"usd is \[1\]"),
        ("usd = [1, nan]", r"usd is \[1, NaN\]"),
        ("usd = [0, inf]", "usd is"),
        ("usd = [true, 2]", "usd is"),
        ("usd = [3, 2]", r"usd is \[3, 2\]: the least comes first"),
        ("cost = [1, 2]", "problem 1 has cost, which nobody reads"),
        ('ruled_out = ["luck"]', "ruled_out is 'luck'"),
        ("do = ", "it is no TOML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(line, says):
    with pytest.raises(DiagnosisError, match=says):
        one(line)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('incident = "x"', "lacks student, problems, days, seal"),
        ("[problem]", r"begins with the line \[\[problem\]\]"),
        (HEAD.replace("14", "1"), r"days \(1\) is less"),
        ("extra = 1", "the file has extra"),
        ("x = " + "[" * 5000, "it is no TOML"),
    ],
)
def test_what_is_no_diagnosis_is_refused(text, says):
    with pytest.raises(DiagnosisError, match=says):
        parse(text)


def test_a_file_is_named_where_it_is_missing_or_no_text(tmp_path):
    with pytest.raises(DiagnosisError, match="no diagnosis at"):
        read(tmp_path)
    (tmp_path / "diagnosis.toml").write_bytes(b"\xff")
    with pytest.raises(DiagnosisError, match="is no text in UTF-8"):
        read(tmp_path)
    (tmp_path / "diagnosis.toml").write_text("", encoding="utf-8")
    with pytest.raises(DiagnosisError, match=r"diagnosis\.toml: \[incident\] lacks"):
        read(tmp_path)
