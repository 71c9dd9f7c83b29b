"""The same turns on another model, worked by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from html import escape

import pytest

from chatmon._tools.models import course_models
from chatmon.cost import PriceTable, what_if
from chatmon.cost._what_if import FINE_PRINT


@pytest.fixture
def turns(frame_of):
    tokens = {"input_tokens": 10_000, "cached_tokens": 0, "output_tokens": 1_000}
    return frame_of(
        {**tokens, "model": "gpt-4", "cost": Decimal("0.36")},
        {**tokens, "model": "gpt-4", "cost": Decimal("0.36")},
        {**tokens, "model": "house-model"},
        {"model": "gpt-4", "cost": Decimal("0.50")},
    )


def test_a_comparison_is_over_the_turns_with_a_cost_on_both_sides(turns):
    # gpt-4o: 10,000 x 2.50 + 1,000 x 10 per million = 0.035 dollars a turn, for the three turns with tokens.
    found = what_if(turns, "gpt-4o")["gpt-4o"]
    assert found.as_it_was.amount == Decimal("1.22")
    assert found.would_be.amount == Decimal("0.105")
    assert (found.compared_turns, found.compared_was, found.compared_would_be) == (2, Decimal("0.72"), Decimal("0.070"))
    assert found.saving == Decimal("0.65")
    assert found.saving_share == pytest.approx(0.65 / 0.72)


def test_what_has_no_price_is_counted_on_either_side(turns):
    found = what_if(turns, "gpt-4o")["gpt-4o"]
    assert (found.as_it_was.unpriced_turns, found.as_it_was.unpriced_tokens) == (1, 11_000)
    assert (found.would_be.unpriced_turns, found.would_be.unpriced_tokens) == (1, 0)
    assert found.reason.endswith("input_tokens is unknown")


def test_a_model_without_a_price_saves_nothing_known(turns):
    found = what_if(turns, "gpt-9")["gpt-9"]
    assert (found.would_be.amount, found.would_be.unpriced_turns, found.saving, found.saving_share) == (
        None,
        4,
        None,
        None,
    )
    assert "no price for model 'gpt-9'" in found.reason


def test_turns_of_one_s_own_machine_have_nothing_to_be_compared_with(frame_of):
    alias = course_models().local.alias
    frame = frame_of({"model": alias, "input_tokens": 1000, "cached_tokens": 0, "output_tokens": 100})
    found = what_if(frame, "gpt-4")["gpt-4"]
    assert (found.as_it_was.amount, found.would_be.amount, found.saving) == (None, Decimal("0.036"), None)


def test_turns_are_priced_at_their_own_time(frame_of):
    tokens = {"input_tokens": 1000, "cached_tokens": 0, "output_tokens": 1000}
    before, after = datetime(2025, 6, 9, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)
    frame = frame_of({**tokens, "timestamp": before}, {**tokens, "timestamp": after})
    assert what_if(frame, "o3")["o3"].would_be.amount == Decimal("0.050") + Decimal("0.010")


def test_several_models_are_compared_in_the_order_asked_for(turns):
    models = course_models().what_if
    found = what_if(turns, [*models, models[0]])
    assert found.to_frame()["model"].tolist() == list(models)
    costs = found.to_frame()["would_be"].tolist()
    # 10,000 x 2 + 1,000 x 8 per million, then a fifth, then a twentieth; three turns.
    assert costs == [Decimal("0.084"), Decimal("0.0168"), Decimal("0.0042")]


def test_the_dearer_model_s_saving_is_negative(turns):
    found = what_if(turns, "gpt-4", table=None)["gpt-4"]
    assert found.saving == 0
    cheap = turns.assign(cost=[Decimal("0.01"), None, None, None])
    assert what_if(cheap, "gpt-4")["gpt-4"].saving == Decimal("-0.35")


def test_one_s_own_table_comes_first(turns, tmp_path):
    path = tmp_path / "t.toml"
    path.write_text(
        'currency = "USD"\n[[price]]\nmodel = "gpt-4o"\nfrom = 2026-01-01\ninput = 1\noutput = 1\n', encoding="utf-8"
    )
    found = what_if(turns, "gpt-4o", table=PriceTable.from_toml(path))["gpt-4o"]
    assert found.would_be.amount == Decimal("0.033")


def test_the_table_shown_has_the_fine_print_and_escapes_names(turns):
    html = what_if(turns, ["gpt-4o", "<b>"])._repr_html_()
    assert escape(FINE_PRINT) in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "$0.650000 (90%)" in html
    assert "1 turns, 11000 tokens" in html


def test_models_that_lack_a_price_for_the_same_reason_share_a_line(turns):
    lines = [line for line in repr(what_if(turns, ["gpt-9", "gpt-10"])).splitlines() if "Without a price" in line]
    assert len(lines) == 1
    assert "Without a price on gpt-9, gpt-10: 4 turns" in lines[0]


def test_at_a_prompt_it_says_the_same_as_in_a_notebook(turns):
    found = what_if(turns, ["gpt-4o", "gpt-9"])
    assert [line.partition(" | ")[0] for line in repr(found).splitlines()[:3]] == ["model", "gpt-4o", "gpt-9"]
    assert "$0.650000 (90%)" in repr(found)
    assert "Without a price on gpt-9: 4 turns" in repr(found)
    assert "no price for model &#x27;gpt-9&#x27;" in found._repr_html_()


def test_a_comparison_with_no_model_or_an_unknown_one_is_refused(turns):
    with pytest.raises(ValueError, match="0 models to compare with"):
        what_if(turns, [])
    with pytest.raises(KeyError, match="no comparison with 'x': there are gpt-4o"):
        what_if(turns, "gpt-4o")["x"]


def test_turns_that_were_for_free_have_a_saving_and_no_share(frame_of):
    tokens = {"input_tokens": 1000, "cached_tokens": 0, "output_tokens": 100}
    found = what_if(frame_of({**tokens, "cost": Decimal(0)}), "gpt-4")
    assert (found["gpt-4"].saving, found["gpt-4"].saving_share) == (Decimal("-0.036"), None)
    assert "\u2212$0.036000 | 1 of 1" in repr(found)
    assert "Without a cost" not in repr(found)


def test_the_most_frequent_reason_is_named(frame_of):
    whole = {"cost": Decimal(1), "cached_tokens": None}
    frame = frame_of({**whole, "input_tokens": 5}, {**whole, "output_tokens": 5}, {**whole, "output_tokens": 6})
    assert what_if(frame, "gpt-4")["gpt-4"].reason.endswith("input_tokens is unknown")
    frame = frame_of({**whole, "input_tokens": 5}, {**whole, "input_tokens": 6}, {**whole, "output_tokens": 6})
    assert what_if(frame, "gpt-4")["gpt-4"].reason.endswith("output_tokens is unknown")


def test_what_another_model_would_not_charge_for_is_no_saving(frame_of):
    turn = {"cost": Decimal("0.5"), "input_tokens": 10_000, "cached_tokens": 0, "output_tokens": 10}
    frame = frame_of(turn, {**turn, "usage_details": {"input_audio_tokens": 9_000}})
    found = what_if(frame, "gpt-4o")["gpt-4o"]
    assert (found.compared_turns, found.would_be.unpriced_turns) == (1, 1)
    assert "9,000 input audio tokens charged as text" in found.reason
