from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from importers.conversations import START, some_turns
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from chatmon.connect.exporters._openmetrics import lines, write_openmetrics
from chatmon.connect.prometheus import Metrics

MINUTE = timedelta(minutes=1)


def samples(turns, **options):
    """The samples that Prometheus' own parser reads: by name and labels, their times and values.

    It is given one time after another, as if scraped: of a histogram with several it reads but the first.
    """
    text = list(lines(turns, **options))
    found = {}
    for moment in sorted({line.rsplit(" ", 1)[1] for line in text if not line.startswith("#")}):
        scrape = [line for line in text if line.startswith("#") or line.endswith(f" {moment}")]
        for family in text_string_to_metric_families("\n".join(scrape) + "\n"):
            for sample in family.samples:
                key = (sample.name, *sorted(sample.labels.items()))
                found.setdefault(key, []).append((float(sample.timestamp), sample.value))
    return found


def total(found, name, **labels):
    """A metric's last value, added up over its labels."""
    return sum(series[-1][1] for (one, *pairs), series in found.items() if one == name and labels.items() <= set(pairs))


def test_at_the_end_every_counter_is_what_the_turns_add_up_to():
    turns = some_turns(60)
    found = samples(turns, by=("region",))
    known = [one for one in turns if one.cost is not None]
    ratings = [one.user_satisfaction for one in turns if one.user_satisfaction is not None]
    assert total(found, "chatmon_turns_total") == 60
    assert total(found, "chatmon_turns_total", region="eu") == sum(one.region == "eu" for one in turns)
    assert total(found, "chatmon_failed_turns_total") == sum(one.error_type is not None for one in turns)
    assert total(found, "chatmon_cost_usd_total") == pytest.approx(float(sum(one.cost for one in known)))
    assert total(found, "chatmon_priced_turns_total") == len(known)
    assert total(found, "chatmon_user_satisfaction_sum") == sum(ratings)
    assert total(found, "gen_ai_client_token_usage_sum", gen_ai_token_type="input") == sum(
        one.input_tokens or 0 for one in turns
    )
    assert total(found, "gen_ai_client_operation_duration_seconds_sum") == pytest.approx(
        sum(one.response_time for one in turns)
    )
    assert total(found, "gen_ai_client_operation_duration_seconds_bucket", le="1.28") == sum(
        one.response_time <= 1.28 for one in turns
    )


def test_at_any_time_a_counter_is_what_had_begun_by_then():
    turns = some_turns(60)
    found = samples(turns, step=2 * MINUTE)
    (series,) = [series for (name, *_), series in found.items() if name == "chatmon_turns_total"]
    assert len(series) > 10
    for moment, value in series:
        assert value == sum(one.timestamp.timestamp() < moment for one in turns)


def test_samples_are_a_step_apart_and_a_counter_begins_at_zero_before_it_first_grows():
    late = replace(some_turns(1)[0], turn_id="late", model="late", timestamp=START + timedelta(hours=3))
    found = samples([*some_turns(5), late], step=30 * MINUTE)
    for (_, *pairs), series in found.items():
        assert series[0][1] == 0
        assert {b - a for (a, _), (b, _) in pairwise(series)} <= {1800.0}
        if ("gen_ai_request_model", "late") in pairs:
            assert [moment for moment, _ in series] == [(START + timedelta(hours=h)).timestamp() for h in (3, 3.5)]


def test_the_names_are_those_of_the_live_endpoint(monitor):
    metrics = Metrics(by=("region",))
    metrics.watch(monitor)
    with monitor.track("c1", region="eu"):
        pass
    live = {
        (sample.name, *sorted(sample.labels))
        for family in metrics.registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert {(name, *(label for label, _ in pairs)) for name, *pairs in samples(some_turns(), by=("region",))} == live


def test_an_unknown_time_is_no_time_and_still_a_turn():
    found = samples([replace(some_turns(1)[0], response_time=None, cost=None, price_source=None)])
    assert total(found, "chatmon_turns_total") == 1
    assert total(found, "gen_ai_client_operation_duration_seconds_count") == 0
    assert total(found, "chatmon_priced_turns_total") == 0


def test_any_text_survives_as_a_label():
    name = 'a "quoted" \\ name,\nof two lines = {1}'
    found = samples([replace(some_turns(1)[0], model=name)])
    assert total(found, "chatmon_turns_total", gen_ai_request_model=name) == 1


def test_no_turns_are_an_empty_history():
    assert list(lines([])) == ["# EOF"]


def test_a_step_of_less_than_a_second_is_refused():
    with pytest.raises(ValueError, match=r"step \(0:00:00.500000\) is below a second"):
        list(lines([], step=timedelta(seconds=0.5)))


def test_the_file_is_whole_and_its_samples_are_counted(tmp_path):
    file = tmp_path / "history.txt"
    written = write_openmetrics(list(reversed(some_turns(9))), file)
    text = file.read_text(encoding="utf-8")
    assert text.endswith("# EOF\n")
    assert written == sum(not line.startswith("#") for line in text.splitlines())
    assert [one.name for one in tmp_path.iterdir()] == ["history.txt"]


def test_money_is_added_up_as_the_live_endpoint_does():
    priced = [replace(one, cost=Decimal("0.1")) for one in some_turns(10)]
    assert total(samples(priced), "chatmon_cost_usd_total") == sum([0.1] * 10)
