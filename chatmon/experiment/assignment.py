"""Who sees which variant: a hash decides, so nothing has to be stored and the same user always sees the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def position(key: str, user_id: str) -> float:
    """Return where a user stands between 0 and 1: uniform over users, and unrelated for another key.

    Args:
        key: What the position is for, such as an experiment's name.
        user_id: The user, under the name that stays the same.

    Raises:
        ValueError: The user has no name.

    Example:
        >>> position("short-prompt", "u1") == position("short-prompt", "u1") != position("polite-prompt", "u1")
        True
    """
    if not user_id:
        raise ValueError("user_id is empty: a variant is kept for a user, so it takes a user's name")
    own = hashlib.sha256(key.encode()).digest()
    bits = hashlib.blake2b(user_id.encode(), key=own, digest_size=8).digest()
    return (int.from_bytes(bits, "big") >> 11) / 2**53


def pick(weights: Mapping[str, float], at: float) -> str:
    """Return the variant whose part of the weights holds a position.

    Args:
        weights: Variant to its weight.
        at: From 0 up to but not 1.

    Example:
        >>> pick({"control": 3, "short": 1}, 0.74), pick({"control": 3, "short": 1}, 0.75)
        ('control', 'short')
    """
    left = at * sum(weights.values())
    for variant, weight in weights.items():
        left -= weight
        if left < 0:
            return variant
    return list(weights)[-1]
