"""What a filter is refused for; what it means and finds is held by test_conditions and the contract's tests."""

import pytest

from chatmon.lab.services.langsmith._filters import Compare, Logic, parse_filter
from chatmon.lab.services.langsmith._values import RefusalError


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ('eq(name, "x"', "at its end", "')'"),
        ("eq(name, 1) and", "at its end", "one of and, or, not, eq"),
        ("eq(name, 1) beside", "at character 13, 'beside'", "one of and, or, nothing more"),
        ('in(name, "x")', "at character 10", "'['"),
        ("like(name, 3)", "at character 12", "a text"),
        ('eq(name, "\\q")', "at character 10", "a text with JSON's escapes"),
        (f"eq(total_tokens, {'9' * 301})", "at character 18", "a number of at most 300 digits"),
        ("equal(name, 1)", "at character 1", "one of and, or, not, eq"),
        ("", "at its end", "one of and, or, not, eq"),
    ],
)
def test_a_filter_that_breaks_off_or_goes_wrong_is_refused_with_the_place_and_what_was_expected(text, place, expected):
    with pytest.raises(RefusalError) as refused:
        parse_filter(text)
    assert place in refused.value.detail.split(": expected ")[0]
    assert expected in refused.value.detail.split(": expected ")[1]


def test_too_many_conditions_or_levels_are_refused_with_both_numbers():
    with pytest.raises(RefusalError, match="has 101 conditions, 100 are taken"):
        parse_filter("or(" + ", ".join(["eq(name, 1)"] * 101) + ")")
    with pytest.raises(RefusalError, match="has 3,001 levels, 20 are taken"):
        parse_filter("not(" * 3000 + "eq(name, 1)" + ")" * 3000)


def test_words_between_calls_bind_as_in_python_and_brackets_group():
    a, b, c = (Compare("eq", name, 1) for name in "abc")
    assert parse_filter("eq(a, 1) or eq(b, 1) AND eq(c, 1)") == Logic("or", (a, Logic("and", (b, c))))
    assert parse_filter("(eq(a, 1) or eq(b, 1)) and eq(c, 1)") == Logic("and", (Logic("or", (a, b)), c))


def test_a_text_in_either_quotes_has_its_escapes_read():
    said = 'it\'s "so" \\ é'
    for text in (r"""eq(name, 'it\'s "so" \\ \u00e9')""", r"""eq(name, "it's \"so\" \\ \u00e9")"""):
        assert parse_filter(text) == Compare("eq", "name", said)
