# %% [markdown]
# # [[title]]
#
# **What you will do**: decide which of two days was bad, and why, and learn the words of the trade as you need them.
#
# **What you will learn**: say what a turn, a trace and a burn rate are, compute each number, and tell one that hides an
# incident from one that shows it.
#
# **What you need**: [Start here](00_start_here.ipynb), or a rough idea of what a notebook is.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## Two days
#
# Here are two days of a support bot. On one of them something went wrong, users waited for nothing, and nobody was told.
# Which of these two days would you have wanted to be woken for?
#
# The replies are real: a small model wrote each of them, and what you see of time, tokens and failures was measured. The
# users are made up: who asks what and when, and which ratings they give.
#
# This lesson is a glossary that runs. A term comes when the question needs it, in a box like this one:
#
# > **Turn**: one user message and the reply to it. In our table, one row.
# >
# > **Conversation**: the turns that belong together, in order. Its *length* is the number of its turns.
#
# How many turns would you want to see before you call a day good or bad?

# %%
from datetime import UTC, datetime, timedelta

import pandas as pd
from chatmon import estimates, plots
from chatmon.course import check, hint
from chatmon.paths import data_file
from chatmon.summary import summarise
from chatmon.turns import read_parquet, to_frame
from langsmith import Client
from langsmith.schemas import Run
from scipy.stats import chisquare

# %%
recorded = read_parquet(data_file("local_turns.parquet"))
turns = to_frame(recorded)
turns["day"] = turns["timestamp"].dt.day_name()
monday, tuesday = (turns[turns["day"] == day] for day in ("Monday", "Tuesday"))
for name, day in (("Monday", monday), ("Tuesday", tuesday)):
    conversations = day["conversation_id"].nunique()
    print(
        f"{name}: {len(day)} turns in {conversations} conversations, length {len(day) / conversations:.2f}"
    )

# %% [markdown]
# Much the same traffic on both days, and about two messages in a conversation. What we are about to do by hand, and
# what a machine should do all day, has a name:
#
# > **Performance monitoring**: watching the turns of a bot continuously (how fast, how good, how dear, how often it
# > fails), so that somebody finds out before the users complain.
#
# ## A number that hides it
#
# > **Response time**: seconds from the request to the *complete* reply, by a clock that never jumps.
# >
# > **Mean** = sum of the values ÷ n, where n is how many there are.
#
# The dashboard that most people build first shows the mean response time. Before you run this: by how much will the two
# days differ?

# %%
print("Monday: ", estimates.mean(monday["response_time"]).text("s"))
print("Tuesday:", estimates.mean(tuesday["response_time"]).text("s"))

# %% [markdown]
# On Tuesday the mean is 1.18 s, half a second more than on Monday. That is a number to shrug at: a reply within two
# seconds is fine, and this is well below. It also leaves open what happened. Did everybody wait half a second longer, or
# did a few get nothing at all? A mean is the same for both.
#
# > **Interval** (95 %): the range that the true value probably lies in, given how few values we have.
#
# What did the typical user wait, and what the unlucky one?
#
# > **Median**: the middle value; half of the values are below it. **p95**, the 95th percentile: 95 % of the values are
# > below it, so one turn in twenty took longer.
#
# <!-- free: 95 %, 95th -->

# %%
for name, day in (("Monday", monday), ("Tuesday", tuesday)):
    print(
        f"{name:<8} median {estimates.percentile(day['response_time'], 0.5).text('s')}"
    )
    print(
        f"{name:<8} p95    {estimates.percentile(day['response_time'], 0.95).text('s')}"
    )

# %% [markdown]
# The typical user noticed little: half of Tuesday's replies took 0.70 s or less, against 0.54 s. The unlucky ones are
# another story: p95 went from 1.76 s to 4.01 s, and the two intervals do not overlap. So it was not everybody, it was some,
# and for them it was bad. When?

# %%
plots.timeline(
    turns,
    "response_time",
    every="30min",
    how="median",
    unit="s",
    title="On Tuesday at 14:00 the typical reply took 3 seconds",
)

# %% [markdown]
# Each point is the median of half an hour, and one peak stands out: from 14:00 to 15:00 on Tuesday the typical reply took
# about three seconds. The rest of Tuesday looks like Monday. At night nobody wrote, so there is a gap.
#
# <!-- free: 14:00, 15:00 -->
#
# ## The hour
#
# > **Error rate** = failed turns ÷ turns. A turn has failed when its user got no usable reply.
#
# Our bot gives up on a reply after 4 seconds and says sorry. How many of that hour's users read that sentence?

# %%
hour = tuesday[tuesday["timestamp"].dt.hour == 14]
rest = turns.drop(hour.index)
for name, part in (("the hour", hour), ("all else", rest)):
    failed = part["error_type"].notna().sum()
    print(
        f"{name}: median {estimates.percentile(part['response_time'], 0.5).text('s')}"
    )
    print(
        f"{name}: {failed} failed, error rate {estimates.rate(failed, len(part)).text(digits=3)}"
    )

# %% [markdown]
# More than a third: 11 of 30 turns failed, and the median is 3.13 s where it is otherwise 0.57 s. The interval of the
# error rate, 0.219 to 0.545, is wide because the turns are few, and still it lies far above the one failure in the other
# 323. The mean of the day had all of this in it, and showed half a second.
#
# A monitor prints all of this for any period, with an interval and an n beside every number. This is the hour:

# %%
start = datetime(2026, 10, 6, 14, tzinfo=UTC)
end = start + timedelta(hours=1)
summarise(
    [turn for turn in recorded if start <= turn.timestamp < end], since=start, until=end
)

# %% [markdown]
# We shall come to every line of it. Two things to notice now: 11 turns reported no tokens, so their tokens are unknown
# and not 0; and the p95 has no upper end, only a question mark. Why is that?
#
# ## A percentile that is wrong
#
# The tracker that many bots start with computes p95 like this: sort the values, and take the one at position
# `int(0.95 * n)`. It looks right. We try it where the truth is known: of the numbers from 1 to 100, ninety-five are 95
# or less, so p95 is that or a little above. And what would it say of twenty replies, when one of them hangs?
#
# <!-- free: 95 -->


# %%
def index_p95(values):
    return sorted(values)[int(0.95 * len(values))]


for name, values in (
    ("1 to 100", [*range(1, 101)]),
    ("1 to 20", [*range(1, 21)]),
    ("1 to 19 and 900", [*range(1, 20), 900]),
):
    estimate = estimates.percentile(values, 0.95).text(digits=2)
    print(
        f"{name:<15} index {index_p95(values):>3}, largest {max(values):>3}, percentile {estimate}"
    )

# %% [markdown]
# Of 1 to 100 the index says 96: one too far, because Python counts from 0. Of twenty values it is always the largest
# one, whatever that is: one reply that hangs makes it 900.
#
# > **Percentile** q of n sorted values: what stands at position q × (n − 1), counted from 0; between two values, in
# > proportion.
#
# That gives 19.05, and 63.05 with the hanging reply. More important is its interval: twenty values have no upper bound
# for a p95, and it prints a question mark. That is the honest answer: ask for more turns, or for the median.

# %% [markdown]
# ### Exercise 1.1
# How slow was Tuesday afternoon?
#
# 1. Select the turns of Tuesday from 12:00 on (`timestamp` is in UTC).
# 2. Compute the p95 of their `response_time`, in seconds.
#
# We check the number. Stuck? Run `hint("1.1")` in a cell of its own.
#
# <!-- free: 12:00 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
afternoon = tuesday[tuesday["timestamp"].dt.hour >= 12]
answer = estimates.percentile(afternoon["response_time"], 0.95).value

# %%
check("1.1", answer)

# %% [markdown]
# ## An alarm that never sleeps
#
# You want to be woken for slow turns. What is slow? A popular rule takes the threshold from the data: a turn is slow if
# it is above the 90th percentile of its day. How many slow turns will it find on quiet Monday?
#
# <!-- free: 90th -->

# %%
for name, day in (("Monday", monday), ("Tuesday", tuesday)):
    slow = day["response_time"] > day["response_time"].quantile(0.9)
    print(f"{name}: {slow.sum()} slow turns of {len(day)}, {slow.mean():.0%}")

# %% [markdown]
# It "finds" 10 % on both days, and would find them on any day that ever was: a tenth of the values is above that
# percentile because that is what the words mean. An alarm that cannot say *all is well* carries no information.
#
# The way out is to say beforehand what a user may expect, in seconds, and to hold every day against it.
#
# > **Good turn**: answered without an error within 2 seconds. This is a choice; make yours before the incident.
# >
# > **Objective**: the share of turns that should be good, such as 99 %.
# >
# > **Error budget** = (1 − objective) × turns: how many turns may go wrong before the promise is broken.
#
# <!-- free: 99 % -->

# %%
turns["bad"] = turns["error_type"].notna() | (turns["response_time"] > 2)
for day, bad in turns.groupby("day")["bad"]:
    print(f"{day}: {bad.sum()} bad turns, the budget of 99 % is {0.01 * len(bad):.1f}")

# %% [markdown]
# Two things to see. Tuesday spent its budget many times over: 32 bad turns, where 1.7 were allowed. And Monday, which was
# quiet, broke the promise as well, with 5 against 1.8. Then 99 % within two seconds is more than this bot can keep on a
# good day. Either make it faster or promise less; an objective that is always broken is an alarm that never sleeps again.
#
# Budgets are for weeks, alarms for minutes. What tells you in the middle of it?
#
# > **Burn rate** = share of bad turns ÷ (1 − objective): how many times faster than allowed the budget is spent. At 1
# > it lasts exactly as long as planned; at 10, a budget for 30 days is gone after 3.
#
# <!-- free: 10, 30 -->

# %%
by_hour = turns.groupby(turns["timestamp"].dt.floor("h"))["bad"].agg(
    ["sum", "count", "mean"]
)
by_hour["burn_rate"] = by_hour["mean"] / 0.01
worst = by_hour.sort_values("burn_rate", ascending=False).head(3)
print(worst.round(2).to_string())
print(f"above 14.4: {(by_hour['burn_rate'] > 14.4).sum()} of {len(by_hour)} hours")
print(
    f"at the worst, a budget for 30 days lasts {30 * 24 / by_hour['burn_rate'].max():.1f} hours"
)

# %% [markdown]
# At a burn rate of 90.0 a month's budget is gone in 8.0 hours. A common rule wakes somebody at 14.4, which is the rate that
# spends 2 % of a month's budget in an hour. Of the 20 hours it picks one, and the right one. The runner-up, at 10.0, is a
# single bad turn among ten: so few turns make any rate jump, and a good rule also asks for a minimum of turns.
#
# <!-- free: 2 % -->

# %%
monday, tuesday = (turns[turns["day"] == day] for day in ("Monday", "Tuesday"))
parts = {
    "Monday": monday,
    "Tuesday, 14:00": tuesday.loc[hour.index],
    "Tuesday, the rest": tuesday.drop(hour.index),
}
shares = {
    name: estimates.rate(part["bad"].sum(), len(part)) for name, part in parts.items()
}
plots.bars(
    {name: 100 * share.value for name, share in shares.items()},
    intervals={
        name: (100 * share.low, 100 * share.high) for name, share in shares.items()
    },
    title="Nine turns in ten were bad in that hour, and about one in thirty elsewhere",
    unit="%",
    what="Bad turns",
    digits=1,
)

# %% [markdown]
# In the hour 90.0 % of the turns were bad; on Monday 2.8 % were, in the rest of Tuesday 3.5 %, and their
# intervals overlap. So this is the answer to the question at the top: you would have wanted to be woken on Tuesday, a
# few minutes after two, and at no other time. And what would you have found? Another program kept every core of the bot's machine busy for that
# hour, as a careless batch job might. No number of the bot names the cause, but the right ones send you looking in time.

# %% [markdown]
# ### Exercise 1.2
# The team finds 99 % too strict and would promise 95 %. Would the hour still have woken somebody?
#
# 1. Take the bad turns of the hour from 14:00 to 15:00 on Tuesday (`turns.loc[hour.index, "bad"]`).
# 2. Compute the burn rate for an objective of 95 %.
#
# We check the number. Stuck? Run `hint("1.2")`.
#
# <!-- free: 14:00, 15:00, 95 % -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = turns.loc[hour.index, "bad"].mean() / (1 - 0.95)

# %%
check("1.2", answer)

# %% [markdown]
# ## Inside one turn
#
# The hour was slow. Where did the time go: in the search, in the model, in the waiting line? A table with one row a turn
# cannot say. For that, one looks inside.
#
# > **Trace**: everything that happened for one message, as a tree of steps. **Run** (LangSmith's word) or **span**
# > (OpenTelemetry's): one step of it, with a start, an end, and the step that called it, its *parent*. The step without
# > a parent is the *root*.
# >
# > **Token**: a piece of a word, the unit in which a model reads (*input tokens*) and writes (*output tokens*), and in
# > which hosted models are paid. *Cached tokens* are the part of the input that the provider had read before.
#
# We write one trace by hand: a message comes in, the bot looks it up, has the model rephrase the question, and then
# has it write the reply. As in most tools, the root carries the tokens of all that happened below it.

# %%
trace = pd.DataFrame(
    [
        ("1", None, "message", "chain", 0.00, 0.86, 352),
        ("2", "1", "look it up", "retriever", 0.01, 0.04, 0),
        ("3", "1", "rephrase", "llm", 0.05, 0.31, 72),
        ("4", "1", "write the reply", "llm", 0.32, 0.85, 280),
    ],
    columns=["run_id", "parent_run_id", "name", "run_type", "start", "end", "tokens"],
)
trace["seconds"] = trace["end"] - trace["start"]
trace

# %% [markdown]
# How many tokens did this message take? The seemingly obvious line of code adds up the column.

# %%
root, calls = trace["parent_run_id"].isna(), trace["run_type"] == "llm"
for name, part in (("all runs", trace), ("root", trace[root]), ("calls", trace[calls])):
    print(f"{name}: {part['tokens'].sum()} tokens, {part['seconds'].sum():.2f} s")

# %% [markdown]
# All runs together have 704 tokens, the message took 352: root and children counted together count everything twice,
# tokens, seconds and money. Take the root, or take the calls of the model, never both. In this course a turn is the
# root: its response time is 0.86 s and its tokens are 352.
#
# The tree also says where the time went: into writing the reply. A user sees a streamed reply before that is over.
#
# > **Time to first token**: seconds from the request to the first piece of the reply. Missing where a reply was not
# > streamed, or never came.

# %%
for name, part in (("the hour", hour), ("all else", rest)):
    first = part["time_to_first_token"].dropna()
    print(
        f"{name}: {estimates.percentile(first, 0.5).text('s')}, missing in {len(part) - len(first)} turns"
    )

# %% [markdown]
# In the hour the first piece took 1.59 s to come, against 0.26 s: six times as long before anything was on the screen. None
# is missing, which tells us something else: even the turns that failed had begun. Their users watched a reply start,
# stop, and turn into an apology.
#
# ## What the tokens are spent on
#
# > **Token usage optimisation**: getting the same quality for fewer or cheaper tokens. First see where they go: by
# > prompt version, by position in the conversation, by input and output.
#
# The bot has two versions of its prompt, `v1` and `v2`; v2 shows the model six examples before each question. Which of
# them reads more for each token that it writes?

# %%
for version, part in turns.groupby("prompt_version"):
    tokens = part[["input_tokens", "cached_tokens", "output_tokens"]].sum()
    print(
        f"{version}: {tokens['input_tokens'] / tokens['output_tokens']:.1f} input tokens per output token,",
        end=" ",
    )
    print(f"{tokens['cached_tokens'] / tokens['input_tokens']:.0%} of the input cached")
print(
    f"without tokens: {turns['input_tokens'].isna().sum()} turns, with a cost: {turns['cost'].notna().sum()}"
)

# %% [markdown]
# v2 reads 21.8 tokens for each one it writes, v1 only 2.3. Is v2 therefore dear? 90 % of its input is cached, because the
# examples are the same every time, and cached tokens are the cheap ones. A ratio tells you where to look, not what to do.
# The 12 failed turns reported no tokens at all, so every sum here is a lower bound.
#
# > **Cost** = tokens × price, for each kind of token, at the price of that day.
#
# No turn here has a cost. The model ran on our own machine, nobody published a price for it, and *unknown is not zero*:
# a table that says zero invites somebody to add it up. Lesson 3 is about money.
#
# ## Was it any good?
#
# A bot can be fast, cheap and useless.
#
# > **Response quality metrics**: numbers that stand in for "was this reply good?". We have three.
# >
# > *Context relevance*, from zero to one: how near in meaning the reply is to the question. It sees the subject, not
# > the truth.
# >
# > *Task completion rate* = turns whose reply holds the required facts ÷ turns.
# >
# > *Satisfaction*: the mean of the ratings from one to five, with its *response rate* = rated turns ÷ turns.
# >
# > **Feedback**: a judgement that is attached to a turn later, such as a user's rating or a reviewer's note.

# %%
for name, day in (("Monday", monday), ("Tuesday", tuesday)):
    rated = day["user_satisfaction"].dropna()
    relevance, completed = day["context_relevance"].mean(), day["task_completed"].mean()
    print(
        f"{name}: relevance {relevance:.2f}, completed {completed:.0%}, satisfaction {estimates.mean(rated).text()}"
    )

# %% [markdown]
# Not one of the three shows the incident. Completion goes from 52 % to 50 %. Satisfaction falls by less than its
# interval is wide. Relevance is even *better* on the bad day, and it is blind by its nature: a failed turn has no reply to compare, so
# it drops out, and the mean is taken over those who were served. Before you believe a mean, ask who is in it.

# %% [markdown]
# ### Exercise 1.3
# How many of Tuesday's turns do these ratings speak for?
#
# 1. Count the turns of `tuesday` that were rated: those where `user_satisfaction` is not missing.
# 2. Give their share of Tuesday's turns, between zero and one.
#
# We check the number. Stuck? Run `hint("1.3")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = tuesday["user_satisfaction"].notna().mean()

# %%
check("1.3", answer)

# %% [markdown]
# Turns are not people. Somebody with four good replies and one bad one has had a bad conversation.
#
# > **Conversation analytics**: asking of many conversations what people want, where they get stuck, and how often they
# > get what they came for.
#
# The `intent` of a turn says what it was about. Which subject goes wrong most often?

# %%
for day, part in turns.groupby("day"):
    hit = part.groupby("conversation_id")["bad"].any()
    print(f"{day}: {hit.mean():.0%} of {len(hit)} conversations hit a bad turn")
by_intent = (
    turns.groupby("intent")["task_completed"].agg(["mean", "count"]).sort_values("mean")
)
print(by_intent.iloc[[0, 1, 2, -1]].round(2).to_string())

# %% [markdown]
# 18 % of Tuesday's conversations were hit, against 4 % of Monday's. By subject, `moving` and `privacy` fare worst. But they
# have 9 turns each; `out_of_scope` has 48, so that is where the work would pay.

# %% [markdown]
# ## Which prompt is better?
#
# > **Prompt version**: one exact wording of the prompt, with a name that every turn records.
# >
# > **Variant**: one of the alternatives of an *experiment*, to which conversations are assigned by chance. Here the
# > variants are the two prompt versions.
# >
# > **Guardrail**: a number that must not get worse while you improve another one.
#
# We hope that v2 completes more tasks. The guardrail is bad turns: a prompt that is several times as long could
# make replies slow.

# %%
for version, part in turns.groupby("prompt_version"):
    completed = estimates.rate(int(part["task_completed"].sum()), len(part))
    print(
        f"{version}: completed {completed.text()}, relevance {part['context_relevance'].mean():.2f}"
    )
    print(
        f"{version}: bad       {estimates.rate(int(part['bad'].sum()), len(part)).text()}"
    )

# %% [markdown]
# Prompt v2 completes 0.96 of its tasks against 0.15 for v1, and the intervals are worlds apart. The guardrail holds: v2 has no
# more bad turns than v1. But look at relevance: by that number v1 wins, 0.49 to 0.35. It talks about the subject, at length, and leaves out
# the fact that the customer needed. With relevance as the only measure, you would have kept the wrong prompt.
#
# One question comes before any such comparison: are these the conversations that were assigned, or only those that
# arrived?
#
# > **Sample ratio mismatch**: the variants have other shares than planned, by more than chance explains. Formula:
# > χ² = Σ (counted − expected)² ÷ expected, and its p is how often chance alone would do at least that.
#
# The plan was half and half. Now suppose an export loses every conversation with a record that is too long for it: more
# than 400 input tokens. Nobody chose that by variant. Will the shares stay?
#
# <!-- free: 400 -->

# %%
assigned = turns.groupby("conversation_id").agg(
    version=("prompt_version", "first"), longest=("input_tokens", "max")
)
exported = assigned[~(assigned["longest"] > 400).fillna(False)]
for name, part in (("recorded", assigned), ("exported", exported)):
    counts = part["version"].value_counts().sort_index()
    print(f"{name}: {counts.to_dict()}, p = {chisquare(counts).pvalue:.6f}")

# %% [markdown]
# As recorded there are 111 and 89 conversations: crooked to the eye, and a fair coin does this about once in eight times.
# In the export v1 has all of its conversations and v2 has 58, with p = 0.000046: chance does this once in
# twenty thousand times. v2's prompt is long, so its conversations reach the limit after a message or two, and the export
# keeps only the shortest of them. Any comparison of the variants in it compares long conversations with short ones.
#
# The usual alarm is p below 0.001, checked before anybody looks at a result. When it sounds, the result is not adjusted;
# it is not shown, and somebody looks for the leak.
#
# <!-- free: 0.001 -->

# %% [markdown]
# Here are five experiments, each with its plan and with how many users were counted in each variant. Look at them, and
# pick those that you would not trust before you compute anything.

# %%
experiments = {
    "greeting": ([0.5, 0.5], [5050, 4950]),
    "tone": ([0.5, 0.5], [60, 40]),
    "refusal": ([0.5, 0.5], [10_400, 9_600]),
    "cheaper model": ([0.9, 0.1], [9025, 975]),
    "retrieval": ([0.9, 0.1], [8850, 1150]),
}

# %% [markdown]
# ### Exercise 1.4
# Which of the five have a sample ratio mismatch?
#
# 1. Compute for each the p of a chi-square test of the counts against what its plan leads to expect.
# 2. Give the names of those with a p below 0.001, as a list or a set.
#
# We check the names. Stuck? Run `hint("1.4")`.
#
# <!-- free: 0.001 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = []
for name, (plan, counts) in experiments.items():
    expected = [share * sum(counts) for share in plan]
    if chisquare(counts, expected).pvalue < 0.001:
        answer.append(name)

# %%
check("1.4", answer)

# %% [markdown]
# ## The two platforms
#
# Two names come up wherever people talk of monitoring a bot. Both are hosted services; we need no account for what
# follows, and this course works without either.
#
# > **LangSmith**: LangChain's platform for watching and judging LLM applications. It stores traces, lets you search
# > them, attaches feedback, and runs a bot against sets of examples.
# >
# > **Langtail**: a platform for managing and testing prompts. It keeps their versions, deploys a version to an
# > *environment* such as production, and runs tests of a prompt on cases. It splits no traffic and has no interface for
# > experiments: you assign the variants and count the outcomes.
#
# | our word | OpenTelemetry | LangSmith | Langtail |
# |---|---|---|---|
# | conversation | `gen_ai.conversation.id` | thread | thread |
# | turn | root span | root run | message and its request log |
# | run, span | span | run | none |
# | response time | duration of the root span | `run.latency` | in its pages |
# | time to first token | a metric of its own | `first_token_time` minus `start_time` | none |
# | tokens | `gen_ai.usage.input_tokens`, `.output_tokens` | `run.prompt_tokens`, `.completion_tokens` | `usage` of the reply |
# | feedback | an evaluation event | feedback, by `create_feedback` | none |
# | prompt version | an attribute of yours | commit of a prompt | version, deployed to an environment |
# | variant | an attribute of yours | metadata of yours | metadata of yours |
#
# Names like these are easily made up, by people and by models. The package is installed here, so ask it. Three of
# the six names below look as right as the others and do not exist. Which?

# %%
asked = [(Run, "total_time"), (Run, "usage"), (Client, "log_feedback")]
asked += [(Run, "latency"), (Run, "total_tokens"), (Client, "create_feedback")]
for owner, name in asked:
    print(
        f"{owner.__name__}.{name}: {hasattr(owner, name) or name in getattr(owner, 'model_fields', ())}"
    )

# %% [markdown]
# The first three do not exist, the other three do. Code that asks for `run.usage` behind a `hasattr` runs without an
# error and reports no tokens for ever.

# %% [markdown]
# ## All terms in one table
#
# To come back to. The section says where this lesson computes it, the last column where the course goes on with it.
#
# | term | in a line | here | goes on in |
# |---|---|---|---|
# | performance monitoring | watching speed, quality, cost and errors all the time | [Two days](#Two-days) | every lesson |
# | conversation analytics | what users want and where they get stuck, over many conversations | [Was it any good?](#Was-it-any-good?) | later: analysis |
# | turn, conversation | a message and its reply; the turns that belong together | [Two days](#Two-days) | [lesson 2](02_instrumented_chat.ipynb) |
# | response time | seconds from the request to the complete reply | [A number that hides it](#A-number-that-hides-it) | [lesson 2](02_instrumented_chat.ipynb) |
# | median, p95, interval, n | half, 95 % of the values are below; how sure; from how many | [A number that hides it](#A-number-that-hides-it) | every lesson |
# | error rate | failed turns ÷ turns | [The hour](#The-hour) | [lesson 2](02_instrumented_chat.ipynb) |
# | objective, error budget | the share of good turns promised; (1 − objective) × turns | [An alarm that never sleeps](#An-alarm-that-never-sleeps) | later: alerts |
# | burn rate | share of bad turns ÷ (1 − objective) | [An alarm that never sleeps](#An-alarm-that-never-sleeps) | later: alerts |
# | trace, run, span | the tree of steps behind one message; one step of it | [Inside one turn](#Inside-one-turn) | later: LangSmith |
# | time to first token | seconds from the request to the first piece of the reply | [Inside one turn](#Inside-one-turn) | [lesson 2](02_instrumented_chat.ipynb) |
# | token, cached token | a piece of a word; one that the provider had read before | [Inside one turn](#Inside-one-turn) | [lesson 3](03_cost_math.ipynb) |
# | token usage optimisation | the same quality for fewer or cheaper tokens | [What the tokens are spent on](#What-the-tokens-are-spent-on) | [lesson 3](03_cost_math.ipynb) |
# | cost | tokens × price, by kind of token and day | [What the tokens are spent on](#What-the-tokens-are-spent-on) | [lesson 3](03_cost_math.ipynb) |
# | response quality metrics | relevance, task completion, satisfaction | [Was it any good?](#Was-it-any-good?) | [lesson 2](02_instrumented_chat.ipynb) |
# | feedback, response rate | a judgement added later; rated turns ÷ turns | [Was it any good?](#Was-it-any-good?) | [lesson 2](02_instrumented_chat.ipynb) |
# | prompt version, variant | one exact wording; an alternative assigned by chance | [Which prompt is better?](#Which-prompt-is-better?) | later: experiments |
# | guardrail | what must not get worse while something else improves | [Which prompt is better?](#Which-prompt-is-better?) | later: experiments |
# | sample ratio mismatch | shares other than planned, by more than chance explains | [Which prompt is better?](#Which-prompt-is-better?) | later: experiments |
# | LangSmith | platform for traces, feedback and evaluation | [The two platforms](#The-two-platforms) | later: LangSmith |
# | Langtail | platform for prompt versions and prompt tests | [The two platforms](#The-two-platforms) | later: experiments |
#
# ## Summary
#
# The mean of Tuesday was half a second higher, and nobody would have got up for it. The median said that most users were
# fine, the p95 that some were not, the timeline when, and the error rate how badly: 11 of 30 turns failed in one hour. A
# threshold taken from the day itself found 10 % on both days. A promise made beforehand, with its budget and burn rate,
# tells the two apart. And some numbers that sound like quality did not notice anything.
#
# ## In practice
#
# - Write `n` beside every number. Most arguments about dashboards are about too few turns.
# - There are several right definitions of a percentile, and they differ by a fraction of the gap between two values.
#   Choose one; never the index.
# - A failed turn has a response time too: the time until it failed. Leave it out and the worst turns vanish from the p95.
# - Turns of one conversation resemble each other, so the intervals here are a little too narrow. For a decision between
#   variants, count conversations.
# - An objective that every user notices is worth more than five that nobody remembers.
#
# ## Quiz
#
# <!-- free: 10 %, 90th, 95 %, 3.9, 4.3, 30 % -->
#
# 1. p95 of fifteen response times is 9 s. What do you know?
#    - (a) 95 % of users wait less than 9 s
#    - (b) hardly more than how slow the slowest one or two were
#    - (c) the bot is slow
#
# <details>
# <summary>Answer</summary>
#
# (b): of fifteen values, p95 lies between the two largest, and it has no upper bound. Not (a): that would need many more turns.
# Not (c): the other turns may all have been fast; the median would tell.
# </details>
#
# 2. A dashboard marks every conversation above the 90th percentile of cost as "expensive". This week it marks 10 %
#    of them. What follows?
#    - (a) nothing
#    - (b) a tenth of the conversations cost too much
#    - (c) costs are rising
#
# <details>
# <summary>Answer</summary>
#
# (a): it marks a tenth of any week, a good one too. Not (b): "too much" needs an amount that was chosen beforehand. Not
# (c): if all costs doubled, it would mark as many.
# </details>
#
# 3. A trace has a root and three model calls below it. You add up `total_tokens` over all four runs. What do you
#    get?
#    - (a) the tokens of the message
#    - (b) twice the tokens of the message
#    - (c) four times
#
# <details>
# <summary>Answer</summary>
#
# (b): the root carries the sum of its calls, and you add the calls once more. Not (a): that is the root alone, or the
# calls alone. Not (c): each token stands in two runs, its call and the root, not in four.
# </details>
#
# 4. Mean satisfaction went from 3.9 to 4.3 after a release, and the response rate fell from 30 % to 10 %. Users are
#    happier:
#    - (a) yes
#    - (b) no
#    - (c) one cannot tell
#
# <details>
# <summary>Answer</summary>
#
# (c): other people may be rating now, or those who were unhappy may have left. Not (a): the mean speaks for a tenth of the
# turns. Not (b): it may be true all the same; the numbers do not say.
# </details>
#
# 5. Your objective is 99 %, and for an hour now the burn rate has been 1. What do you do?
#    - (a) get up
#    - (b) nothing
#    - (c) loosen the objective
#
# <details>
# <summary>Answer</summary>
#
# (b): at 1 the budget lasts exactly as long as planned, so all is well. Not (a): nothing is lost faster than agreed. Not
# (c): it is being kept.
# </details>
#
# ## Going further
#
# - [An instrumented chat](02_instrumented_chat.ipynb), the next lesson: where the numbers of a turn come from, and six
#   ways to get them wrong.
# - Google's [chapter on service level objectives](https://sre.google/sre-book/service-level-objectives/) and its
#   [workbook on alerting by burn rate](https://sre.google/workbook/alerting-on-slos/), where error budgets come from.
# - Hyndman and Fan, [Sample quantiles in statistical
#   packages](https://doi.org/10.1080/00031305.1996.10473566): nine definitions of a percentile, compared.
# - Fabijan and others, [Diagnosing sample ratio mismatch in online controlled
#   experiments](https://doi.org/10.1145/3292500.3330722).
# - OpenTelemetry's [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/), and the
#   concepts of [LangSmith](https://docs.langchain.com/langsmith/observability-concepts).
