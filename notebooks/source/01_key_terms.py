# %% [markdown]
# # [[title]]
#
# **What you will do**: decide which of two days was bad, and why, and learn the words of the trade as you need them.
#
# **What you will learn**: say what the words of monitoring mean, compute each number, and tell a number that hides an
# incident from one that shows it.
#
# **What you need**: [[start_here]], and a little pandas: selecting rows, `groupby`, `agg`. Fifteen minutes with
# [Before you start](../docs/before_you_start.md) are enough.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## Two days
#
# Here are two days of a support bot. On one of them something went wrong, users waited in vain, and nobody was told.
# Which of these two days would you have wanted to be woken for?
#
# The replies are real: a small model wrote each of them, and their times, tokens and failures were measured. The users
# are made up: what they ask, and when, and how they rate it.
#
# This lesson is a glossary that runs. A term comes when the question needs it, in a box like this one. (A *turn* you have
# met in [[lesson start_here]]: one message and its reply, one row of our table.)
#
# > **Conversation**: the turns that belong together, in order. Its *length* is the number of its turns.
#
# How many turns would you want to see before you call a day good or bad?

# %%
from datetime import UTC, datetime, timedelta

from chatmon import estimates, plots
from chatmon.analysis import prepare_dashboard_data
from chatmon.lab import data_file
from chatmon.lab.course import check, hint
from chatmon.live import summarise
from chatmon.turns import read_parquet, to_frame

# %%
recorded = read_parquet(data_file("local_turns.parquet"))
turns = to_frame(recorded)
turns["day"] = turns["timestamp"].dt.day_name()
monday, tuesday = (turns[turns["day"] == day] for day in ("Monday", "Tuesday"))
days = {"Monday": monday, "Tuesday": tuesday}
for name, day in days.items():
    conversations = day["conversation_id"].nunique()
    print(f"{name}: {len(day)} turns in {conversations} conversations,", end=" ")
    print(f"length {len(day) / conversations:.2f}")

# %% [markdown]
# Much the same traffic on both days, and about two messages in a conversation. What we are about to do by hand, and
# what a machine should do all day, has a name:
#
# > **Performance monitoring**: watching the turns of a bot all the time (how fast, how good, how dear, how often it
# > fails), so that somebody finds out before the users complain.
#
# ## A number that hides it
#
# > **Response time**: seconds from the request to the *complete* reply, by a clock that never jumps.
#
# The dashboard that most people build first shows the mean response time. Before you run this: by how much will the two
# days differ?

# %%
for name, day in days.items():
    print(f"{name:<7} mean {estimates.mean(day['response_time']).text('s')}")

# %% [markdown]
# On Tuesday the mean is 1.18 s, half a second more than on Monday. That is a number to shrug at: a reply within two
# seconds is fine, and this is well below. It also leaves open what happened. Did everybody wait half a second longer, or
# did a few get nothing at all? The mean may be the same.
#
# The brackets say how sure we can be, and *n* is the number of values:
#
# > **Interval** (95 %): the range that the true value probably lies in, given how few values we have.
#
# How long did the typical user wait, and how long the unlucky one?
#
# > **Percentile**: a value that a given share of all values lies below. The *median* is the 50th: half of the turns were
# > faster. *p95* is the 95th: one turn in twenty took longer.
#
# <!-- free: 95 %, 50th, 95th -->

# %%
for name, day in days.items():
    for what, share in (("median", 0.5), ("p95", 0.95)):
        found = estimates.percentile(day["response_time"], share)
        print(f"{name:<7} {what:<6} {found.text('s')}")

# %% [markdown]
# The typical user noticed little: half of Tuesday's replies took 0.70 s or less, against 0.54 s. The unlucky ones are
# another story: p95 went from 1.76 s to 4.01 s, and the two intervals do not overlap. So some users waited long, and most
# did not. When?

# %%
plots.timeline(
    turns,
    "response_time",
    every="30min",
    how="median",
    unit="s",
    title="When was Tuesday slow?",
)

# %% [markdown]
# From 14:00 to 15:00 on Tuesday the typical reply took about three seconds: each point is the median of half an hour, and
# one peak stands out. The rest of Tuesday looks like Monday. At night nobody wrote, so there is a gap.
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
    median = estimates.percentile(part["response_time"], 0.5)
    failed = part["error_type"].notna().sum()
    error_rate = estimates.rate(failed, len(part))
    print(f"{name}: median {median.text('s')}")
    print(f"{name}: {failed} failed, error rate {error_rate.text(digits=3)}")

# %% [markdown]
# More than a third: 11 of 30 turns failed, and the median is 3.13 s where it is otherwise 0.57 s. The interval of the
# error rate, 0.219 to 0.545, is wide because the turns are few, and still it lies far above the rate of all else, where one
# turn of 323 failed. The mean of the day had all of this in it, and showed half a second.
#
# A monitor prints such numbers for any period, with an interval and an n beside each. This is the hour:

# %%
start = datetime(2026, 10, 6, 14, tzinfo=UTC)
end = start + timedelta(hours=1)
in_the_hour = [turn for turn in recorded if start <= turn.timestamp < end]
summarise(in_the_hour, since=start, until=end)

# %% [markdown]
# Two things to notice: 11 turns reported no tokens, so their tokens are unknown and not 0; and the p95 has no upper end,
# only a question mark. Why is that?
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


lists = {
    "1 to 100": range(1, 101),
    "1 to 20": range(1, 21),
    "1 to 19 and 900": [*range(1, 20), 900],
}
for name, values in lists.items():
    print(
        f"{name:<15} index {index_p95(values):>3}, largest {max(values):>3},", end=" "
    )
    print(f"percentile {estimates.percentile(values, 0.95).text()}")

# %% [markdown]
# Of 1 to 100 the index says 96: one too far, because Python counts from 0. Of twenty values it is always the largest
# one, whatever that is: one reply that hangs makes it 900.
#
# The percentile q of n sorted values stands at position q × (n − 1), counted from 0; between two values, in proportion.
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
for name, day in days.items():
    slow = day["response_time"] > day["response_time"].quantile(0.9)
    print(f"{name}: {slow.sum()} slow turns of {len(day)}, {slow.mean():.0%}")

# %% [markdown]
# It "finds" 10 % on both days, and would find them on any day that ever was: a tenth of the values is above that
# percentile because that is what the words mean. An alarm that cannot say *all is well* carries no information.
#
# The way out is to say beforehand what a user may expect, in seconds, and to hold every hour against it.
#
# > **Good turn**: answered without an error within 2 seconds; any other is bad. This is a choice: make yours before the
# > incident.
#
# How much worse was the hour, by this measure, than a quiet day?


# %%
def bad(part):
    return part["error_type"].notna() | (part["response_time"] > 2)


parts = {
    "Monday": monday,
    "Tuesday, 14:00": hour,
    "Tuesday, the rest": tuesday.drop(hour.index),
}
shares = {
    name: estimates.rate(bad(part).sum(), len(part)) for name, part in parts.items()
}
for name, share in shares.items():
    print(f"{name:<17} bad turns {share.text(digits=3)}")

# %%
plots.bars(
    {name: 100 * share.value for name, share in shares.items()},
    intervals={n: (100 * share.low, 100 * share.high) for n, share in shares.items()},
    title="Nine turns in ten were bad in that hour, and about one in thirty elsewhere",
    unit="%",
    what="Bad turns",
    digits=1,
)

# %% [markdown]
# In the hour 90.0 % of the turns were bad; on Monday 2.8 % were, in the rest of Tuesday 3.5 %, and the intervals of these
# two overlap. So this is the answer to the question at the top: you would have wanted to be woken on Tuesday, a few
# minutes after two, and at no other time.
#
# And what would you have found? Another program kept every core of the bot's machine busy for that hour, as a careless
# batch job might. No number of the bot names the cause, but the right ones send you looking in time. How many bad turns
# should wake somebody is a question for [[lesson alerting]], and where the time goes inside a turn one for
# [[lesson langsmith_analysis]].

# %% [markdown]
# ## What the tokens are spent on
#
# > **Token usage optimisation**: getting the same quality for fewer or cheaper tokens. First see where they go: by
# > prompt, by position in the conversation, by input and output.
#
# The bot has two prompts, `v1` and `v2`; v2 shows the model six examples before each question. Part of what a model reads
# it has read a moment ago, and keeps: such tokens come *from the cache*, and hosted services charge less for them. Which
# prompt makes it read more for each token that it writes?

# %%
counts = ["input_tokens", "cached_tokens", "output_tokens"]
for version, part in turns.groupby("prompt_version"):
    read, cached, written = part[counts].sum()
    print(f"{version}: {read / written:.1f} tokens read for each one written,", end=" ")
    print(f"{cached / read:.0%} of them from the cache")
print("turns without tokens:", turns["input_tokens"].isna().sum())

# %% [markdown]
# With v2 the model reads 21.8 tokens for each one it writes, with v1 only 2.3. Is v2 therefore dear? 90 % of what is read
# comes from the cache, because the examples are the same every time. A ratio tells you where to look, not what to do; [[lesson cost_math]] makes money
# of it. The 12 failed turns reported no tokens at all, so every sum here is a lower bound.
#
# ## Was it any good?
#
# A bot can be fast, cheap and useless.
#
# > **Response quality metrics**: numbers that stand in for "was this reply good?". We have three. *Context relevance*,
# > from zero to one: how near in meaning the reply is to the question. *Task completion rate*: the share of turns whose
# > reply holds the required facts. *Satisfaction*: the mean of the ratings from one to five, with its *response rate*,
# > the share of turns that were rated.
#
# Will they show the incident?

# %%
for name, day in days.items():
    relevance, completed = day["context_relevance"].mean(), day["task_completed"].mean()
    satisfaction = estimates.mean(day["user_satisfaction"].dropna())
    print(f"{name}: relevance {relevance:.2f}, completed {completed:.0%},", end=" ")
    print(f"satisfaction {satisfaction.text()}")

# %% [markdown]
# Not one of the three does. Completion goes from 52 % to 50 %. Satisfaction falls by less than its interval is wide.
# Relevance is even *better* on the bad day: a failed turn has no reply to compare, so it drops out, and the mean is taken
# over those who were served. Before you believe a mean, ask who is in it.

# %% [markdown]
# ### Exercise 1.2
# How many of Tuesday's turns do these ratings speak for?
#
# 1. Count the turns of `tuesday` that were rated: those where `user_satisfaction` is not missing.
# 2. Give their share of Tuesday's turns, between zero and one.
#
# We check the number. Stuck? Run `hint("1.2")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = tuesday["user_satisfaction"].notna().mean()

# %%
check("1.2", answer)

# %% [markdown]
# Do the measures agree on what is good? Both prompts answered the same kinds of questions. By which of the two measures
# would you choose?

# %%
measures = ["context_relevance", "task_completed"]
print(turns.groupby("prompt_version")[measures].mean().round(2).to_string())

# %% [markdown]
# With v2 the bot completes 0.96 of its tasks, with v1 only 0.15. By relevance v1 wins, 0.49 to 0.35: it talks about the
# subject, at length, and leaves out the fact that the customer needed. Relevance sees the subject, not the truth. With it
# as the only measure, you would keep the wrong prompt. (Whether a difference is more than chance is a question for
# [[lesson langtail_experiments]].)
#
# Turns are not people, though. Somebody with four good replies and one bad one has had a bad conversation.
#
# > **Conversation analytics**: asking of many conversations what people want, where they get stuck, and how often they
# > get what they came for.
#
# The `intent` of a turn says what it was about. Which subject goes wrong most often?

# %%
for name, day in days.items():
    hit = bad(day).groupby(day["conversation_id"]).any()
    print(f"{name}: {hit.mean():.0%} of {len(hit)} conversations hit a bad turn")
by_intent = turns.groupby("intent")["task_completed"].agg(["mean", "count"])
print(by_intent.sort_values("mean").iloc[[0, 1, 2, -1]].round(2).to_string())

# %% [markdown]
# 18 % of Tuesday's conversations were hit, against 4 % of Monday's. By subject, `moving` and `privacy` fare worst. But they
# have 9 turns each; `out_of_scope` has 48, so that is where the work would pay.
#
# ## One page for every morning
#
# It took us a lesson to find one bad hour. A dashboard asks the same questions every day, side by side. Each panel should
# answer one; a panel that answers none is decoration.
#
# | panel | its question |
# |---|---|
# | response time | how long do most people wait, and how long the unlucky ones? |
# | errors | which share of turns failed, and of what? |
# | tokens | how much goes in, how much comes out, how much was cached? |
# | satisfaction, response rate | what do those who rate think, and how many are they? |
# | conversations, length | how many people came, and did they have to ask again? |
#
# `prepare_dashboard_data` adds the turns up, by the hour or, in a long log, by the day; `plots.dashboard` draws what it
# found. Before you run it: which of these panels will show the incident?

# %%
data = prepare_dashboard_data(recorded)
plots.dashboard(data, title="Two days of the bot: which panels show the incident?")

# %% [markdown]
# Response time and errors show it at a glance: one hour stands out. Tokens, conversations and their length look like any
# other afternoon, for the users came as always. And satisfaction? The day's mean did not move; does the hour's?

# %%
hours = data.response_time[["period", "median", "p95"]].merge(data.satisfaction)
print(hours.set_index("period").drop(columns="share").tail().round(1).to_string())

# %% [markdown]
# It does: 2.0 in the bad hour. But that is the mean of 10 ratings. The hour before has 4, and an interval from 1.0 to 5.0,
# which is to say that nothing is known of it. A hint, then, and no alarm. One panel is missing, the one for money: a
# model on your own machine has no price, and what is unknown is better left out than drawn as zero.
#
# ## Two platforms
#
# Two names come up wherever people talk of monitoring a bot. Both are hosted services; this course works without an
# account at either.
#
# > **LangSmith**: LangChain's platform for watching and judging LLM applications. It stores what happened inside each
# > turn, lets you search it, and runs a bot against sets of examples.
# >
# > **Langtail**: a platform for managing and testing prompts. It keeps their versions, and says which of them is in use.
#
# [[lesson langsmith_analysis]] works with the first, [[lesson langtail_experiments]] with the second.
#
# ## All terms in one table
#
# To come back to: every term of the course, beside the lesson that has its box.
#
# [[terms]]
#
# ## Summary
#
# The mean of Tuesday was half a second higher, and nobody would have got up for it. The median said that most users were
# fine, the p95 that some were not, the timeline when, and the error rate how badly: 11 of 30 turns failed in one hour. A
# threshold taken from the day itself found 10 % on both days. A promise made beforehand tells them apart: 90.0 % of the
# hour's turns were bad, and 2.8 % of Monday's. And the numbers that sound like quality did not notice anything.
#
# ## In practice
#
# - Write `n` beside every number. Most arguments about dashboards are about too few turns.
# - There are several right definitions of a percentile, and they differ by a fraction of the gap between two values.
#   Choose one; never the index.
# - A failed turn has a response time too: the time until it failed. Leave it out and the worst turns vanish from the p95.
# - Turns of one conversation resemble each other, so the intervals here are a little too narrow. For a decision between
#   prompts, count users.
# - A promise that every user notices is worth more than five that nobody remembers.
#
# ## Quiz
#
# <!-- free: 10 %, 90th, 95 %, 3.9, 4.3, 30 % -->
#
# 1. p95 of fifteen response times is 9 s. What do you know?
#    - (a) that 95 % of users wait less than 9 s
#    - (b) hardly more than how slow the slowest one or two were
#    - (c) that the bot is slow, for most users and at most times of the day
#
# <details>
# <summary>Answer</summary>
#
# (b): of fifteen values, p95 lies between the two largest, and it has no upper bound. Not (a): that would need many more
# turns. Not (c): the other turns may all have been fast; the median would tell.
# </details>
#
# 2. From [[lesson start_here]]: the fifth question of a conversation has as many words as the first. On a hosted model it
#    costs
#    - (a) as much, since its words are as many
#    - (b) less, since the model knows the conversation by now
#    - (c) more, since all that was said before is sent with it
#
# <details>
# <summary>Answer</summary>
#
# (c): the conversation so far is sent along, and paid again. Not (a): the model reads the whole request, not the question
# alone. Not (b): it knows nothing from before; what it should know has to be sent.
# </details>
#
# 3. A dashboard marks every conversation above the 90th percentile of cost as "expensive". This week it marks 10 %
#    of them. What follows?
#    - (a) nothing that was not known before anybody looked
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
# 4. Mean satisfaction went from 3.9 to 4.3 after a release, and the response rate fell from 30 % to 10 %. Are users
#    happier?
#    - (a) yes: the mean is what they say themselves
#    - (b) no: fewer of them care to answer
#    - (c) one cannot tell
#
# <details>
# <summary>Answer</summary>
#
# (c): other people may be rating now, or those who were unhappy may have left. Not (a): the mean speaks for a tenth of the
# turns. Not (b): silence may be contentment; the numbers do not say.
# </details>
#
# 5. From [[lesson start_here]]: Ada writes five messages in one conversation and gets five replies. In the table of turns
#    she has
#    - (a) five rows
#    - (b) one row, of the conversation
#    - (c) ten rows, one for each message and each reply
#
# <details>
# <summary>Answer</summary>
#
# (a): a turn is a message with its reply, and each has a row. Not (b): the rows of a conversation share its id, and stay
# rows of their own. Not (c): message and reply stand in one row, so that the time between them has a place.
# </details>
#
# ## Going further
#
# - [[next]]
# - Google's [chapter on service level objectives](https://sre.google/sre-book/service-level-objectives/): how to make a
#   promise that can be kept.
# - Hyndman and Fan, [Sample quantiles in statistical
#   packages](https://doi.org/10.1080/00031305.1996.10473566): nine definitions of a percentile, compared.
# - The concepts of [LangSmith](https://docs.langchain.com/langsmith/observability-concepts), and the page of
#   [Langtail](https://github.com/langtail), which leads to its documentation.
