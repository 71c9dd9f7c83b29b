"""Two shares of which one is nearly nothing, or nearly all: by score methods, which hold where the normal does not."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

_MOST: Final = 1e9
"""A ratio that no reader needs to know more closely."""


class Counts(NamedTuple):
    """How often something happened in two variants.

    Attributes:
        control: Turns of the control in which it did.
        of_control: Turns of the control that count: fewer than there are, where a user's turns are alike.
        treatment: As ``control``.
        of_treatment: As ``of_control``.
    """

    control: float
    of_control: float
    treatment: float
    of_treatment: float

    @property
    def error(self) -> float:
        """The standard error of the difference, if there is none."""
        share = (self.control + self.treatment) / (self.of_control + self.of_treatment)
        return math.sqrt(share * (1 - share) * (1 / self.of_control + 1 / self.of_treatment))

    def z(self, ratio: float = 1.0) -> float:
        """Return how far the treatment's share is from so many times the control's, in standard errors.

        The errors are those of the likeliest shares with this ratio: Koopman, Confidence intervals for the ratio of two
        binomial proportions, Biometrics 40 (1984).

        Example:
            >>> round(Counts(12, 1200, 0, 1200).z(), 2)
            -3.47
        """
        first = _likeliest(self, ratio)
        second = ratio * first
        variance = second * (1 - second) / self.of_treatment + ratio**2 * first * (1 - first) / self.of_control
        away = self.treatment / self.of_treatment - ratio * self.control / self.of_control
        return away / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, away) if away else 0.0

    def ratio_interval(self, critical: float) -> tuple[float, float]:
        """Return the ratios, treatment to control, that are within so many standard errors; from 0 to infinity.

        Example:
            >>> [round(end, 2) for end in Counts(16, 80, 36, 40).ratio_interval(1.959964)]
            [2.94, 7.15]
        """
        if not self.control and not self.treatment:
            return 0.0, math.inf
        low = 0.0 if not self.treatment else self._crossing(critical)
        return low, math.inf if not self.control else self._crossing(-critical)

    def _crossing(self, wanted: float) -> float:
        from scipy.optimize import brentq

        def away(log_ratio: float) -> float:
            return self.z(math.exp(log_ratio)) - wanted

        end = math.log(_MOST)
        if away(-end) <= 0 or away(end) >= 0:
            return 0.0 if away(-end) <= 0 else math.inf
        return math.exp(float(brentq(away, -end, end)))

    def difference_interval(self, critical: float) -> tuple[float, float]:
        """Return the difference's interval, from Wilson's of each share.

        Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17
        (1998), method 10.

        Example:
            >>> [round(end, 4) for end in Counts(48, 80, 56, 70).difference_interval(1.959964)]
            [0.0524, 0.3339]
        """
        first, second = self.control / self.of_control, self.treatment / self.of_treatment
        low_1, high_1 = _wilson(first, self.of_control, critical)
        low_2, high_2 = _wilson(second, self.of_treatment, critical)
        difference = second - first
        return (
            difference - math.hypot(second - low_2, high_1 - first),
            difference + math.hypot(high_2 - second, first - low_1),
        )


def _likeliest(counts: Counts, ratio: float) -> float:
    """Return the control's share that is likeliest where the treatment's is so many times it."""
    a = (counts.of_control + counts.of_treatment) * ratio
    b = counts.of_treatment * ratio + counts.treatment + counts.of_control + counts.control * ratio
    c = counts.control + counts.treatment
    # The smaller root, in the form that keeps its digits.
    return min(1.0, 1 / ratio, 2 * c / (b + math.sqrt(max(0.0, b * b - 4 * a * c))))


def _wilson(share: float, n: float, critical: float) -> tuple[float, float]:
    centre = (share + critical**2 / (2 * n)) / (1 + critical**2 / n)
    half = critical / (1 + critical**2 / n) * math.sqrt(share * (1 - share) / n + critical**2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
