# %% [markdown]
# # [[title]]
#
# **What you will do**: find out why a dashboard and an invoice disagree about one month, line by line, until nothing is
# left.
#
# **What you will learn**: read the tokens of any provider in one convention, price a call at the time it was made, add
# up money without losing what is unknown, reconcile a bill, compare models, and forecast a month with an interval.
#
# **What you need**: [[key_terms]] and [[instrumented_chat]], and pandas as in [Before you
# start](../docs/before_you_start.md).
#
# [[minutes]]. Cost: $0, network: none.
#
# <!-- free: 2024 -->

# %% [markdown]
# ## Two sums for one month
#
# A support bot has run for a month with a few hundred customers. Next month it opens for everybody, and somebody has to
# sign for the money. There are two sums on the table: what the bot's own dashboard added up, turn by turn, and what the
# providers put on their invoices. They are not the same.
#
# The bot is invented, and so its errors are known exactly, which is why we use it here. Its traffic has the shape of a
# published trace of real traffic, and the prices are the public ones of that month.

# %%
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
from chatmon import plots
from chatmon.cost import Budget, PriceTable, Usage, forecast, price, reconcile, total
from chatmon.cost import what_if
from chatmon.lab import course_models, data_file
from chatmon.lab.course import check, hint
from chatmon.turns import read_parquet, to_frame

# %%
models = course_models()
bill = to_frame(read_parquet(data_file("october_bill.parquet")))
in_decimals = {"converters": {"invoiced": Decimal}}
invoice = pd.read_csv(data_file("october_invoice.csv"), **in_decimals, index_col="role")
dashboard, invoiced = bill["cost"].sum(), invoice["invoiced"].sum()
print(f"{len(bill)} turns: dashboard ${dashboard:.2f}, invoices ${invoiced:.2f}")
print(
    f"times 1,000: dashboard ${1000 * dashboard:,.0f}, invoices ${1000 * invoiced:,.0f}"
)

# %% [markdown]
# In the pilot the gap is small change: \$7.29 or \$5.99. With a thousand times the customers it is \$7,286 or \$5,990 a
# month, and one of the two sums goes into the plan.
#
# Who is right? Make a guess before the next cell: is the dashboard too high on every model, by about a fifth, or is one
# line to blame?


# %%
def to_cents(amounts, names):
    return [amounts[name].quantize(Decimal("0.01")) for name in names]


stated = bill.groupby("model")["cost"].sum()
lines = invoice.assign(dashboard=to_cents(stated, invoice["model"]))
lines["too_much"] = lines["dashboard"] - lines["invoiced"]
lines

# %% [markdown]
# No line agrees. Two models are stated too high, by \$0.81 and \$0.61; the other two are stated too low. So there is
# more than one mistake, and the mistakes pull in both directions: part of the error is hidden by another error. A
# single factor that makes the totals equal would leave every line wrong.
#
# A sum cannot tell us more. We have to go down to the turn, and there to the tokens.

# %% [markdown]
# ## How the first tracker did it
#
# Most cost tracking starts as a few lines that somebody writes on the first day. Here they are, in short: two prices
# per thousand tokens, those of one model in 2024, for every call to any model at any time.


# %%
def first_cost(input_tokens, output_tokens):
    return input_tokens / 1000 * 0.03 + output_tokens / 1000 * 0.06


# %% [markdown]
# The invoices say \$5.99 for the month. What does this function say for the same tokens? Guess a factor.

# %%
first = first_cost(bill["input_tokens"], bill["output_tokens"]).astype(float)
print(f"${first.sum():.2f}, {first.sum() / float(invoiced):.0f} times the invoices")
by_model = first.groupby(bill["model"]).sum()
for role, model in invoice["model"].items():
    print(f"{role:10} {by_model[model] / float(invoice['invoiced'][role]):4.0f} times")

# %% [markdown]
# It says \$89.84, which is 15 times the invoices, and the factor differs from model to model, so no correction at the
# end can mend it. The last line deserves a second look. Nobody has ever published a price for that model; the function
# charged it all the same, as if it were one of the dearest models of its day, and said nothing.
#
# It had a second fault, one floor below: it took its tokens from the words of the question and the answer, at 1.3 a word.
# What comes of that, [[lesson instrumented_chat]] has shown: most of the input is not in the question, and part of it
# comes from the cache, which no word tells. All three numbers stand in every reply. They only have to be read.
#
# <!-- free: 1.3 -->


# %% [markdown]
# ## What a call is charged for
#
# > **Cost** = tokens × price, for each kind of token, at the price of that day.
#
# A provider charges for four kinds of tokens, and each token once. *Fresh input* has the price for input. The *answer* has
# the price for output, which is several times as high. The other two take some getting used to:
#
# > **Cached tokens**: the beginning of a request that the provider has seen a moment ago, at a fraction of the price for
# > input.
# >
# > **Reasoning tokens**: what the model writes for itself before it answers. You do not see them and you pay for them as
# > output.
#
# Some providers charge a fifth kind, for writing to the cache. The difficulty is not the arithmetic. It is that "input
# tokens" means two things. OpenAI counts cached tokens *in*, Anthropic counts them *out*. Here is one call as three
# libraries would report it: OpenAI's chat API, Anthropic's API, and LangChain.

# %%
openai_body = {"prompt_tokens": 1400, "completion_tokens": 250}
openai_body["prompt_tokens_details"] = {"cached_tokens": 1024}
anthropic_body = {"input_tokens": 376, "output_tokens": 250}
anthropic_body["cache_read_input_tokens"] = 1024
langchain_body = {"input_tokens": 1400, "output_tokens": 250}
langchain_body["input_token_details"] = {"cache_read": 1024}

# %% [markdown]
# <!-- free: 376 -->
#
# Three shapes, and the number that is called input is 1400 twice and 376 once. Each shape has its own reader, which
# knows what the words mean there. Will the three agree?

# %%
usage = Usage.from_openai_chat(openai_body)
print("input", usage.input_tokens, "of it cached", usage.cached_tokens)
print("output", usage.output_tokens, "of it reasoning", usage.reasoning_tokens)
print(usage == Usage.from_anthropic(anthropic_body))
print(usage == Usage.from_langchain(langchain_body))

# %% [markdown]
# They do: one call, one `Usage`. From here on input always includes the cached part and output always includes
# reasoning. What was not reported is `None`, not 0: none of the three said anything about reasoning.
#
# Now the famous mistake. Somebody takes OpenAI's numbers for Anthropic's, and adds the cached tokens to an input that
# holds them already. Or the other way round. What does each cost?

# %%
twice = Usage(1400 + 1024, 1024, None, 250, None)
never = Usage(376, None, None, 250, None)
for name, read in {"right": usage, "added again": twice, "left out": never}.items():
    amount = price(read, models.bill.chat, at=datetime(2026, 10, 15, tzinfo=UTC)).amount
    print(f"{name:12} ${amount:.6f}")

# %% [markdown]
# The call costs \$0.003264. Read with the wrong convention it costs \$0.005312 or \$0.002752. Neither number looks
# absurd, and that is the danger: nothing crashes, and the long conversations, whose beginning is nearly all cached, are
# hit hardest.

# %% [markdown]
# ### Exercise 3.1
# A model that reasons answered one question, and OpenAI's chat API reported the usage below. The rates, in US
# dollars per million tokens, are `1.25` for input, `0.125` for cached input and `10` for output.
#
# 1. Split the tokens so that each is in one kind only.
# 2. Multiply, add up, and bring the sum to US dollars.
#
# We check the amount: a `Decimal` or a float. Stuck? Run `hint("3.1")`.

# %% tags=["stub"]
body = {
    "prompt_tokens": 3000,
    "prompt_tokens_details": {"cached_tokens": 2048},
    "completion_tokens": 900,
    "completion_tokens_details": {"reasoning_tokens": 640},
}
answer = ...  # your turn

# %% tags=["solution"]
body = {
    "prompt_tokens": 3000,
    "prompt_tokens_details": {"cached_tokens": 2048},
    "completion_tokens": 900,
    "completion_tokens_details": {"reasoning_tokens": 640},
}
fresh = body["prompt_tokens"] - 2048
answer = fresh * Decimal("1.25") + 2048 * Decimal("0.125") + 900 * Decimal(10)
answer /= 1_000_000

# %%
check("3.1", answer)

# %% [markdown]
# ## The price at the time of the call
#
# One of the bot's models was launched at a promotional price, went to its list price within the month, and became
# cheaper again before the month was over. We price the same tokens on three days. By how much do you think they differ?

# %%
call = Usage(2000, 1024, 0, 250, 0)
for day in (19, 20, 29):
    found = price(call, models.bill.repriced, at=datetime(2026, 10, day, tzinfo=UTC))
    print(f"October {day}: ${found.amount:.6f}")
print(found.source)

# %% [markdown]
# On October 19 the call costs \$0.001258. A day later, on October 20, it costs twice that, and from October 29 on
# \$0.001280. A dashboard that looks prices up on the day you open it rewrites the past. So `price` asks *when* (there
# is no default), and every amount carries its `source`: which price list, which model, and since when the price holds.
#
# The prices are data in the package `genai-prices`, with dates. A model that is not in it has no price:

# %%
unpriced = price(call, models.bill.contract, at=datetime(2026, 10, 20, tzinfo=UTC))
print(unpriced.amount)
print(*unpriced.reason.split(": "), sep=":\n")

# %% [markdown]
# No amount, and the reason in words. The first tracker's answer was a number.

# %% [markdown]
# ## Unknown is not zero
#
# Look again at our first table. It says zero for the model without a price, and *we* wrote that zero: the dashboard
# states nothing for those turns, and pandas takes the sum of nothing to be 0. It happens to everybody, with every tool
# that adds. A total has to carry what it leaves out:

# %%
print(total(bill))

# %% [markdown]
# "At least", and then how many turns and tokens are missing. 31 turns have no cost. That number belongs beside the sum
# wherever the sum goes, or the bot looks cheaper the less we know about it.
#
# There is a second kind of zero in the bill, and it is worse, because it is stated:

# %%
free = bill[bill["cost"] == 0]
print(f"{len(free)} turns are stated to cost 0;", end=" ")
print(f"of these, {free['input_tokens'].notna().sum()} have tokens")

# %% [markdown]
# 12 turns cost nothing, says the dashboard, and not one of them has its tokens. These are streamed replies whose reader
# closed the page: the provider sends the usage at the very end, and nobody was there to receive it. The provider
# counted them all the same. Nothing times a price is 0, so the code did not even notice.

# %% [markdown]
# ### Exercise 3.2
# Write `honest_sum(costs)` for a list of amounts in which some are `None`.
#
# 1. Add up what is known. Where nothing is known, the sum is `None`, too.
# 2. Return a pair: the sum, and how many amounts are unknown. A cost of 0 that is stated is known.
#
# We try it on lists you do not see. Stuck? Run `hint("3.2")`.


# %% tags=["stub"]
def honest_sum(costs):
    return ...  # your turn


# %% tags=["solution"]
def honest_sum(costs):
    known = [cost for cost in costs if cost is not None]
    return (sum(known) if known else None), len(costs) - len(known)


# %%
check("3.2", honest_sum)

# %% [markdown]
# ## The bill, reconciled
#
# Now every turn can be checked: tokens times price at the time, against what is stated. Where the two differ, we try
# the mistakes that people make (cached tokens charged twice, reasoning added twice, the price of another day or of
# another model, and some more) and see which of them gives the stated amount *exactly*. An explanation that is right to
# nine decimal places on hundreds of turns is hardly chance.
#
# Money is `Decimal` here. Does that matter? In the sum it does not: floats would be off far behind the cents. It
# matters in the word "exactly". We take the turns of the chat model that are stated correctly and price them once more,
# in floats.

# %%
found = reconcile(bill)
outcome = found.to_frame()["outcome"]
agree = bill[(outcome == "agrees") & (bill["model"] == models.bill.chat)]
fresh = agree["input_tokens"] - agree["cached_tokens"]
floats = fresh * 0.000002 + agree["cached_tokens"] * 0.0000005
floats += agree["output_tokens"] * 0.000008
print(f"{(floats == agree['cost'].astype(float)).sum()} of {len(agree)} equal")

# %% [markdown]
# Only 565 of 872 are equal. The rest differ by less than a billionth of a cent, and a comparison calls them wrong. With
# decimals all of them agree, and "differs" means something. (`reconcile` still forgives a billionth of a dollar a turn,
# for bills that were made with floats.)
#
# So, what is wrong with the bill? You have seen three candidates. Which one costs the most?

# %%
found

# %% [markdown]
# Three mistakes explain every turn that could be checked; none is left unexplained. 962 turns agree. The last two lines
# cannot be checked, and say so: 12 turns have no tokens, 31 have no stated cost. What do the three make of the total?

# %%
summary = found.summary().set_index("outcome")
mistakes = summary.loc[summary["difference"] != 0, "difference"]
names = {cause: cause.partition(" (")[0] for cause in mistakes.index}
plots.bars(
    mistakes.rename(names).to_dict(),
    title="What do the three mistakes make of the total?",
    unit="USD",
    what="Stated above the right cost",
    digits=4,
)

# %% [markdown]
# Two mistakes add and one takes away. Cached tokens charged twice make 189 turns too dear, by \$0.8507 in all;
# reasoning added twice makes 82 turns too dear, by \$0.6029; and 233 turns are charged at the price from 2026-10-29,
# whatever their own day was, which is \$0.0662 too little.
#
# A cause is more useful with a place and a date. Where do the two large ones happen, and since when?

# %%
checked = bill.assign(outcome=outcome)
for cause in ("cached tokens charged twice", "reasoning added twice"):
    wrong = checked[checked["outcome"] == cause]
    days = wrong["timestamp"].dt.date
    where = ", ".join(wrong["channel"].unique())
    print(f"{cause}: {where}, {days.min()} to {days.max()}")

# %% [markdown]
# The first happens in the app alone, all month: its integration reads OpenAI's usage by Anthropic's convention. The
# second happens on the web from 2026-10-12 on, the day of a release. That is a bug report that somebody can act on, and
# it is what the total at the top could never have been.
#
# ## Down to the last cent
#
# What about the model without a price? Somebody signed a contract for it, and the contract has a price. We put it into
# a file with the date from which it holds (`data/contract_prices.toml`), and what was unknown becomes known. Then we
# hold every line against its invoice once more.

# %%
contract = PriceTable.from_toml(data_file("contract_prices.toml"))
right = reconcile(bill, table=contract).to_frame()
ours = right.dropna(subset="expected").groupby("model")["expected"].sum()
lines["expected"] = to_cents(ours, invoice["model"])
lines["left"] = lines["invoiced"] - lines["expected"]
lines

# %% [markdown]
# Three lines agree with their invoices to the cent. On the first one \$0.04 are left. We know where to look: the
# turns whose tokens we never received. Were they all on this model, and if they were like its other turns, what would
# they have cost?

# %%
reported = bill[(bill["model"] == models.bill.chat) & bill["input_tokens"].notna()]
typical = ours[models.bill.chat] / len(reported)
print(f"all on the chat model: {set(free['model']) == {models.bill.chat}}")
print(f"{len(free)} turns at ${typical:.4f} make ${len(free) * typical:.3f}")

# %% [markdown]
# About \$0.045, and \$0.04 is left. That is no proof, because there are no tokens to prove it with; it is
# an assumption that fits, and we call it one. So the invoices are right, the dashboard is wrong on every line, and we
# know why.
#
# This bill was made, so the truth is in a file, written by a program that shares no code with `reconcile`. Did we find
# all of it, and nothing else?

# %%
truth = json.loads(data_file("october_bill_truth.json").read_text(encoding="utf-8"))
for cause, row in summary.rename(index=names).loc[list(names.values())].iterrows():
    planted = truth["mistakes"][cause]
    excess = Decimal(planted["stated"]) - Decimal(planted["actual"])
    print(f"{cause}: {row['turns'] == planted['turns']} {row['difference'] == excess}")
unknown = Decimal(truth["mistakes"]["tokens not reported"]["actual"])
print(f"the turns without tokens cost ${unknown:.5f}")

# %% [markdown]
# Every cause has the right number of turns and the right amount, to the last digit. And the turns that nobody could
# measure cost \$0.04105.

# %% [markdown]
# ### Exercise 3.3
# How many US dollars did the cache save in October on the chat model (`models.bill.chat`)? Its rates, in US dollars per
# million tokens, are `2` for input and `0.50` for cached input.
#
# 1. Find the cached tokens of that model's turns in `bill`.
# 2. Each of them would have been charged as fresh input without the cache.
#
# We check the amount, to the cent. Stuck? Run `hint("3.3")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
cached = bill.loc[bill["model"] == models.bill.chat, "cached_tokens"].sum()
answer = int(cached) * (Decimal(2) - Decimal("0.50")) / 1_000_000

# %%
check("3.3", answer)

# %% [markdown]
# ## What else is on a bill?
#
# Five counts of tokens are not all. A cache write lasts five minutes or an hour, at different rates. A call may be of a
# cheaper or a dearer tier (`batch`, `flex`, `priority`). A search has a price of its own. All of it stands in the body,
# and whoever reads five counts charges it as if it were usual, without a word.

# %% [markdown]
# ### Exercise 3.4
# A handbook went into the cache of Anthropic's API. The rates, in US dollars per
# million tokens, are `3` for input, `3.75` for a cache write of five minutes, `6` for one of an hour and `15` for output.
# A search costs a cent.
#
# We check the amount in US dollars. Stuck? Run `hint("3.4")`.

# %% tags=["stub"]
body = {
    "input_tokens": 2000,
    "cache_creation_input_tokens": 100_000,
    "cache_creation": {
        "ephemeral_5m_input_tokens": 20_000,
        "ephemeral_1h_input_tokens": 80_000,
    },
    "output_tokens": 1000,
    "server_tool_use": {"web_search_requests": 2},
}
answer = ...  # your turn

# %% tags=["solution"]
body = {
    "input_tokens": 2000,
    "cache_creation_input_tokens": 100_000,
    "cache_creation": {
        "ephemeral_5m_input_tokens": 20_000,
        "ephemeral_1h_input_tokens": 80_000,
    },
    "output_tokens": 1000,
    "server_tool_use": {"web_search_requests": 2},
}
answer = 2000 * Decimal(3) + 20_000 * Decimal("3.75") + 80_000 * Decimal(6)
answer = (answer + 1000 * Decimal(15)) / 1_000_000 + 2 * Decimal("0.01")

# %%
check("3.4", answer)

# %% [markdown]
# `Usage` keeps all of this, and `price` charges it. Where a price is not known, the amount is called a lower bound, and
# the source says why.

# %%
usage = Usage.from_anthropic(
    {
        "input_tokens": 2000,
        "cache_creation_input_tokens": 100_000,
        "cache_creation": {"ephemeral_1h_input_tokens": 80_000},
        "output_tokens": 1000,
        "server_tool_use": {"web_search_requests": 2},
    }
)
usage.details

# %% [markdown]
# How each provider and tool writes its usage: [docs/usage.md](../docs/usage.md).

# %% [markdown]
# ## What if it were another model?
#
# From here on we work with the right costs, not the stated ones. Finance asks first: what would the
# same month have cost on another model? We take three from one family, a large, a medium and a small one. The large one
# is the chat model itself, which already answers most of the turns. Will moving *all* turns to it cost more or less?

# %%
costs = bill.assign(cost=right["expected"].tolist())
compared = what_if(costs, models.what_if)
compared

# %% [markdown]
# Moving everything to the large model would cost 7 % more, the medium one would save 79 %, and the small one 95 %. Mind
# the fine print above the table. The reasoning tokens are counted at the other
# models' prices, although these models do not reason. The tokenizers differ. Replies would be of another length. And
# nothing in this table says how many questions the small model would have answered wrongly, and what that costs. It is
# the size of the prize, not a decision: whether a cheaper model is good enough is a question for an experiment, as in
# [[lesson langtail_experiments]].

# %%
plots.compare_models(
    {c.model: c.would_be.amount for c in compared.comparisons},
    what="Cost of October's turns",
)

# %% [markdown]
# The large model costs 20.0 times as much as the small one for the same tokens, with the medium one in between.

# %% [markdown]
# ## What will the month cost?
#
# On the morning of October 15 somebody asks what October will cost. Two weeks are known. Are all days alike?
#
# <!-- free: 15 -->

# %%
weekend = costs["timestamp"].dt.day_of_week >= 5
parts = {"working day": (22, costs[~weekend]), "weekend day": (9, costs[weekend])}
for name, (days, part) in parts.items():
    print(f"{name}: ${total(part).amount / days:.3f}")

# %%
daily = costs.groupby(costs["timestamp"].dt.normalize())["cost"].sum().astype(float)
means = daily.groupby(daily.index.day_of_week).mean()
names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
plots.bars(
    dict(zip(names, means, strict=True)),
    title="Are all days alike?",
    unit="USD",
    what="Mean cost of a day",
    digits=3,
)

# %% [markdown]
# Saturdays and Sundays lie low: a working day costs \$0.230 on average, a Saturday or Sunday \$0.099. Within each kind
# the days still scatter a lot. So a forecast that stretches the first two weeks has to know how many weekends they hold, and it
# has to say how sure it is.
#
# `forecast` does: what is spent is exact, the days to come are expected to cost what days like them cost, and the
# interval comes from their scatter, and from ties and growth that two weeks cannot rule out. It reads nothing from
# October 15 on. How wide do you expect the interval to be: 2 %, 5 %, 20 %?
#
# <!-- free: 2 %, 5 %, 20 %, 15 -->

# %%
middle = forecast(costs, at=datetime(2026, 10, 15, tzinfo=UTC))
actual = total(costs).amount
print(*str(middle).split("; "), sep=";\n")
print(f"October cost ${actual:.2f}, inside: {middle.low <= actual <= middle.high}")

# %% [markdown]
# The forecast is \$5.92, and October did cost \$5.95. That is luck, and the interval says so: anything between \$4.54
# and \$7.52 was to be expected, about a quarter to either side. Quote the interval. It also says that 7 turns have no
# price, so all of it is a little too low.
#
# We stand on every morning from the 8th on and look whether the month ended inside what was said
# that day.

# %%
mornings = [datetime(2026, 10, day, tzinfo=UTC) for day in range(8, 32)]
bands = [forecast(costs, at=morning) for morning in mornings]
inside = sum(band.low <= actual <= band.high for band in bands)
print(f"inside on {inside} of {len(bands)} mornings")
for band in (bands[0], bands[7], bands[14], bands[-1]):
    print(f"{band.days_left:2.0f} days left: ${band.low:.2f} to ${band.high:.2f}")

# %% [markdown]
# Inside on all 24 mornings, and the interval shrinks as the month passes. Do not read too much into it: these are 24
# looks at one month, not 24 months. And the forecast supposes that things go on as they went, growth included. Late in the
# month a price doubled; few turns use that model, so it hardly shows. The opening to all customers next month would show,
# and no interval knows of it.

# %% [markdown]
# ## A budget
#
# The pilot had a budget of \$6.00. Here is the forecast of October 15, drawn to the end of the month, with the budget as
# a line. Would you promise that it lasts?
#
# <!-- free: 15 -->

# %%
budget = Budget(Decimal("6.00"), date(2026, 10, 1))
plots.forecast_band(
    middle.spent_by_day,
    projected=(middle.value, middle.low, middle.high),
    end=middle.end,
    budget=budget.amount,
    title="Will the budget last?",
)

# %% [markdown]
# The budget of \$6.00 lies inside the interval, near its middle: that morning it is about as likely to last as not. A
# promise would be a coin toss, and the honest answer is "ask again in a week".
#
# A budget has a simpler reading, too: what is left, for how many days, and when it runs out if money goes on being
# spent as it was. What would you have been told that morning by the dashboard's numbers, and what by the right ones?

# %%
for name, frame in (("dashboard", bill), ("right", costs)):
    status = budget.status(frame, at=datetime(2026, 10, 15, tzinfo=UTC))
    print(f"{name}: ${status.left:.2f} left for {status.days_left:.0f} days,", end=" ")
    print(f"runs out: {status.runs_out}")

# %% [markdown]
# By the dashboard's numbers the money runs out on 2026-10-27, four days early, and somebody switches features off. By
# the right ones it does not run out. Two mistakes in counting tokens were about to become a decision about users.

# %% [markdown]
# ## Summary
#
# The dashboard said \$7.29, the invoices \$5.99, and the invoices were right. Three mistakes explained every turn that
# could be checked, two of them upwards and one downwards, and each has a place and a date. The unknown parts were a
# model without a public price, which a contract made known, and 12 turns without tokens, which stay unknown and are
# counted as such. The same turns then gave a comparison of models, a forecast with an interval, and the state of a
# budget.
#
# ## In practice
#
# - Take the tokens from the reply. In a stream ask for them (`stream_usage=True` in LangChain), and expect none where
#   the reader left early.
# - Public prices know tiers and lifetimes where the reply names them. Discounts of your own contract and taxes are not in
#   them: put your own into a file with dates.
# - Where two mistakes would give the same amount, `reconcile` names both. Look at the turns around it.
# - An invoice may count days in another time zone and rounds in its own way. Expect a cent, and explain more than a
#   cent.
# - A forecast knows the growth of its days and no launch. Say what you assume beside the number.
#
# ## Quiz
#
# <!-- free: 500, 400, 100, 900, 0 %, 2, 4 -->
#
# 1. Anthropic reports 100 input tokens and 400 cache reads; OpenAI reports 500 prompt tokens, 400 of them cached.
#    Which call had more input?
#    - (a) the first
#    - (b) the second
#    - (c) neither
#
# <details>
# <summary>Answer</summary>
#
# (c): Anthropic counts cached tokens out, so its input is 500 in all, and OpenAI's 500 hold the cached ones. Not (a)
# and not (b): each compares two numbers that carry the same name and mean different things; reading both as if they
# meant the same makes 500 and 900, or 100 and 500.
# </details>
#
# 2. A model's price was halved yesterday. What should your dashboard show for last month?
#    - (a) half of what it showed
#    - (b) what it showed
#    - (c) the average
#
# <details>
# <summary>Answer</summary>
#
# (b): a call costs what held when it was made, and last month is over. Not (a): that rewrites the past at today's
# price, as the dashboard of this lesson did. Not (c): nobody was ever charged an average.
# </details>
#
# 3. A third of your turns went to a model whose price you do not know. What is the month's cost?
#    - (a) at least the sum of the others, with the number of turns that are missing
#    - (b) the sum of the others times three halves
#    - (c) the sum of the others
#
# <details>
# <summary>Answer</summary>
#
# (a): it is a lower bound and says what it leaves out. Not (b): it gives the unknown turns the price of other models,
# which is what the first tracker did. Not (c): it makes them cost nothing.
# </details>
#
# 4. From [[lesson instrumented_chat]]: the error rate of a bot has been 0 % for a month. What do you do?
#    - (a) report it: a month is many turns, and the interval is narrow
#    - (b) break the model on purpose, and see whether it moves
#    - (c) raise the limit of the alert
#
# <details>
# <summary>Answer</summary>
#
# (b): if the rate does not move then, it measures nothing, as where the bot catches what the tracker waits for. Not (a):
# many turns make a wrong number no better. Not (c): no limit helps with a number that cannot rise.
# </details>
#
# 5. From [[lesson key_terms]]: after a release p95 went from 2 s to 4 s, and the median stayed. Who waits longer now?
#    - (a) everybody, by about two seconds
#    - (b) nobody, as the median is what users feel
#    - (c) some users, one in twenty at the least
#
# <details>
# <summary>Answer</summary>
#
# (c): the upper end moved and the middle did not. Not (a): then the median would have moved too. Not (b): those who wait
# longer are users as well, and a median is made not to see them.
# </details>
#
# ## Going further
#
# - [[next]]
# - [genai-prices](https://github.com/pydantic/genai-prices), the dated price list that this lesson uses.
# - How OpenAI [caches prompts](https://platform.openai.com/docs/guides/prompt-caching), and how [Anthropic
#   does](https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching): two conventions, from the sources.
# - OpenTelemetry's [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/), whose meaning
#   of input tokens is ours.
# - [Splitwise](https://arxiv.org/abs/2311.18677), the paper with the trace that the bill's traffic is sized after.
