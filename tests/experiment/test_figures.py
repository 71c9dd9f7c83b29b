import IPython.display
import pytest
from matplotlib.figure import Figure

from chatmon.experiment import analyse, figures


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, and the figures it was made of."""
    outputs, drawn, save = [], [], Figure.savefig

    def keep(figure, *args, **kwargs):
        drawn.append(figure)
        return save(figure, *args, **kwargs)

    def display(data, *, metadata, raw):
        outputs.append((data["text/plain"], metadata["image/png"]["alt"], raw))

    monkeypatch.setattr(Figure, "savefig", keep)
    monkeypatch.setattr(IPython.display, "display", display)
    return outputs, drawn


def test_the_looks_are_the_gains_and_the_bounds_of_the_result(plan, better, shown):
    result = analyse(better, plan, look=5)
    (path,) = figures.looks_data(result)
    assert path.variant == "short"
    assert list(path.gains) == [look["short"]["task_completion"].gain for look in result.looks]
    assert list(path.bounds) == result.bounds.primary
    figures.looks(result)
    ((text, alt, _),), (figure,) = shown
    assert text == alt
    assert text.startswith("short-prompt, look 5 of 7: ship. Gain in task_completion by look")
    assert f"short is at {path.gains[-1]:+.2f}, the bound at {path.bounds[-1]:.2f}" in text
    upper, lower, gains = (list(line.get_ydata()) for line in figure.axes[0].lines)
    assert (upper, lower, gains) == (list(path.bounds), [-bound for bound in path.bounds], list(path.gains))


def test_less_is_a_gain_where_less_is_better(make_plan, make_turns):
    plan = make_plan(primary="tokens_per_turn", secondaries=())
    (path,) = figures.looks_data(analyse(make_turns(plan, tokens=0.8), plan, look=3))
    assert path.gains[-1] > 3


def test_the_changes_are_said_and_drawn_with_their_intervals(plan, better, shown):
    result = analyse(better, plan, look=7)
    figures.changes(result, title="The short prompt ships")
    ((text, _, _),), (figure,) = shown
    assert text.startswith("The short prompt ships. Changes with their intervals")
    drawn = [tuple(line.get_xdata()) for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    for line in result.lines():
        interval = f"{line.relative:+.1%} ({line.low:+.1%} to {line.high:+.1%})"
        assert f"short: {line.metric} {interval}, {line.reading}" in text
        assert (100 * line.low, 100 * line.high) in drawn


def test_a_result_that_may_not_be_shown_is_not_drawn(plan, better):
    result = analyse(better[better.variant != "short"], plan, look=7)
    with pytest.raises(ValueError, match="no planned look to show here: no result"):
        figures.looks(result)
    with pytest.raises(ValueError, match="no change to show: no result"):
        figures.changes(result)
