# %% [markdown]
# # [[title]]
#
# **What you will do**: work through an incident of which nobody tells you anything, hand in a diagnosis, see what it is
# worth, and begin one of your own.
#
# **What you will learn**: see what is usual before what is not; find a slice and both ends of a window; count what a
# problem cost; say what you ruled out.
#
# **What you need**: [[lesson key_terms]], [[lesson cost_math]] and [[lesson optimizer_recommendations]]. The lesson uses
# pandas: [before you start](../docs/before_you_start.md) has enough of it.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## A folder without a word
#
# It is Monday. A colleague has left, and on your desk is a folder with her name: two weeks of the support desk, and a form
# that is empty. "Two things went wrong in it", says the form. Your boss wants to know by noon what they were, and what
# they cost.
#
# Every lesson so far told you where to look. This one is the other way round, as it is at work.

# %%
import tempfile
from pathlib import Path

import pandas as pd
from chatmon import plots
from chatmon.cost import Usage, price
from chatmon.lab import wrapped
from chatmon.lab.course import check, hint
from chatmon.lab.incident import Assigned, ClassKey, graded, make_folder, read
from chatmon.turns import read_parquet, to_frame

# %%
workplace = tempfile.TemporaryDirectory()
folder = Path(workplace.name) / "Katherine"
key = ClassKey(bytes(32))
make_folder(folder, key, Assigned("Katherine", problems=2, days=14))
print([file.name for file in sorted(folder.iterdir())])
print(read(folder).missing)

# %% [markdown]
# The log follows from a name and a *class key*. Here the key is 32 zeros, so that all readers get the same log; a real one
# is a secret of your teacher's, and nothing in the folder leads back to it.
#
# <!-- free: 32 -->
#
# **Predict.** Somebody with no time writes into the form what is wrong most often: "something costs too much, everywhere,
# all the time". Of 100 marks, how many is that worth? You will see in the end.
#
# <!-- free: 100 -->
#
# ## What is usual
#
# The first days of such a log are quiet. Look at them first, and at all measures: what moved will say so by itself. A day
# each, the mean of a turn:

# %%
log = to_frame(read_parquet(folder / "turns.parquet"))
log["cents"] = 100 * log["cost"].astype(float)
log["failed"] = 100 * log["error_type"].notna()
log["solved"] = 100 * log["task_completed"].astype(float)
measures = ["cents", "response_time", "failed", "solved", "input_tokens"]
day = log["timestamp"].dt.strftime("%a %d")
daily = log.groupby(day, sort=False)[measures].mean().astype(float).round(2)
for name in ("failed", "solved"):
    daily[name] = daily[name].map("{:.2f} %".format)
daily

# %% [markdown]
# **Predict.** Which days are not as usual, and in which measure? Say it before you read on.
#
# Failures are easy: from the second Monday to its Thursday between 5.39 % and 10.50 % of turns failed, where 1.35 % was the worst day
# before. And `cents`? The dearest days are the first Sunday with 0.33 and both Saturdays with 0.31. Weekends, all of
# them, so there is nothing to see?
#
# ## Where
#
# The failures first. A number that moved has a place. Split it by one dimension after the other, and look for the value
# that moved while its sisters did not.

# %%
days = log["timestamp"].between("2026-10-12", "2026-10-16")
for name in ("region", "channel", "prompt_version", "intent"):
    rates = log[days].groupby(name)["failed"].mean().sort_values()
    print(f"{name}: {rates.tail(3).map('{:.1f} %'.format).to_dict()}")

# %% [markdown]
# Germany with 21.8 % and the app with 17.0 %. One of the two, or both? The intents differ as well, a little: 17.7 % of
# turns about privacy. Stop here and you may blame the wrong one. Split the split:

# %%
cells = log[days].pivot_table("failed", "region", "channel")
cells.map("{:.1f} %".format)

# %% [markdown]
# Neither Germany nor the app: the app *in Germany*, with 39.1 % where every other cell has 1.4 % at most. The web in
# Germany is as good as anywhere. And privacy was chance: with so few turns in each intent, one of twelve is always highest.
#
# ## What
#
# A third of turns failing can be an outage, a limit, a client gone mad. What do the turns themselves say? We take the
# timeouts of that slice, and one conversation in which there is one.

# %%
there = log[(log["region"] == "germany") & (log["channel"] == "app")]
lost = there[(there["error_type"] == "APITimeoutError") & there["cost"].notna()]
one = there[there["conversation_id"] == lost["conversation_id"].iloc[0]]
one.set_index("timestamp")[["response_time", "error_type", "cents"]].round(2)

# %% [markdown]
# Every 6.40 seconds the same question, in the same conversation. The client gives up, and asks again at once. The
# server answers each of them: there is a cost on every line. That is a retry storm. It is not people who ask once more
# hours later, which every log has, and not one user with a broken client:

# %%
print(f"{len(lost)} turns were given up, of {lost['user_id'].nunique()} users")
print(f"the busiest has {lost['user_id'].value_counts().iloc[0]}")

# %% [markdown]
# ## When
#
# A window has two ends. The form asks for both, and marks are given for the time that your window and the true one have
# in common. The storm leaves traces by which its ends can be read off:

# %%
ends = lost["timestamp"].min(), lost["timestamp"].max()
print(f"{ends[0]:%Y-%m-%d %H:%M} to {ends[1]:%Y-%m-%d %H:%M}")
before = there[there["timestamp"] < ends[0]]["timestamp"]
print(f"turns there in the ten hours before: {(before > '2026-10-11 23:00').sum()}")

# %% [markdown]
# Is 09:14 the beginning? At night hardly anybody asks, and a storm needs somebody to time out. It may have begun some hours
# earlier: the log cannot say more. State what you have seen.

# %% [markdown]
# ### Exercise 12.1
# Write `overlap(said, true)`: how far two windows are the same. Each is a pair of moments, from and to.
#
# 1. Divide the time that both have by the time that either has.
# 2. Return 0 where they do not meet.
#
# We call it with windows that the lesson does not show. Stuck? Run `hint("12.1")`.


# %% tags=["stub"]
def overlap(said, true):
    return ...  # your turn


# %% tags=["solution"]
def overlap(said, true):
    both = min(said[1], true[1]) - max(said[0], true[0])
    either = max(said[1], true[1]) - min(said[0], true[0])
    return max(0, both / either)


# %%
check("12.1", overlap)

# %% [markdown]
# ## What it cost
#
# A turn that was given up has cost money and time, and nobody had anything from it. So this sum is no estimate.

# %%
print(f"${lost['cost'].sum():.2f}, {len(lost)} failed turns")
print(f"{lost['response_time'].sum():,.0f} seconds of waiting")

# %% [markdown]
# \$1.69 for 641 turns: not much on two weeks of a small desk. 641 failed turns are, and so is what hides behind a second
# number that looks quite usual.
#
# ## The second one
#
# Nothing else fails. Waiting is as usual, and so are the tasks. There was one thing that we explained away: the dear
# weekend. A weekend is dear because other people ask other things. So hold alike against alike, and compare slices of the
# same day. **Predict**: what will a weekend do to two prompt versions that get the same questions?

# %%
tokens = log.groupby([log["timestamp"].dt.floor("D"), "prompt_version"])["input_tokens"]
tokens = tokens.median().unstack().astype(float)
tokens.loc["2026-10-09":"2026-10-18"].round(0)

# %%
title = "Do both prompts send the same number of tokens?"
ratio = (tokens["v3"] / tokens["v2"]).rename("v3").reset_index()
plots.timeline(ratio, "v3", title=title, unit="tokens of v3 for one of v2", every="1D")

# %% [markdown]
# The figure shows v3 sending as many tokens as v2 on every day but two: more on Friday, far more on Saturday, and on Sunday
# all is as it was.
#
# On the Saturday before, both were alike. So it is no weekend: prompt v3 grew, by some 700 tokens, and shrank again. Did
# the longer prompt complete more tasks?
#
# <!-- free: 700 -->

# %%
saturday = log[log["timestamp"].dt.day == 17]
solved = saturday.groupby("prompt_version")["solved"].mean()
print(solved.map("{:.1f} %".format).to_dict())

# %% [markdown]
# It did not: 70.2 % where the shorter one has 70.6 %. For the ends, a finer clock:

# %%
v3 = log[log["prompt_version"] == "v3"]
hours = v3.groupby(v3["timestamp"].dt.floor("3h"))["input_tokens"].median()
hours = hours.loc["2026-10-16 06:00":"2026-10-18 09:00"].astype(int)
print(wrapped(", ".join(f"{at:%d %H:%M} {number}" for at, number in hours.items())))

# %% [markdown]
# It began at about 15:00 on Friday, and ended in the night to Sunday, at an hour when few write.

# %% [markdown]
# ### Exercise 12.2
# What did the longer prompt cost, in US dollars? Take it as in place from 15:00 on 2026-10-16 to 03:00 on 2026-10-18, and
# 700 tokens long. To hold the cost of `v3` against that of `v2` would be the short way, and it misleads: in so few turns,
# `v3` also got the harder questions.
#
# <!-- free: 15:00, 03:00, 2026-10-16, 2026-10-18, 700 -->
#
# 1. Price the 700 tokens for each turn of `v3` in that time, by its model, with `price` and `Usage` as in
#    [[lesson cost_math]].
# 2. Do it twice: as if all of them came from the cache, which is the least, and as if none did.
# 3. Give the least and the most, as a pair.
#
# We check that the truth is in it and that it is narrow. Stuck? Run `hint("12.2")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
grown = v3[v3["timestamp"].between("2026-10-16 15:00", "2026-10-18 03:00")]
priced = grown[grown["cost"].notna()]
each = [Usage(700, cached, 0, 0, 0) for cached in (700, 0)]
when = priced["timestamp"].iloc[0]
answer = [
    sum(price(one, name, provider="openai", at=when).amount for name in priced["model"])
    for one in each
]

# %%
check("12.2", answer)

# %% [markdown]
# ## Handing it in
#
# What you know goes into the form. Its words are few, and the form lists them all: what, what to do, which experiment
# would prove that this helps, and what looks like this problem and is not. Here is the first problem.

# %%
storm = """
[[problem]]
what = "retry_storm"
where = { region = "germany", channel = "app" }
from = 2026-10-12T09:00:00Z
to = 2026-10-15T11:00:00Z
usd = [1.60, 1.80]
seconds = [4000, 4200]
failures = [630, 650]
unhelped = [-5, 5]
do = "back_off"
experiment = "users_failures"
ruled_out = ["asked_again"]
"""

# %% [markdown]
# An interval is worth the more the narrower it is, provided that the truth is in it. `unhelped` says that the storm changed
# nothing in how many conversations ended without help: those who were given up on were answered in the end. We hand it in,
# and beside it the form of somebody who had no time.

# %%
form = folder / "diagnosis.toml"
head = form.read_text(encoding="utf-8").partition("[[problem]]")[0]
LAZY = """
[[problem]]
what = "prompt_bloat"
where = { everywhere = true }
from = 2026-10-05
to = 2026-10-19
usd = [0, 100]
"""


def handed_in(text):
    form.write_text(head + text, encoding="utf-8")
    return graded(form, key).grade


# %%
for name, text in {"lazy": LAZY, "storm": storm, "both": storm + LAZY}.items():
    grade = handed_in(text)
    print(f"{name}: {grade.mark:g} of 100")

# %% [markdown]
# The lazy form named a problem that is really there, and got 5 marks for it. To say everything is to say nothing: a slice
# that is everywhere has no place, a window that is always has no time, and an interval from nothing to \$100 holds every
# truth. One problem of two, found and counted, is worth nearly half. Where did the rest of the half go?

# %%
for part in handed_in(storm).problems[1].parts[:4]:
    print(f"{part.name:6} {part.points:g}: {part.reason[:70]}")

# %% [markdown]
# Not everything that is lost is your mistake: the storm began at 01:00, when nobody was awake to see it. But whatever
# follows from a problem counts only as far as the problem was found, so look for the ends first and count afterwards.
#
# <!-- free: 01:00 -->
#
# ## Your own
#
# Now an incident that nobody has seen. With a teacher you get a folder. Without one, make it yourself, in a terminal:
#
#     chatmon simulate --surprise 3 --student YOU -o incident
#
# The key lies in the folder, sealed, and opens when your form is whole:
#
#     chatmon grade incident
#
# The seal keeps you from seeing the key by chance. It does not keep out somebody who takes the program apart; there is
# nobody to cheat but yourself. What counts is the form as it was when the key first opened. A hint costs nothing, and is
# counted: `chatmon course hint incident`.
#
# A plan for two hours, which is more than you will need for a first one:
#
# 1. Ten minutes: the table of days above, and what the quiet days look like.
# 2. For each measure that moved: where, then both ends, then the turns themselves.
# 3. For each measure that did *not* move: compare slices of the same day. The weekend hid something here.
# 4. `chatmon optimize` and `chatmon report`, as a second opinion, and to see what they do not say.
# 5. What it cost, with intervals that you would bet on.
# 6. Last, what you ruled out, and how.

# %% [markdown]
# ## Summary
#
# You began with what is usual, and let all measures speak. A number that moved has a place, and the place may be a pair of
# values of which each alone looks guilty. The turns themselves said what it was. A change hid behind a weekend, and came
# out when slices of the same day were held against each other. A diagnosis says what, where, when, how much, what to do
# and what it was not, and it is worth as much as it can be wrong.
#
# ## In practice
#
# - **Write down when you knew what.** An incident has a second life as a document: without blame, with times, and with what
#   was ruled out, so that nobody looks there again.
# - **Real logs hold no key.** What comes nearest is a log in which you have planted a problem yourself: can your dashboard
#   see it? `chatmon simulate` plants, and alerts and advice can be scored against it.
# - **Two causes may meet.** Mending one changes what the other costs, and their savings do not add up.
# - **The end is a finding too.** Something ended the storm. If nobody knows what, it comes back.
#
# ## Quiz
#
# 1. Failures rose in Germany and in the app. What do you do next?
#    - (a) report both slices
#    - (b) look at both at once, in a table with a cell for each pair
#    - (c) report the one with the higher rate
#
# <details>
# <summary>Answer</summary>
#
# (b): a pair of values can make each of its two look guilty. Not (a): the web in Germany was fine, and so was the app in
# France. Not (c): the higher rate is that of the value of which the pair is the larger part.
# </details>
#
# 2. A Saturday costs as much a turn as the Saturday before. Is all well?
#    - (a) yes, alike was held against alike
#    - (b) not surely: hold its slices against each other, too
#    - (c) no, weekends are dear
#
# <details>
# <summary>Answer</summary>
#
# (b): a mean can stay where it is while a slice moves and the mix moves against it. Not (a): days are alike, what they are
# made of need not be. Not (c): dear weekends are usual here.
# </details>
#
# 3. You are not sure what a problem cost. Which interval do you hand in?
#    - (a) the one that you would bet on
#    - (b) one so wide that it holds the truth for sure
#    - (c) one number, as it looks precise
#
# <details>
# <summary>Answer</summary>
#
# (a): it says what you know. Not (b): it is right whatever happened, so it says nothing. Not (c): a number that is beside
# the truth is wrong, and nobody can see how far you trusted it.
# </details>
#
# 4. From [[lesson optimizer_recommendations]]: an optimizer finds nothing to recommend. What follows?
#    - (a) it is broken
#    - (b) nothing is wrong with the bot
#    - (c) it found nothing large enough to be sure of
#
# <details>
# <summary>Answer</summary>
#
# (c): a small or short problem may be there all the same. Not (a): a tool that always finds something is a horoscope. Not
# (b): silence is no proof.
# </details>
#
# 5. From [[lesson alerting]]: which rule would have seen the storm first?
#    - (a) one on the share of failures, in its slice
#    - (b) one on the cost of a day
#    - (c) one on the satisfaction of users
#
# <details>
# <summary>Answer</summary>
#
# (a): a third of turns failed there. Not (b): the storm cost little money. Not (c): few users rate, and late.
# </details>
#
# ## Going further
#
# - There is no next lesson; what comes next is your own log, as in [[lesson your_own_logs]].
# - Google's [chapter on postmortems](https://sre.google/sre-book/postmortem-culture/): how an incident is written down.
# - [How a diagnosis is graded](../docs/teaching/capstone.md), point by point.
