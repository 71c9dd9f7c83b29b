"""Rules say what they watch, and what cannot be is refused with the rule, the key, the value and what is allowed."""

from datetime import timedelta

import pytest

from chatmon._tools.paths import data_file
from chatmon.alerts._defaults import default_rules
from chatmon.alerts._measures import RULE_MEASURES
from chatmon.alerts.notification import Severity
from chatmon.alerts.rules import Rule, RuleError, check_names
from chatmon.alerts.rules_file import load_rules, parse_rules

GOOD = {"name": '"slow"', "measure": '"response_time"', "statistic": '"p95"', "window": '"15m"', "above": "5"}
BURN = {"name": '"b"', "kind": '"burn_rate"', "measure": '"error"', "window": '"1h"', "short_window": '"5m"',
        "objective": "0.99", "above": "14.4"}  # fmt: skip
CHANGE = {"name": '"c"', "kind": '"change"', "measure": '"cost"', "window": '"1d"', "above": "4"}
BUDGET = {"name": '"d"', "kind": '"budget"', "period": '"month"', "above": "50"}
ABSENCE = {"name": '"a"', "kind": '"absence"', "window": '"3h"', "below": "1"}


def toml(base, **changes):
    lines = {key: text for key, text in {**base, **changes}.items() if text is not None}
    return "[[rule]]\n" + "\n".join(f"{key} = {text}" for key, text in lines.items())


@pytest.mark.parametrize(
    "base", [GOOD, BURN, CHANGE, BUDGET, ABSENCE], ids=["threshold", "burn", "change", "budget", "absence"]
)
def test_every_kind_of_rule_can_be_written_in_a_file(base):
    [rule] = parse_rules(toml(base))
    assert rule.name == base["name"].strip('"')
    assert rule.limit == float(base.get("above", base.get("below")))


def test_a_rule_with_every_key_is_read_as_it_is_written():
    more = {"recover": "4", "by": '["region", "channel"]', "min_n": "20", "for": '"5m"', "keep_firing_for": '"90s"',
            "no_data": '"ok"', "severity": '"page"', "renotify": '"4h"', "flap_within": '"2h"', "runbook": '"https://x"',
            "text": '"{group} is at {value}"', "labels": '{team = "chat"}'}  # fmt: skip
    [rule] = parse_rules(toml(GOOD, **more))
    assert rule == Rule(
        name="slow", measure="response_time", statistic="p95", window=timedelta(minutes=15), above=5, recover=4,
        by=("region", "channel"), min_n=20, for_=timedelta(minutes=5), keep_firing_for=timedelta(seconds=90),
        no_data="ok", severity=Severity.PAGE, renotify=timedelta(hours=4), flap_within=timedelta(hours=2), runbook="https://x",
        text="{group} is at {value}", labels={"team": "chat"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("base", "changes", "key", "words"),
    [
        (GOOD, {"name": '"two words"'}, "name", ["two words", "a letter, then"]),
        (GOOD, {"kind": '"trend"'}, "kind", ["trend", "threshold, burn_rate, change, budget, absence"]),
        (GOOD, {"measure": '"latency"'}, "measure", ["latency", ", ".join(RULE_MEASURES)]),
        (GOOD, {"statistic": '"max"'}, "statistic", ["max", "mean, rate, sum, count", "p95"]),
        (GOOD, {"statistic": '"p0"'}, "statistic", ["above p0"]),
        (GOOD, {"statistic": '"rate"'}, "statistic", ["error, first_error, incomplete"]),
        (GOOD, {"measure": '"error"'}, "statistic", ["use rate"]),
        (GOOD, {"window": "900"}, "window", ["900", '"5m"']),
        (GOOD, {"window": '"0s"'}, "window", ["15m"]),
        (GOOD, {"window": '"91d"'}, "window", ["90 days"]),
        (GOOD, {"for": '"5 min"'}, "for", ["5 min", '"90s"']),
        (GOOD, {"above": '"5"'}, "above", ["'5'", "a number"]),
        (GOOD, {"above": "nan"}, "above", ["nan", "a number"]),
        (GOOD, {"above": "-5"}, "above", ["-5", "above 0"]),
        (GOOD, {"below": "1"}, "above", ["one of above and below"]),
        (GOOD, {"above": None}, "above", ["one of above and below"]),
        (GOOD, {"recover": "6"}, "recover", ["6", "above (5)"]),
        (GOOD, {"by": '["city"]'}, "by", ["city", "region, channel"]),
        (GOOD, {"by": "3"}, "by", ["3", "region, channel"]),
        (GOOD, {"min_n": "0"}, "min_n", ["0", "from 1"]),
        (GOOD, {"min_n": "2.5"}, "min_n", ["2.5", "whole"]),
        (GOOD, {"statistic": '"sum"', "min_n": "9"}, "min_n", ["9", "0"]),
        (GOOD, {"no_data": '"page"'}, "no_data", ["page", "keep, ok, alert"]),
        (GOOD, {"severity": '"urgent"'}, "severity", ["urgent", "page, ticket, info"]),
        (GOOD, {"labels": '{team = 3}'}, "labels", ["3", "text"]),
        (GOOD, {"labels": '"chat"'}, "labels", ["chat", "table"]),
        (GOOD, {"labels": '{region = "uk"}', "by": '"region"'}, "labels", ["free of rule, severity and the names"]),
        (GOOD, {"labels": '{severity = "page"}'}, "labels", ["severity", "free of rule"]),
        (GOOD, {"statistic": "5"}, "statistic", ["5", "text"]),
        (GOOD, {"measure": '["error"]'}, "measure", ["error"]),
        (GOOD, {"kind": '["threshold"]'}, "kind", ["threshold, burn_rate"]),
        (GOOD, {"by": '[["region"]]'}, "by", ["region"]),
        (GOOD, {"text": '"{value:.2f}"'}, "text", ["in braces"]),
        (GOOD, {"measure": '"error"', "statistic": '"rate"', "above": "5"}, "above", ["5", "5 % is 0.05"]),
        (GOOD, {"text": '"{speed}"'}, "text", ["speed", "value, limit, n"]),
        (GOOD, {"runbook": '""'}, "runbook", ["a link"]),
        (GOOD, {"renotify": '"0m"'}, "renotify", ["4h"]),
        (GOOD, {"objective": "0.99"}, "objective", ["kind 'threshold' has no such key", "window"]),
        (GOOD, {"treshold": "5"}, "treshold", ["no such key", "above, below"]),
        (GOOD, {"for_": '"5m"'}, "for_", ["no such key", "for, "]),
        (BURN, {"objective": None}, "objective", ["None", "between 0 and 1"]),
        (BURN, {"objective": "99"}, "objective", ["99", "between 0 and 1"]),
        (BURN, {"short_window": '"2h"'}, "short_window", ["below the window"]),
        (BURN, {"measure": '"cost"'}, "measure", ["cost", "yes or no"]),
        (BURN, {"above": None, "below": "1"}, "above", ["never too low"]),
        (CHANGE, {"statistic": '"p95"'}, "statistic", ["p95", "mean, rate, sum or count"]),
        (CHANGE, {"by": '["conversation_id"]'}, "by", ["past weeks"]),
        (CHANGE, {"weeks": "0"}, "weeks", ["0", "1 to 12"]),
        (CHANGE, {"window": '"3d"'}, "window", ["2 days"]),
        (BUDGET, {"period": '"year"'}, "period", ["year", "day, week, month"]),
        (BUDGET, {"above": None, "below": "3"}, "above", ["never underspent"]),
        (BUDGET, {"measure": '"tokens"'}, "measure", ["tokens", "cost"]),
        (ABSENCE, {"below": None, "above": "3"}, "below", ["absent"]),
        (ABSENCE, {"measure": '"cost"'}, "measure", ["cost", "turns"]),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_with_its_file_rule_key_value_and_what_is_allowed(tmp_path, base, changes, key, words):
    path = tmp_path / "mine.toml"
    path.write_text(toml(base, **changes), encoding="utf-8")
    with pytest.raises(RuleError) as refused:
        load_rules(path)
    message = str(refused.value)
    assert message.startswith("mine.toml: rule ")
    assert f"key {key!r}" in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no rules"),
        ("rule = 3", "no rules"),
        ("[[rules]]\nname = 'x'", "'rules' is unknown"),
        ("name = ", "no TOML"),
        ("[[rule]]\nwindow = '5m'", "rule 1, key 'name'"),
        (toml(GOOD) + "\n" + toml(GOOD), "2 rules have it"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(text, words):
    with pytest.raises(RuleError, match=words):
        parse_rules(text)


def test_the_seeds_four_thresholds_ship_as_rules():
    limits = {(rule.measure, rule.statistic, rule.sign): rule.limit for rule in default_rules()}
    assert limits == {
        ("response_time", "p95", 1): 5.0,
        ("error", "rate", 1): 0.05,
        ("satisfaction", "mean", -1): 3.0,
        ("tokens", "sum", 1): 4000,
    }


def test_the_rules_of_the_course_can_be_read():
    assert len(check_names(load_rules(data_file("alert_rules.toml")))) >= 10
