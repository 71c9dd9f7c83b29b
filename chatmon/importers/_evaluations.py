"""OpenTelemetry's evaluations: what is said of a reply by an event ``gen_ai.evaluation.result``, wherever it stands.

By the conventions it is a log record that names the span it is about; some tools write it among a span's events, and
some on the span of the judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers._spans import SCORED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVENT: Final = "gen_ai.evaluation.result"
_NAME, _NUMBER, _WORD = (f"gen_ai.evaluation.{part}" for part in ("name", "score.value", "score.label"))
_SAYS_NOTHING: Final = "unknown"


def score_of(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what an evaluation's attributes say, as ``spans.scores`` has it; None where they are of none.

    One that failed has a name and says nothing; a label ``unknown`` stands beside a number that has none.

    Example:
        >>> score_of({"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.label": "pass"})
        {'name': 'Relevance', 'number': None, 'word': 'pass'}
        >>> score_of({"gen_ai.operation.name": "chat"})
    """
    name, word = attributes.get(_NAME), attributes.get(_WORD)
    if name in (None, ""):
        return None
    known = str(word).lower() != _SAYS_NOTHING
    return {"name": str(name), "number": attributes.get(_NUMBER), "word": word if known else None}


def columns_of(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the columns of turns that are named for scores, and the names of those that none is named for.

    Example:
        >>> columns_of([{"name": "task_completed", "number": 0.7, "word": None}])
        {'strangers': None, 'task_completed': True}
    """
    given = {one["name"]: one["word"] if one["number"] is None else one["number"] for one in scores}
    found = {"strangers": ", ".join(sorted(given.keys() - set(SCORED))) or None}
    found |= {name: given[name] for name in SCORED if name in given}
    if isinstance(grade := found.get("task_completed"), int | float):
        found["task_completed"] = grade >= 0.5
    return found


def scores_on(attributes: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what a span's events say of it, and what stands on the span itself."""
    given = [attributes, *(event["attributes"] for event in events if event["name"] == EVENT)]
    return [score for one in given if (score := score_of(one)) is not None]
