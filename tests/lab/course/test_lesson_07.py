"""The answers that lesson 7's exercises are tried with."""

import hashlib
import hmac
import itertools
import random
import time
import uuid
import zlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from cases import Cases, forms
from scipy.stats import binom, chi2, chisquare, norm

from chatmon.experiment import crossings, position, sample_ratio
from chatmon.lab.course import _fresh as fresh
from chatmon.lab.course._exercises import find, grade


def assign(experiment, user_id):
    return "treatment" if position(experiment, user_id) < 0.5 else "control"


def by_hashlib(experiment, user_id):
    digest = hashlib.sha256(f"{experiment}/{user_id}".encode()).digest()
    return ["control", "treatment"][digest[0] % 2]


def without_experiment(experiment, user_id):
    return ["control", "treatment"][hashlib.sha256(user_id.encode()).digest()[0] % 2]


def a_tenth(experiment, user_id):
    return "treatment" if position(experiment, user_id) < 0.1 else "control"


def may_be_read(users, weights):
    return sample_ratio(users, weights) >= 0.001


def by_scipy(users, weights):
    total = sum(users.values()) / sum(weights.values())
    return chisquare(list(users.values()), [total * weights[name] for name in users]).pvalue >= 0.001


def by_eye(users, weights):
    total = sum(users.values()) / sum(weights.values())
    return all(abs(number / total / weights[name] - 1) < 0.1 for name, number in users.items())


def by_md5(experiment, user_id):
    number = int(hashlib.md5(f"{user_id}@{experiment}".encode()).hexdigest(), 16)
    return "control" if number % 100 < 50 else "treatment"


def by_key(experiment, user_id):
    digest = hmac.new(experiment.encode(), user_id.encode(), "sha1").digest()
    return "treatment" if digest[-1] >= 128 else "control"


def by_uuid5(experiment, user_id):
    space = uuid.uuid5(uuid.NAMESPACE_URL, experiment)
    return ("control", "treatment")[uuid.uuid5(space, user_id).int & 1]


def by_seeded_choice(experiment, user_id):
    return random.Random(f"{experiment}|{user_id}").choice(["control", "treatment"])


def by_generator(experiment, user_id):
    seed = int.from_bytes(hashlib.blake2b(f"{experiment}{user_id}".encode(), digest_size=8).digest(), "big")
    return np.str_("treatment" if seed / 2**64 < 0.5 else "control")


@cache
def remembered(experiment, user_id):
    return assign(experiment, user_id)


MEMO = {}


def with_memo(experiment, user_id):
    return MEMO.setdefault((experiment, user_id), by_md5(experiment, user_id))


def crc_of_a_hundred(experiment, user_id):
    return "control" if zlib.crc32(f"{experiment}{user_id}".encode()) % 100 < 50 else "treatment"


class Assignment:
    sides = ("treatment", "control")

    def __call__(self, experiment, user_id):
        return self.sides[position(experiment, user_id) >= 0.5]


SIDES = ["control", "treatment"]


def by_chance(experiment, user_id):
    return random.choice(SIDES)


def chance_remembered(experiment, user_id):
    return MEMO.setdefault((experiment, user_id), random.choice(SIDES))


@cache
def cached_chance(experiment, user_id):
    return random.choice(SIDES)


def by_hash(experiment, user_id):
    return SIDES[hash((experiment, user_id)) % 2]


def by_dunder(experiment, user_id):
    return SIDES[f"{experiment}{user_id}".__hash__() % 2]


def of_today(experiment, user_id):
    return SIDES[hashlib.md5(f"{experiment}{user_id}{date.today()}".encode()).digest()[0] % 2]  # noqa: DTZ011


def of_this_month(experiment, user_id):
    return SIDES[hashlib.md5(f"{experiment}{user_id}{time.strftime('%B')}".encode()).digest()[0] % 2]


def of_the_weekday(experiment, user_id):
    return SIDES[(hashlib.md5(f"{experiment}{user_id}".encode()).digest()[0] + datetime.now().weekday()) % 2]  # noqa: DTZ005


TURN = itertools.count()


def in_turns(experiment, user_id):
    return MEMO.setdefault((experiment, user_id), SIDES[next(TURN) % 2])


def a_little_less(experiment, user_id):
    return "treatment" if position(experiment, user_id) < 0.48 else "control"


def byte_of_a_hundred(experiment, user_id):
    return "treatment" if hashlib.sha256(f"{experiment}{user_id}".encode()).digest()[0] % 100 < 50 else "control"


def by_crc(experiment, user_id):
    return SIDES[zlib.crc32(f"{experiment}/{user_id}".encode()) % 2]


def by_crc_the_other_way_round(experiment, user_id):
    return SIDES[zlib.crc32(f"{user_id}/{experiment}".encode()) % 2]


def by_letters(experiment, user_id):
    return SIDES[sum(map(ord, experiment + user_id)) % 2]


def by_last_digit(experiment, user_id):
    return SIDES[int(user_id[-1]) % 2 if user_id[-1].isdigit() else 0]


def by_name_of_experiment(experiment, user_id):
    return SIDES[hashlib.sha256(experiment.encode()).digest()[0] % 2]


def always_control(experiment, user_id):
    return "control"


def in_capitals(experiment, user_id):
    return assign(experiment, user_id).upper()


DAYS = [1, 3, 7, 14, 28]
LOOKS = crossings([2.576] * 4 + [1.96], DAYS)[-1]


def walked(draws, seed):
    steps = np.random.default_rng(seed).standard_normal((draws, 28))
    z = (steps.cumsum(axis=1) / np.sqrt(np.arange(1, 29)))[:, [day - 1 for day in DAYS]]
    return (abs(z) > [2.576] * 4 + [1.96]).any(axis=1).mean()


def by_exact_limits():
    return crossings([*norm.ppf([0.995] * 4), norm.ppf(0.975)], DAYS)[-1]


def by_formula(users, weights):
    total = sum(users.values())
    expected = {name: total * weight / sum(weights.values()) for name, weight in weights.items()}
    statistic = sum((users[name] - expected[name]) ** 2 / expected[name] for name in users)
    return chi2.sf(statistic, len(users) - 1) >= 0.001


def by_shares(users, weights):
    names = sorted(users)
    observed = np.array([users[name] for name in names])
    share = np.array([weights[name] for name in names]) / sum(weights.values())
    return chisquare(observed, observed.sum() * share).pvalue > 0.001


def by_limit(users, weights):
    total, whole = sum(users.values()), sum(weights.values())
    return sum(users[n] ** 2 * whole / (total * weights[n]) for n in users) - total <= chi2.isf(0.001, len(users) - 1)


def by_refusing(users, weights):
    return not sample_ratio(users, weights) < 1 / 1000


def by_analyse(users, weights):
    return not sample_ratio(users, weights) < 0.001


def not_five_in_hundred_thousand(users, weights):
    return bool(np.greater_equal(sample_ratio(users, weights), 1e-3))


def by_simulation(users, weights):
    share = np.array(list(weights.values()), dtype=float) / sum(weights.values())
    total = sum(users.values())
    drawn = np.random.default_rng(1).multinomial(total, share, size=40_000)
    distance = ((drawn - total * share) ** 2 / (total * share)).sum(axis=1)
    seen = ((np.array(list(users.values())) - total * share) ** 2 / (total * share)).sum()
    return (distance >= seen).mean() >= 0.001


def two_variants_only(users, weights):
    (name, number), *_ = users.items()
    share = weights[name] / sum(weights.values())
    n = sum(users.values())
    return 2 * min(binom.cdf(number, n, share), binom.sf(number - 1, n, share)) >= 0.001


def first_pair_only(users, weights):
    names = list(users)[:2]
    return sample_ratio({n: users[n] for n in names}, {n: weights[n] for n in names}) >= 0.001


def counts_against_weights(users, weights):
    return chisquare(list(users.values())).pvalue >= 0.001


def by_difference(users, weights):
    return max(users.values()) - min(users.values()) < 200


CASES = {
    "7.1": Cases(
        right=[
            assign,
            by_hashlib,
            by_md5,
            by_key,
            by_uuid5,
            by_seeded_choice,
            by_generator,
            remembered,
            with_memo,
            crc_of_a_hundred,
            Assignment(),
        ],
        wrong=[
            (by_chance, "left to chance"),
            (chance_remembered, "gone when the process ends"),
            (cached_chance, "gone when the process ends"),
            (by_hash, "each time Python starts"),
            (by_dunder, "each time Python starts"),
            (of_today, "On another day"),
            (of_this_month, "leave the clock out"),
            (of_the_weekday, "leave the clock out"),
            (in_turns, "Asked in another order"),
            (without_experiment, "the experiment's name makes no difference"),
            (by_last_digit, "the experiment's name makes no difference"),
            (by_name_of_experiment, "half of them should be"),
            (a_tenth, "of 8,000 users are in the treatment"),
            (a_little_less, "half of them should be"),
            (byte_of_a_hundred, "does the divisor go into the number"),
            (always_control, "0.0% of 8,000 users"),
            (by_crc, "a checksum such as `crc32`"),
            (by_crc_the_other_way_round, "a checksum such as `crc32`"),
            (by_letters, "or a sum"),
            (in_capitals, "It returned 'CONTROL'"),
            (lambda experiment, user_id: position(experiment, user_id) < 0.5, "It returned False"),
        ],
        stub=lambda experiment, user_id: ...,
    ),
    "7.2": Cases(
        right=[LOOKS, by_exact_limits(), walked(40_000, 1), np.float64(0.08), *forms("0.0757")],
        wrong=[
            (0.05, "the last look alone"),
            (0.01, "one early look"),
            (0.04, "the last look is missing"),
            (0.09, "the looks share their data"),
            (1 - 0.99**4 * 0.95, "separate coins"),
            (crossings([1.96] * 5, DAYS)[-1], "for 1.96 at every look"),
            (crossings([2.576] * 5, DAYS)[-1], "for 2.576 at every look"),
            (crossings([1.96] + [2.576] * 4, DAYS)[-1], "in the wrong order"),
            (crossings([2.576] * 4 + [1.96], range(1, 6))[-1], "at equal distances"),
            (crossings([2.576] * 4, DAYS[:4])[-1], "the four early looks"),
            (crossings([2.576] * 27 + [1.96], range(1, 29))[-1], "she looks five times"),
            (1 - LOOKS, "finds nothing"),
            (7.57, "per cent"),
            (0.4, "0.4 is not it"),
            (crossings([2.576] * 4 + [1.96], DAYS), "A list of 5 values is no number"),
            ("0.0757", "no number"),
            (float("nan"), "no number to work with"),
            (Decimal("0.2197"), "is not it"),
        ],
    ),
    "7.3": Cases(
        right=[
            may_be_read,
            by_scipy,
            by_formula,
            by_shares,
            by_limit,
            by_refusing,
            by_analyse,
            by_simulation,
            not_five_in_hundred_thousand,
        ],
        wrong=[
            (by_eye, "this is chance, and may be read"),
            (by_difference, "Yours said"),
            (two_variants_only, "a 1,000, b 1,010, c 850"),
            (first_pair_only, "Yours said True"),
            (counts_against_weights, "planned 2 : 1"),
            (lambda users, weights: max(users.values()) < 1.2 * min(users.values()), "a 28, b 17"),
            (lambda users, weights: sample_ratio(users, dict.fromkeys(users, 1)) >= 0.001, "planned 2 : 1"),
            (lambda users, weights: sample_ratio(users, weights) >= 0.05, "this is chance"),
            (lambda users, weights: sample_ratio(users, weights) >= 0.01, "this is chance"),
            (lambda users, weights: sample_ratio(users, weights) < 0.001, "Yours said False"),
            (lambda users, weights: sample_ratio(users, weights), "which is the p-value"),
            (lambda users, weights: "yes", "return `True` or `False`"),
            (lambda users, weights: 1, "return `True` or `False`"),
            (lambda users, weights: users if may_be_read(users, weights) else None, "return `True` or `False`"),
            (lambda users, weights: True, "51,000"),
            (lambda users, weights: not users, "Yours said False"),
        ],
        stub=lambda users, weights: ...,
    ),
}


def test_an_error_in_another_process_is_shown_with_the_learners_line() -> None:
    def of_plain_letters(experiment, user_id):
        return SIDES[hashlib.sha256(f"{experiment}{user_id}".encode("ascii", "strict")).digest()[0] % 2]

    message = str(grade(find("7.1"), of_plain_letters))
    assert "your code stopped with UnicodeEncodeError" in message
    assert '`return SIDES[hashlib.sha256(f"{experiment}{user_id}".encode("ascii", "strict"))' in message


def test_a_function_that_waits_for_a_clock_that_stands_still_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits_for_the_clock(experiment, user_id):
        end = time.monotonic() + 0.001
        while time.monotonic() < end:
            pass
        return assign(experiment, user_id)

    monkeypatch.setattr(fresh, "DEADLINE", 3.0)
    assert "The clock stands still there" in str(grade(find("7.1"), waits_for_the_clock))
