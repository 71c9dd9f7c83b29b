"""An experiment's figures: each shows what the function with ``_data`` returns, and is also said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chatmon.experiment._metrics import metric
from chatmon.plots.figure import BLUE, RED, figure, show

if TYPE_CHECKING:
    from chatmon.experiment._result import Result


class Path(NamedTuple):
    """What ``looks`` draws of one treatment.

    Attributes:
        variant: The treatment.
        gains: The primary metric's gain at each look, in standard errors; None where it is not known.
        bounds: What it has to pass.
    """

    variant: str
    gains: tuple[float | None, ...]
    bounds: tuple[float, ...]


def looks_data(result: Result) -> list[Path]:
    """Return how the primary metric of each treatment went from look to look, and what it had to pass.

    Raises:
        ValueError: No result may be shown, or it is not that of a planned look.
    """
    if not result.bounds.primary:
        raise ValueError(f"{result.plan.name} has no planned look to show here: {result.decision}")
    paths = []
    for name in result.plan.treatments:
        found = [effects[name][result.plan.primary] for effects in result.looks]
        gains = tuple(None if isinstance(one, str) else one.gain for one in found)
        paths.append(Path(name, gains, tuple(result.bounds.primary)))
    return paths


def looks(result: Result, *, title: str | None = None) -> None:
    """Show how the primary metric went from look to look, between the bounds.

    Args:
        result: Of a planned look.
        title: The finding; without it, the verdict.

    Raises:
        ValueError: As ``looks_data``.
    """
    paths = looks_data(result)
    plan, bounds = result.plan, paths[0].bounds
    at = list(range(1, len(bounds) + 1))
    title = title or f"{plan.name}, look {result.look} of {plan.looks}: {result.decision.verdict}"
    with figure(title, "Look", f"Gain in {plan.primary} (standard errors)") as (fig, axes):
        axes.plot(at, bounds, color="black", linestyle="--", label="better beyond chance")
        axes.plot(at, [-bound for bound in bounds], color="black", linestyle=":", label="worse beyond chance")
        for path, color, marker in zip(paths, _COLORS * len(paths), _MARKERS * len(paths), strict=False):
            known = [(look, gain) for look, gain in zip(at, path.gains, strict=True) if gain is not None]
            axes.plot(*zip(*known, strict=True), color=color, marker=marker, label=path.variant)
        axes.set_xlim(0.8, plan.looks + 0.2)
        axes.set_xticks(range(1, plan.looks + 1))
        fig.legend(loc="outside lower center", ncols=2)
        last = "; ".join(
            f"{path.variant} is at {'unknown' if path.gains[-1] is None else f'{path.gains[-1]:+.2f}'}"
            for path in paths
        )
        show(
            fig, f"{title}. Gain in {plan.primary} by look, in standard errors: {last}, the bound at {bounds[-1]:.2f}."
        )


def changes(result: Result, *, title: str | None = None) -> None:
    """Show the relative change of each metric with its interval, as ``Result.lines`` has them.

    Args:
        result: One that may be shown.
        title: The finding; without it, the verdict.

    Raises:
        ValueError: There is no metric to show.
    """
    known = [line for line in result.lines() if line.low is not None and line.high is not None]
    if not known:
        raise ValueError(f"{result.plan.name} has no change to show: {result.decision}")
    title = title or f"{result.plan.name}: {result.decision.verdict}"
    with figure(title, "Change against the control (%)", "") as (fig, axes):
        for place, line in enumerate(reversed(known)):
            assert line.relative is not None and line.low is not None and line.high is not None  # noqa: S101, PT018
            better = line.relative * metric(line.metric).better > 0
            axes.plot([100 * line.low, 100 * line.high], [place, place], color=BLUE if better else RED)
            axes.plot(100 * line.relative, place, marker="o" if better else "s", color=BLUE if better else RED)
        axes.axvline(0, color="black", linewidth=1)
        # An early look's intervals may be so wide that nothing else could be seen.
        ends = sorted(abs(end) for line in known for end in (line.low or 0.0, line.high or 0.0))
        widest = 110 * min(ends[-1], 10 * ends[len(ends) // 2])
        axes.set_xlim(-min(widest, 110), widest)
        axes.set_yticks(range(len(known)), [f"{line.variant}: {line.metric} ({line.role})" for line in reversed(known)])
        said = "; ".join(
            f"{line.variant}: {line.metric} {line.relative:+.1%} ({line.low:+.1%} to {line.high:+.1%}), {line.reading}"
            for line in known
        )
        show(fig, f"{title}. Changes with their intervals, round where better, square where worse: {said}.")


_COLORS = (BLUE, RED, "#009E73", "#CC79A7")
_MARKERS = ("o", "s", "^", "D")
