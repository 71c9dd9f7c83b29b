"""How hard hypothesis tries: one profile for every property, chosen by ``CHATMON_EXAMPLES``.

``ci``, the default, takes the number of examples that stands at each test, the same ones in every run. ``thorough``
takes ten times as many, others in each run. ``mutants`` takes a third and does not look for the smallest failing
example, as nobody reads it. What fails is printed with the line that replays it.
"""

import os
from typing import Any

from hypothesis import Phase, settings

PROFILE = os.environ.get("CHATMON_EXAMPLES", "ci")
USUAL = 100
TIMES = {"ci": 1.0, "thorough": 10.0, "mutants": 1 / 3}

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, max_examples=USUAL)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=10 * USUAL)
settings.register_profile(
    "mutants", derandomize=True, deadline=None, max_examples=USUAL // 3, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(PROFILE)


def examples(count: int, **options: Any) -> settings:
    """Return the settings of a property that takes ``count`` examples in CI, and more or fewer by the profile."""
    return settings(max_examples=max(1, round(count * TIMES[PROFILE])), **options)
