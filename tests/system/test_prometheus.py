"""The real Prometheus and Alertmanager take our rules, decide as our engine does, and reach the inbox."""

import asyncio
import json
import random
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from moments import MORNING
from programs import answered, free_port, program, run, running
from waits import PATIENCE

from chatmon.alerts._defaults import default_rules
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.live.policy import Inhibition, Policy, Route
from chatmon.alerts.notification import Severity, Status
from chatmon.alerts.rules import Rule
from chatmon.connect.prometheus import Metrics, alertmanager_config, export_rules
from chatmon.connect.prometheus._yaml import to_yaml
from chatmon.lab.services.inbox import start
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor

pytestmark = pytest.mark.system

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def errors(**changes):
    usual = {
        "name": "errors",
        "measure": "error",
        "statistic": "rate",
        "window": 5 * MINUTE,
        "above": 0.2,
        "by": ("region",),
        "min_n": 20,
        "severity": Severity.PAGE,
    }
    return Rule(**(usual | changes))


ONE_OF_EACH_KIND = [
    *default_rules(),
    errors(recover=0.1, for_=2 * MINUTE, keep_firing_for=5 * MINUTE, no_data="alert", labels={"team": "support"}),
    Rule(name="burn", kind="burn_rate", measure="error", window=timedelta(hours=1), short_window=5 * MINUTE,
         objective=0.99, above=14.4, min_n=20, by=("model",)),
    Rule(name="silence", kind="absence", window=30 * MINUTE, below=1),
    Rule(name="slow", measure="time_to_first_token", statistic="p99.5", window=90 * SECOND, above=2, no_data="alert"),
    Rule(name="spent", measure="cost", statistic="sum", window=timedelta(1), above=1e-7, by=("provider", "intent")),
    Rule(name="unhappy", measure="satisfaction", statistic="mean", window=timedelta(days=3), below=3.1, recover=3.4),
    Rule(name="long", measure="tokens", statistic="mean", window=timedelta(hours=36), above=2000),
]  # fmt: skip


def test_promtool_accepts_a_rule_of_every_kind(tmp_path):
    exported = export_rules(ONE_OF_EACH_KIND)
    assert set(exported.left_out) == {"tokens-per-conversation"}
    file = tmp_path / "rules.yml"
    file.write_text(exported.text, encoding="utf-8")
    assert f"SUCCESS: {len(ONE_OF_EACH_KIND) - 1} rules found" in run(program("promtool"), "check", "rules", file)


SHOWN = {
    "share": (Rule(name="share", measure="error", statistic="rate", window=5 * MINUTE, above=0.2),
              {"chatmon_failed_turns_total": "0+5x60", "chatmon_outcomes_total": "0+10x60"},
              "rate of failed turns over 5m is 50%, above 20 %"),
    "count": (Rule(name="count", measure="turns", statistic="count", window=5 * MINUTE, above=20),
              {"chatmon_turns_total": "0+10x60"}, "count of turns over 5m is 50 turns, above 20 turns"),
    "dollars": (Rule(name="dollars", measure="cost", statistic="sum", window=5 * MINUTE, above=2),
                {"chatmon_cost_usd_total": "0+1x60", "chatmon_priced_turns_total": "0+1x60"},
                "sum of cost over 5m is $5.00, above $2.00"),
    "own": (Rule(name="own", measure="error", statistic="rate", window=5 * MINUTE, above=0.2, text="{{!}} {value}"),
            {"chatmon_failed_turns_total": "0+5x60", "chatmon_outcomes_total": "0+10x60"}, "{!} 50%"),
}  # fmt: skip


@pytest.mark.parametrize("what", SHOWN)
def test_promtool_shows_a_value_with_the_unit_of_its_limit(tmp_path, what):
    rule, series, said = SHOWN[what]
    alerts = [{"exp_labels": {"severity": "ticket"}, "exp_annotations": {"summary": said}}]
    assert "SUCCESS" in asked_of_promtool(tmp_path, rule, series, what, {"30m": alerts})


@pytest.mark.parametrize(
    "rule",
    [
        Rule(name="silent", kind="absence", measure="turns", window=20 * MINUTE, below=1),
        Rule(name="silent", measure="turns", statistic="count", window=20 * MINUTE, below=1),
    ],
    ids=["absence", "count"],
)
def test_promtool_fires_a_rule_of_silence_where_the_bot_and_its_series_are_gone(tmp_path, rule):
    fires = [{"exp_labels": {"severity": "ticket"}}]
    file = asked_of_promtool(
        tmp_path, rule, {"chatmon_turns_total": "0+5x30 stale"}, "silent", {"20m": [], "90m": fires}
    )
    assert "SUCCESS" in file


def asked_of_promtool(folder, rule, series, name, expected):
    """What promtool says of a rule over some series, with annotations where some are expected."""
    exported = export_rules([rule])
    text = exported.text
    if not any("exp_annotations" in alert for alerts in expected.values() for alert in alerts):
        lines = text.splitlines()
        text = "\n".join(line for line in lines if "annotations:" not in line and "summary:" not in line)
    (folder / "rules.yml").write_text(text, encoding="utf-8")
    tests = {
        "rule_files": ["rules.yml"], "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": one, "values": values} for one, values in series.items()],
            "alert_rule_test": [
                {"eval_time": at, "alertname": name, "exp_alerts": alerts} for at, alerts in expected.items()
            ],
        }],
    }  # fmt: skip
    (folder / "tests.yml").write_text(to_yaml(tests), encoding="utf-8")
    return run(program("promtool"), "test", "rules", folder / "tests.yml")


def test_amtool_accepts_the_configuration_and_routes_as_we_do(tmp_path):
    policy = Policy(
        (
            Route(channels=("pager", "chat"), match={"severity": "page", "region": ("uk", "a.b|c")}),
            Route(channels=("chat",), match={"rule": 'with "quotes" \\ and {braces}'}),
            Route(channels=("log",)),
        ),
        (Inhibition(source={"rule": "outage"}, target={"severity": ("ticket", "info")}, equal=("region", "rule")),),
    )
    receivers = {
        "pager": {"pagerduty_configs": [{"routing_key": "k" * 32}]},
        "chat": {"slack_configs": [{"api_url": "http://127.0.0.1:1/x"}]},
        "log": {},
    }
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_config(policy, receivers), encoding="utf-8")
    run(program("amtool"), "check-config", file)
    for labels, receiver in [
        (["severity=page", "region=uk"], "pager and chat"),
        (["severity=page", "region=a.b|c"], "pager and chat"),
        (["severity=page", "region=axb"], "log"),
        (["severity=ticket", "region=uk"], "log"),
    ]:
        answer = run(program("amtool"), "config", "routes", "test", f"--config.file={file}", "alertname=x", *labels)
        assert answer.strip() == receiver


def watched(name, measure, statistic, **limits):
    usual = {"window": 5 * MINUTE, "by": ("region",), "min_n": 1 if statistic == "sum" else 5}
    return Rule(name=name, measure=measure, statistic=statistic, **usual, **limits)


PLANTED = [
    errors(above=0.4),  # of the turns that were not cancelled one half fails in the burst, and of all one third
    errors(name="held", for_=3 * MINUTE, recover=0.05, keep_firing_for=4 * MINUTE),
    Rule(name="burn", kind="burn_rate", measure="error", window=10 * MINUTE, short_window=5 * MINUTE, objective=0.95,
         above=4, min_n=20),
    watched("failures", "error", "sum", above=15),
    watched("incomplete", "incomplete", "rate", above=0.4),
    watched("irrelevant", "relevance", "mean", below=0.5),
    watched("slow", "response_time", "p95", above=0.4),
    watched("slow-to-begin", "time_to_first_token", "mean", above=0.3),
    watched("long", "tokens", "mean", above=400),
    watched("long-answers", "output_tokens", "mean", above=50),
    watched("spent", "cost", "sum", above=1),
    watched("dear", "cost", "mean", above=0.02),
    Rule(name="many", measure="turns", statistic="count", window=5 * MINUTE, above=150),
    Rule(name="silent", kind="absence", window=10 * MINUTE, below=1),
]  # fmt: skip
"""One of every kind, each of which fires in the burst and in no other minute; silence only after the end."""
BURST, END, LAST = (20, 30), 60, 90
"""Minutes: of the burst, of the last turn, of the last scrape."""


def lived(rules, seed):
    """Return what our engine said in an hour with a burst and half an hour of silence, and each scrape of it."""
    clock = ManualClock(MORNING)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    metrics = Metrics(by=("region",))
    metrics.watch(monitor)
    said, scrapes, drawn = [], [], random.Random(seed)
    engine = AlertEngine(rules, said.append, clock=clock.time_ns)
    engine.watch(monitor)
    for quarter in range(4 * LAST):
        bad = BURST[0] * 4 <= quarter < BURST[1] * 4
        for _ in range(drawn.randint(9, 12) if bad else drawn.randint(3, 6) if quarter < 4 * END else 0):
            one_turn(monitor, clock, drawn, bad)
        clock.advance((quarter + 1) * 15 - clock.timer())
        families = metrics.registry.collect()
        scrapes.append({series(one): one.value for family in families for one in family.samples})
        engine.tick()
    return said, scrapes


def one_turn(monitor, clock, drawn, bad):
    """A turn in which all goes badly or well; every third one is cancelled, whatever else it was."""
    begun = clock.timer()
    with suppress(asyncio.CancelledError), monitor.track("c1", region="uk") as turn:
        clock.advance(0.6 if bad else 0.05)
        turn.first_token()
        clock.advance(0.3 if bad else 0.05)
        cost = Decimal("0.04") if bad else Decimal("0.005")
        turn.set(input_tokens=700 if bad else 100, cost=cost, price_source="list", task_completed=not bad)
        turn.set(context_relevance=0.2 if bad else 0.9)
        if drawn.random() < 1 / 3:
            raise asyncio.CancelledError
        turn.set(output_tokens=90 if bad else 20)
        if drawn.random() < (0.5 if bad else 0.01):
            turn.record_error(TimeoutError("too slow"))
    clock.advance(begun + 1 - clock.timer())


def series(sample):
    labels = ",".join(f"{name}={json.dumps(value)}" for name, value in sample.labels.items())
    return f"{sample.name}{{{labels}}}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_promtool_and_our_engine_agree_within_one_evaluation_on_every_kind_of_rule(tmp_path, seed):
    said, scrapes = lived(PLANTED, seed)
    began = {one.rule: one.at - MORNING for one in said if one.status is Status.FIRING}
    ended = {one.rule: one.at - MORNING for one in said if one.status is Status.RESOLVED}
    assert set(began) == {one.name for one in PLANTED}
    assert set(ended) == set(began) - {"silent"}
    assert all(BURST[0] * MINUTE < at <= BURST[1] * MINUTE for name, at in began.items() if name != "silent")
    checks = [
        (name, began[name] + offset, fires) for name in began for offset, fires in ((-MINUTE, False), (MINUTE, True))
    ] + [(name, ended[name] + offset, fires) for name in ended for offset, fires in ((-MINUTE, True), (MINUTE, False))]
    names = sorted({name for scrape in scrapes for name in scrape})
    values = {name: " ".join(f"{one[name]:.12g}" if name in one else "_" for one in scrapes) for name in names}
    # What a scrape does not find yet has grown from nothing: prometheus-client makes its counters at once.
    first = {name: "0" if name in scrapes[0] else "_" for name in names}
    exported = export_rules(PLANTED).text.splitlines()
    # promtool compares annotations as well, which hold the value: the test is of when, so they are taken out.
    kept = [line for line in exported if "annotations:" not in line and "summary:" not in line]
    (tmp_path / "rules.yml").write_text("\n".join(kept), encoding="utf-8")
    labels = {one.name: {"severity": one.severity.value} | ({"region": "uk"} if one.by else {}) for one in PLANTED}
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "15s",
        "tests": [{
            "interval": "15s",
            "input_series": [{"series": name, "values": f"{first[name]} {values[name]}"} for name in names],
            "alert_rule_test": [
                {"eval_time": f"{at // SECOND}s", "alertname": name,
                 "exp_alerts": [{"exp_labels": labels[name]}] if fires else []} for name, at, fires in checks
            ],
        }],
    }  # fmt: skip
    (tmp_path / "tests.yml").write_text(to_yaml(tests), encoding="utf-8")
    assert "SUCCESS" in run(program("promtool"), "test", "rules", tmp_path / "tests.yml")


@contextmanager
def prometheus_and_alertmanager(folder, metrics_address, rules, policy, receivers, interval):
    prometheus, alertmanager = free_port(), free_port()
    (folder / "rules.yml").write_text(export_rules(rules, interval=interval).text, encoding="utf-8")
    (folder / "alertmanager.yml").write_text(alertmanager_config(policy, receivers), encoding="utf-8")
    scrape = {"job_name": "chatbot", "static_configs": [{"targets": [metrics_address.split("/")[2]]}]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": f"{interval // SECOND}s"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [scrape],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
    }
    (folder / "prometheus.yml").write_text(to_yaml(config), encoding="utf-8")
    logs = folder / "prometheus.log", folder / "alertmanager.log"
    with (
        running(
            logs[0],
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ),
        running(
            logs[1],
            program("prometheus-alertmanager", "alertmanager"),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ),
    ):
        answered(f"http://127.0.0.1:{prometheus}/-/ready", logs[0])
        answered(f"http://127.0.0.1:{alertmanager}/-/ready", logs[1])
        yield


class Traffic:
    """Twenty turns a second, of which a share fails."""

    def __init__(self, monitor):
        self.monitor = monitor
        self.share = 0.0
        self._drawn = random.Random(7)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(PATIENCE)

    def _go_on(self):
        while not self._over.wait(0.05):
            with self.monitor.track("c1", region="uk", model="usual") as turn:
                if self._drawn.random() < self.share:
                    turn.record_error(TimeoutError("too slow"))


def test_a_burst_fires_in_both_at_the_same_time_reaches_the_inbox_in_three_protocols_and_resolves(tmp_path):
    interval = 5 * SECOND
    rule = errors(window=15 * SECOND, keep_firing_for=5 * SECOND)
    monitor, metrics, said = ChatMonitor(), Metrics(by=("region",)), []
    metrics.watch(monitor)
    engine = AlertEngine([rule], said.append, tick_seconds=5)
    engine.watch(monitor)
    with start() as inbox, metrics:
        hook = {"url": inbox.alertmanager_url, "http_config": {"authorization": {"credentials": inbox.secret}}}
        pager = {"routing_key": inbox.routing_key, "url": inbox.pagerduty_url + "/v2/enqueue", "send_resolved": True}
        receivers = {
            "hook": {"webhook_configs": [hook]},
            "pager": {"pagerduty_configs": [pager]},
            "chat": {"slack_configs": [{"api_url": inbox.slack_url, "send_resolved": True}]},
        }
        policy = Policy((Route(channels=("hook", "pager", "chat"), group_by=("rule", "region")),))
        address = metrics.serve()
        with (
            prometheus_and_alertmanager(tmp_path, address, [rule], policy, receivers, interval),
            Traffic(monitor) as traffic,
        ):
            engine.start()
            time.sleep(20)
            assert inbox.requests() == []
            traffic.share = 0.6
            (fired,) = inbox.wait_for(1, "alertmanager", timeout=40)
            traffic.share = 0.0
            fired, resolved = inbox.wait_for(2, "alertmanager", timeout=90)
            inbox.wait_for(2, "pagerduty", timeout=20)
            inbox.wait_for(2, "slack", timeout=20)
            until = time.monotonic() + 4 * interval / SECOND
            while len(said) < 2 and time.monotonic() < until:
                time.sleep(0.1)
            engine.stop()
        (incident,) = inbox.incidents()
    assert (fired["status"], resolved["status"], incident.status) == ("firing", "resolved", "resolved")
    (alert,) = fired["alerts"]
    assert {name: alert["labels"][name] for name in ("alertname", "region", "severity")} == {
        "alertname": "errors",
        "region": "uk",
        "severity": "page",
    }
    ours = [(one.status, one.at) for one in said]
    assert [status for status, _ in ours] == [Status.FIRING, Status.RESOLVED], json.dumps([str(one) for one in ours])
    theirs = [datetime.fromisoformat(alert["startsAt"]), datetime.fromisoformat(resolved["alerts"][0]["endsAt"])]
    apart = [abs(there - here) for there, (_, here) in zip(theirs, ours, strict=True)]
    # An evaluation, and the second until the next scrape sees what our engine sees at once.
    assert max(apart) <= interval + SECOND, apart
