from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import scipy.stats
from worlds import WORLDS, Change, made

from chatmon._tools.paths import data_file
from chatmon.alerts import parse_rules, replay, suggest
from chatmon.alerts.notification import Severity
from chatmon.analysis.source import between
from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)


def log_of(days=14, an_hour=60, seed=1, failing=0.01, bad=None, **known):
    """A quiet bot: an even flow of turns, now and then a failure; in hours ``bad`` of it, half of the turns fail."""
    rng = np.random.default_rng(seed)
    count = days * 24 * an_hour
    failed = rng.random(count) < failing
    if bad is not None:
        inside = np.isin(np.arange(count) // an_hour, bad)
        failed |= inside & (rng.random(count) < 0.5)
    seconds = rng.lognormal(0, 0.4, count)
    return [
        Turn(
            turn_id=f"t{i}", conversation_id=f"c{i}", timestamp=MONDAY + timedelta(hours=i / an_hour),
            response_time=float(seconds[i]), error_type="ServerError" if failed[i] else None, **known,
        )
        for i in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def quiet():
    return suggest(log_of())


def named(found, name):
    return next(one for one in found.found if one.rule.name == name)


def test_a_quiet_bot_gets_limits_that_are_near_what_it_does_and_do_not_ring(quiet):
    assert [(one.rule.name, one.learned, one.then) for one in quiet.found] == [
        ("slow-replies", 0, 0), ("failures", 0, 0), ("silence", 0, 0),
    ]  # fmt: skip
    slow, failing = (named(quiet, name).rule for name in ("slow-replies", "failures"))
    assert (slow.statistic, slow.window) == ("p80", timedelta(hours=1))  # of 60 turns, twelve are above
    usual = np.exp(0.4 * scipy.stats.norm.ppf(0.8))
    assert usual < slow.limit < 2 * usual
    assert 0.02 < failing.limit <= 0.12
    assert named(quiet, "silence").rule.window == timedelta(minutes=15)


def test_an_hour_in_which_half_of_the_turns_fail_rings(quiet):
    alerts = replay(quiet.rules, log_of(seed=2, bad=[100])).firings
    assert [(one.rule, one.start - MONDAY < timedelta(hours=102)) for one in alerts] == [("failures", True)]


def test_bad_hours_in_the_part_it_learns_from_do_not_make_it_deaf(quiet):
    taught = named(suggest(log_of(bad=[40, 41, 90])), "failures")
    assert taught.rule.limit <= 1.5 * named(quiet, "failures").rule.limit
    assert (taught.learned, taught.changes) == (0, 2)


def test_a_rate_is_judged_from_as_many_turns_on_as_rule_chance_out(quiet):
    rule = named(quiet, "failures").rule
    often = 0.2 * (rule.window / timedelta(days=7))
    usual = np.mean([one.error_type is not None for one in log_of()[: 7 * 24 * 60]])
    by_chance = [scipy.stats.binom.sf(np.floor(rule.limit * n), n, usual) for n in range(rule.min_n, 61)]
    assert max(by_chance) <= often / 10  # a window that moves on by a minute is looked at more often than anew
    fewer = rule.min_n - 1
    assert scipy.stats.binom.sf(np.floor(rule.limit * fewer), fewer, usual) > often / 10


def test_the_file_it_writes_is_read_as_the_rules_it_found(quiet):
    text = quiet.to_toml()
    assert parse_rules(text) == quiet.rules
    assert "# Limits learned from the log of 2026-10-05 to 2026-10-11" in text


def test_what_the_log_does_not_tell_is_said(quiet):
    assert quiet.unable == {
        "low-ratings": "fewer than 20 turns with user_satisfaction even on a busy day",
        "spending": "fewer than 20 turns with cost even on a busy day",
    }
    said = str(quiet)
    assert "low-ratings        none: fewer than 20 turns with user_satisfaction" in said
    # The rule of three: what happens 3 times in a week does not show in a week in 5 of 100 weeks.
    assert "No alert in 7 days is what a rule that cries wolf 3.0 times a week would show in 1 of 20 such logs" in said
    assert scipy.stats.poisson.pmf(0, 3.0) == pytest.approx(0.05, abs=0.001)


def test_what_rang_after_the_split_is_counted_there():
    found = named(suggest(log_of(bad=[250])), "failures")
    assert (found.learned, found.changes, found.then) == (0, 0, 1)


def test_a_bot_nobody_writes_to_at_night_is_not_silent_then():
    def by_day(turn):
        return 7 <= turn.timestamp.hour < 20

    found = suggest([one for one in log_of() if by_day(one)])
    assert named(found, "silence").rule.window == timedelta(hours=24)


@pytest.mark.parametrize(("turns", "days"), [([], "0.0"), (log_of(days=1), "1.0")])
def test_a_log_of_few_days_is_refused(turns, days):
    with pytest.raises(ValueError, match=f"the log spans {days} days: at least 4 are needed"):
        suggest(turns)


def test_no_alert_at_all_cannot_be_asked_for():
    with pytest.raises(ValueError, match=r"most_per_week \(0\) must be above 0"):
        suggest(log_of(days=5), most_per_week=0)


def test_on_the_four_weeks_it_hears_the_storms_it_has_not_learned_from():
    found = suggest(data_file("four_weeks.parquet"))
    limit = named(found, "failures").rule
    whole = replay([limit], between(data_file("four_weeks.parquet"))).firings
    storm = datetime(2026, 10, 16, 11, tzinfo=UTC), datetime(2026, 10, 17, 8, tzinfo=UTC)
    assert any(storm[0] <= one.start <= storm[1] for one in whole)
    assert found.unable == {}


@pytest.mark.parametrize("world", ["plain", "three clocks, unlike regions", "restless errors", "whales"])
def test_in_worlds_it_was_not_made_for_it_hears_a_bad_hour_and_does_not_cry_wolf(world):
    bad = Change(kind="errors", begins=17.6, ends=17.6 + 1 / 24, size=0.4)
    quiet, incident = made(WORLDS[world], 4200), made(WORLDS[world], 4200, bad)
    found = suggest(quiet.turns)
    pages = [rule for rule in found.rules if rule.severity is Severity.PAGE]
    assert not replay(pages, between(quiet.turns, start=found.split)).firings
    (event,) = incident.events
    heard = replay(pages, between(incident.turns, start=found.split)).firings
    assert "failures" in {one.rule for one in heard if event.begins <= one.start <= event.ends + timedelta(hours=1)}
