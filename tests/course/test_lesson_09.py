"""The answers that lesson 9's exercises are tried with."""

import re

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
    "9.1": Cases(
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
    "9.2": Cases(
        right="user-7361",
        other_right=np.str_("user-7361"),
        wrong=[
            ("user-0000", "is another one"),
            ("7361", "is no id"),
            (7361, "A int is no id"),
        ],
    ),
}
