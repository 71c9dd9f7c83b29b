"""The answers that lesson 6's exercises are tried with."""

import hashlib
import random
from decimal import Decimal

from cases import Cases
from scipy.stats import chisquare

from chatmon.experiment import position, sample_ratio


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


CASES = {
    "6.1": Cases(
        right=assign,
        other_right=by_hashlib,
        wrong=[
            (lambda experiment, user_id: random.choice(["control", "treatment"]), "changed sides"),
            (lambda experiment, user_id: ["control", "treatment"][hash(experiment + user_id) % 2], "each time Python"),
            (without_experiment, "100% of users are on the same side"),
            (a_tenth, "9% of 4,000 users"),
            (lambda experiment, user_id: position(experiment, user_id) < 0.5, "It returned 'False'"),
        ],
        stub=lambda experiment, user_id: ...,
    ),
    "6.2": Cases(
        right=0.0552,
        other_right=Decimal("0.0552"),
        wrong=[
            (0.01, "a single look"),
            (0.131, "separate coins"),
            (0.14, "Adding up"),
            (0.2196, "for p < 0.05"),
            (0.0395, "for 7 looks"),
            (5.52, "per cent"),
            (0.4, "is not it"),
            ("0.0552", "no number"),
            (float("nan"), "no share"),
        ],
    ),
    "6.3": Cases(
        right=may_be_read,
        other_right=by_scipy,
        wrong=[
            (by_eye, "this is chance, and may be read"),
            (lambda users, weights: max(users.values()) < 1.2 * min(users.values()), "a 28, b 17"),
            (lambda users, weights: sample_ratio(users, dict.fromkeys(users, 1)) >= 0.001, "planned 2 : 1"),
            (lambda users, weights: sample_ratio(users, weights) >= 0.05, "this is chance"),
            (lambda users, weights: sample_ratio(users, weights), "return `True` or `False`"),
            (lambda users, weights: True, "51,000"),
        ],
        stub=lambda users, weights: ...,
    ),
}
