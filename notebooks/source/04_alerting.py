# %% [markdown]
# # [[title]]
#
# **What you will do**: run the alerts that most bots start with over four weeks in which the truth is known, mend them one
# idea at a time, and have one delivered, to a receiver that is down.
#
# **What you will learn**: score a rule by what it catches and how often it cries wolf; choose a minimum of turns, a
# waiting time, a recovery, a burn rate, a baseline; say what an alert cannot see.
#
# **What you need**: [[key_terms]], and pandas as in [Before you start](../docs/before_you_start.md).
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## Nine things went wrong
#
# Four weeks of a support desk are in front of us. In the first nothing happened. In the other three, nine things went
# wrong, and we know each: where, when, how long. How many of them would your alerts have told you about, and how often
# would they have cried wolf?
#
# The desk is simulated, which is the point: an alert can only be scored where the truth is known. The rules that win here
# run unchanged on your own logs and on your live bot.

# %%
import logging
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from chatmon import plots, turns
from chatmon.alerts import Dispatcher, Outbox, Policy, Route, Rule, load_rules
from chatmon.alerts import parse_rules, replay
from chatmon.alerts.channels import PagerDuty, Slack, Webhook
from chatmon.lab import data_file
from chatmon.lab.course import check, hint
from chatmon.lab.services import inbox
from chatmon.lab.traffic import Truth
from chatmon.lab.truth.alerts import score
from chatmon.lab.truth.timeline import timeline
from chatmon.lab.truth.told import passed_on
from chatmon.lab.truth.tune import tune

# %%
logs = data_file("four_weeks.parquet")
truth = Truth.from_json(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
desk = turns.as_frame(pq.read_table(logs))
week_2 = datetime(2026, 10, 12, tzinfo=UTC)
quiet = desk["timestamp"] < week_2
print(f"{len(desk)} turns, {quiet.sum()} of them in the quiet week")
for plant in truth.plants:
    print(f"{plant.start:%d %b %H:%M} to {plant.end:%d %b %H:%M}  {plant.problem.kind}")

# %% [markdown]
# ## An alert for every turn
#
# The code that many bots start with looks at each turn as it ends: a reply over 5 seconds, more than 4,000 tokens, or an
# error, and a line goes to the log. It is easy to write and seems to miss nothing. Guess how many messages that makes in
# the quiet week.
#
# <!-- free: 4,000 -->

# %%
slow = desk["response_time"] > 5.0
long = desk["input_tokens"].fillna(0) + desk["output_tokens"].fillna(0) > 4000
failed = desk["error_type"].notna()
told = slow | long | failed
print(f"{told.sum()} messages in four weeks, {told.sum() / 28:.0f} a day")
print(f"{told[quiet].sum()} of them in the week in which nothing happened")

# %% [markdown]
# 5474 messages, 196 a day, and 1253 of them about nothing. Whoever gets them has a filter for them by Tuesday. And what
# matters, an error rate, cannot be seen in one turn at all.
#
# A rule has to look at many turns, and it has to be able to say that all is well. Ours are in Prometheus's vocabulary, so
# what you learn here is not only ours:
#
# > **Rule**: a statistic of a window, held against a limit. Beyond it the rule *breaches*.
# >
# > **Alert**: what a rule says about one group. It *fires* once, and it is *resolved* once; in between it is silent.
#
# ## The same thresholds, over a window
#
# One turn proves nothing, so we take fifteen minutes of them: the error rate may not be above 5 %. And because we shall try
# many rules, we score each in one line.
#
# > **Caught**: an incident about which an alert began while it went on, of a kind that the rule can see. **False alarm**:
# > an alert that no incident explains, neither one that goes on nor one that ended within the rule's window. **Delay**: from
# > the beginning of the incident to the alert; we print the median.
#
# <!-- free: 5 % -->


# %%
def scored(*rules):
    """Run rules over the four weeks and print how good they are."""
    run = replay(rules, logs)
    all_weeks, first = score(run, truth), score(run, truth, end=week_2)
    caught = f"{len(all_weeks.caught)} of {len(all_weeks.incidents)} caught"
    delay = f"{all_weeks.delay.total_seconds() / 60:.0f} min late"
    false = f"{len(all_weeks.wrong)} false alarms, {len(first.wrong)} in the quiet week"
    print(f"{caught}, {delay}; {false}; {len(all_weeks.right)} right")
    return run


quarter, hour = timedelta(minutes=15), timedelta(hours=1)
errors = {"name": "errors", "measure": "error", "statistic": "rate", "above": 0.05}
_ = scored(Rule(**errors, window=quarter))

# %% [markdown]
# Both incidents that make turns fail are caught, the burst of 15 October and the retry storm of the 16th. It costs 104
# false alarms, 25 of them in the quiet week: better than a thousand, and still several a day. Where do they come from?
#
# <!-- free: 15, 16th -->

# %%
run = replay([Rule(**errors, window=quarter)], logs)
fired = [one for one in run.notifications if one.status.value == "firing"]
for said in fired[:4]:
    print(f"{said.at:%d %b %H:%M}  {said.text}")

# %% [markdown]
# A quarter of an hour has about ten turns here, and one failure of 8 is 12.5 %. The rule is right about the number; the
# number says nothing.
#
# ## A minimum of turns
#
# > **Minimum n** (`min_n`): turns below which a rate, a mean or a percentile is not judged. Then there is *no data*, and a
# > rule says what that means: `keep` things as they are, `ok`, or `alert`.
#
# Before you read on, do the arithmetic.

# %% [markdown]
# ### Exercise 4.1
# One failed turn should never wake anybody.
#
# 1. The rule breaches where the error rate is *above* 5 %.
# 2. Give the smallest `min_n` with which a single failed turn cannot breach.
#
# We check the number. Stuck? Run `hint("4.1")`.
#
# <!-- free: 5 % -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = round(1 / 0.05)

# %%
check("4.1", answer)

# %%
_ = scored(Rule(**errors, window=quarter, min_n=20))

# %% [markdown]
# False alarms fell from 104 to a tenth of that: 10 are left. Both incidents are still caught, after 52 minutes where it
# was 41 before. It is the cheapest of all the fixes, and the one most often missing. A minimum is not free, though: at night
# this rule sees nothing at all. A bot that nobody reaches any more is a question for another rule (`kind = "absence"`).
#
# <!-- free: 104, 41 -->
#
# ## Wait a little
#
# Chance has short bursts, incidents last. So wait before you fire.
#
# > **`for`**: how long a rule must breach before its alert fires. Until then it is *pending*, and nobody is told.

# %%
for minutes in (0, 5, 10, 20):
    print(f"for {minutes:2} min:", end=" ")
    wait = timedelta(minutes=minutes)
    _ = scored(Rule(**errors, window=quarter, min_n=20, for_=wait))

# %% [markdown]
# Ten minutes leave 6 false alarms, none of them in the quiet week, and the alert comes after 70 minutes, not after 52. That
# is the price of every `for`: you buy silence with delay. Twenty minutes buy perfect silence and lose an incident: of the
# burst, which lasted an hour, nobody would have heard. Which of them is right is no question of statistics: what does a
# quarter of an hour of this incident cost you, and what a night's sleep?
#
# ## Two limits
#
# Two incidents were caught, and there are more right alerts than two. Each incident was reported more than once: the
# rate dipped below the limit, the alert was resolved, the rate came back, the alert fired again.
#
# > **Recovery** (`recover`): the value at which an alert may end, better than the limit (*hysteresis*);
# > `keep_firing_for` is how long it must have stayed there.

# %%
patient = errors | {"window": quarter, "min_n": 20, "for_": timedelta(minutes=10)}
print("one limit: ", end=" ")
_ = scored(Rule(**patient))
print("two limits:", end=" ")
_ = scored(Rule(**patient, recover=0.02, keep_firing_for=timedelta(minutes=30)))

# %% [markdown]
# 5 right alerts became 4, and the false ones are as many as before: this cures another disease. The gap between the two
# limits is what a rate may wander without news. An alert that comes and goes is one that people learn to ignore while it
# is true.
#
# ## Burn rate, by region
#
# An error rate of 5 % is a number out of the air. What has a meaning is a promise: 99 % of turns get an answer.
#
# > **Error budget** = (1 − objective) × turns: how many turns may go wrong before the promise is broken. The *objective* is
# > the share of turns that should be good, such as 99 %.
# >
# > **Burn rate** = share of bad turns ÷ (1 − objective): how many times faster than allowed the budget is spent. At 1 it
# > lasts exactly as long as planned; at 10, a budget for 30 days is gone after 3.
#
# Take the hour of [[lesson key_terms]]. 90 % of its turns were bad, and with an objective of 99 % that is a burn rate of 90:
# the budget of 30 days is gone in eight hours. Somebody is woken at 14.4, by a common rule, because that spends 2 % of 30
# days' budget in an hour.
#
# <!-- free: 5 %, 99 %, 10, 30, 90 %, 90, 14.4, 2 % -->

# %% [markdown]
# ### Exercise 4.2
# The team finds 99 % too strict and would promise 95 %. Would that hour still have woken somebody?
#
# 1. In the hour 27 of 30 turns were bad.
# 2. Compute its burn rate for an objective of 95 %.
#
# We check the number. Stuck? Run `hint("4.2")`.
#
# <!-- free: 99 %, 95 %, 27, 30 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = (27 / 30) / (1 - 0.95)

# %%
check("4.2", answer)

# %% [markdown]
# So the limit follows from a promise, and the two windows of a burn rate do what `for` and recovery did by hand: the long
# one proves that it matters, the short one that it still goes on.
#
# The incidents strike one region each; the others dilute them. `by` gives each region an alert of its own.

# %%
burning = {"kind": "burn_rate", "measure": "error", "objective": 0.99, "above": 14.4}
burning["name"] = "burning"
windows = {"window": hour, "short_window": timedelta(minutes=5), "min_n": 20}
print("all turns:", end=" ")
_ = scored(Rule(**burning, **windows))
print("by region:", end=" ")
run = scored(Rule(**burning, **windows, by=("region",)))

# %% [markdown]
# By region both incidents are caught, with 2 false alarms in four weeks and none in the quiet one. Over all turns the burst
# of errors is missed: in one region, for one hour, it is not enough to matter to the whole. The price of `by` is in the
# turns: a region with few of them seldom reaches the minimum, and then nobody judges it. And the two that are left?

# %%
for alert in score(run, truth).wrong:
    near = desk[desk["timestamp"].between(alert.start - hour, alert.start)]
    bad = near[near["error_type"].notna() & (near["region"] == alert.labels["region"])]
    users = bad["user_id"].value_counts()
    print(f"{alert.start:%d %b %H:%M} {alert.labels['region']}:", end=" ")
    print(f"{len(bad)} failed turns, {users.iloc[0]} of one user")

# %% [markdown]
# One user's client is broken and fails every time. For that user it is an outage, for the desk it is a ticket. A rate over
# turns lets whoever sends most decide. Count what begins to fail rather than what fails: the measure `first_error` counts
# each conversation once a day, however often it fails.

# %%
burst = {"name": "burst", "measure": "first_error", "statistic": "sum", "above": 2}
half_an_hour, ten_minutes = timedelta(minutes=30), timedelta(minutes=10)
burst |= {"window": half_an_hour, "keep_firing_for": ten_minutes}
run = scored(Rule(**burst, by=("region",)))

# %% [markdown]
# Both caught, 2 right alerts for two incidents, no false one in four weeks. The median delay has grown to 200 minutes,
# though, because a retry storm repeats the *same* conversation's turns, and this rule is built to look past repetitions.
# No single rule wins; two rules that fail differently do.

# %% [markdown]
# ### Exercise 4.3
# Your rules move to another desk, which has 5,000 turns a day: seven times as many. What has to change?
#
# 1. Write a rule for errors as TOML: a table `[[rule]]` with `name`, `measure`, `statistic`, `window` and `above`, and
#    whatever else you want of `by`, `min_n`, `for`, `recover`. A duration is a text, `"30m"`; `by` is a list, `["region"]`.
# 2. `parse_rules(answer)` tells you what is wrong with it. The lines below make a week of that desk, with a burst of errors on
#    Thursday, to try it on: `print(score(replay(parse_rules(answer), busy.turns), busy.truth))`.
#
# We run it over other weeks of the busy desk, two with a burst and one quiet, and check that each burst is known within 15
# minutes, without a false alarm. Stuck? Run `hint("4.3")`.
#
# <!-- free: 5,000, 15 -->

# %% tags=["stub"]
from chatmon.lab.traffic import Problem, simulate

planted = [Problem.parse("error_burst:region=germany:severe@2026-03-12T10:00")]
week = {"start": datetime(2026, 3, 9, tzinfo=UTC), "days": 7, "problems": planted}
busy = simulate(412, turns_per_day=5000, **week)
answer = ...  # your turn

# %% tags=["solution"]
from chatmon.lab.traffic import Problem, simulate

planted = [Problem.parse("error_burst:region=germany:severe@2026-03-12T10:00")]
week = {"start": datetime(2026, 3, 9, tzinfo=UTC), "days": 7, "problems": planted}
busy = simulate(412, turns_per_day=5000, **week)
answer = """
[[rule]]
name = "burst"
measure = "first_error"
statistic = "rate"
window = "30m"
above = 0.1
min_n = 30
by = ["region"]
"""

# %%
check("4.3", answer)

# %% [markdown]
# ## What is slow?
#
# Now the replies. The threshold of the code at the top was 5 seconds. As a rule: the 95th percentile of a quarter of an
# hour may not be above it.
#
# <!-- free: 95th -->

# %%
slow = {"name": "slow", "measure": "response_time", "statistic": "p95", "min_n": 20}
for limit in (5.0, 10.0):
    print(f"above {limit:4} s:", end=" ")
    _ = scored(Rule(**slow, window=quarter, above=limit))

# %% [markdown]
# At 5.0 s it fires as good as always, which is why it catches everything; at 10.0 s it still has 27 false alarms, 18 of them
# in the quiet week. Moving the limit cannot help, because there is no limit: a reply about an installation is long and
# takes long, and on a Sunday more people ask such things. What is usual differs by the hour and the day.
#
# > **Baseline**: windows around the same time of past weeks. A rule of kind `change` compares with them.
# >
# > **Robust z**: how far the value is from the median of those windows, in units of how much such windows usually differ
# > and so few turns vary by chance (by medians, so that last month's incident does not hide this month's).

# %%
changed = {"kind": "change", "measure": "response_time", "above": 3.7, "recover": 2.0}
changed |= {"window": timedelta(days=1), "min_n": 60}
by_channel = Rule(name="slower-by-channel", **changed, by=("channel",))
by_region = Rule(name="slower-by-region", **changed, by=("region",))
run = scored(by_channel, by_region)

# %% [markdown]
# Of the 4 incidents that make replies slow, 3 are caught without one false alarm. (That the first week is quiet proves nothing
# here: without past weeks such a rule has nothing to compare with, and says nothing.) The window is a day, and so the alerts
# come half a day late: with so few turns a day, a slowdown by half in one channel is not proved sooner. More traffic would
# make it faster, cleverness does not.
#
# ## Choose on one part, score on another
#
# Where did 3.7 come from? From trying. That is allowed, if the result is scored on something else than what it was
# chosen on: a limit always looks good on the days that chose it. `tune` does both. Here for an error rate by region: chosen
# on what began before 16 October, scored on the rest.
#
# <!-- free: 3.7, 16 -->

# %%
rule = Rule(**errors | {"by": ("region",)}, window=hour, min_n=20)
limits = [0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3]
tuning = tune(rule, logs, truth, limits, split=datetime(2026, 10, 16, tzinfo=UTC))
columns = ["limit", "recall", "false_per_week"]
columns += ["recall_on_the_rest", "false_per_week_on_the_rest"]
print(tuning.to_frame()[columns].round(2).to_string(index=False))
print(f"chosen: {tuning.rule.limit}")

# %% [markdown]
# Read down the columns: a loose limit cries, a strict one is blind, and in between is a plateau. On the days that chose it,
# the limit 0.2 has no false alarm; on the others it has 0.82 a week. That second number is the one to tell your colleagues. The
# table does not make the choice for you, it shows its price.

# %% [markdown]
# ## Twelve rules, nine incidents
#
# `data/alert_rules.toml` holds twelve such rules, tuned on other seeds of this desk. Here they meet these four weeks.
# How many incidents will they miss, and how many false alarms will there be?

# %%
rules = load_rules(data_file("alert_rules.toml"))
run = scored(*rules)
timeline(run, truth, title="Which incidents do the twelve rules see?")

# %% [markdown]
# All nine are seen, and there is no false alarm. The figure shows what was planted in the upper rows, and below it when
# each rule fired: every incident has an alert under it, and the first week is empty. The desk and its problems are ours, so the rules know their kind. That is why they were
# tuned on other draws of it, and why `benchmarks/alert_scores.py` scores them on draws that nobody tuned on: there they
# catch nineteen of twenty incidents, with a false alarm in ten weeks. What they miss are most often bursts of one hour, in
# which a region has a dozen turns.

# %% [markdown]
# ### Exercise 4.4
# An objective of 98 % over 30 days, and a burn rate of 6 for 6 hours.
#
# 1. Which share of the 30 days' error budget is gone after these 6 hours?
#
# We check the number: a share, not per cent. Stuck? Run `hint("4.4")`.
#
# <!-- free: 98 %, 30 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = 6 * 6 / (30 * 24)

# %%
check("4.4", answer)

# %% [markdown]
# ## It has to arrive
#
# A rule that fires into a log file has told nobody. We start a real receiver on this machine, an inbox that speaks signed
# webhooks, Slack and PagerDuty, and take the first alert of the burst. Its sentence carries the numbers that fired it.

# %%
receiver = inbox.start()
first = next(one for one in run.notifications if one.rule == "error-burst")
print(first.key)
print(*first.text.split(": "), sep=":\n  ")

# %% [markdown]
# Then the worst moment: the receiver is down when the alert is sent. It will refuse twice. Will the alert be lost, or
# arrive twice?
#
# > **Outbox**: the queue on disk that every message passes. It is written before anything is sent, and a message leaves
# > it only when the receiver has said so. Whoever is killed in between sends it again: *at least once*, never not at all.

# %%
# Each failed attempt is a warning in the log, and is meant.
logging.getLogger("chatmon.alerts").setLevel(logging.ERROR)
receiver.behave("fail", times=2)
policy = Policy((Route(channels=("webhook",)),))
channels = {"webhook": Webhook(receiver.webhook_url, receiver.secret)}
with tempfile.TemporaryDirectory() as folder:
    with Outbox(Path(folder) / "outbox.db", channels) as outbox:
        with Dispatcher(policy, outbox) as dispatcher:
            dispatcher.notify(first)
        print("all delivered:", outbox.drain(timeout=60))
print("answers:", [request.status for request in receiver.requests()])
print("messages in the inbox:", len(receiver.messages()))

# %% [markdown]
# Three attempts, two answered with an error, and one message in the inbox. Each attempt carries the same id, so that a
# receiver which did get the first one can drop the rest, and a signature with a time in it, so that nobody else can send
# such a message, nor send this one again tomorrow.

# %%
(notification,) = receiver.messages()[0]["notifications"]
for key in ("key", "severity", "status", "value", "limit", "n"):
    print(f"{key:8} {notification[key]}")

# %% [markdown]
# ## Who is told, and when
#
# Arriving is half of it: somebody has to act. How soon is the rule's *severity*: a *page* is for now, at night too, a
# *ticket* for the next working day. Who is the policy's.
#
# > **Escalation**: whom an alert goes to next while nobody has *acknowledged* it, that is, said "it is mine".
#
# Pages go to whoever is on call, by PagerDuty, and after a quarter of an hour without an answer to the lead as well. All
# else goes to the team, by Slack. We pass the alerts of three days through this policy, each at its own time, to the real
# inbox. The engineer on call is in a tunnel; Ana, who leads, takes the page on after 23 minutes. Before you run it: how
# many people hear of its end?
#
# <!-- free: 23 -->

# %%
pages = Route(
    match={"severity": "page"},
    channels=("on call",),
    escalate_to=("lead",),
    escalate_after=quarter,
)
policy = Policy((pages, Route(channels=("team",))))
channels = {
    "on call": PagerDuty(receiver.routing_key, url=receiver.pagerduty_url),
    "lead": Webhook(receiver.webhook_url, receiver.secret),
    "team": Slack(receiver.slack_url),
}

# %%
days = [one for one in run.notifications if one.at < datetime(2026, 10, 16, tzinfo=UTC)]
taken_on = {first.at + timedelta(minutes=23): (first.key, "Ana")}
messages = passed_on(days, policy, channels, taken_on)
for message in messages:
    print(f"{message.at:%d %b %H:%M}  {message.channel:8} {message.says}")
print(receiver.incidents()[0].status, "is what PagerDuty shows now")
receiver.stop()

# %%
afternoon = [message for message in messages if message.at > first.at - hour]
plots.told(afternoon, title="Who is told of the page, and when?")

# %% [markdown]
# The page rang at 14:52 and, unanswered, at the lead's at 15:07. From 15:15 it was Ana's, and both knew: nobody else was
# woken. At 15:47 both heard that it was over, and PagerDuty's incident closed itself. The team's channel had its tickets
# in between and no page. Whoever was told of a beginning is told of the end, whatever happened in between; whoever was
# not, is left in peace.

# %% [markdown]
# ## Summary
#
# An alert for every turn gave 5474 messages, 1253 of them about nothing. The same threshold over a window cried wolf 104
# times, with a minimum of turns ten times, with patience six times; a burn rate by region twice, and that was one user. What
# is slow has no fixed limit, but it has a baseline. Twelve rules caught all nine incidents without a false alarm, on weeks
# they were not tuned on. And an alert counts when it has arrived and somebody has said "it is mine".

# %% [markdown]
# ## In practice
#
# - **Page for what users feel, ticket the rest.** Severity says how soon a person should look; if the answer is "tomorrow",
#   do not wake anybody.
# - **Every rule has a runbook**, a link that says what to do first. A rule for which nobody can write one is a chart.
# - **Silence and inhibit on purpose.** A silence has an end, an author and a reason; an outage's own alert should inhibit the
#   twelve that follow from it. `Policy` has inhibitions; running alerts have `silence` and `acknowledge`.
# - **Live and replayed are one.** `chatmon.alerts.start` on your bot takes the same decision as `replay`: what you tune on
#   an export is what will page you. On a command line: `chatmon replay rules.toml my_export.jsonl.gz`.
# - **Prometheus** can run these rules too; `chatmon.connect.prometheus` writes them in its language.
# - **An alert sees only what is measured.** A bot that is wrong in a friendly voice fails no rule here but
#   `unsolved`, and that only if somebody measures whether tasks are completed.

# %% [markdown]
# ## Quiz
#
# <!-- free: 5 %, 10 %, 12 -->
#
# 1. A rule "error rate above 5 %" fires every night at three. What do you change first?
#    - (a) the limit, to 10 %
#    - (b) the minimum of turns
#    - (c) the channel, to one that nobody reads at night
#
# <details>
# <summary>Answer</summary>
#
# (b): at three there are few turns, and one failure of ten is 10 %. Not (a): it blinds the rule by day, and one of nine
# still fires it. Not (c): an alert that nobody should read should not exist.
# </details>
#
# 2. From [[lesson cost_math]]: you write an alert for the bot's spending of a day, and one model has no price. What does
#    the sum of the day tell you?
#    - (a) what was spent, since an unknown price is zero until it is known
#    - (b) nothing at all
#    - (c) the least that was spent
#
# <details>
# <summary>Answer</summary>
#
# (c): unknown is not zero, so the sum is a lower bound, and says how many turns are missing. Not (a): those turns cost
# something, whether you know it or not. Not (b): if the lower bound is above the limit, so is the truth.
# </details>
#
# 3. An alert fires and is resolved eleven times in two hours, all about one outage. What was missing?
#    - (a) a recovery better than the limit
#    - (b) a stricter limit
#    - (c) a shorter window, which follows the outage more closely
#
# <details>
# <summary>Answer</summary>
#
# (a): with two limits it stays open while the value wanders around one of them. Not (b): it wanders around any limit. Not
# (c): shorter windows wander more.
# </details>
#
# 4. A colleague chose the limit that has no false alarm in last month's log, and says it has none. What do you ask?
#    - (a) nothing, the log is the truth
#    - (b) how many limits were tried, and in which order
#    - (c) how it does on a month that had no part in the choice
#
# <details>
# <summary>Answer</summary>
#
# (c): on the month that chose it, it had to look good. Not (a): the log is one draw of what might have happened. Not (b):
# a good second question, and its answer matters less once you have another month.
# </details>
#
# 5. From [[lesson key_terms]]: in a quarter of an hour 12 turns came, and p95 of their response times is 9 s. Does it
#    show that the bot is slow?
#    - (a) yes: one turn in twenty takes 9 s or more
#    - (b) no: one reply that hangs can do that
#    - (c) no: p95 is always above the median
#
# <details>
# <summary>Answer</summary>
#
# (b): with so few values p95 is hardly more than the slowest, and has no upper bound. Not (a): that needs many more turns.
# Not (c): true, and no reason; a slow bot has a high p95 as well.
# </details>

# %% [markdown]
# ## Going further
#
# - [[next]]
# - Google's [workbook on alerting by burn rate](https://sre.google/workbook/alerting-on-slos/): where 14.4 comes from.
# - Prometheus's documentation on alerting rules: `for`, `keep_firing_for`, grouping, inhibition.
#
# <!-- free: 14.4 -->
