"""Versions of a bot tried on the same questions, scored by the course's own measures, kept as LangSmith experiments."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon import estimates, quality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd
    from langsmith import Client

    from chatmon.estimates import Estimate
    from chatmon.lab.bot._knowledge import KnowledgeEntry

EVALUATED: Final = ("task_completed", "context_relevance")


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Versions of a bot, compared on the same questions.

    Attributes:
        frame: One row for each question and version: ``question``, ``version``, ``answer``, ``task_completed``,
            ``context_relevance``.
        experiments: Name of each version's experiment in LangSmith.
    """

    frame: pd.DataFrame
    experiments: Mapping[str, str]

    def score(self, version: str, measure: str = "task_completed") -> Estimate:
        """Return a version's mean score.

        Args:
            version: One of those that were tried.
            measure: ``task_completed`` or ``context_relevance``.
        """
        values = self.frame.loc[self.frame["version"] == version, measure].dropna()
        if measure == "task_completed":
            return estimates.rate(int(values.sum()), len(values))
        return estimates.mean([float(value) for value in values])

    def difference(self, first: str, second: str, measure: str = "task_completed") -> Estimate:
        """Return by how much the second version scores above the first, question by question.

        Both answered the same questions, so each question is its own comparison: what makes it hard falls out.

        Args:
            first: One version.
            second: The other.
            measure: ``task_completed`` or ``context_relevance``.
        """
        wide = self.frame.pivot_table(index="question", columns="version", values=measure, aggfunc="first")
        both = wide[[first, second]].astype("float64").dropna()
        apart = both[second] - both[first]
        # Scores lie between 0 and 1: nothing that a small sample lacks could be as far off as a mean has to fear.
        return estimates.mean_of(
            len(apart), None if apart.empty else apart.mean(), apart.var() if len(apart) > 1 else None
        )

    def __str__(self) -> str:
        return "\n".join(
            f"{version}: {', '.join(f'{measure} {self.score(version, measure).text()}' for measure in EVALUATED)}"
            for version in self.experiments
        )


def add_questions(client: Client, dataset: str, entries: Iterable[KnowledgeEntry]) -> int:
    """Make a dataset of questions with the facts that a right answer mentions; return how many there are.

    A dataset of that name that is there already is left as it is.

    Args:
        client: From ``connect``.
        dataset: Its name.
        entries: Of the knowledge base.
    """
    if client.has_dataset(dataset_name=dataset):
        return int(client.read_dataset(dataset_name=dataset).example_count or 0)
    made = client.create_dataset(
        dataset, description="Questions of the support desk, with the facts of a right answer."
    )
    examples = [
        {
            "inputs": {"question": entry.question},
            "reference_outputs": {"answer": entry.answer, "facts": [list(wordings) for wordings in entry.facts]},
            "metadata": {"intent": entry.intent},
        }
        for entry in entries
    ]
    client.create_examples(dataset_id=made.id, examples=examples)
    return len(examples)


def evaluate_prompts(client: Client, dataset: str, versions: Mapping[str, Callable[[str], str]]) -> Evaluation:
    """Let each version answer every question of a dataset, and score the answers.

    Args:
        client: From ``connect``.
        dataset: The dataset's name: see ``add_questions``.
        versions: For each version's name what returns its answer to a question.

    Raises:
        LangSmithNotFoundError: There is no such dataset.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    experiments = {}
    for version, answer in versions.items():
        # The SDK prints an address and draws a bar, which say nothing that is not returned.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            results = client.evaluate(
                _target(answer),
                data=dataset,
                evaluators=[_task_completed, _context_relevance],
                experiment_prefix=version,
                metadata={"prompt_version": version},
            )
        experiments[version] = results.experiment_name
        for row in results:
            scores = {result.key: result.score for result in row["evaluation_results"]["results"]}
            question, outputs = (row["example"].inputs or {})["question"], row["run"].outputs or {}
            rows.append({"question": question, "version": version, "answer": outputs.get("answer"), **scores})
    client.flush()
    frame = pd.DataFrame(rows, columns=["question", "version", "answer", *EVALUATED])
    return Evaluation(frame.sort_values(["question", "version"], ignore_index=True), experiments)


def _target(answer: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def target(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"answer": answer(inputs["question"])}

    return target


def _task_completed(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> dict[str, Any]:
    return {"key": "task_completed", "score": quality.task_completed(outputs["answer"], reference_outputs["facts"])}


def _context_relevance(inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    return {"key": "context_relevance", "score": quality.context_relevance(inputs["question"], outputs["answer"])}
