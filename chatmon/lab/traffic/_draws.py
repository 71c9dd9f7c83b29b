"""Common random numbers: every draw is addressed by what it is for, so two worlds differ only where they were made to.

A draw depends on the seed, its purpose and the key of what it is drawn for, and on nothing else: neither on how many
draws came before, nor on the other conversations.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Keys = NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


def mixed(keys: Keys) -> Keys:
    """Return 64 well mixed bits for each key: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).

    Example:
        >>> [hex(bits) for bits in mixed(np.array([0], dtype=np.uint64))]
        ['0xe220a8397b1dcdaf']
    """
    bits = keys + _GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Draws:
    """Random numbers of one seed, by purpose and key.

    Attributes:
        seed: Any whole number.

    Example:
        >>> draws, keys = Draws(7), np.arange(3, dtype=np.uint64)
        >>> bool((draws.uniform("wait", keys)[1:] == draws.uniform("wait", keys[1:])).all())
        True
    """

    seed: int

    def bits(self, purpose: str, keys: Keys) -> Keys:
        """Return 64 random bits for each key."""
        salt = hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest()
        return mixed(mixed(keys) ^ np.uint64(int.from_bytes(salt, "big")))

    def uniform(self, purpose: str, keys: Keys) -> Floats:
        """Return a number between 0 and 1, ends excluded, for each key."""
        numbers: Floats = ((self.bits(purpose, keys) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return numbers

    def normal(self, purpose: str, keys: Keys) -> Floats:
        """Return a standard normal number for each key."""
        from scipy.special import ndtri

        numbers: Floats = ndtri(self.uniform(purpose, keys))
        return numbers

    def lognormal(self, purpose: str, keys: Keys, median: Floats | float, sigma: float) -> Floats:
        """Return a log-normal number of this median and spread for each key."""
        numbers: Floats = median * np.exp(sigma * self.normal(purpose, keys))
        return numbers

    def choice(self, purpose: str, keys: Keys, weights: Floats) -> NDArray[np.int64]:
        """Return the place of one of the weights for each key; ``weights`` may have one row for each key."""
        steps = np.cumsum(np.atleast_2d(weights), axis=1)
        chance = self.uniform(purpose, keys)[:, None] * steps[:, -1:]
        places: NDArray[np.int64] = (chance >= steps[:, :-1]).sum(axis=1)
        return places
