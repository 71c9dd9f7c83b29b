"""Was it any good? What a judge said of turns, put right by what is known of some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.judged import LABEL, VERDICT, yes_no
from chatmon.analysis._units import UNIT
from chatmon.analysis.source import arrow, query, relation
from chatmon.estimates import Estimate

if TYPE_CHECKING:
    from chatmon.analysis.source import Turns
    from chatmon.quality import Agreement, CorrectedRate

NOT_MEASURED: Final = "not measured: no turn has a label. chatmon label asks for some, drawn at random"
MOSTLY_ONE: Final = 0.5
"""Share of the turns that one user wrote, from which on it is said."""
_SIDES: Final = ("verdict", "label")


@dataclass(frozen=True, slots=True)
class QualityRate:
    """How often something is true of replies, by a judge and by those who know.

    Attributes:
        name: Of the rubric.
        whose: Whose verdicts they are, where that is known.
        version: Of which version of the rubric, where that is known.
        turns: Turns with a verdict or a label.
        corrected: The rate with the judge's errors taken out; None where nothing is labelled.
        judged: The judge's own rate, which knows nothing of its errors.
        agreement: How far verdicts and labels agree; None where no turn has both.
        notes: What the reader should know, a sentence each.
    """

    name: str
    whose: str | None
    version: str | None
    turns: int
    corrected: CorrectedRate | None
    judged: Estimate
    agreement: Agreement | None
    notes: tuple[str, ...]

    @property
    def rate(self) -> Estimate | None:
        """What is true, as far as that is known; None where nothing is labelled."""
        return None if self.corrected is None else self.corrected.rate

    def __str__(self) -> str:
        head = f"{self.name}: " + (NOT_MEASURED if self.rate is None else self.rate.text())
        lines = [head, f"the judge's own rate: {self.judged.text()}"]
        return "\n".join([*lines, *([] if self.agreement is None else [str(self.agreement)]), *self.notes])


def quality(turns: Turns) -> list[QualityRate]:
    """Return how good replies are, by each rubric that turns have verdicts or labels of.

    A rate is corrected by labels alone: of verdicts without any, only the judge's own rate is known. Labels have to be
    of turns drawn at random. Turns of a user, or where that is unknown of a conversation, are taken as alike.

    Args:
        turns: Any holder of turns, with ``verdict_NAME`` and ``label_NAME`` in their attributes: see ``open_logs``.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.turns import Turn
        >>> turns = [Turn(turn_id=str(n), conversation_id=str(n), timestamp=datetime(2026, 10, 5, tzinfo=UTC),
        ...               attributes={"verdict_solves": n % 4 > 0} | ({"label_solves": n % 3 > 0} if n < 30 else {}))
        ...          for n in range(100)]
        >>> print(quality(turns)[0].rate.text())
        0.67 (0.48 to 0.81, n = 30)
    """
    source = relation(turns)
    return [_rate(source, name) for name in rubrics(source)]


def rubrics(turns: Turns) -> list[str]:
    """Return the names of the rubrics that turns have verdicts or labels of, in order."""
    like = " OR ".join(f"attributes LIKE '%\"{prefix}%'" for prefix in (VERDICT, LABEL))
    rows = query(turns, f"SELECT DISTINCT unnest(json_keys(attributes)) AS key FROM turns WHERE {like}")  # noqa: S608
    found = {
        key.removeprefix(prefix)
        for (key,) in rows
        for prefix in (VERDICT, LABEL)
        if key.startswith(prefix) and key.isidentifier() and not key.endswith(("_by", "_version"))
    }
    return sorted(found)


def _rate(turns: Turns, name: str) -> QualityRate:
    from chatmon.quality import agreement, corrected_rate

    keys = {"verdict": f"{VERDICT}{name}", "label": f"{LABEL}{name}"}
    columns = ", ".join(f"{yes_no(key)} AS {side}, {_text(key)} AS {side}_said" for side, key in keys.items())
    some = " OR ".join(f"{_text(key)} IS NOT NULL" for key in keys.values())
    rows = arrow(
        turns,
        f"""SELECT {columns}, {_text(f"{VERDICT}{name}_by")} AS whose, {_text(f"{VERDICT}{name}_version")} AS version,
            {UNIT} AS unit, user_id FROM turns WHERE {some}
        ORDER BY timestamp, turn_id""",  # noqa: S608 - identifiers
    )
    verdicts, labels, units = (rows[side].to_pylist() for side in (*_SIDES, "unit"))
    known = any(label is not None for label in labels)
    corrected = corrected_rate(verdicts, labels, units) if known else None
    both = known and any(
        verdict is not None and label is not None for verdict, label in zip(verdicts, labels, strict=True)
    )
    whose, version = (
        ", ".join(sorted({one for one in rows[name].to_pylist() if one})) for name in ("whose", "version")
    )
    return QualityRate(
        name=name,
        whose=whose or None,
        version=version or None,
        turns=rows.num_rows,
        corrected=corrected,
        judged=corrected.judged if corrected is not None else _judged(verdicts, units),
        agreement=agreement(labels, verdicts, units) if both else None,
        notes=(*(corrected.notes if corrected else ()), *_notes(rows, keys)),
    )


def _text(key: str) -> str:
    return f"json_extract_string(attributes, '$.{key}')"


def _judged(verdicts: list[bool | None], units: list[str]) -> Estimate:
    from chatmon import estimates
    from chatmon._tools.units import Units

    kept = [(float(verdict), unit) for verdict, unit in zip(verdicts, units, strict=True) if verdict is not None]
    if not kept:
        return Estimate(None, None, None, 0)
    values = [value for value, _ in kept]
    whose = Units.of(values, sum(values) / len(values), [unit for _, unit in kept])
    return estimates.rate(int(sum(values)), len(values), whose)


def _notes(rows: Any, keys: dict[str, str]) -> list[str]:
    said = []
    for side, key in keys.items():
        unread = rows[side].null_count - rows[f"{side}_said"].null_count
        if unread:
            said.append(f"{key} says neither yes nor no in {unread:,} turns, which count as unknown.")
    users = rows["user_id"].drop_null().value_counts().to_pylist()
    most = max((one["counts"] for one in users), default=0)
    if most > 1 and most >= MOSTLY_ONE * rows.num_rows:
        said.append(f"One user wrote {most:,} of {rows.num_rows:,} turns: others may fare otherwise.")
    versions = {one for one in rows["version"].to_pylist() if one}
    if len(versions) > 1:
        said.append(f"The verdicts are by {len(versions)} versions of the rubric, each with errors of its own.")
    return said
