"""Let the local model judge its own replies: ``python data/record_verdicts.py``.

It reads the question and the answer of every turn of ``local_turns.parquet`` and ``prompt_change.parquet``, with the
rubric in ``rubrics/solves.md``, and writes ``verdicts.csv``: one verdict for each, with its certainty. What is true of
each reply, the turns' ``task_completed``, it does not see.

Recording again on the same machine gives the same verdicts.
"""

from __future__ import annotations

import argparse

import pandas as pd
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from rich.progress import Progress

from chatmon._tools.models import course_models
from chatmon._tools.paths import DATA
from chatmon.lab.services import llm
from chatmon.quality import Judge, Rubric
from chatmon.turns import read_parquet, to_frame

LOGS = ("local_turns.parquet", "prompt_change.parquet")
KEY = "recording"


def record() -> pd.DataFrame:
    """Return the verdicts on all replies, in the order of the logs."""
    turns = pd.concat([to_frame(read_parquet(DATA / name)) for name in LOGS], ignore_index=True)
    with llm.start(api_key=KEY) as server, Progress() as bar:
        model = ChatOpenAI(
            model=course_models().local.alias,
            base_url=server.base_url,
            api_key=SecretStr(KEY),
            temperature=0,
            max_completion_tokens=1,
            logprobs=True,
            top_logprobs=20,
            use_responses_api=False,
        )
        task = bar.add_task("judging", total=len(turns))
        judge = Judge(Rubric.read(DATA / "rubrics" / "solves.md"), model, workers=1)
        return judge.verdicts(turns, lambda done, _: bar.update(task, completed=done))


def main() -> None:
    """Record and write the file."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    found = record()
    found.assign(score=found["score"].astype(float).round(6)).to_csv(DATA / "verdicts.csv", index=False)


if __name__ == "__main__":
    main()
