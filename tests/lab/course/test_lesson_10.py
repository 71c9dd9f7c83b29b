"""The answers that lesson 10's exercises are tried with."""

import re
from functools import partial
from hashlib import sha256

import numpy as np
import pandas as pd
from cases import Cases, returning

from chatmon.store.privacy import redact


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


PATTERN = re.compile(r"(?<![\w-])K-(?P<digits>[0-9]{6})-(?P<check>[0-9])(?![\w])")


def by_named_groups(text):
    return redact(
        PATTERN.sub(
            lambda hit: hit[0] if (sum(int(d) for d in hit["digits"]) - int(hit["check"])) % 10 else "[customer]", text
        )
    )


def by_finditer(text):
    parts, end = [], 0
    for hit in re.finditer(r"\bK-(\d{6})-(\d)\b", text):
        parts.append(text[end : hit.start()])
        parts.append("[customer]" if str(sum(map(int, hit[1])))[-1] == hit[2] else hit[0])
        end = hit.end()
    return redact("".join(parts) + text[end:])


def one_at_a_time(text):
    for number in set(re.findall(r"\bK-\d{6}-\d\b", text)):
        *digits, check = (int(letter) for letter in number if letter.isdigit())
        if sum(digits) % 10 == check:
            text = re.sub(rf"\b{number}\b", "[customer]", text)
    return redact(text)


def redact_first(text):
    return re.sub(r"\bK-\d{6}-\d\b", lambda hit: mask(hit[0]), redact(text))


class Mask:
    def __call__(self, text):
        return mask(text)


def by_numpy(text):
    def one(hit):
        digits = np.array(list(hit[0].replace("K", "").replace("-", "")), dtype=int)
        return "[customer]" if digits[:-1].sum() % 10 == digits[-1] else hit[0]

    return redact(re.sub(r"\bK(?:-)\d{6}-\d\b", one, text))


def with_wrong_digit_only(text):
    def one(hit):
        return hit[0] if sum(map(int, hit[1])) % 10 == int(hit[2]) else "[customer]"

    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", one, text))


def sum_of_all_seven(text):
    def one(hit):
        return "[customer]" if sum(map(int, hit[1] + hit[2])) % 10 == 0 else hit[0]

    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", one, text))


def first_digit_of_the_sum(text):
    def one(hit):
        return "[customer]" if str(sum(map(int, hit[1])))[0] == hit[2] else hit[0]

    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", one, text))


def only_the_first(text):
    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", lambda hit: mask(hit[0]), text, count=1))


def other_word(text):
    return mask(text).replace("[customer]", "[client]")


def nothing_left(text):
    return mask(text).replace("[customer]", "")


def whole_text(text):
    return "[customer]"


def finds_and_forgets(text):
    mask(text)


IDS = [f"user-{number:04}" for number in range(10_000)]
DIGEST = "078cb7d9f20dbef610434fceb9f6585b4a1b4da8ddae79dedf762e0308919d9c"
BY_HASH = {sha256(f"october:{user}".encode()).hexdigest(): user for user in IDS}
OF_TABLE = pd.Series(list(BY_HASH.values()), index=list(BY_HASH))

CASES = {
    "10.1": Cases(
        right=[
            mask,
            word_by_word,
            by_named_groups,
            by_finditer,
            one_at_a_time,
            redact_first,
            Mask(),
            by_numpy,
            partial(mask),
            returning(mask, np.str_),
        ],
        wrong=[
            (without_digit, "its digit is right"),
            (with_wrong_digit_only, "a customer's number is still in it"),
            (sum_of_all_seven, "a customer's number is still in it"),
            (first_digit_of_the_sum, "a customer's number is still in it"),
            (only_the_first, "a customer's number is still in it"),
            (without_redact, "has to go as before"),
            (without_borders, "stands alone"),
            (redact, "is still in it"),
            (other_word, "and should be"),
            (nothing_left, "and should be"),
            (whole_text, "and should be"),
            (len, "return the text"),
            (finds_and_forgets, "It returned None"),
            (str.encode, "return the text"),
            (lambda text: mask(text).lower(), "and should be"),
            (str.split, "return the text"),
        ],
        stub=lambda text: ...,
    ),
    "10.2": Cases(
        right=[
            BY_HASH[DIGEST],
            np.str_(next(user for user in IDS if sha256(f"october:{user}".encode()).hexdigest() == DIGEST)),
            f" {OF_TABLE[DIGEST]}\n",
            pd.Series([BY_HASH[DIGEST]]),
            OF_TABLE[[DIGEST]].to_numpy(),
            [BY_HASH[DIGEST]],
            (BY_HASH[DIGEST],),
            OF_TABLE.index[OF_TABLE.index == DIGEST].map(OF_TABLE),
        ],
        wrong=[
            ("user-0000", "is another one"),
            ("user-7360", "is another one"),
            (next(user for user in IDS if sha256(user.encode()).hexdigest().startswith("078")), "is another one"),
            ("7361", "is no id"),
            (7361, "A int is no id"),
            ("user-736", "is no id"),
            ("user-07361", "is no id"),
            ("User-7361", "is no id"),
            (DIGEST, "That is the digest"),
            ("october", "That is the salt"),
            (f"october:{BY_HASH[DIGEST]}", "is no id"),
            (BY_HASH[DIGEST].encode(), "A bytes is no id"),
            (BY_HASH, "give one id"),
            ([], "give one id"),
            (["user-7361", "user-0000"], "give one id"),
            (None, "A NoneType is no id"),
        ],
    ),
}
