"""An experiment's primary metric by segment: for ideas, never for decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools.sql import text
from chatmon.analysis.change.clustered import holm
from chatmon.analysis.source import dimensions, moment, query, relation
from chatmon.experiment._aggregate import add_up
from chatmon.experiment._effects import effect
from chatmon.experiment._metrics import METRICS
from chatmon.experiment._reading import ONE_LOOK, WITHIN

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.analysis.source import Turns
    from chatmon.experiment._plan import Experiment

MOST: Final = 20
"""Segments at most: among more, something always stands out."""


def explore(turns: Turns, plan: Experiment, by: str) -> pd.DataFrame:
    """Return the primary metric's change in each segment of users, over the whole experiment.

    A user belongs to the segment of the first turn in the experiment, before the variant could move anyone. P-values
    are corrected by Holm for there being several segments and treatments; what stands out is a hypothesis for the next
    experiment.

    Args:
        turns: Any holder of turns.
        plan: The experiment.
        by: A text column of turns, such as ``region``.

    Returns:
        A row for each segment and treatment: ``segment``, ``variant``, ``users``, ``control``, ``treatment``,
        ``relative``, ``low`` and ``high`` (95 %, not corrected), ``p`` (corrected) and ``reading``.

    Raises:
        ValueError: ``by`` is no text column of turns, or has more than 20 values.
    """
    import pandas as pd

    dimensions(by)
    source = relation(turns)
    first = f"""SELECT user_id, arg_min(coalesce({by}, ''), timestamp) AS segment FROM turns
        WHERE experiment = {text(plan.name)} AND variant IS NOT NULL AND timestamp >= {moment(plan.start)}
        GROUP BY user_id"""  # noqa: S608 - a column of turns, and quoted values
    values = [value for (value,) in query(source, f"SELECT DISTINCT segment FROM ({first}) ORDER BY ALL")]  # noqa: S608
    if len(values) > MOST:
        raise ValueError(f"{by} has {len(values)} values: {MOST} at most, take a coarser one")
    metric, rows = METRICS[plan.primary], []
    for value in values:
        own = source.query(
            "turns",
            f"SELECT * FROM turns WHERE user_id IN (SELECT user_id FROM ({first}) WHERE segment = {text(value)})",  # noqa: S608
        )
        arms = add_up(own, plan, [metric], [plan.end])[0].arms
        rows += [(value, name, effect(metric, name, arms[plan.control], arms[name])) for name in plan.treatments]
    corrected = holm([1.0 if isinstance(found, str) else found.p for _, _, found in rows])
    shown = []
    for (value, name, found), p in zip(rows, corrected, strict=True):
        row = {"segment": value or "unknown", "variant": name}
        if isinstance(found, str):
            shown.append(row | {"reading": found})
            continue
        low, high = found.relative_interval(ONE_LOOK) or (None, None)
        reading = "exploratory: a hypothesis for the next experiment" if p < plan.alpha else WITHIN
        ends = {"relative": found.relative, "low": low, "high": high}
        sides = {"users": found.users, "control": found.control, "treatment": found.treatment}
        shown.append(row | sides | ends | {"p": p, "reading": reading})
    names = ["segment", "variant", "users", "control", "treatment", "relative", "low", "high", "p", "reading"]
    return pd.DataFrame(shown, columns=names)
