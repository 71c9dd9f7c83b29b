"""The rules that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon.alerts.rules_file import load_rules

if TYPE_CHECKING:
    from chatmon.alerts.rules import Rule

DEFAULTS: Final = Path(__file__).with_name("defaults.toml")


def default_rules() -> list[Rule]:
    """Return four rules to start from: replay them over your own logs before anybody is paged by them.

    Example:
        >>> [rule.name for rule in default_rules()][:2]
        ['slow-replies', 'error-rate']
    """
    return load_rules(DEFAULTS)
