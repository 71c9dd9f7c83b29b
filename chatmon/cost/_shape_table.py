"""The page of docs that lists the shapes of usage: ``python -m chatmon.cost._shape_table > docs/usage.md``."""

from __future__ import annotations

from typing import Final

from chatmon.cost.shapes import BY_TOTAL, SHAPES, Shape

INTRO: Final = """\
# How usage is read

Every provider and every tool writes down in a shape of its own what a model call used. `chatmon` reads the shapes
below, and `Usage.read(shape, body)` does so by name. What a shape means by its counts decides what a call costs:
cached tokens that stand inside the input count of one stand beside it in another.

In the convention of turns, which all shapes end in, `input_tokens` is all input, cached included, and `output_tokens`
all output, reasoning included. What else is billed at a rate of its own is in `usage_details`, where it is not 0.

This page is made from the table in `chatmon/cost/shapes.py`.

## What the counts include
| shape | name for `Usage.read` | cached tokens are | reasoning is | a total above both is | documented |
|---|---|---|---|---|---|
"""
PLACES: Final = """
## Where each unit stands
The first place that is filled counts. A slash goes one level down, `list[key=value]` picks the entry of a list, `+`
adds what is there, `&` what must all be there.
"""


def page() -> str:
    """Return the page as Markdown."""
    rows = "".join(_row(key, shape) for key, shape in SHAPES.items())
    return INTRO + rows + PLACES + "".join(map(_places, SHAPES.values()))


def _row(key: str, shape: Shape) -> str:
    rest = "output" if shape.rest == "output" else "unknown: output is a lower bound"
    cells = (shape.name, f"`{key}`", shape.cache, shape.reasoning, rest, f"[here]({shape.source})")
    return f"| {' | '.join(cells)} |\n"


def _places(shape: Shape) -> str:
    rows = [f"| {unit} | {', '.join(f'`{place}`' for place in places)} |" for unit, places in shape.paths.items()]
    tiers = f"\nA tier ({', '.join(shape.tier_prefixes)}) stands before the names of its counts.\n" * bool(
        shape.tier_prefixes
    )
    sums = "\nWhere the counts beside the total add up to it, each token is in one of them only.\n" * (
        shape.cache == BY_TOTAL
    )
    return f"\n### {shape.name}\n| unit | place |\n|---|---|\n" + "\n".join(rows) + "\n" + tiers + sums


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - a page for the shell to keep
