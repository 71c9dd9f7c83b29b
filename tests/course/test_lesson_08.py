"""The answers that lesson 8's exercises are tried with."""

import re
from datetime import date
from decimal import Decimal

import numpy as np
from cases import Cases

from chatmon.privacy import redact


def mask(text):
    def one(hit):
        return "[customer]" if sum(map(int, hit[1])) % 10 == int(hit[2]) else hit[0]

    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", one, text))


def word_by_word(text):
    def is_customer(word):
        digits = re.fullmatch(r"K-(\d{6})-(\d)", word)
        return digits is not None and str(sum(map(int, digits[1])))[-1] == digits[2]

    words = re.split(r"([\w-]+)", redact(text))
    return "".join("[customer]" if is_customer(word) else word for word in words)


def without_digit(text):
    return redact(re.sub(r"\bK-\d{6}-\d\b", "[customer]", text))


def without_redact(text):
    return re.sub(r"\bK-(\d{6})-(\d)\b", lambda hit: mask(hit[0]), text)


def without_borders(text):
    return redact(re.sub(r"K-(\d{6})-(\d)", lambda hit: mask(hit[0]), text))


CASES = {
    "8.1": Cases(
        right=5940,
        other_right=Decimal("5940.0"),
        wrong=[
            (6000, "is empty then"),
            (12_000, "a full list"),
            (11_880, "worst case"),
            (990, "one process"),
            (297, "one deployment"),
            (49.5, "one kill of one process"),
            (7, "is not it"),
            ("5940", "no number"),
        ],
    ),
    "8.2": Cases(
        right=mask,
        other_right=word_by_word,
        wrong=[
            (without_digit, "its digit is right"),
            (without_redact, "has to go as before"),
            (without_borders, "stands alone"),
            (redact, "is still in it"),
            (len, "return the text"),
            (lambda text: mask(text).lower(), "and should be"),
        ],
        stub=lambda text: ...,
    ),
    "8.3": Cases(
        right="user-7361",
        other_right=np.str_("user-7361"),
        wrong=[
            ("user-0000", "is another one"),
            ("7361", "is no id"),
            (7361, "A int is no id"),
        ],
    ),
    "8.4": Cases(
        right=date(2026, 10, 22),
        other_right="2026-10-22",
        wrong=[
            ("2026-11-02", "the Monday we know"),
            (date(2026, 10, 21), "`outside` is True on one other day"),
            ("22 October", "is no day"),
            (22, "is no day"),
        ],
    ),
}
