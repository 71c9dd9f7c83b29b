# %% [markdown]
# # [[title]]
#
# **What you will do**: get one set of numbers out of three tools' exports of the same month, find out why a bill went
# up, and put your own file in their place.
#
# **What you will learn**: tell a record from a turn, add up an export without counting twice, read what an import
# assumed and left out, describe a table of your own, and split a change into volume, mix and rate.
#
# **What you need**: [[lesson cost_math]] for tokens and cost, and [[lesson langsmith_analysis]] for traces and runs. The
# lesson uses pandas: [before you start](../docs/before_you_start.md) has enough of it. If you have an export of your own
# bot, keep it at hand.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## Three tools, two bills
#
# A support desk ran for four weeks, and three tools watched it: LangSmith, Langfuse and an OpenTelemetry collector. How
# much did the models cost? Three colleagues each take the export of one tool and add up its column of costs. All three
# tools recorded all of the traffic. Do you expect three equal sums?
#
# We read the files as most people do, a table of lines each. (OpenTelemetry takes more lines: its spans come in envelopes,
# and their attributes as lists.)

# %%
import gzip
import json
import re
import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
from chatmon import analysis, open_logs, plots, write_report
from chatmon.lab import data_file, wrapped
from chatmon.lab.course import check, hint
from chatmon.turns import read_parquet, to_frame

# %%
langsmith = pd.read_json(data_file("four_weeks_langsmith.jsonl.gz"), lines=True)
langfuse = pd.read_json(data_file("four_weeks_langfuse.jsonl.gz"), lines=True)
otel = []
with gzip.open(data_file("four_weeks_otlp.jsonl.gz"), "rt", encoding="utf-8") as file:
    for line in file:
        envelope = json.loads(line)["resourceSpans"][0]
        for span in envelope["scopeSpans"][0]["spans"]:
            pairs = [(one["key"], *one["value"].values()) for one in span["attributes"]]
            otel.append(dict(pairs))
otel = pd.DataFrame(otel)
print(f"{len(langsmith)} runs, {len(langfuse)} observations, {len(otel)} spans")

# %%
print(f"LangSmith:     ${langsmith['total_cost'].sum():.2f}")
print(f"Langfuse:      ${langfuse['total_cost'].sum():.2f}")
print(f"OpenTelemetry: ${otel['gen_ai.usage.cost'].sum():.2f}")

# %% [markdown]
# Two say \$110.36, one says \$55.18. Which one do you pay? Before you decide, a second opinion from the same three: how
# many tokens went in?

# %%
read = pd.DataFrame(langfuse["usage_details"].tolist())
print(f"LangSmith:     {langsmith['prompt_tokens'].sum():,.0f}")
print(f"Langfuse:      {read['input'].sum():,.0f}")
print(f"OpenTelemetry: {otel['gen_ai.usage.input_tokens'].astype(float).sum():,.0f}")

# %% [markdown]
# The same two agree again. This desk is simulated, so the truth is on file, turn by turn. Your guess?

# %%
truth = to_frame(read_parquet(data_file("four_weeks.parquet")))
print(f"{len(truth)} turns, ${truth['cost'].sum():.2f}", end=", ")
print(f"{truth['input_tokens'].sum():,} input tokens")

# %% [markdown]
# The vote was wrong. The month cost \$55.18: the two that agreed made the same mistake. But do not trust the third either.
# On tokens, 28,239,496 is the truth, and nobody had it: two sums are twice as large, and Langfuse's lacks more than a
# quarter. Each colleague added up a column without asking what a line of the file *is*.

# %% [markdown]
# ## Twice: a parent repeats its children
#
# Look at what LangSmith wrote for one message. Which of these lines would you pay for?

# %%
one = langsmith[langsmith["trace_id"] == langsmith["trace_id"].iloc[0]]
one[["run_type", "name", "prompt_tokens", "completion_tokens", "total_cost"]]

# %% [markdown]
# One of them. The first line is the root of the trace: the message as the user saw it. The second is the call of the
# model, the only thing that costs money. The tool copies what calls cost into every run above them, as you saw in
# [[lesson langsmith_analysis]]. OpenTelemetry's libraries often do the same; this Langfuse project did not, which is the
# only reason its money was right.

# %%
halves = langsmith.groupby("run_type")[["prompt_tokens", "total_cost"]]
halves.agg(["count", "sum"]).round(2)

# %% [markdown]
# Each half is right by itself, and the sum of the column is both. Do you keep the roots, or the calls? It depends on what
# you want to ask next:

# %%
metadata = pd.DataFrame([extra["metadata"] for extra in langsmith["extra"]])
columns = ["thread_id", "user_id", "intent", "ls_model_name"]
metadata.groupby(langsmith["run_type"])[columns].count()

# %% [markdown]
# The roots know the conversation (`thread_id`), the user and the intent, and not one of them knows the model. The calls
# know the model and nothing else. "What does each intent cost on each model?" needs both halves. There are also more calls
# than roots, because a call that failed was tried again; so neither lines nor calls count messages.
#
# One more name that says something else than you think. Every run has a `session_id`. How many conversations is that?

# %%
print(f"session_id: {langsmith['session_id'].nunique()} value")
print(f"thread_id:  {metadata['thread_id'].nunique()} values")

# %% [markdown]
# A single one. In LangSmith `session_id` is the *project*; the conversation is the thread. A dashboard that groups by
# `session_id` shows one very long conversation, and no error.

# %% [markdown]
# ### Exercise 11.1
# Write `cost_of(runs)` for a list of LangSmith runs. Each is a dict with `id`, `parent_run_id`, `run_type` and
# `total_cost`: text such as `"0.0012"`, or `None`.
#
# 1. Add up the cost once, as a `Decimal` or a float. What is `None` adds nothing.
# 2. Be right for a whole export, and also for one that somebody filtered to model calls (`run_type` is `llm`) to make
#    it smaller: it holds no roots.
#
# We try it on runs you do not see. Stuck? Run `hint("11.1")`.


# %% tags=["stub"]
def cost_of(runs):
    return ...  # your turn


# %% tags=["solution"]
def cost_of(runs):
    calls = [run["total_cost"] for run in runs if run["run_type"] == "llm"]
    return sum(float(cost) for cost in calls if cost is not None)


# %%
check("11.1", cost_of)

# %% [markdown]
# ## Too few: the cache stands beside the input
#
# Langfuse had the money right and lost more than a quarter of the input. Here is how it counts one call.

# %%
cached = read[read["input_cached_tokens"] > 0]
print(cached.iloc[0].drop("output_reasoning").astype(int).to_dict())
print(f"{read['input'].sum() + read['input_cached_tokens'].sum():,.0f}")

# %% [markdown]
# Its `input` is what is left after the cached tokens are taken out; put back in, the sum is 28,239,496, the truth. Output
# works in the same way: reasoning stands beside it.
#
# It gets worse: this holds for what Langfuse's own SDK sends. A team that sends OpenAI's numbers as they come gets a map
# with the same keys in which `input` *includes* the cache. The name cannot tell you which. The map can: add it up, and
# compare with its `total`.

# %% [markdown]
# ### Exercise 11.2
# Write `input_tokens(usage)`: all input tokens, cached ones included, of one of Langfuse's maps. Its keys are `input`,
# `output` and `total`, and sometimes `input_cached_tokens` and `output_reasoning`.
#
# 1. Find out from `total` whether the cached tokens stand beside `input` or in it. (Cache and reasoning follow the same
#    habit within one map.)
# 2. Return the whole input.
#
# We try it on maps of both habits. Stuck? Run `hint("11.2")`.


# %% tags=["stub"]
def input_tokens(usage):
    return ...  # your turn


# %% tags=["solution"]
def input_tokens(usage):
    inside = usage["input"] + usage["output"] == usage["total"]
    return usage["input"] + (0 if inside else usage.get("input_cached_tokens", 0))


# %%
check("11.2", input_tokens)

# %% [markdown]
# ## One line
#
# You could now write three scripts. We did, once, and the result is one function: it recognises the tool by the first
# records, takes time, conversation and intent from the root and tokens and money from the calls below it, and makes one
# row for each turn.

# %%
tools = ("langsmith", "langfuse", "otlp")
month = {tool: open_logs(data_file(f"four_weeks_{tool}.jsonl.gz")) for tool in tools}
for tool, logs in month.items():
    found = analysis.summary(logs)
    print(f"{tool:9} {found.turns} turns, ${found.cost:.2f}", end=", ")
    print(f"{found.tokens.input_tokens:,} input tokens")

# %% [markdown]
# Three exports, one set of numbers, and it is the true one: \$55.18 and 28,239,496. But equal sums may hide differences
# that cancel; [[lesson cost_math]] was about a bill of that kind. So compare turn by turn: of the 19969 turns, how many
# agree with the truth in every token and in every digit of the cost?


# %%
def by_turn(turns):
    key = turns["turn_id"].str.replace("-", "")
    columns = ["input_tokens", "cached_tokens", "output_tokens", "cost"]
    return turns.set_index(key)[columns].sort_index().fillna(-1)


for tool, logs in month.items():
    agree = (by_turn(logs.frame()) == by_turn(truth)).all(axis=1)
    print(f"{tool:9} {agree.sum()} of {len(agree)} turns agree")

# %% [markdown]
# All of them, in all three. (`turn_id` is compared without its dashes, because OpenTelemetry writes none.)
#
# Should you believe an importer because it says so? No. That is what its report is for.

# %%
month["langsmith"].report

# %% [markdown]
# First what the file was taken for, and *why*. Then the books: every record
# that was read is in a turn, a duplicate, or rejected. Then what had to be assumed: the zone of its times, and that
# `prompt_tokens` counts the cache in. Last what to know before you quote a number: 172 turns state no cost, so \$55.18 is a
# lower bound. And some keys are read by nothing. `session_id` is one of them, and you know why.
#
# If an assumption is wrong for your file, the numbers are wrong, and only you can know.

# %% [markdown]
# ## One hour, four more formats
#
# Every tool has a trap of its own. We take one hour of the month, 14:00 to 15:00 on 2026-10-15, as four other exports
# have it. This is the truth about it:
#
# <!-- free: 14:00, 15:00, 2026-10-15 -->

# %%
in_hour = truth["timestamp"].dt.floor("h") == pd.Timestamp("2026-10-15 14:00", tz="UTC")
hour = truth[in_hour]
print(f"{len(hour)} turns in {hour['conversation_id'].nunique()} conversations")
print(hour["error_type"].count(), "failed;", hour["input_tokens"].sum(), "input tokens")
print(f"${hour['cost'].sum():.4f}, mean {hour['response_time'].mean():.2f} s")

# %% [markdown]
# **A latency without a unit.** Langfuse's exports have a column `latency`. We have the month from one export job, and
# the hour from an older one. How long does a reply take?

# %%
older = pd.read_csv(data_file("traps/langfuse_milliseconds.csv"))
print(f"the month: {langfuse['latency'].mean():.2f}")
print(f"the hour:  {older['latency'].mean():.2f}")

# %% [markdown]
# Seconds in one, milliseconds in the other, under one name. Every record has a start and an end, too, and their difference
# has a unit.
#
# **Numbers that are text.** OpenTelemetry as JSON writes 64-bit integers in quotes, times as nanoseconds since 1970, and
# some writers put the ids in base64.
#
# <!-- free: 64, 1970 -->

# %%
with gzip.open(data_file("traps/otlp_base64.jsonl.gz"), "rt", encoding="utf-8") as file:
    envelope = json.loads(file.readline())["resourceSpans"][0]
span, call = envelope["scopeSpans"][0]["spans"][:2]
print(span["traceId"], span["startTimeUnixNano"])
print([one["value"] for one in call["attributes"] if "input_tokens" in one["key"]])
print(pd.Series(["558", "631"]).sum())

# %% [markdown]
# <!-- free: 558, 631 -->
#
# The last line is what happens to such a column in a sum: 558 and 631 are put side by side. And there is no money in these
# spans: OpenTelemetry's conventions have no attribute for cost, and not every library adds one.
#
# **A CSV that is broken at the source.** The CSV of Helicone's command line has a column `latency` that is always empty, and
# the conversation stands in a cell whose quotes are escaped twice, so that no JSON parser reads it.
#
# **A list without failures.** OpenAI's list of stored completions has neither durations nor conversations. And a request
# that failed left no completion behind: count errors there, and you find none.
#
# Four formats, and the same line for each. Which cells of the table will be empty?

# %%
names = "langfuse_milliseconds.csv", "otlp_base64.jsonl.gz", "helicone.csv"
names += ("openai_stored.json",)
four = {name: open_logs(data_file(f"traps/{name}")) for name in names}
rows = {}
for name, logs in four.items():
    found, mean = analysis.summary(logs), logs.frame()["response_time"].mean()
    failed, tokens = sum(found.errors.values()), found.tokens.input_tokens
    cost = found.cost and round(found.cost, 4)
    rows[name] = found.turns, found.conversations, failed, tokens, cost, mean
columns = ["turns", "conversations", "failed", "input_tokens", "cost", "seconds"]
pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=object)

# %% [markdown]
# Where a number is there, it is the same number: 84521 input tokens three times, and one mean from three files of which one
# had milliseconds, one text and one nothing at all. Helicone's 55721 is no slip: it counts what came from the cache apart,
# and this CSV leaves that count out, so the report calls the number a lower bound. Where a format has nothing, the answer is
# `None` or `nan`, and never 0. The one exception is the 0 in the last line: failures that an export leaves out altogether
# nobody can count.
#
# One line is wrong all the same: 69 conversations, where there were 30. Its report says why:
#
# <!-- free: 30 -->

# %%
told = four["openai_stored.json"].report.rows()
print(next(text for name, text in told if name == "note"))
cannot = [text.partition(":")[0] for name, text in told if name == "cannot run"]
print(wrapped("cannot run: " + ", ".join(cannot)))

# %% [markdown]
# A column that no turn has a value in is an analysis that cannot run. Find out before you promise a dashboard of
# satisfaction, not after.

# %% [markdown]
# ### Exercise 11.3
# Somebody asks what a *conversation* cost in that hour. Which of the four files can answer?
#
# 1. Decide what a file must hold to answer it.
# 2. Give the names of those that do, as a list or a set, spelt as in `names`.
#
# We check the names. Stuck? Run `hint("11.3")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
priced = [name for name in names if "cost" not in four[name].report.missing]
answer = [name for name in priced if analysis.summary(four[name]).conversations < 69]

# %%
check("11.3", answer)

# %% [markdown]
# ## What could not be read
#
# Real files are worse than formats. Here is the hour once more, as LangSmith's runs, after a disk was full, a proxy
# answered with a page of HTML, and somebody's script had edited a few fields. Would you stop at the first such line, or
# skip them all in a `try`?

# %%
spoilt = open_logs(data_file("traps/langsmith_broken.jsonl"))
for one in spoilt.report.examples:
    print(wrapped(f"line {one.line}: {one.reason}"))

# %% [markdown]
# Each line that is no record, or that cannot be true, is left out, with its number and a reason. More cached tokens than
# tokens, or an end before its start: a sum would have taken these without a word. But how much is missing now?

# %%
report, found = spoilt.report, analysis.summary(spoilt)
print(f"{report.read} read, {report.duplicates} duplicates", end=", ")
print(sum(report.rejected.values()), "rejected")
print(f"{found.turns} turns, ${found.cost:.4f}", end=", ")
print(found.tokens.input_tokens, "input tokens")
print(f"turns without a model: {spoilt.frame()['model'].isna().sum()}")

# %% [markdown]
# No turn and no cent: \$0.1331 and 84521 tokens are what the hour really had. Where a trace has lost its call, its root
# still says what it cost. What only the call knew is gone: 4 turns have no model now. The 10 duplicates were the end of
# the file, exported twice; with an id in every record they count once.
#
# Not every loss is so kind. Where a download broke off, the report says so, but no file knows what it lacks. Count somewhere
# else, in the tool's own page or in your server's log, before you present a fall in traffic.

# %% [markdown]
# ## A table of your own
#
# Many logs come from no tool. Here is one: a row for each turn, written by the bot itself, in names that somebody chose
# one afternoon. It holds the whole day of the hour above.

# %%
table = pd.read_csv(data_file("traps/desk.csv"))
print(table.iloc[0].to_string())

# %% [markdown]
# No importer can know what these columns mean, but you can say it once. The map is a file in TOML: on the left a column
# of turns, on the right the column of your table, with its unit where there is a choice.

# %%
columns_of_desk = data_file("traps/desk.toml")
print(columns_of_desk.read_text(encoding="utf-8"))

# %% [markdown]
# One thing is still missing. The times name no zone. On that day an hour went wrong; which one?

# %%
for zone in (None, "Europe/Berlin"):
    own = open_logs(data_file("traps/desk.csv"), columns=columns_of_desk, tz=zone)
    read = own.frame()
    hours = read["timestamp"].dt.floor("h")
    failed = read[read["error_type"].notna()].groupby(hours).size()
    print(f"{zone}: {failed.max()} failed in the hour from {failed.idxmax():%H:%M} UTC")

# %% [markdown]
# Read as it stands, most errors come at 16:00, and somebody spends a day on the release of 15:50. Read as what it is,
# Berlin's summer time, they come at 14:00, with the 9 failures that the hour had. The file cannot tell you which; whoever
# wrote it can. The report has more to ask them:
#
# <!-- free: 15:50 -->

# %%
for name, text in own.report.rows():
    if name == "assumed":
        print(wrapped(text))

# %% [markdown]
# Is `price` in US dollars? If it is in cents, the map has a place for the unit, as for the milliseconds. Are cached tokens
# part of `tokens_in`? If not, add them before you import. And `agent` is not in the map: if you meant to compare agents,
# give it one of the free columns of turns, such as `variant`.

# %% [markdown]
# ## Fewer turns, a bigger bill
#
# Now the numbers are right, and a question can be asked of them. We cut the month into its four weeks. Which week would
# you look into?

# %%
turns, monday = month["langsmith"], pd.Timestamp("2026-10-05", tz="UTC")
begins = [monday + timedelta(weeks=number) for number in range(5)]
weeks = [analysis.between(turns, *both) for both in pairwise(begins)]
for number, week in enumerate(weeks, start=1):
    found = analysis.summary(week)
    print(f"week {number}: {found.turns} turns, ${found.cost:.2f}", end=", ")
    print(f"${1000 * found.cost / found.turns:.2f} per thousand")

# %% [markdown]
# We take the third. It had fewer turns than the first, 4797 against 4963, and cost more, \$13.68 against \$12.95. (The
# fourth is yours, in a moment.) A total can change for three reasons, and they call for three different people:
#
# > **Volume**: more turns came, or fewer.
# >
# > **Mix**: other turns came, such as more of those that go to the dear model.
# >
# > **Rate**: turns of the same kind cost more than before.
#
# `compare` splits the change into the three, by any dimension, and the parts add up to it exactly. Here we split by the
# model that answered and by the version of the prompt. Guess before you run it: volume, mix or rate?

# %%
change = analysis.compare(weeks[0], weeks[2], by=("model", "prompt_version"))
cost = change["cost"]
for one in cost.splits:
    print(f"by {one.by:14} volume {one.volume:+.2f}, mix {one.mix:+.2f},", end=" ")
    print(f"rate {one.rate:+.2f} USD")
print(f"{'together':17} {cost.total_after - cost.total_before:+.2f} USD")

# %%
split = cost.by("prompt_version")
parts = {"volume": split.volume, "mix": split.mix, "rate": split.rate}
title = "Volume, mix or rate: what changed the bill?"
plots.bars(parts, title=title, unit="USD", what="Change of the week's cost")

# %% [markdown]
# Fewer turns saved money, and dearer turns spent it again: volume took \$0.45 off, mix between prompt versions did next to
# nothing, rate put \$1.20 on. So the bill did not grow with success. Dearer where? Each segment has its own part in the
# rate.

# %%
for segment in split.segments:
    print(f"{segment.value}: rate {segment.rate:+.2f} USD", end=", ")
    print(f"${1000 * segment.before:.2f} to ${1000 * segment.after:.2f} per thousand")

# %% [markdown]
# Nearly all of it is v3, which costs \$3.25 per thousand turns where it cost \$2.59. Could that be chance? Every difference
# comes with an interval, and with a p that is corrected for all that was looked at.

# %%
money = 1000 * cost.difference.low, 1000 * cost.difference.high
print("a thousand turns cost {:.2f} to {:.2f} USD more".format(*money))
tokens = change["tokens"].by("prompt_version")["v3"]
print(f"tokens of a v3 turn: {tokens.before:.0f}, then {tokens.after:.0f}")
grown = [round(end, -1) for end in (tokens.difference.low, tokens.difference.high)]
print("grown by {:.0f} to {:.0f}, more than chance:".format(*grown), tokens.changed)

# %% [markdown]
# The cost of a thousand turns grew by something between \$0.05 and \$0.44: a wide range, because cost scatters over a
# hundredfold from one turn to the next. The tokens of v3 are another matter: 1634 before, 2368 after, a growth of between
# 560 and 910, and far more than chance. Money is what you report; tokens are where you see it first. Somebody made that
# prompt longer.
#
# The truth knows what was planted in that week:

# %%
text = data_file("four_weeks_truth.json").read_text(encoding="utf-8")
for plant in json.loads(text)["plants"]:
    problem, saving = plant["problem"], float(plant["saving"]["usd"])
    if "2026-10-19" <= plant["start"][:10] <= "2026-10-25":
        print(f"{problem['kind']}: {problem['slice']}, mending it saves ${saving:.2f}")

# %% [markdown]
# A bloated prompt in v3, as found, and a second cause that our two dimensions could not see: in the app, prompts were no
# longer served from the cache. The third one made the week *cheaper*, by \$0.17: users who give up stop costing money. A
# falling bill is not always good news.
#
# If you have no week in mind, ask `trend` when something happened, as in [[lesson production]].

# %% [markdown]
# ### Exercise 11.4
# The bill of the fourth week is higher still, and for another reason. How many US dollars of the change from the first week
# to the fourth come from *mix* between models?
#
# 1. Compare `weeks[0]` with `weeks[3]`, by model.
# 2. Give the mix, in US dollars.
#
# We check the amount, to the cent. Stuck? Run `hint("11.4")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = analysis.compare(weeks[0], weeks[3], by="model")["cost"].by("model").mix

# %%
check("11.4", answer)

# %% [markdown]
# ## Your file: change one line
#
# Everything below runs on whatever `LOGS` holds: a file, a folder, a glob such as `exports/*.jsonl.gz`, or a list of them.
# Change the line, run the cells, and read the report before the numbers. If the times in your file name no zone, add `tz=`;
# if it is a table of your own, add `columns=`. Nothing leaves your machine.

# %%
LOGS = data_file("four_weeks_langsmith.jsonl.gz")  # your file here
mine = open_logs(LOGS)
mine.report

# %% [markdown]
# Is the tool the right one? Are the assumptions true of your set-up? Does the number of turns agree with what the tool's
# own page says? Only then:

# %%
print(wrapped(analysis.summary(mine)))

# %% [markdown]
# Then by what your export knows of its turns:

# %%
dimensions = ("intent", "channel", "region", "model")
known = next((name for name in dimensions if name not in mine.report.missing), None)
if known:
    segments = analysis.segments(mine, by=known).astype({"cost": float}).round(2)
    columns = [known, "turns", "error_rate", "median", "p95", "cost", "enough"]
    print(segments[columns].head(6).to_string(index=False))

# %% [markdown]
# The dearest segments stand on top. `enough` says whether a segment has turns enough for its percentile to mean anything.
#
# And what changed from the first half of the turns to the second, by more than chance?

# %%
middle = mine.frame()["timestamp"].median().to_pydatetime()
halves = analysis.between(mine, end=middle), analysis.between(mine, middle)
for line in str(analysis.compare(*halves)).splitlines():
    if ", changed" in line:
        print(line.partition(" (")[0])

# %% [markdown]
# In your own file you know when something happened: a release, a new prompt, another model. Put that moment in place of
# `middle`, and this is its before and after.
#
# Most readers of your numbers will never open a notebook. `write_report` writes them one page of HTML that needs no network
# and no other file: figures, tables, how the file was read, how each number is defined. It begins with the three things
# that weigh most among all slices and times. In our month nine things are planted: which three will they be?

# %%
page = Path(tempfile.mkdtemp()) / "report.html"  # where you want it
write_report(mine, page)
for title in re.findall(r"<h3[^>]*>(.*?)</h3>", page.read_text(encoding="utf-8"))[:3]:
    print(title)

# %% [markdown]
# French replies became slow, v3 sent more, and answers about the router got worse: three different slices, each with its
# days, and nobody had to ask. The first and the last are what the recommendations of [[lesson optimizer_recommendations]]
# missed: what *changed* shows in fewer turns than what to do about it. In a month in which nothing happened the page says
# so.

# %% [markdown]
# ## Summary
#
# Three colleagues added up one column and had two bills, \$110.36 and \$55.18; the majority was wrong, and on tokens
# everybody was. A record is not a turn: parents repeat their children, the cache stands in the input or beside it, and
# names mean what the tool means by them. `open_logs` made the same 19969 turns of all three exports, to the token and the
# cent, and its report said what it had assumed and rejected. Then the numbers answered a question: the bill of the third
# week rose although turns fell, and the rate of one prompt version was the reason.
#
# ## In practice
#
# - Give all your files at once, as a folder or a glob. Windows of exports overlap, and a record that comes twice is
#   counted once only if one import sees both.
# - Tools compute tokens and cost some minutes late. Export yesterday, not the last hour.
# - When summer time ends, a local clock shows one hour twice, and no `tz` can tell which is which. Log UTC.
# - `open_logs` leaves what people wrote unread, unless you say `content=True`. Most analyses do not need it.
# - On the command line, `chatmon inspect FILES` prints how files were read, `chatmon report FILES -o report.html` writes the
#   page, and `chatmon convert FILES -o turns.parquet` the turns for any other program.
#
# ## Quiz
#
# <!-- free: 200, 150, 30, 230, 350, 50, 12, 900, 8 %, 3 % -->
#
# 1. The bill rose by 8 % with 3 % fewer turns. By model, the mix is large and the rate about zero. What do you look for?
#    - (a) a change of the list prices, at the day from which the bill rose
#    - (b) a longer prompt
#    - (c) turns that went to another model
#
# <details>
# <summary>Answer</summary>
#
# (c): mix is turns having moved between the models. Not (a) and not (b): both make turns on the same model dearer, which
# is rate.
# </details>
#
# 2. You keep the roots of a LangSmith export, and group their cost by model. What do you see?
#    - (a) the cost of each model
#    - (b) the whole cost, under no model
#    - (c) twice the cost of each model
#
# <details>
# <summary>Answer</summary>
#
# (b): the root knows what the calls cost and not which model they went to. Not (a): that needs the calls. Not (c): the
# calls are gone, so nothing is counted twice.
# </details>
#
# 3. A map of counts says `input` 200, `input_cached_tokens` 150, `output` 30, `total` 230. How many input tokens are
#    these?
#    - (a) 200
#    - (b) 350
#    - (c) 50
#
# <details>
# <summary>Answer</summary>
#
# (a): input and output alone make the total, so the cached tokens are in the input. Not (b): with them on top the total
# would be larger. Not (c): that is the part that was not cached.
# </details>
#
# 4. From [[lesson cost_math]]: a report notes that 12 of 900 turns state no cost. What do you write beside the sum?
#    - (a) nothing, they cost 0
#    - (b) "at least", and the 12
#    - (c) that the sum was scaled up from the turns with a cost to all 900
#
# <details>
# <summary>Answer</summary>
#
# (b): unknown is not zero, and the reader can judge how much it may be. Not (a): that is a price nobody stated. Not (c):
# the turns without a cost are often those that failed, and not like the others.
# </details>
#
# 5. From [[lesson keep_and_forget]]: a consultant is to look at your export, so you put the `sha256` of each user's e-mail
#    address in place of it. What does the consultant learn of your users?
#    - (a) nothing, since a hash cannot be undone
#    - (b) how many there are, and nothing else
#    - (c) who they are, with a list of addresses
#
# <details>
# <summary>Answer</summary>
#
# (c): each address on the list can be hashed and looked up. Not (a): nobody has to undo anything. Not (b): for that the
# pseudonym has to be made with a key, and the key has to stay with you.
# </details>
#
# ## Going further
#
# - [[next]]
# - Then your own log: export a week of it, read the report, and put a first alert of
#   [[lesson alerting]] on what you find.
# - How [LangSmith](https://docs.langchain.com/langsmith/data-export) and
#   [Langfuse](https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage) export, from the sources.
# - OpenTelemetry's [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/), and its [JSON
#   encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
# - Kitagawa, [Components of a difference between two rates](https://doi.org/10.1080/01621459.1955.10501299): the split
#   into mix and rate.
