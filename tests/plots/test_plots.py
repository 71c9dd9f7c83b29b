"""Figures are drawn for real (Agg) and looked into: title, units, description, numbers."""

import base64
import io
import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import IPython.display
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from waits import PATIENCE

from chatmon import plots

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def turns(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "conversation_id": [f"c{i % 10}" for i in range(n)],
            "timestamp": [START + timedelta(seconds=30 * i) for i in range(n)],
            "response_time": rng.lognormal(-0.3, 0.4, n),
            "input_tokens": pd.array([100 + 50 * (i // 10) for i in range(n)], dtype="Int64"),
        }
    )


SPENT = {date(2026, 10, day): Decimal("1.50") * day for day in range(1, 11)}
FIGURES: dict[str, Callable[[], None]] = {
    "response_times": lambda: plots.response_times(turns()),
    "timeline": lambda: plots.timeline(turns(), "response_time", title="Steady all morning", unit="s", limit=2.0),
    "timeline_by_minute": lambda: plots.timeline(
        turns(), "input_tokens", title="More tokens every minute", unit="tokens", every="5min", how="sum"
    ),
    "conversation_growth": lambda: plots.conversation_growth(turns()),
    "bars": lambda: plots.bars({"a": 0.5, "b": 0.25}, title="a is twice b", unit="s", what="Wait"),
    "compare_models": lambda: plots.compare_models({"big": Decimal(12), "small": Decimal(3)}),
    "forecast_band": lambda: plots.forecast_band(
        SPENT, projected=(46.5, 41, 52), end=date(2026, 10, 31), budget=Decimal(50)
    ),
    "told": lambda: plots.told([(START, "on call", "firing"), (START + timedelta(hours=1), "on call", "resolved")]),
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was displayed, with the figure it was made of."""
    record: list[dict[str, Any]] = []
    savefig = Figure.savefig

    def keep(figure: Figure, *args: Any, **kwargs: Any) -> None:
        record.append({"figure": figure, "kwargs": kwargs})
        savefig(figure, *args, **kwargs)

    def display(data: dict[str, str], *, metadata: dict[str, Any], raw: bool) -> None:
        assert raw
        record[-1] |= {"data": data, "metadata": metadata}

    monkeypatch.setattr(Figure, "savefig", keep)
    monkeypatch.setattr(IPython.display, "display", display)
    return record


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_title_units_and_a_description_in_its_metadata(name: str, shown: list[dict[str, Any]]) -> None:
    assert FIGURES[name]() is None
    [only] = shown
    [axes] = only["figure"].axes
    title = axes.figure.get_suptitle().replace("\n", " ")
    assert len(title.split()) >= 3
    assert "(" in axes.get_xlabel()
    assert "(" in axes.get_ylabel() or axes.get_yticklabels()[0].get_text(), "a unit, or a name on each bar"
    alt = only["metadata"]["image/png"]["alt"]
    assert alt == only["data"]["text/plain"]
    assert title in alt
    assert any(letter.isdigit() for letter in alt)


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_in_a_figure_is_cut_off_at_its_edge(name: str, shown: list[dict[str, Any]]) -> None:
    FIGURES[name]()
    figure = shown[0]["figure"]
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01


def test_the_image_is_a_png_drawn_sharper_than_it_is_shown_and_the_same_each_time(shown: list[dict[str, Any]]) -> None:
    FIGURES["response_times"]()
    FIGURES["response_times"]()
    first, second = (base64.b64decode(one["data"]["image/png"]) for one in shown)
    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    width, _ = struct.unpack(">II", first[16:24])
    assert width > shown[0]["metadata"]["image/png"]["width"] > 0
    assert first == second


def test_drawing_leaves_the_settings_of_matplotlib_alone(shown: list[dict[str, Any]]) -> None:
    mpl.rcParams["font.size"] = 7.5
    try:
        before = dict(mpl.rcParams)
        FIGURES["forecast_band"]()
        assert dict(mpl.rcParams) == before
    finally:
        mpl.rcdefaults()


def test_the_readers_own_settings_do_not_change_a_figure(shown: list[dict[str, Any]]) -> None:
    FIGURES["bars"]()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        FIGURES["bars"]()
    assert shown[0]["data"]["image/png"] == shown[1]["data"]["image/png"]


def test_importing_plots_loads_no_matplotlib_and_no_pandas() -> None:
    code = "import sys, chatmon.plots; print([m for m in ('matplotlib', 'pandas', 'IPython') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert result.stdout == "[]\n"


def test_show_closes_any_figure_so_that_it_is_not_shown_twice(shown: list[dict[str, Any]]) -> None:
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots()
    axes.plot([1, 2])
    plots.show(fig, "A line that goes up from 1 to 2.")
    assert not plt.fignum_exists(fig.number)
    assert len(shown) == 1


def test_a_title_that_asks_ends_with_its_own_mark_in_the_description(shown: list[dict[str, Any]]) -> None:
    plots.timeline(turns(), "response_time", title="When was it slow?", unit="s")
    assert shown[0]["data"]["text/plain"].startswith("When was it slow? Line of ")


def test_show_refuses_a_description_that_describes_nothing() -> None:
    with pytest.raises(ValueError, match="does not describe"):
        plots.show(Figure(), "plot")


def test_response_times_are_those_of_numpy() -> None:
    frame = turns()
    data = plots.response_times_data(frame)
    assert data.n == 40
    assert data.median == pytest.approx(np.median(frame["response_time"].to_numpy()))
    assert data.p95 == pytest.approx(np.percentile(frame["response_time"].to_numpy(), 95))
    assert list(data.seconds) == sorted(frame["response_time"])


def test_the_median_and_the_95th_percentile_are_marked_where_they_are(shown: list[dict[str, Any]]) -> None:
    frame = turns()
    plots.response_times(frame)
    data = plots.response_times_data(frame)
    [axes] = shown[0]["figure"].axes
    assert [line.get_xdata()[0] for line in axes.lines] == [data.median, data.p95]
    assert sum(bar.get_height() for bar in axes.patches) == 40


def test_a_timeline_groups_by_interval_and_leaves_out_empty_ones() -> None:
    frame = pd.DataFrame(
        {
            "timestamp": [START, START + timedelta(minutes=1), START + timedelta(minutes=12)],
            "cost": pd.array([Decimal("0.10"), Decimal("0.20"), Decimal("0.40")], dtype="object"),
        }
    )
    data = plots.timeline_data(frame, "cost", every="5min", how="sum")
    assert data.to_list() == [pytest.approx(0.30), 0.40]
    assert [moment.minute for moment in data.index] == [0, 10]


def test_a_timeline_breaks_its_line_where_an_interval_has_no_turns(shown: list[dict[str, Any]]) -> None:
    frame = turns(1).loc[[0, 0, 0]].assign(timestamp=[START + timedelta(minutes=minutes) for minutes in (0, 5, 15)])
    plots.timeline(frame, "response_time", title="With a gap", unit="s", every="5min")
    [line] = shown[0]["figure"].axes[0].lines
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False]
    assert "3 points" in shown[0]["data"]["text/plain"]


def test_a_timeline_is_in_the_order_of_time_and_drops_unknown_values() -> None:
    frame = turns(6).iloc[::-1]
    frame.loc[2, "response_time"] = np.nan
    data = plots.timeline_data(frame, "response_time")
    assert data.index.is_monotonic_increasing
    assert len(data) == 5


def test_a_timeline_of_nothing_names_the_column_and_the_turns() -> None:
    frame = turns(3).assign(cost=None)
    with pytest.raises(ValueError, match="none of 3 turns has a cost"):
        plots.timeline_data(frame, "cost")


def test_conversation_growth_counts_positions_even_where_tokens_are_unknown() -> None:
    frame = turns(30)
    frame.loc[0, "input_tokens"] = pd.NA
    growth = plots.conversation_growth_data(frame)
    assert growth["turns"].to_list() == [9, 10, 10]
    assert growth["input_tokens"].to_list() == [100.0, 150.0, 200.0]


def test_bars_carry_their_numbers_and_their_intervals(shown: list[dict[str, Any]]) -> None:
    plots.bars({"a": 2.0, "b": 1.0}, title="a is twice b", unit="s", what="Wait", intervals={"a": (1.5, 2.5)})
    [axes] = shown[0]["figure"].axes
    assert [bar.get_width() for bar in axes.patches] == [2.0, 1.0]
    assert len({bar.get_hatch() for bar in axes.patches}) == 2
    assert [text.get_text() for text in axes.texts] == ["2.00 s", "1.00 s"]
    assert list(axes.lines[0].get_xdata()) == [1.5, 2.5]
    assert "a 2.00 s, b 1.00 s" in shown[0]["metadata"]["image/png"]["alt"]


def test_models_are_compared_from_the_cheapest_and_the_title_is_computed(shown: list[dict[str, Any]]) -> None:
    plots.compare_models({"big": Decimal(12), "small": Decimal(3), "mid": Decimal(6)})
    [axes] = shown[0]["figure"].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["small", "mid", "big"]
    assert axes.figure.get_suptitle() == "big costs 4.0 times as much as small"


def test_models_that_cost_nothing_are_not_compared_by_a_multiple(shown: list[dict[str, Any]]) -> None:
    plots.compare_models({"local": Decimal(0), "big": Decimal(12)}, what="Cost of a month of turns")
    assert shown[0]["figure"].get_suptitle() == "Cost of a month of turns"


def test_a_forecast_starts_where_spending_stands_and_ends_in_its_interval(shown: list[dict[str, Any]]) -> None:
    FIGURES["forecast_band"]()
    [axes] = shown[0]["figure"].axes
    spent, forecast, budget = axes.lines
    assert spent.get_ydata()[-1] == forecast.get_ydata()[0] == 15.0
    assert forecast.get_ydata()[-1] == 46.5
    assert set(budget.get_ydata()) == {50.0}
    corners = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (min(corners), max(corners)) == (15.0, 52.0)
    assert {41.0, 52.0} <= set(corners)


def test_dollars_in_a_title_are_not_read_as_a_formula(shown: list[dict[str, Any]]) -> None:
    plots.bars({"a": 1.0}, title="From $1 to $2", unit="USD", what="Cost")
    assert shown[0]["figure"].texts[0].get_parse_math() is False


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.response_times(turns(0)), "0 turns"),
        (lambda: plots.conversation_growth(turns(3).assign(input_tokens=pd.NA)), "none of 3 turns"),
        (lambda: plots.bars({}, title="x", unit="s", what="x"), "0 values"),
        (lambda: plots.forecast_band({}, projected=(1, 1, 1), end=date(2026, 10, 1)), "0 days"),
        (lambda: plots.forecast_band(SPENT, projected=(1, 1, 1), end=date(2026, 10, 1)), "before the last day"),
    ],
)
def test_a_figure_of_nothing_says_so(draw: Callable[[], None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw()


def test_the_png_opens_as_an_image_of_the_figures_size(shown: list[dict[str, Any]]) -> None:
    from PIL import Image

    FIGURES["timeline"]()
    with Image.open(io.BytesIO(base64.b64decode(shown[0]["data"]["image/png"]))) as image:
        assert image.size == (960, 570)


def test_who_was_told_is_a_row_for_each_receiver_in_the_order_they_were_told(shown):
    noon = datetime(2026, 10, 5, 12, tzinfo=UTC)
    told = [(noon, "on call", "firing"), (noon + timedelta(minutes=15), "lead", "firing")]
    plots.told([*told, (noon + timedelta(hours=1), "on call", "resolved")], title="Two were told")
    axes = shown[0]["figure"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["on call", "lead"]
    assert [line.get_label() for line in axes.lines] == ["firing", "resolved"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0, 1], [0]]
    assert len({line.get_marker() for line in axes.lines}) == 2
    assert shown[0]["data"]["text/plain"] == (
        "Two were told. Who was told what, on 05 October (UTC):"
        " 12:00 on call: firing; 12:15 lead: firing; 13:00 on call: resolved"
    )


def test_a_figure_of_no_messages_is_refused():
    with pytest.raises(ValueError, match="no messages"):
        plots.told([])
