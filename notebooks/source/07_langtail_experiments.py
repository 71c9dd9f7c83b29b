# %% [markdown]
# # [[title]]
#
# **What you will do**: ship a prompt that is better on Monday and no better on Sunday, find out why, and then run an
# experiment that can be trusted, first on users, then on a real model.
#
# **What you will learn**: call prompts by version; give each user one variant and keep it; plan how many users and how
# many looks; stop early without fooling yourself; say what a small evaluation cannot show.
#
# **What you need**: [[lesson key_terms]], and pandas as in [before you start](../docs/before_you_start.md).
# [[lesson instrumented_chat]] helps.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## Ship it on Monday?
#
# A support desk answers about 1,500 messages a day, and seven in ten tasks are completed. Somebody writes a warmer prompt.
# On Monday half of the users get it; on Monday evening you look. Each task that stays open costs a phone call, so if the
# new prompt is better, every day of waiting costs money. Would you ship it?
#
# The desk is simulated: we need to know the truth, and about two prompts nobody ever does. `simulate` makes the same weeks
# of the same people as often as we like, each time with another prompt. Here is the desk with the prompt it has, which
# does badly on three kinds of questions.
#
# <!-- free: 1,500 -->

# %%
import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from chatmon import plots, turns
from chatmon.lab.course import check, hint
from chatmon.live import ManualClock

# %%
from chatmon.connect.langtail import KeyMissingError, LangtailClient
from chatmon.experiment import Experiment, aa_check, analyse, bounds, crossings, figures
from chatmon.experiment import position, size
from chatmon.lab import data_file, wrapped
from chatmon.lab.bot import KnowledgeBase, offline
from chatmon.lab.services import langtail, llm
from chatmon.lab.traffic import Problem, simulate
from scipy.stats import chisquare

# %%
first, monday = datetime(2026, 9, 14, tzinfo=UTC), datetime(2026, 9, 28, tzinfo=UTC)
weak = [
    Problem(kind="quality_drop", slice={"intent": intent}, severity="mild")
    for intent in ("billing", "router", "connection")
]
weeks = {"start": first, "days": 21, "turns_per_day": 1400}
old = turns.as_frame(simulate(6, **weeks, problems=weak).turns)
past = old[old["timestamp"] < monday]
print(f"{len(past)} turns before Monday, {past['task_completed'].mean():.1%} completed")

# %% [markdown]
# > **Variant**: one of the alternatives of an *experiment*, to which users are assigned by chance. Here the variants are
# > versions of a prompt.
#
# An experiment takes one week of these. Each user gets a variant, and the log shows that user's turns as they are in the
# world of that variant. `plan.assign` says who gets which; how, we shall see.


# %%
def run(plan, worlds):
    """Return the past, and then of each user the turns in the world of her variant."""
    parts = [past]
    for variant, world in worlds.items():
        own = world[world["user_id"].map(plan.assign) == variant]
        own = own[own["timestamp"] >= plan.start]
        parts.append(own.assign(experiment=plan.name, variant=variant))
    return pd.concat(parts).sort_values("timestamp", ignore_index=True)


def dashboard(result, days):
    """Print what a dashboard shows each evening: both rates, and a plain test's p."""
    new = result.plan.treatments[0]
    for number, look in enumerate(result.looks[:days], 1):
        both = look[new]["task_completion"]
        print(f"day {number}: {both.control:.1%} and {both.treatment:.1%}", end=", ")
        print(f"p = {both.p:.3f}")


# %%
week = {"start": monday, "days": 7, "looks": 7, "users": 1533}
week |= {"primary": "task_completion", "effect": 0.05, "hypothesis": "It is better."}
warm = Experiment(name="warmer-tone", variants={"v2": 1, "warmer": 1}, **week)
log = run(warm, {"v2": old, "warmer": old})
result = analyse(log, warm, look=7)
dashboard(result, days=1)

# %% [markdown]
# On Monday evening the new prompt completes 72.5 % and the old one 65.0 %, p = 0.007. Most dashboards would turn green
# now, and most teams would ship. **Predict.** How sure are you that the warmer prompt is better? And what will the
# dashboard show on Sunday?

# %%
dashboard(result, days=7)

# %% [markdown]
# Look at where `log` was made: both variants get their turns from the *same* world, `old`. There is no warmer prompt. The
# difference of Monday is chance, and by Wednesday little of it is left. This is no rarity, as we shall see.
#
# Three things were missing: a way to have two prompts at all, a plan made before the data, and a test that knows how often
# it is asked. We take them in turn.

# %% [markdown]
# ## Prompts as versions
#
# A prompt in a string of your program changes with each deployment, and last week's log no longer says what was asked.
# Langtail is one of the services that keep prompts outside of the program:
#
# > **Version**: a prompt as it was written at one time: its messages, with places for variables, and the model's
# > arguments. It never changes.
# >
# > **Environment**: a name such as `staging` or `production` that points to a version. Deploying moves the pointer.
#
# We start a service on this machine that speaks Langtail's interface, with the course's model behind it. The client is
# the one for the hosted service; only the address differs.

# %%
service = langtail.start(llm.start())
client = LangtailClient(service.api_key, base_url=service.base_url)
for one in client.deployments():
    print(f"{one.prompt:8} {one.environment:11} {one.version}")

# %%
for version in ("v1", "v2", "v3"):
    prompt = client.get("support", "preview", version)
    variables = ", ".join(sorted(prompt.defaults))
    print(f"{version}: {len(prompt.template)} messages, variables: {variables}")

# %% [markdown]
# The prompt `support` has three versions. The first says what it wants in one message; the others show it, by six examples
# and by three. A call names the version, fills in the variables, and may carry metadata: that is where experiment and
# variant belong.
#
# | our word | Langtail |
# |---|---|
# | conversation | thread |
# | turn | message, and its request log |
# | prompt version | version, deployed to an environment |
# | variant | metadata of yours |
# | trace, feedback | none |

# %%
desk = KnowledgeBase.load()
hit = desk.retrieve("I forgot my password")[0].entry
reply = client.invoke(
    "support",
    variables={"question": "I forgot my password", "note": hit.answer},
    metadata={"experiment": "clear-steps", "variant": "v2"},
)
print(len(reply.text.split()) > 5, reply.usage["prompt_tokens"], "tokens of input")

# %% [markdown]
# That was a real model, called by a version's name. Now the experiment. The integration that the course began with looks
# right: it posts the variants to the service's `/v1/experiments`, with a key from the environment. Here it is against our
# service, first with the key unset, as it was on our machine. **Predict.** Will it fail, and where?

# %%
address = f"{service.base_url}/v1/experiments"
asked = {"variants": [{"name": "current"}, {"name": "optimized_concise"}]}
for key in (os.environ.get("KEY_THAT_NOBODY_SET"), service.api_key):
    bearer = f"Bearer {key}"
    sent = httpx.post(address, json=asked, headers={"Authorization": bearer}, timeout=5)
    print(sent.status_code, "to the words", bearer if key is None else "with our key")

# %% [markdown]
# Three faults in four lines. Without a key the program sends the words `Bearer None`, and the error that comes back does
# not tell it so. We gave the call a time-out; the original has none, so a service that hangs takes the program with it. And
# with the right key the answer is 404 as well, because there is no such address, here or at Langtail: it manages and tests
# prompts, splits no traffic and computes no p-value.
#
# A client should say such things before anything is sent:

# %%
try:
    LangtailClient("", base_url=service.base_url).deployments()
except KeyMissingError as error:
    print(type(error).__name__, "before any request")

# %% [markdown]
# So the experiment is ours to run. That is no loss: what decides between prompts is the log of turns, which is ours.

# %% [markdown]
# ## Who sees what
#
# > **Unit**: what is assigned to a variant. Ours is the user.
# >
# > **Assignment**: the rule that says which. It must be *sticky* (the same user, the same variant, always), *uniform*
# > (shares as planned), and *independent* of every other experiment.
#
# The three have one solution that stores nothing: hash the user's name together with the experiment's.

# %%
plan = Experiment(name="clear-steps", variants={"v2": 1, "v4": 1}, **week)
print([plan.assign(f"u{number}") for number in range(5)], plan.labels("u1"))
people = [f"u{number}" for number in range(10_000)]
print(f"v4: {sum(plan.assign(user) == 'v4' for user in people)} of {len(people)}")
halves = [(plan.assign(user) == "v4", warm.assign(user) == "warmer") for user in people]
alike = sum(one == other for one, other in halves)
print(f"in the same half of two experiments: {alike / len(people):.0%}")

# %% [markdown]
# Half get it, and of the two experiments' halves 50 % agree, as two coins do. `labels` is what each turn has to carry: a
# live bot calls `monitor.track(conversation, user, **plan.labels(user))`.

# %% [markdown]
# ### Exercise 7.1
# Write the assignment yourself.
#
# 1. Complete `assign(experiment, user_id)`. It returns `"control"` or `"treatment"`, half and half.
# 2. It has to be sticky, on this machine, on another one, and tomorrow.
# 3. It has to be independent between experiments.
#
# We call it with thousands of users of experiments that you do not know. Stuck? Run `hint("7.1")`.


# %% tags=["stub"]
def assign(experiment, user_id):
    return ...  # your turn


# %% tags=["solution"]
def assign(experiment, user_id):
    return "treatment" if position(experiment, user_id) < 0.5 else "control"


# %%
check("7.1", assign)

# %% [markdown]
# ## One user is one coin
#
# The user is assigned, yet most dashboards count turns. A plain test takes each turn for a coin of its own, and a user's
# turns are alike: who writes long questions writes long ones all day.
#
# How wrong is that? Take four weeks of the desk in which nobody ran any experiment, share the users out at random, and
# test. There is nothing to find, so a test at 5 % should find something in 5 of 100 cases. We do it 1,000 times.
#
# <!-- free: 5 %, 5, 100, 1,000 -->

# %%
desk_log = pq.read_table(data_file("four_weeks.parquet"))
for unit in ("user", "turn"):
    found = aa_check(desk_log, ["error_rate", "tokens_per_turn"], seed=1, unit=unit)
    print(unit, {name: f"{estimate.value:.1%}" for name, estimate in found.items()})

# %% [markdown]
# > **A/A test**: an experiment of a variant against itself. What it finds is false, so it measures your method.
#
# With users as the unit the test keeps its word, 5.1 % for both. With turns it finds a difference in tokens in 23.9 % of
# cases, and one in errors in 39.4 %: one user with a broken client fails hundreds of times, and whichever variant gets
# this user has "more errors, p < 0.001". No amount of traffic mends that. Every number below is computed over users.
#
# <!-- free: 0.001 -->

# %% [markdown]
# ## Looking is not free
#
# Back to that Monday. One look at p < 0.05 is wrong in 5 of 100 cases. Looking every evening and stopping at the first
# good news is another rule, and has another error. Guess: how often does it find something in seven days, where nothing
# is?
#
# Where nothing is, each day adds a random step to the difference, and the test statistic is the sum divided by the root of
# the days. Twenty thousand such months:
#
# <!-- free: 0.05, 5, 100 -->

# %%
steps = np.random.default_rng(6).standard_normal((20_000, 28))
z = steps.cumsum(axis=1) / np.sqrt(np.arange(1, 29))
wrong = {}
for looks in (1, 2, 5, 7, 14, 28):
    fooled = (abs(z[:, :looks]) > 1.96).any(axis=1)
    wrong[f"{looks} look{'s' * (looks > 1)}"] = 100 * fooled.mean()
title = "How often does one of so many looks win, where nothing is?"
plots.bars(wrong, title=title, unit="%", what="False wins", digits=1)

# %% [markdown]
# Each further look is a further chance to be fooled. The bars show how often at least one of so many is below 0.05, where
# nothing is: from one in twenty with a single look to more than one in four with a month of evenings. The walks can be
# counted exactly, too:
#
# <!-- free: 0.05 -->

# %%
print(f"seven looks: {crossings([1.96] * 7, range(1, 8))[-1]:.1%}")
print(f"two new prompts, four metrics, seven looks: up to {1 - (1 - 0.166) ** 8:.0%}")

# %% [markdown]
# A week of evenings is wrong in 16.6 % of cases, three times what it says. A whole dashboard, with eight comparisons, is
# wrong in up to 77 %: on such a page there is *always* something green.
#
# The answer is not to close your eyes until Sunday: a variant that breaks things should be stopped on Tuesday. It is to plan
# the looks, and to spend the 5 % over them:
#
# > **Group-sequential bounds**: what the test statistic has to pass at each planned look, chosen so that chance passes
# > *any* of them in 5 % of cases. O'Brien and Fleming's ask for very much early, and hardly more than usual at the end.
#
# <!-- free: 5 % -->

# %%
limits = bounds([day / 7 for day in range(1, 8)], 0.05)
print("bounds:", [round(limit, 2) for limit in limits])
print(f"passed by chance: {crossings(limits, range(1, 8))[-1]:.1%}")
print("Monday was at", round(result.looks[0]["warmer"]["task_completion"].z, 2))

# %% [markdown]
# On the first evening the bound is 5.82, and our Monday was at 2.69. On the last it is 2.06, hardly more than the usual
# number. You pay almost nothing for six looks more, as long as you said so before.

# %%
figures.looks(result, title="Monday's win never came near its bound")

# %% [markdown]
# The figure shows the same A/A week between its bounds: the gain begins high, falls, and never touches the line above.
# With these bounds nobody would have shipped.

# %% [markdown]
# ### Exercise 7.2
# A colleague looks after 1, 3, 7, 14 and 28 days. She is careful: before the last day she stops only at p < 0.01, that is
# beyond 2.576; on the last day p < 0.05 will do, beyond 1.96. Every day brings as much data as any other.
#
# 1. How often does she find something where nothing is? Give a share, not per cent.
#
# We check the number to half a percentage point. Stuck? Run `hint("7.2")`.
#
# <!-- free: 14, 28, 0.01, 2.576, 0.05, 1.96 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = crossings([2.576] * 4 + [1.96], [1, 3, 7, 14, 28])[-1]

# %%
check("7.2", answer)

# %% [markdown]
# ## The plan
#
# The original experiment ran for "7 days", a number from nowhere. How long it takes follows from how much users differ, how
# small an effect is still worth having, and how sure you want to be. The first is in your log. The second is a question
# about money, and nobody can answer it but you.
#
# > **Power**: the chance of finding an effect that is there. 80 % is usual.
#
# <!-- free: 80 % -->

# %%
arms = {"v2": 1, "v4": 1}
for effect in (0.05, 0.02):
    print(size(past, primary="task_completion", effect=effect, variants=arms, looks=7))

# %% [markdown]
# A relative gain of 5.0 % takes one week; one of 2.0 % takes ten. Whoever wants to see 2.0 % in a week will see noise.
# Let us say that below 5.0 % the change is not worth its work. What else belongs into a plan?
#
# > **Guardrail**: a metric that must hold. At each look a variant that is clearly worse is stopped; at the end it has to
# > be *shown* that it is not worse than the margin.
#
# And the plan is saved before the data, in a file that cannot be overwritten. A metric chosen afterwards always wins.

# %%
week["hypothesis"] = "Steps in order complete more tasks in three intents."
week["secondaries"] = ("satisfaction", "tokens_per_turn")
week["guardrails"] = {"error_rate": 1.0, "response_time": 0.1}
plan = Experiment(name="clear-steps", variants=arms, **week)
friday = ManualClock(datetime(2026, 9, 25, 16, tzinfo=UTC))
with tempfile.TemporaryDirectory() as folder:
    plan = plan.save(Path(folder) / "clear-steps.json", clock=friday.time_ns)
print(f"saved {plan.saved_at:%Y-%m-%d}, starts {plan.start:%Y-%m-%d}")

# %% [markdown]
# ## Run, look, decide
#
# This time there is a better prompt. In its world the three weak spots are mended from Monday on. Because we can have
# the same week twice, for the same people, the true effect is no estimate:

# %%
mended = [replace(problem, end=monday) for problem in weak]
new = turns.as_frame(simulate(6, **weeks, problems=mended).turns)
ours = [world[world["timestamp"] >= monday] for world in (old, new)]
before, after = (world["task_completed"].mean() for world in ours)
print(f"the truth: {before:.1%} and {after:.1%}, a gain of {after / before - 1:.1%}")

# %% [markdown]
# A gain of 6.5 %. The experiment sees each user in one of the two worlds only. On which evening will it be sure?

# %%
log = run(plan, {"v2": old, "v4": new})
for look in range(1, 8):
    print(f"day {look}:", analyse(log, plan, look=look).decision.verdict)

# %% [markdown]
# `go on` until Saturday, and `ship` on Sunday. Was it not sure before? Ask the third look for its reasons.

# %%
for reason in analyse(log, plan, look=3).decision.reasons:
    print("-", reason)

# %% [markdown]
# Task completion has passed its bound by the third look: that the new prompt is better was known on Wednesday. What was not
# known is what it costs. By then errors may have been up to 365.2 % worse, for failures are rare, and a guardrail has to be
# *shown* to hold. On Sunday it was. A prompt that completes more and fails more is what a hurried team ships.
#
# Notice the size, too. By the third look the gain is 8.2 %, and the truth is 6.5 %. A bound is passed on a good day, so the
# effect at that moment is too large on average:
#
# > **Winner's curse**: what was picked because it looked large, looks larger than it is.
#
# If you want to know *how much* better, and not only *whether*, let the week run to its end.

# %%
result = analyse(log, plan, look=7)
title = "Clear steps complete more tasks, and both guardrails hold"
figures.changes(result, title=title)

# %% [markdown]
# The figure shows the week's changes with their intervals: task completion is up by 7.3 % and its interval, from 4.1 % to
# 10.5 %, holds the truth. Both guardrails hold, and satisfaction and tokens moved within chance.
#
# The secondaries help to understand a win, and they do not decide. One of many always rises, so their p-values are
# corrected for their number (Holm's way).

# %% [markdown]
# ## Do not read this result
#
# One thing comes before every result. In our next week a client of the new variant crashes now and then, and the turns of
# about every seventh of its users are lost.

# %%
crashes = log["user_id"].map(lambda user: position("crash", user) < 0.15)
leaky = analyse(log[~(crashes & (log["variant"] == "v4"))], plan, look=7)
print(wrapped(leaky.decision))

# %% [markdown]
# > **Sample ratio mismatch**: variants do not have the users that the plan gave them, beyond chance. Who is missing is
# > never a random sample, so no other number may be read.
#
# It is the most useful test of all, and the one most often missing: 1054 users against 858 is easily overlooked in a
# table full of percentages. `analyse` makes it first, and shows nothing where it fails.
#
# A leak need not be a crash. In the two days of [[lesson key_terms]] conversations were shared half and half between the
# prompts v1 and v2. Suppose an export leaves out each conversation with a record of more than 400 input tokens. Nobody
# chose that by variant. Will the shares stay?
#
# <!-- free: 400 -->

# %%
two_days = turns.to_frame(turns.read_parquet(data_file("local_turns.parquet")))
talks = two_days.groupby("conversation_id")
version, longest = talks["prompt_version"].first(), talks["input_tokens"].max()
exported = version[~(longest > 400).fillna(False)]
for name, part in (("recorded", version), ("exported", exported)):
    counted = part.value_counts().sort_index()
    print(f"{name}: {counted.to_dict()}, p = {chisquare(counted).pvalue:.6f}")

# %% [markdown]
# As recorded there are 111 and 89 conversations: crooked to the eye, and a fair coin does this about once in eight times.
# In the export v1 has all of its conversations and v2 has 58, with p = 0.000046. v2's prompt is long, so the export keeps
# only its shortest conversations, and whoever compares the prompts in it compares long conversations with short ones.

# %% [markdown]
# ### Exercise 7.3
# Write this guard.
#
# 1. Complete `may_be_read(users, weights)`. Both are dictionaries: variant to its users, variant to its weight.
# 2. Return `False` where chance would give such numbers in less than one of 1,000 cases, `True` otherwise.
#
# We try it on splits that you have not seen: small ones, large ones, three variants, weights of two to one. Stuck? Run
# `hint("7.3")`.
#
# <!-- free: 1,000 -->


# %% tags=["stub"]
def may_be_read(users, weights):
    return ...  # your turn


# %% tags=["solution"]
def may_be_read(users, weights):
    from chatmon.experiment import sample_ratio

    return sample_ratio(users, weights) >= 0.001


# %%
check("7.3", may_be_read)

# %% [markdown]
# ## Before any user: offline
#
# An experiment on users takes a week. Whether a prompt is worth one, a set of questions can tell in a minute: every version
# answers them, with the same note from the knowledge base, and each reply is judged by the facts it must contain. Here
# nothing is simulated. The model answers, through the service, by version.
#
# > **Offline evaluation**: variants on a fixed set of questions with known answers. It is *paired*: each question is
# > answered by all, so that hard and easy questions cancel out.
#
# We ask 17 questions, one for every second entry. Not five ways to ask each: those would be answered alike, and one
# user is one coin.

# %%
asked = offline.questions(desk, every=2)
print(len(asked), "questions, such as:", asked[0].text)
print("to be won, and none lost, before chance is ruled out:", offline.fewest(0.05))

# %% [markdown]
# Before the data, its honest size. Only the questions on which two versions differ say which is better. If one version
# wins 5 of these and loses none, p is 0.0625, like five heads in a row. From 17 questions we can prove a difference of six
# or more. Whoever wants to see one question in twenty needs hundreds.
#
# <!-- free: 0.0625 -->


# %%
def ask(version, question):
    filled = {"question": question.text, "note": question.note}
    short = {"temperature": 0, "max_tokens": 60}
    return client.invoke("support", "preview", version, variables=filled, **short)


replies = offline.answer(["v1", "v2", "v3"], asked, ask)
seen = offline.table(replies)
read = seen["input_tokens"].round().astype(int).to_dict()
print(len(replies), "replies; input tokens of a call:", read)

# %% [markdown]
# **Predict.** The first version tells the model what to do, the second shows six examples, the third shows three of
# them. Which completes most tasks, and does the third come near the second at about half the tokens?

# %% tags=["nbval-ignore-output"]
print(seen[["completed", "relevance", "output_tokens"]].round(2).to_string())
for pairs in offline.compare(replies, "v2"):
    print(f"{pairs.variant} against v2: won {pairs.won}, lost {pairs.lost}", end=", ")
    print(f"p = {pairs.p:.3f}")

# %% [markdown]
# The wording of a model differs a little between processors, and so may your table. What stays:

# %%
print("most tasks completed by:", seen["completed"].idxmax())
print("most relevant on average:", seen["relevance"].idxmax())
told, _ = offline.compare(replies, "v2")
beyond = told.lost >= offline.fewest(0.05) and told.p < 0.05
print("v1 lost enough questions to rule out chance:", beyond)

# %% [markdown]
# The dearest prompt completes most, and against the first version that is beyond chance, even with 17 questions. For a
# model as small as this one, showing beats telling. And had we measured relevance alone, we would have chosen the version
# that completes the fewest: it talks about the subject at length, and leaves the facts out.
#
# Now the third version. If it lost fewer than six questions and won none, the pairs cannot tell it from the second. That is
# no proof that they are equal. It says that the set is too small to save tokens by.
#
# And it is not an experiment on users: it does not know whether people find the tone cold, ask again, or leave. Offline
# decides what is worth a week; the week decides what is shipped.

# %%
client.close()
service.stop()

# %% [markdown]
# Optional: the same client against the hosted service. The next cell runs only if you have set a key; otherwise it says
# that it is skipped.

# %% tags=["hosted"]
if os.environ.get("LANGTAIL_API_KEY"):
    with LangtailClient() as hosted:
        print(len(hosted.deployments()), "deployments")
else:
    print("skipped: no key for Langtail")

# %% [markdown]
# ## Summary
#
# A prompt that did not exist won on Monday with p = 0.007. A test that counts turns finds what is not there in up to 39.4 %
# of cases, one that is looked at for seven evenings in 16.6 %. With users as the unit, a plan saved before the data, and
# bounds for each look, a gain of 6.5 % was known on the third evening, overstated, and shipped on the last one, when the
# guardrails held too. A week in which users were lost showed no result at all, which was right. And 17 questions on the
# real model told what is worth an experiment, not what to ship.

# %% [markdown]
# ## In practice
#
# - **Whole weeks.** Monday's users are not Sunday's. `size` rounds up to weeks for that reason.
# - **One primary metric.** If two matter, one is a guardrail. Write down beforehand what you do if they disagree.
# - **Use what you know of users.** `analyse` takes the weeks before into account (*CUPED*), as we gave it `past`.
# - **A dashboard that is open at any time** needs p-values that hold at any time: `analyse(log, plan, at=...)`
#   has them.
# - **Two experiments at once** are fine where assignment is independent. Where they touch the same sentence, put them
#   into one `layer`, with parts of its users that do not meet.
# - **Segments come last.** Cut into enough pieces, every prompt wins somewhere.
# - **An A/A week first.** It costs nothing, and finds what is broken in assignment, logging and metrics before it matters.

# %% [markdown]
# ## Quiz
#
# <!-- free: 0.03, 3, 5 %, 0.0004 -->
#
# 1. It is day 3 of 7, no looks were planned, and the dashboard says p = 0.03. What do you do?
#    - (a) ship: it is below 5 %
#    - (b) go on to day 7, and read what it says then
#    - (c) go on until it stays below the limit
#
# <details>
# <summary>Answer</summary>
#
# (b): the test at the end was the plan, and one look at it keeps its word. Not (a): 5 % is the error of one look, and you
# have looked three times. Not (c): a rule that ends when you like it ends is the fault itself.
# </details>
#
# 2. Offline, the new prompt completes three questions of twenty more than the old one, and loses none. What now?
#    - (a) ship it: it never lost
#    - (b) drop it: p is far above the limit, so the two are equal
#    - (c) ask more questions, or plan a week on users
#
# <details>
# <summary>Answer</summary>
#
# (c): three of three is what three coins do one time in four, so the set was too small to tell. Not (a): for that reason.
# Not (b): not proved better is not proved equal.
# </details>
#
# 3. The new variant has 5 % fewer users than planned, p = 0.0004, and a gain beyond chance. Ship?
#    - (a) no: find out who is missing
#    - (b) yes, the gain is beyond chance
#    - (c) yes, after weighting the users to the planned shares
#
# <details>
# <summary>Answer</summary>
#
# (a): if those with the slowest replies were not counted, every metric looks better. Not (b): the gain may be nothing but
# who is missing. Not (c): weights make the numbers equal, not the people.
# </details>
#
# 4. From [[lesson langsmith_analysis]]: the new variant tries a failed call once more. On which failures do you put the
#    guardrail?
#    - (a) on those of all runs, since a call that failed has failed
#    - (b) on those of root runs
#    - (c) on the mean of both
#
# <details>
# <summary>Answer</summary>
#
# (b): a root is what a user saw. Not (a): it counts a failure that was repaired, so it would stop a prompt for helping.
# Not (c): a mean of two different things is neither.
# </details>
#
# 5. From [[lesson cost_math]]: a third of the new variant's turns went to a model whose price nobody knows. What does a
#    turn of it cost, on average?
#    - (a) the mean over all of its turns, with the unknown ones as 0
#    - (b) the mean over the turns that have a price, as if it held for all
#    - (c) it is unknown, and at least the sum of the others over all turns
#
# <details>
# <summary>Answer</summary>
#
# (c): a lower bound is all there is, until somebody finds the price. Not (a): this makes the model free, and the variant
# look cheap. Not (b): it gives the turns of one model the price of others.
# </details>

# %% [markdown]
# ## Going further
#
# - Kohavi, Tang and Xu, *Trustworthy Online Controlled Experiments* (2020): the book on everything here.
# - Jennison and Turnbull, *Group Sequential Methods with Applications to Clinical Trials*: where the bounds come from.
# - Fabijan and others, [Diagnosing sample ratio mismatch in online controlled
#   experiments](https://doi.org/10.1145/3292500.3330722).
# - The documentation of tea-tasting, whose tests `analyse` uses.
# - [[next]]
#
# <!-- free: 2020 -->
