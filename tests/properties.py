"""How hard hypothesis tries: one profile for every property, chosen by ``CHATMON_EXAMPLES``.

``ci``, the default, takes the number of examples that stands at each test, the same ones in every run. ``thorough``
takes ten times as many, others in each run. ``mutants`` takes a third and does not look for the smallest failing
example, as nobody reads it. What fails is printed with the line that replays it.
"""

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("CHATMON_EXAMPLES", "ci")
USUAL = 100
TIMES = {"ci": 1.0, "thorough": 10.0, "mutants": 1 / 3}

# How long an example takes is the machine's, and whoever else is on it.
timeless = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("ci", timeless, derandomize=True, max_examples=USUAL)
settings.register_profile("thorough", timeless, max_examples=10 * USUAL)
settings.register_profile(
    "mutants", timeless, derandomize=True, max_examples=USUAL // 3, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(PROFILE)


def examples(count: int, *, suppress: Sequence[HealthCheck] = ()) -> settings:
    """Return the settings of a property that takes ``count`` examples in CI, and more or fewer by the profile."""
    checks = [*timeless.suppress_health_check, *suppress]
    return settings(max_examples=max(1, round(count * TIMES[PROFILE])), suppress_health_check=checks)
