from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import IPython.display
import numpy as np
import pytest
from matplotlib.figure import Figure

from chatmon import plots
from chatmon._tools.paths import data_file
from chatmon.analysis.dashboard import prepare_dashboard_data
from chatmon.plots.panels import panels
from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def data():
    return prepare_dashboard_data(data_file("four_weeks.parquet"))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    record: list[dict[str, Any]] = []
    savefig = Figure.savefig

    def keep(figure: Figure, *args: Any, **kwargs: Any) -> None:
        record.append({"figure": figure})
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    monkeypatch.setattr(
        IPython.display, "display", lambda data, *, metadata, raw: record[-1].update(alt=data["text/plain"])
    )
    return record


def some(n=40, **columns):
    return [
        Turn(turn_id=f"t{k}", conversation_id=f"c{k // 2}", timestamp=START + timedelta(minutes=30 * k), **columns)
        for k in range(n)
    ]


def test_a_dashboard_has_eight_panels_each_with_a_unit_a_finding_and_a_time_axis(data, shown):
    assert plots.dashboard(data) is None
    axes = shown[0]["figure"].axes
    assert len(axes) == 8
    assert all("(" in one.get_ylabel() for one in axes)
    assert all(one.get_xlabel() == "Day (UTC)" for one in axes)
    assert all(any(letter.isdigit() for letter in one.get_title(loc="left")) for one in axes)
    assert shown[0]["figure"].get_suptitle() == "19,969 turns from 2026-10-05 to 2026-11-01 (28 days, UTC)"


def test_what_is_drawn_are_the_datas_numbers(data, shown):
    plots.dashboard(data)
    response, errors, tokens, cost, *_ = shown[0]["figure"].axes
    drawn = {line.get_label(): line.get_ydata() for line in response.lines}
    assert np.array_equal(drawn["median"], data.response_time["median"])
    assert np.array_equal(drawn["95th percentile"], data.response_time["p95"])
    assert sum(bar.get_height() for bar in errors.patches) == pytest.approx(100 * data.errors["share"].sum())
    assert sum(bar.get_height() for bar in cost.patches) == pytest.approx(float(data.cost["cost"].sum()))
    both = int(data.volume["input_tokens"].sum() + data.volume["output_tokens"].sum())
    assert sum(bar.get_height() for bar in tokens.patches) == pytest.approx(both / 1e6)


def test_colour_is_never_the_only_signal(data, shown):
    plots.dashboard(data)
    errors = shown[0]["figure"].axes[1]
    hatches = {container.get_label(): container[0].get_hatch() for container in errors.containers}
    assert len(set(hatches.values())) == len(hatches) == 5


def test_the_description_says_every_panel_with_its_finding(data, shown):
    plots.dashboard(data)
    for panel in panels(data):
        assert panel.title in shown[0]["alt"]
        assert panel.alt in shown[0]["alt"]


def test_nothing_is_cut_off_at_the_figures_edge(data, shown):
    plots.dashboard(data)
    figure = shown[0]["figure"]
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01


def test_a_night_without_turns_breaks_the_line(shown):
    turns = [turn for turn in some(60, response_time=1.0) if turn.timestamp.hour >= 6]
    plots.dashboard(prepare_dashboard_data(turns))
    line = shown[0]["figure"].axes[0].lines[1]
    assert np.isnan(line.get_ydata()).sum() == 6


def test_what_a_log_does_not_know_has_no_panel(shown):
    names = [panel.name for panel in panels(prepare_dashboard_data(some()))]
    assert names == ["Errors", "Conversations", "Length"]
    plots.dashboard(prepare_dashboard_data(some()))
    assert len(shown[0]["figure"].axes) == 3


def test_a_models_name_is_in_the_legend_however_it_is_written():
    names = ["_private", "a-name-that-is-much-too-long-for-a-legend", "$x$"]
    turns = [
        Turn(turn_id=name, conversation_id=name, timestamp=START, model=name, cost=Decimal(place + 1))
        for place, name in enumerate(names)
    ]
    [cost] = [panel for panel in panels(prepare_dashboard_data(turns)) if panel.name == "Cost"]
    axes = Figure().add_subplot()
    cost.draw(axes)
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert shown == ["$x$", "a-name-that-is-much-too…", " _private"]


def test_many_models_are_drawn_as_the_dearest_and_the_others():
    turns = [
        Turn(turn_id=f"t{k}", conversation_id=f"c{k}", timestamp=START, model=f"m{k}", cost=Decimal(k + 1))
        for k in range(9)
    ]
    [cost] = [panel for panel in panels(prepare_dashboard_data(turns)) if panel.name == "Cost"]
    axes = Figure().add_subplot()
    cost.draw(axes)
    assert [container.get_label() for container in axes.containers] == ["m8", "m7", "m6", "m5", "5 others"]
    assert sum(bar.get_height() for bar in axes.patches) == 45
    assert cost.title == "Turns cost $45.00, 20 % of it m8"
