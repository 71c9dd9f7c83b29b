"""What Prometheus is given, as prometheus-client itself reads it; the real programs are in tests/system."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from waits import PATIENCE

from chatmon.alerts.live.policy import Inhibition, Policy, Route
from chatmon.alerts.rules import Rule
from chatmon.connect.prometheus import Metrics, alertmanager_config, export_rules
from chatmon.connect.prometheus._rules import expression
from chatmon.connect.prometheus._yaml import to_yaml
from chatmon.connect.prometheus.metrics import DURATION
from chatmon.live.monitor import ChatMonitor

MINUTES = timedelta(minutes=1)


def rule(**changes):
    usual = {"name": "errors", "measure": "error", "statistic": "rate", "window": 5 * MINUTES, "above": 0.1}
    return Rule(**(usual | changes))


def scraped(metrics):
    """Return what a scrape finds: value by name and the labels that matter."""
    with metrics, urllib.request.urlopen(metrics.serve(), timeout=PATIENCE) as reply:
        text = reply.read().decode()
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if value and name != "gen_ai_operation_name"}
            samples[sample.name, *sorted(labels.items())] = sample.value
    return samples


def test_a_scrape_finds_what_the_turns_were(monitor, clock):
    metrics = Metrics(by=("region",))
    metrics.watch(monitor)
    with monitor.track("c1", "u1", region="uk", model="usual", provider="openai") as turn:
        clock.advance(0.2)
        turn.first_token()
        clock.advance(0.8)
        turn.set(input_tokens=100, output_tokens=20, cost=Decimal("0.25"), price_source="list", task_completed=True)
    with monitor.track("c2", "u2", region="uk", model="usual", provider="openai") as failing:
        clock.advance(3)
        failing.record_error(TimeoutError("too slow"))
    monitor.rate(turn.turn_id, 4.0)
    found = scraped(metrics)
    where = (("gen_ai_provider_name", "openai"), ("gen_ai_request_model", "usual"))
    uk = ("region", "uk")
    duration = "gen_ai_client_operation_duration_seconds"
    assert found["chatmon_turns_total", *where, uk] == 2
    assert found["chatmon_failed_turns_total", *where, uk] == 1
    assert found[f"{duration}_sum", *where, uk] == pytest.approx(1.0)
    assert found[f"{duration}_sum", ("error_type", "TimeoutError"), *where, uk] == pytest.approx(3.0)
    assert found[f"{duration}_bucket", *where, ("le", "0.64"), uk] == 0
    assert found[f"{duration}_bucket", *where, ("le", "1.28"), uk] == 1
    assert found["gen_ai_client_token_usage_sum", *where, ("gen_ai_token_type", "input"), uk] == 100
    assert found["gen_ai_client_token_usage_sum", *where, ("gen_ai_token_type", "output"), uk] == 20
    assert found["gen_ai_client_operation_time_to_first_chunk_seconds_sum", *where, uk] == pytest.approx(0.2)
    assert found["chatmon_cost_usd_total", *where, uk] == 0.25
    assert found["chatmon_priced_turns_total", *where, uk] == 1
    assert found["chatmon_tasks_total", *where, uk] == 1
    assert found["chatmon_incomplete_tasks_total", *where, uk] == 0
    assert (found["chatmon_user_satisfaction_sum",], found["chatmon_user_satisfaction_count",]) == (4, 1)


def test_a_turn_counts_where_its_number_is_known_as_the_engine_counts_it(monitor):
    metrics = Metrics()
    metrics.watch(monitor)
    with suppress(asyncio.CancelledError), monitor.track("c1"):
        raise asyncio.CancelledError
    with monitor.track("c2") as answered:
        answered.set(input_tokens=100, output_tokens=20)
    with monitor.track("c3") as failing:
        failing.set(input_tokens=900)
        failing.record_error(TimeoutError("too slow"))
    found = scraped(metrics)
    assert (found["chatmon_turns_total",], found["chatmon_outcomes_total",]) == (3, 2)
    assert found["chatmon_failed_turns_total",] == 1
    assert (found["chatmon_turn_tokens_sum",], found["chatmon_turn_tokens_count",]) == (120, 1)


def test_the_buckets_are_those_of_opentelemetrys_conventions(monitor):
    metrics = Metrics()
    metrics.watch(monitor)
    with monitor.track("c1") as turn:
        turn.set(input_tokens=1, output_tokens=1)
    edges = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                edges.setdefault(family.name, set()).add(float(sample.labels["le"]))
    seconds = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, float("inf")}
    tokens = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864, float("inf")}
    assert edges["gen_ai_client_operation_duration_seconds"] == seconds
    assert edges["gen_ai_client_operation_time_to_first_chunk_seconds"] == seconds
    assert edges["gen_ai_client_token_usage"] == tokens


def test_no_label_takes_more_values_than_it_may_and_none_is_a_user(monitor):
    metrics = Metrics(by=("region",), most_values=3)
    metrics.watch(monitor)
    for n in range(10):
        with monitor.track(f"secret-conversation-{n}", f"secret-user-{n}", region=f"region {n}") as turn:
            turn.set(error_type=f"Error{n}", error_message="oops")
    found = scraped(metrics)
    regions = {dict(labels).get("region") for name, *labels in found if name == "chatmon_turns_total"}
    assert regions == {"region 0", "region 1", "region 2", "other"}
    errors = {dict(labels).get("error_type") for _, *labels in found} - {None}
    assert errors == {"Error0", "Error1", "Error2", "other"}
    assert "secret" not in str(found)
    turns = sum(value for (name, *_), value in found.items() if name == "chatmon_turns_total")
    assert turns == 10


@pytest.mark.parametrize("column", ["user_id", "conversation_id", "model", "nonsense"])
def test_a_column_that_cannot_be_a_label_is_refused(column):
    with pytest.raises(ValueError, match=f"{column} cannot be a label: choose from region, channel"):
        Metrics(by=(column,))


def test_a_missing_client_is_named_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'chatmon\[exporters\]'"):
        Metrics()


def test_the_monitor_still_does_what_it_did(monitor):
    Metrics().watch(monitor)
    with monitor.track("c1") as turn:
        pass
    monitor.rate(turn.turn_id, 5)
    assert [one.user_satisfaction for one in monitor.turns()] == [5]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"min_n": 20},
            (
                "((sum (increase(chatmon_failed_turns_total[5m])) / sum (increase(chatmon_outcomes_total[5m]))) "
                "> 0.1) and sum (increase(chatmon_outcomes_total[5m])) >= 20"
            ),
        ),
        (
            {"measure": "cost", "statistic": "sum", "by": ("model", "region"), "above": 1.5},
            (
                "sum by (gen_ai_request_model, region) (increase(chatmon_cost_usd_total"
                '{gen_ai_request_model!="", region!=""}[5m])) > 1.5'
            ),
        ),
        (
            {"measure": "response_time", "statistic": "p95", "by": ("region",), "above": 5},
            (
                "histogram_quantile(0.95, sum by (le, region) "
                '(increase(gen_ai_client_operation_duration_seconds_bucket{region!=""}[5m]))) > 5'
            ),
        ),
        (
            {"measure": "tokens", "statistic": "mean", "above": 500},
            ("(sum (increase(chatmon_turn_tokens_sum[5m])) / sum (increase(chatmon_turn_tokens_count[5m]))) > 500"),
        ),
        (
            {"kind": "absence", "measure": "turns", "statistic": "mean", "above": None, "below": 3},
            "(sum (increase(chatmon_turns_total[5m])) or vector(0)) < 3",
        ),
        (
            {"recover": 0.05, "by": ("region",)},
            (
                '((sum by (region) (increase(chatmon_failed_turns_total{region!=""}[5m])) / sum by (region) '
                '(increase(chatmon_outcomes_total{region!=""}[5m]))) > 0.1) or ((sum by (region) '
                '(increase(chatmon_failed_turns_total{region!=""}[5m])) / sum by (region) '
                '(increase(chatmon_outcomes_total{region!=""}[5m]))) > 0.05 and on (region) '
                'ALERTS{alertname="errors", alertstate="firing"})'
            ),
        ),
    ],
)
def test_a_rule_is_the_expression_that_one_would_write_by_hand(changes, expected):
    assert expression(rule(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"by": ("user_id",)}, "user_id cannot be a label"),
        ({"by": ("region", "conversation_id")}, "conversation_id cannot be a label"),
        ({"kind": "change"}, "weeks of its own history"),
        ({"kind": "budget", "measure": "cost", "statistic": "mean", "period": "day"}, "no calendar days"),
        ({"measure": "cached_share", "statistic": "mean"}, "cached_share is no number that Prometheus can add up"),
        ({"measure": "tokens", "statistic": "p95"}, "tokens has no histogram"),
        ({"measure": "satisfaction", "statistic": "mean", "by": ("region",)}, "satisfaction has no labels"),
    ],
)
def test_a_rule_that_prometheus_cannot_follow_is_left_out_with_the_reason(changes, reason):
    exported = export_rules([rule(**changes), rule(name="kept")])
    assert list(exported.left_out) == ["errors"]
    assert reason in exported.left_out["errors"]
    assert f"# left out: errors: {exported.left_out['errors']}\n" in exported.text
    (group,) = yaml.safe_load(exported.text)["groups"]
    assert [one["alert"] for one in group["rules"]] == ["kept"]


def test_an_exported_rule_keeps_its_times_severity_labels_and_runbook():
    one = rule(
        for_=90 * timedelta(seconds=1),
        keep_firing_for=10 * MINUTES,
        by=("model",),
        labels={"team": "support"},
        runbook="https://example.com/errors",
    )
    (alert,) = yaml.safe_load(export_rules([one]).text)["groups"][0]["rules"]
    assert (alert["for"], alert["keep_firing_for"]) == ("1m30s", "10m")
    assert alert["labels"] == {"team": "support", "model": "{{ $labels.gen_ai_request_model }}", "severity": "ticket"}
    assert alert["annotations"]["runbook_url"] == "https://example.com/errors"
    assert (
        alert["annotations"]["summary"] == "rate of failed turns over 5m is {{ humanizePercentage $value }}, above 10 %"
    )


def test_a_rule_s_own_text_arrives_and_braces_stay_braces():
    one = rule(by=("region",), text="{group}: {value} over {window}, {{{{see}}}} {rule}", labels={"team": "{{x}}"})
    (alert,) = yaml.safe_load(export_rules([one]).text)["groups"][0]["rules"]
    assert alert["annotations"]["summary"] == (
        'region {{ $labels.region }}: {{ humanizePercentage $value }} over 5m, {{ "{{" }}see}} errors'
    )
    assert alert["labels"]["team"] == '{{ "{{" }}x}}'


@pytest.mark.parametrize("name", ["on-call", "2nd", "__name__", "on call", "größe"])
def test_a_label_that_prometheus_refuses_leaves_the_rule_out_and_says_so(name):
    exported = export_rules([rule(labels={name: "a"})])
    assert list(exported.left_out) == ["errors"]
    assert exported.left_out["errors"].startswith(f"{name} is no name of a label there")
    assert yaml.safe_load(exported.text)["groups"][0]["rules"] == []


def test_combinations_of_labels_are_bounded_and_every_turn_is_counted():
    monitor, metrics = ChatMonitor(capacity=10), Metrics(by=("region", "channel", "intent"), most_combinations=20)
    metrics.watch(monitor)
    for number in range(500):
        with monitor.track("c1", region=str(number % 10), channel=str(number % 9), intent=str(number % 7)) as turn:
            turn.record_error(TypeError("x") if number % 2 else ValueError("x"))
    samples = [one for family in metrics.registry.collect() for one in family.samples]
    turns = [one for one in samples if one.name == "chatmon_turns_total"]
    assert len(turns) == 21
    assert sum(one.value for one in turns) == 500
    assert next(one.value for one in turns if set(one.labels.values()) == {"other"}) >= 400
    assert len([one for one in samples if one.name == f"{DURATION}_count"]) <= 42


def test_a_policy_becomes_alertmanagers_routes_receivers_and_inhibitions():
    policy = Policy(
        (
            Route(
                channels=("pager", "chat"), match={"severity": "page", "region": ("uk", "a.b")}, escalate_to=("boss",)
            ),
            Route(channels=("chat",), group_by=("rule", "region")),
        ),
        (Inhibition(source={"rule": "outage"}, target={"severity": "ticket"}, equal=("region",)),),
    )
    receivers = {"pager": {"pagerduty_configs": [{"routing_key": "k"}]}, "chat": {"slack_configs": [{"api_url": "u"}]}}
    text = alertmanager_config(policy, receivers)
    config = yaml.safe_load(text)
    assert "escalation, which Alertmanager does not have" in text
    assert config["route"] == {
        "receiver": "chat",
        "group_by": ["alertname", "region"],
        "group_wait": "1s",
        "group_interval": "1s",
        "repeat_interval": "4h",
        "routes": [
            {
                "receiver": "pager and chat",
                "matchers": ['severity="page"', 'region=~"uk|a\\\\.b"'],
                "group_by": ["alertname"],
            }
        ],
    }
    assert config["receivers"] == [
        {
            "name": "pager and chat",
            "pagerduty_configs": [{"routing_key": "k"}],
            "slack_configs": [{"api_url": "u"}],
        },
        {"name": "chat", "slack_configs": [{"api_url": "u"}]},
    ]
    assert config["inhibit_rules"] == [
        {"source_matchers": ['alertname="outage"'], "target_matchers": ['severity="ticket"'], "equal": ["region"]}
    ]


def test_a_channel_without_a_receiver_is_named():
    with pytest.raises(ValueError, match="no receiver for chat: give one"):
        alertmanager_config(Policy((Route(channels=("chat",)),)), {})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["on", "no", "null", "1", "a b", ""]) | st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_pyyaml_reads_back_what_was_written(value):
    read = yaml.safe_load(to_yaml(value))
    assert json.dumps(read, sort_keys=True) == json.dumps(value, sort_keys=True)


WORKER = """
import os
import subprocess
import sys
from chatmon.connect.prometheus import Metrics
from chatmon.live import ChatMonitor
monitor, metrics = ChatMonitor(), Metrics(by=("region",))
metrics.watch(monitor)
for _ in range(int(sys.argv[1])):
    with monitor.track("c1", region="uk") as turn:
        turn.set(input_tokens=10)
labels = {"region": "uk", "gen_ai_request_model": "", "gen_ai_provider_name": ""}
print(metrics.registry.get_sample_value("chatmon_turns_total", labels))
"""


def test_the_numbers_of_all_workers_are_served_where_prometheus_is_told_of_their_folder(tmp_path):
    def count(turns):
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        command = [sys.executable, "-c", WORKER, str(turns)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return float(ran.stdout)

    # Each sees what those before it counted, though they are gone.
    assert [count(2), count(3), count(0)] == [2, 5, 5]
