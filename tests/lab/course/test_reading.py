"""A number is read the same way in every exercise, whatever its type, and a wrong one gets the reason that fits."""

from collections import OrderedDict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from cases import forms

from chatmon.estimates import Estimate
from chatmon.lab.course._exercises import WrongError
from chatmon.lab.course._reading import as_names, as_number, judge_number, the_only


@pytest.mark.parametrize(
    "number",
    [
        *forms("2.5"),
        *(np.dtype(kind).type(2.5) for kind in ("float16", "float32", "float64", "longdouble")),
        pd.Series([2.5], dtype="Float32"),
        pd.Series([Decimal("2.5")]),
        pd.Index([2.5]),
        np.array([[2.5]], dtype="float16"),
        pa.scalar(Decimal("2.5")),
    ],
    ids=lambda number: type(number).__name__,
)
def test_a_number_of_any_type_is_read_as_what_it_is(number: Any) -> None:
    assert as_number(number).near(Decimal("2.5"))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int32", "int64", "uint64"])
def test_a_whole_number_of_any_width_is_exact(kind: str) -> None:
    number = as_number(np.dtype(kind).type(100))
    assert number.exact == 100
    assert not number.near(Fraction(1_000_000_001, 10_000_000))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble"])
def test_a_float_is_as_near_as_its_width_can_tell(kind: str) -> None:
    tenth = Decimal("0.1")
    assert as_number(np.dtype(kind).type("0.1")).near(tenth)
    assert as_number(np.array(["0.1"], dtype=kind)).near(tenth)
    assert not as_number(np.dtype(kind).type("0.101")).near(tenth)


def test_an_amount_that_is_exact_is_held_to_it() -> None:
    assert as_number(0.1 + 0.2).near(Decimal("0.3"))
    assert as_number(Decimal("0.3")).near(Decimal("0.3"))
    assert not as_number(Decimal("0.3000000001")).near(Decimal("0.3"))
    assert as_number(Decimal(2) / 3).near(Fraction(2, 3))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "`None` is no number: is something returned"),
        (True, "True is no number: give the number itself"),
        (np.bool_(False), "is no number: give the number itself"),
        (pd.Series([True]), "is no number: give the number itself"),
        ("3", "'3' is no number"),
        (b"3", "is no number: give the number itself"),
        (np.str_("3"), "is no number: give the number itself"),
        (float("nan"), "nan is no number to work with: is the selection empty"),
        (np.float32("inf"), "inf is no number to work with"),
        (Decimal("sNaN"), "sNaN is no number to work with"),
        (Decimal("-Infinity"), "-Infinity is no number to work with"),
        (pd.NA, "a value is missing where you looked"),
        (pd.NaT, "a value is missing where you looked"),
        (np.ma.masked, "a value is missing where you looked"),
        (np.ma.array([1], mask=[True]), "a value is missing where you looked"),
        (Estimate(None, None, None, 0), "The estimate has no value: it was made of 0 values"),
        (pa.scalar(None, type=pa.float64()), "`None` is no number"),
        ([0.5], "A list with a number in it is no number: take it out with"),
        ((0.5,), "A tuple with a number in it"),
        ([0.5, 1], "A list of 2 values is no number: give one number"),
        (pd.Series([1, 2, 3]), "A Series of 3 values is no number"),
        (np.array([]), "A ndarray of 0 values is no number"),
        (OrderedDict(a=1), "A OrderedDict of 1 values is no number"),
        (1j, "A complex is no number: give one number"),
        (len, "is no number: give one number"),
        (10**400, "more than 300 digits"),
        (timedelta(seconds=3), "a time with its unit"),
        (pd.Timedelta(3, "s"), "a time with its unit"),
        (np.timedelta64(3, "s"), "a time with its unit"),
    ],
)
def test_what_is_no_number_is_refused_with_its_own_reason(answer: Any, reason: str) -> None:
    with pytest.raises(WrongError) as refused:
        as_number(answer, "For a week: ")
    assert str(refused.value).startswith("For a week: ")
    assert reason in str(refused.value)


def told(answer: float, *mistakes: tuple[float, str], right: Any = 10, within: float = 0) -> str:
    try:
        judge_number(as_number(answer), right, mistakes, "something else", within)
    except WrongError as reason:
        return str(reason)
    return "right"


def test_a_number_is_told_the_mistake_that_gives_it() -> None:
    assert told(11, (11, "one too many")) == "one too many"
    assert told(11.02, (11, "one too many")) == "one too many"
    assert told(11.5, (11, "one too many")) == "something else"


def test_a_number_that_is_right_is_right_even_where_a_mistake_gives_it_too() -> None:
    assert told(10, (10, "by chance")) == "right"


def test_a_number_is_told_a_mistake_that_it_hits_rather_than_called_nearly_right() -> None:
    assert told(10.3, (10.3, "of another day"), within=0.5) == "of another day"
    assert told(10.31, (10.3, "of another day"), within=0.5) == "right"


def test_a_number_that_two_mistakes_give_is_told_both() -> None:
    assert told(11, (11, "one too many"), (11, "another day")) == "one too many Or: another day"
    assert told(11, (11, "one too many"), (11, "one too many")) == "one too many"


def test_a_number_that_hits_one_mistake_is_not_told_another_that_is_near() -> None:
    assert told(11, (11.01, "nearly"), (11, "exactly")) == "exactly"


def test_one_of_several_right_numbers_is_right() -> None:
    assert told(9, right=[9, 10]) == told(10, right=[9, 10]) == "right"
    assert told(9.5, right=[9, 10]) == "something else"


def test_names_are_read_from_any_container_of_texts() -> None:
    for answer in (
        ["a", "b"],
        ("a", "b"),
        {"a": 1, "b": 2}.keys(),
        np.array(["a", "b"]),
        pd.Series(["a", "b"]),
        "a, b",
    ):
        assert as_names(answer, "files") == ["a", "b"]
    assert as_names({"a"}, "files") == ["a"]
    assert as_names(" , ", "files") == []


@pytest.mark.parametrize("answer", [{"a": 1}, pd.DataFrame({"a": [1]}), [1], [("a", 1)], None, 3])
def test_what_holds_no_names_is_refused(answer: Any) -> None:
    with pytest.raises(WrongError, match="names of"):
        as_names(answer, "files")


def test_the_only_value_is_taken_out_of_what_holds_it() -> None:
    for answer in ("day", ["day"], ("day",), pd.Series(["day"], index=[7]), np.array(["day"]), pa.scalar("day")):
        assert the_only(answer, "day") == "day"
    for answer in ([], ["one", "two"], {}):
        with pytest.raises(WrongError, match="give one day"):
            the_only(answer, "day")
