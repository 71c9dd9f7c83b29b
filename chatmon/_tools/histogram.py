"""Histograms with logarithmic bins: a percentile read from one is within 1 % (DDSketch, Masson et al., VLDB 2019)."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

ACCURACY: Final = 0.01
Histogram: TypeAlias = "Mapping[int, int]"
"""How many values lie in each bin that has any."""
_LOG_GAMMA: Final = math.log((1 + ACCURACY) / (1 - ACCURACY))
_SMALLEST: Final = 1e-6


def bin_of(value: float) -> int:
    """Return the bin of a value; all that are smaller than a millionth share one."""
    return math.ceil(math.log(max(value, _SMALLEST)) / _LOG_GAMMA)


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each value, as ``bin_of`` does."""
    import numpy as np

    return np.ceil(np.log(np.maximum(values, _SMALLEST)) / _LOG_GAMMA).astype(np.int64)


def value_of_bin(place: int) -> float:
    """Return the value that stands for a bin: within 1 % of everything in it.

    Example:
        >>> abs(value_of_bin(bin_of(5.0)) / 5.0 - 1) < 0.01
        True
    """
    return 2 * math.exp(place * _LOG_GAMMA) / (math.exp(_LOG_GAMMA) + 1)


def merged(histograms: Iterable[Histogram]) -> Counter[int]:
    """Return one histogram of all that some hold."""
    found: Counter[int] = Counter()
    for histogram in histograms:
        found.update(histogram)
    return found


def percentile(histogram: Histogram, q: float) -> float | None:
    """Return the ``q``-quantile of a histogram's values, within 1 %; None where it is empty.

    It is that of ``estimates.percentile``: interpolated between the two values around the place ``q * (n - 1)``, so
    that one slow turn among ten is seen in their 95th percentile.

    Example:
        >>> ten = {bin_of(1.0): 9, bin_of(10.0): 1}
        >>> round(percentile(ten, 0.95), 1)
        6.0
    """
    place = q * (sum(histogram.values()) - 1)
    below, above = _value_at(histogram, math.floor(place)), _value_at(histogram, math.ceil(place))
    return None if below is None or above is None else below + (place - math.floor(place)) * (above - below)


def _value_at(histogram: Histogram, rank: int) -> float | None:
    """Return the value at a place, from 0, in order of size."""
    seen = 0
    for place in sorted(histogram):
        seen += histogram[place]
        if seen > rank:
            return value_of_bin(place)
    return None
