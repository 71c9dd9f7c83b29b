"""What the site has beside its first page, in the order of its list at the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BEGIN = ["docs/learner", "docs/teacher", "docs/analyst", "docs/setup", "docs/before_you_start", "docs/questions"]
HOW_TO = [
    "docs/my_bot",
    "docs/my_export",
    "docs/alerts",
    "docs/erase_a_user",
    "docs/many_hosts",
    "docs/scale",
    "docs/ten_questions",
]
REFERENCE = [
    "glossary",
    "docs/numbers",
    "reference/command_line",
    "docs/tables",
    "docs/formats",
    "docs/usage",
    "docs/run_time",
    "data/README",
    "reference/api/index",
    "CONTRIBUTING",
]


def lists(lessons: Sequence[str], docs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the pages under each heading of the list.

    Args:
        lessons: The lessons' pages, in their order.
        docs: All pages in docs/: those in docs/teaching are for teachers, what is named nowhere ends the reference.

    Example:
        >>> lists([], ["docs/teaching/plan"])["Teach"], lists([], ["docs/news"])["Reference"][-1]
        (['docs/teaching/plan'], 'docs/news')
    """
    teaching = [page for page in docs if page.startswith("docs/teaching/")]
    others = [page for page in docs if page not in {*BEGIN, *HOW_TO, *REFERENCE, *teaching}]
    return {"Begin": BEGIN, "Lessons": lessons, "Teach": teaching, "How to": HOW_TO, "Reference": [*REFERENCE, *others]}


def toctree(pages: Sequence[str], caption: str = "") -> str:
    r"""Return a hidden list of pages, as MyST has it.

    Example:
        >>> toctree(["glossary"]).splitlines()
        ['```{toctree}', ':hidden:', '', 'glossary', '```']
    """
    named = [f":caption: {caption}"] if caption else []
    return "\n".join(["```{toctree}", ":hidden:", *named, "", *pages, "```"])
