"""Turns of an experiment with planted effects, made in one go from a seed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from chatmon.experiment import Experiment

START = datetime(2026, 10, 5, tzinfo=UTC)


def a_plan(**changes):
    return Experiment(
        **{
            "name": "short-prompt",
            "hypothesis": "A shorter prompt completes more tasks.",
            "variants": {"control": 1, "short": 1},
            "primary": "task_completion",
            "effect": 0.05,
            "users": 2000,
            "start": START,
            "days": 7,
            "looks": 7,
            "secondaries": ("tokens_per_turn", "satisfaction"),
            "guardrails": {"error_rate": 1.0},
        }
        | changes
    )


def planted(plan, *, users=2000, uplift=0.0, errors=0.03, more_errors=0.0, tokens=1.0, before=True, seed=1):
    """Turns of the days before and of the experiment; ``uplift`` and the like strike the plan's first treatment."""
    random = np.random.default_rng(seed)
    skill = random.normal(size=users)
    arms = np.array([plan.assign(f"user-{user}") for user in range(users)])
    parts = []
    for begin, days, running in ((-plan.pre_days, plan.pre_days, False), (0, plan.days, True)):
        if not running and not before:
            continue
        number = 1 + random.poisson(3, users)
        who = np.repeat(np.arange(users), number)
        treated = running & (arms[who] == plan.treatments[0])
        came = np.repeat(random.random(users) * days, number) + random.random(len(who)) * 0.05
        p = 1 / (1 + np.exp(-(0.9 + 0.7 * skill[who])))
        wide = np.exp(6 + 0.4 * skill[who] + 0.4 * random.normal(size=len(who))) * np.where(treated, tokens, 1.0)
        rated = random.random(len(who)) < 0.3
        parts.append(
            pd.DataFrame(
                {
                    "user_id": [f"user-{user}" for user in who],
                    "timestamp": [plan.start + timedelta(days=begin + float(min(day, days - 1e-6))) for day in came],
                    "task_completed": random.random(len(who)) < p + treated * uplift,
                    "error_type": np.where(random.random(len(who)) < errors + treated * more_errors, "Timeout", None),
                    "response_time": np.exp(0.5 * skill[who] + 0.5 * random.normal(size=len(who))),
                    "input_tokens": wide.astype(int),
                    "output_tokens": 50,
                    "user_satisfaction": np.where(rated, random.integers(1, 6, len(who)), np.nan),
                    "context_relevance": np.where(rated, random.random(len(who)), np.nan),
                    "time_to_first_token": random.random(len(who)),
                    "cost": [Decimal(int(amount)).scaleb(-6) for amount in wide],
                    "region": random.choice(["eu", "us"], len(who)),
                    "experiment": plan.name if running else None,
                    "variant": arms[who] if running else None,
                }
            )
        )
    made = pd.concat(parts, ignore_index=True)
    made["turn_id"] = [f"turn-{place}" for place in range(len(made))]
    made["conversation_id"] = made["user_id"]
    return made.sort_values("timestamp", ignore_index=True)


@pytest.fixture(scope="session")
def plan():
    return a_plan()


@pytest.fixture(scope="session")
def make_plan():
    return a_plan


@pytest.fixture(scope="session")
def make_turns():
    return planted


@pytest.fixture(scope="session")
def better(plan):
    """Turns in which the treatment completes ten tasks more in a hundred."""
    return planted(plan, uplift=0.10)


@pytest.fixture(scope="session")
def alike(plan):
    """Turns in which the treatment changes nothing."""
    return planted(plan, seed=2)
