"""The rules that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon.alerts.rules_file import load_rules

if TYPE_CHECKING:
    from chatmon.alerts.rules import Rule

DEFAULTS: Final = Path(__file__).with_name("defaults.toml")


def default_rules() -> list[Rule]:
    """Return the rules that hold where nothing else is said.

    Example:
        >>> [rule.name for rule in default_rules()][:2]
        ['slow-replies', 'error-rate']
    """
    return load_rules(DEFAULTS)
