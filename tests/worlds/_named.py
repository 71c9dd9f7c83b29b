"""The worlds by name. Each adds to the plain one what its name says; parts are put together with ``|``."""

from worlds._world import World

CLOCKS = {"clocks": {"eu": (0.45, 1.0), "us": (0.35, -6.0), "apac": (0.20, 8.0)}}
WEEKS = {"weekend": 0.35}
RESTLESS = {"latency_hours": 0.10, "latency_days": 0.05}
ALIKE = {"alike": 0.65}
"""A user's own effect of 0.65 of the noise: an intra-class correlation of 0.3."""

_PARTS: dict[str, dict] = {
    "plain": {},
    "little traffic": {"turns_per_day": 120, "users": 400},
    "three clocks": CLOCKS | WEEKS,
    "three clocks, unlike regions": CLOCKS | WEEKS | {"home_mix": 0.6, "slow_home": 0.4},
    "other questions at night": CLOCKS | {"night_mix": 0.9},
    "working days": WEEKS | {"weekend_mix": 0.6, "night": 0.03},
    "restless hours": {"latency_hours": 0.10},
    "restless days": {"latency_days": 0.10},
    "restless errors": {"errors_hours": 0.5, "errors_days": 0.3},
    "restless mix": {"mix_hours": 0.2, "mix_days": 0.15},
    "restless mood": {"mood_days": 0.15},
    "bursts": {"burst": 0.5},
    "growth": {"growth": 0.02},
    "holidays": WEEKS | {"holidays": (10, 11)},
    "launch": {"launch": 15},
    "campaign": {"campaign": (12, 16)},
    "users alike": ALIKE | {"users": 300},
    "whales": ALIKE | {"whales": 6},
    "bots": {"bots": 4},
    "congestion": {"congestion": 0.8, "burst": 0.3},
    "provider incidents": {"incidents": 3},
    "router by difficulty": {"router": "difficulty"},
    "caches expire": {"system": 1600},
    "more text, better answers": {"mail_context": 1800},
    "wide costs": {"wide_tokens": 1.5, "noise": 0.6},
    "columns missing": {"missing": ("user_id", "cost", "task_completed", "region", "cached_tokens")},
    "only the angry rate": {"angry": True},
    "all at once": CLOCKS | WEEKS | RESTLESS | ALIKE
    | {"whales": 6, "congestion": 0.5, "errors_hours": 0.3, "mix_days": 0.1, "burst": 0.2, "growth": 0.005},
}  # fmt: skip

WORLDS: dict[str, World] = {name: World(**parts) for name, parts in _PARTS.items()}
