"""Where a turn keeps what was said of its reply: keys of ``attributes``, for verdicts and for labels.

``verdict_solves`` is a judge's word, true or false; ``verdict_solves_by`` says whose, ``verdict_solves_version`` by
which version of the rubric. ``label_solves`` and its like are what somebody who knows says of turns drawn at random.
"""

from __future__ import annotations

import re
from typing import Final

VERDICT: Final = "verdict_"
LABEL: Final = "label_"
_YES: Final = ("true", "yes", "1", "1.0")
_NO: Final = ("false", "no", "0", "0.0")


def judged_column(prefix: str, name: str) -> str:
    """Return the key of ``attributes`` that holds verdicts, or labels, of a name.

    Args:
        prefix: ``VERDICT`` or ``LABEL``.
        name: Of the rubric, such as ``Solves it``.

    Raises:
        ValueError: The name has no letter, or ends as the key of who gave a verdict does.

    Example:
        >>> judged_column(VERDICT, "Solves it")
        'verdict_solves_it'
    """
    plain = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    if not plain or plain.endswith(("_by", "_version")):
        raise ValueError(f"{name!r} names no verdict: take letters and digits, and an end other than _by and _version")
    return f"{prefix}{plain}"


def yes_no(column: str) -> str:
    """Return the SQL of what a turn's verdict or label says: true, false, or NULL for anything else.

    Args:
        column: As of ``judged_column``.
    """
    said = f"lower(json_extract_string(attributes, '$.{column}'))"
    yes, no = (", ".join(f"'{word}'" for word in words) for words in (_YES, _NO))
    return f"CASE WHEN {said} IN ({yes}) THEN true WHEN {said} IN ({no}) THEN false END"


def is_yes(said: object) -> bool | None:
    """Return the same of a value in Python.

    Example:
        >>> is_yes(True), is_yes("no"), is_yes(1.0), is_yes(0.7)
        (True, False, True, None)
    """
    word = str(said).lower()
    return True if word in _YES else False if word in _NO else None
