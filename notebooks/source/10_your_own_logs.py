# %% [markdown]
# # [[title]]
#
# **What you will do**: get one set of numbers out of three tools' exports of the same month, find out why a bill went
# up, and put your own file in their place.
#
# **What you will learn**: tell a record from a turn, add up an export without counting twice, read what an import
# assumed and left out, describe a table of your own, and split a change into volume, mix and rate.
#
# **What you need**: [lesson 1](01_key_terms.ipynb), for *turn*, *trace* and *token*. If you have an export of your own
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
# We read the files as most people do, a table of lines each. (OpenTelemetry takes a line or two more: its spans come in
# envelopes, and their attributes as lists.)

# %%
import gzip
import json
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from chatmon import analysis, plots
from chatmon.course import check, hint
from chatmon.importers import open_logs
from chatmon.paths import data_file
from chatmon.report import write_report
from chatmon.turns import read_parquet, to_frame

# %%
langsmith = pd.read_json(data_file("four_weeks_langsmith.jsonl.gz"), lines=True)
langfuse = pd.read_json(data_file("four_weeks_langfuse.jsonl.gz"), lines=True)
with gzip.open(data_file("four_weeks_otlp.jsonl.gz"), "rt", encoding="utf-8") as file:
    envelopes = [json.loads(line)["resourceSpans"][0] for line in file]
spans = [span for envelope in envelopes for span in envelope["scopeSpans"][0]["spans"]]
values = [
    {pair["key"]: next(iter(pair["value"].values())) for pair in span["attributes"]}
    for span in spans
]
otel = pd.DataFrame(values)
print(f"{len(langsmith)} runs, {len(langfuse)} observations, {len(otel)} spans")

# %%
print(f"LangSmith:     ${langsmith['total_cost'].sum():.2f}")
print(f"Langfuse:      ${langfuse['total_cost'].sum():.2f}")
print(f"OpenTelemetry: ${otel['gen_ai.usage.cost'].sum():.2f}")

# %% [markdown]
# Two say \$110.36, one says \$55.18. Put to the vote, the month cost \$110.36. Which one do you pay?
#
# Before you decide, a second opinion from the same three: how many tokens went in?

# %%
read = pd.DataFrame(langfuse["usage_details"].tolist())
print(f"LangSmith:     {langsmith['prompt_tokens'].sum():,.0f}")
print(f"Langfuse:      {read['input'].sum():,.0f}")
print(f"OpenTelemetry: {otel['gen_ai.usage.input_tokens'].astype(float).sum():,.0f}")

# %% [markdown]
# The same two agree again. This desk is simulated, so the truth is on file, turn by turn. Your guess?

# %%
truth = to_frame(read_parquet(data_file("four_weeks.parquet")))
print(
    f"{len(truth)} turns, ${truth['cost'].sum():.2f}, {truth['input_tokens'].sum():,} input tokens"
)

# %% [markdown]
# The vote was wrong. The month cost \$55.18: the two that agreed made the same mistake, and agreement is no evidence
# when the mistake is shared. But do not trust the third either. On tokens, 28,239,496 is the truth, and nobody had it:
# two sums are twice as large, and Langfuse's lacks more than a quarter.
#
# No export was damaged, and nobody mistyped. Each colleague added up a column without asking what a line of the file
# *is*.

# %% [markdown]
# ## Twice: a parent repeats its children
#
# Look at what LangSmith wrote for one message. Which of these lines would you pay for?

# %%
one = langsmith[langsmith["trace_id"] == langsmith["trace_id"].iloc[0]]
one[["run_type", "name", "prompt_tokens", "completion_tokens", "total_cost"]]

# %% [markdown]
# One of them. The first line is the root of the trace: the message as the user saw it. The second is the call of the
# model, the only thing that costs money. The tool copies what calls cost into every run above them, so that a trace can
# be read from the top. OpenTelemetry's libraries often do the same with their agent's span; this Langfuse project did
# not, which is the only reason its money was right.

# %%
halves = langsmith.groupby("run_type")[["prompt_tokens", "total_cost"]].agg(
    ["count", "sum"]
)
halves.round(2)

# %% [markdown]
# Each half is right by itself, and the sum of the column is both. So keep the roots? Or keep the calls? It depends on
# what you want to ask next:

# %%
metadata = pd.DataFrame([extra["metadata"] for extra in langsmith["extra"]])
metadata.groupby(langsmith["run_type"])[
    ["thread_id", "user_id", "intent", "ls_model_name"]
].count()

# %% [markdown]
# The roots know the conversation (`thread_id`), the user and the intent, and not one of them knows the model. The calls
# know the model and nothing else. "What does each intent cost on each model?" needs both halves: money from the calls,
# the rest from the root. There are also more calls than roots, because a call that failed was tried again; so neither
# counting lines nor counting calls counts messages.
#
# One more name that says something else than you think. Every run has a `session_id`. How many conversations is that?

# %%
print(f"session_id: {langsmith['session_id'].nunique()} value")
print(f"thread_id:  {metadata['thread_id'].nunique()} values")

# %% [markdown]
# A single one. In LangSmith `session_id` is the *project*; the conversation is the thread, in the metadata. A dashboard
# that groups by `session_id` shows one very long conversation, and no error.

# %% [markdown]
# ### Exercise 10.1
# Write `cost_of(runs)` for a list of LangSmith runs. Each is a dict with `id`, `parent_run_id`, `run_type` and
# `total_cost`: text such as `"0.0012"`, or `None`.
#
# 1. Add up the cost once, as a `Decimal` or a float. What is `None` adds nothing.
# 2. Be right for a whole export, and also for one that somebody filtered to model calls (`run_type` is `llm`) to make
#    it smaller: it holds no roots.
#
# We try it on runs you do not see. Stuck? Run `hint("10.1")`.


# %% tags=["stub"]
def cost_of(runs):
    return ...  # your turn


# %% tags=["solution"]
def cost_of(runs):
    calls = [run for run in runs if run["run_type"] == "llm"]
    return sum(
        float(run["total_cost"]) for run in calls if run["total_cost"] is not None
    )


# %%
check("10.1", cost_of)

# %% [markdown]
# ## Too few: the cache stands beside the input
#
# Langfuse had the money right and lost more than a quarter of the input. Here is how it counts one call.

# %%
cached = read[read["input_cached_tokens"] > 0]
print(cached.iloc[0].astype(int).to_dict())
print(f"{read['input'].sum() + read['input_cached_tokens'].sum():,.0f}")

# %% [markdown]
# Its `input` is what is left after the cached tokens are taken out; put back in, the sum is 28,239,496, the truth. Who
# prices the `input` alone gets a bill without the cache, and never sees what the cache saves, because there is no cache
# in the table. Output works in the same way: reasoning stands beside it.
#
# It gets worse: this holds for what Langfuse's own SDK sends. A team that sends OpenAI's numbers as they come gets a map
# with the same keys in which `input` *includes* the cache. The name cannot tell you which. The map can: add it up, and
# compare with its `total`.
#
# And a last surprise in this file. How many of its lines name a model?

# %%
named = langfuse["provided_model_name"]
print(f"not missing: {named.notna().sum()}, not empty: {(named != '').sum()}")

# %% [markdown]
# All 40294, says the test for missing values, and half of those names are empty. This export writes `""` for unknown: group
# by it, and the largest of your models has no name and costs nothing.

# %% [markdown]
# ### Exercise 10.2
# Write `input_tokens(usage)`: all input tokens, cached ones included, of one of Langfuse's maps. Its keys are `input`,
# `output` and `total`, and sometimes `input_cached_tokens` and `output_reasoning`.
#
# 1. Find out from `total` whether the cached tokens stand beside `input` or in it. (Cache and reasoning follow the same
#    habit within one map.)
# 2. Return the whole input.
#
# We try it on maps of both habits. Stuck? Run `hint("10.2")`.


# %% tags=["stub"]
def input_tokens(usage):
    return ...  # your turn


# %% tags=["solution"]
def input_tokens(usage):
    inside = usage["input"] + usage["output"] == usage["total"]
    return usage["input"] + (0 if inside else usage.get("input_cached_tokens", 0))


# %%
check("10.2", input_tokens)

# %% [markdown]
# ## One line
#
# You could now write three scripts. We did, once, with every trap of this lesson in the tests, and the result is one
# function: it looks at the first records, recognises the tool, takes time, conversation and intent from the root and
# tokens and money from the calls below it, and makes one row for each turn.

# %%
tools = ("langsmith", "langfuse", "otlp")
month = {tool: open_logs(data_file(f"four_weeks_{tool}.jsonl.gz")) for tool in tools}
for tool, logs in month.items():
    found = analysis.summary(logs)
    print(
        f"{tool:9} {found.turns} turns, ${found.cost:.2f}, {found.tokens.input_tokens:,} input tokens"
    )

# %% [markdown]
# Three exports, one set of numbers, and it is the true one: \$55.18 and 28,239,496. But equal sums may hide differences
# that cancel; lesson 3 was about a bill of that kind. So compare turn by turn: of the 19969 turns, how many agree with
# the truth in every token and in every digit of the cost?


# %%
def by_turn(turns):
    key = turns["turn_id"].str.replace("-", "")
    columns = [
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "cost",
        "response_time",
        "timestamp",
    ]
    return turns.set_index(key)[columns].sort_index()


for tool, logs in month.items():
    agree = (by_turn(logs.frame()).fillna(-1) == by_turn(truth).fillna(-1)).all(axis=1)
    print(f"{tool:9} {agree.sum()} of {len(agree)} turns agree")

# %% [markdown]
# All of them, in all three. (`turn_id` is compared without its dashes, because OpenTelemetry writes none.) From here
# on it does not matter which tool a number came from, and you can compare a bot that is watched by one tool with a bot
# that is watched by another.
#
# Should you believe an importer because it says so? No. That is what its report is for.

# %%
month["langsmith"].report

# %% [markdown]
# Read it like the fine print of a contract. First what the file was taken for, and *why*. Then the books: every record that
# was read is in a turn, a duplicate, or rejected. Then what the file does not say and had to be assumed: the zone of its
# times, and that `prompt_tokens` counts the cache in. Last what to know before you quote a number: 172 turns state no cost,
# so \$55.18 is a lower bound. And some keys are read by nothing. `session_id` is one of them, and you know why.
#
# If an assumption is wrong for your file, the numbers are wrong, and you are the only one who can know.

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
seconds = hour["response_time"].mean()
print(
    f"{len(hour)} turns in {hour['conversation_id'].nunique()} conversations, {hour['error_type'].count()} failed"
)
print(
    f"${hour['cost'].sum():.4f}, {hour['input_tokens'].sum()} input tokens, mean {seconds:.2f} s"
)

# %% [markdown]
# **A latency without a unit.** Langfuse's exports have a column `latency`. We have the month from one export job, and
# the hour from an older one. How long does a reply take?

# %%
older = pd.read_csv(data_file("traps/langfuse_milliseconds.csv"))
print(f"the month: {langfuse['latency'].mean():.2f}")
print(f"the hour:  {older['latency'].mean():.2f}")

# %% [markdown]
# Seconds in one, milliseconds in the other, under one name. Put both files into one table, and the mean is about
# neither. A time span needs no such column: every record has a start and an end, and the difference has a unit.
#
# **Numbers that are text.** OpenTelemetry as JSON writes 64-bit integers in quotes, times as nanoseconds since 1970, and
# some writers put the ids in base64.
#
# <!-- free: 64, 1970 -->

# %%
with gzip.open(data_file("traps/otlp_base64.jsonl.gz"), "rt", encoding="utf-8") as file:
    span, call = json.loads(file.readline())["resourceSpans"][0]["scopeSpans"][0][
        "spans"
    ][:2]
print(span["traceId"], span["startTimeUnixNano"], span["status"])
counted = {
    pair["key"]: pair["value"] for pair in call["attributes"] if "tokens" in pair["key"]
}
print(counted["gen_ai.usage.input_tokens"])
print(pd.Series(["558", "631"]).sum())

# %% [markdown]
# <!-- free: 558, 631, 558631 -->
#
# The last line is what happens to such a column in a sum: 558 and 631 are put side by side and make 558631. And look for
# money in these spans: there is none. OpenTelemetry's conventions have no attribute for cost. Some libraries add one, as
# in the export at the top, this one does not.
#
# **A CSV that is broken at the source.** The CSV of Helicone's command line has a column `latency` that is always empty,
# and cells with an object in them have their quotes escaped twice.

# %%
helicone = pd.read_csv(data_file("traps/helicone.csv"))
print(f"rows: {len(helicone)}, with a latency: {helicone['latency'].count()}")
print(helicone["request_properties"].iloc[0][:60])

# %% [markdown]
# The conversation is in that cell, and no JSON parser reads it.
#
# **A list without failures.** OpenAI's list of stored completions is the shortest of the four. What is the error rate?

# %%
stored = json.loads(data_file("traps/openai_stored.json").read_text(encoding="utf-8"))[
    "data"
]
print(f"{len(stored)} replies; keys: {', '.join(stored[0])}")

# %% [markdown]
# It has 69 replies of 78, because a request that failed left no completion behind: count errors here and you find none,
# in an hour in which 9 turns failed. There is no duration either, and no conversation.
#
# <!-- free: 78, 9 -->
#
# Four formats, and the same line for each. Which cells of the table will be empty?

# %%
names = (
    "langfuse_milliseconds.csv",
    "otlp_base64.jsonl.gz",
    "helicone.csv",
    "openai_stored.json",
)
four = {name: open_logs(data_file(f"traps/{name}")) for name in names}
rows = {}
for name, logs in four.items():
    found, mean = analysis.summary(logs), logs.frame()["response_time"].mean()
    failed, tokens = sum(found.errors.values()), found.tokens.input_tokens
    rows[name] = (
        found.turns,
        found.conversations,
        failed,
        tokens,
        found.cost,
        round(mean, 2),
    )
columns = ["turns", "conversations", "failed", "input_tokens", "cost", "mean_seconds"]
pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=object)

# %% [markdown]
# Where a number is there, it is the same number: 84521 input tokens four times, and a mean of 2.55 s from three files of
# which one had milliseconds, one text and one nothing at all. Where a format has nothing, the answer is `None` or `nan`,
# and never 0. The one exception is the 0 in the last line: failures that an export leaves out altogether cannot be counted
# by anybody.
#
# One line is wrong all the same: 69 conversations, where there were 30. No reply of that list says which conversation it
# belongs to. Its report says so:
#
# <!-- free: 30 -->

# %%
for name, text in four["openai_stored.json"].report.rows():
    if name in ("assumed", "note", "cannot run"):
        print(f"{name:10} {text}")

# %% [markdown]
# A column that no turn has a value in is an analysis that cannot run, and the last lines list them. This is the time to
# find out: before you promise a dashboard of satisfaction, not after.

# %% [markdown]
# ### Exercise 10.3
# Somebody asks what a *conversation* cost in that hour. Which of the four files can answer?
#
# 1. Decide what a file must hold to answer it.
# 2. Give the names of those that do, as a list or a set, spelt as in `names`.
#
# We check the names. Stuck? Run `hint("10.3")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = [
    name
    for name, logs in four.items()
    if "cost" not in logs.report.missing
    and analysis.summary(logs).conversations < len(logs.frame())
]

# %%
check("10.3", answer)

# %% [markdown]
# ## What could not be read
#
# Real files are worse than formats. Here is the hour once more, as LangSmith's runs, after a disk was full, a proxy
# answered with a page of HTML, and somebody's script had edited a few fields. A script of yours would stop at the first
# such line, or skip them all in a `try`. What do you want instead?

# %%
spoilt = open_logs(data_file("traps/langsmith_broken.jsonl"))
for one in spoilt.report.examples:
    print(f"line {one.line}: {one.reason}")

# %% [markdown]
# Each line that is no record, or that cannot be true, is left out, with its number and a reason that has both values.
# More cached tokens than tokens, or an end before its start: a sum would have taken these without a word. But how much is
# missing now?

# %%
report, found = spoilt.report, analysis.summary(spoilt)
print(
    f"{report.read} read, {report.duplicates} duplicates, {sum(report.rejected.values())} rejected"
)
print(
    f"{found.turns} turns, ${found.cost:.4f}, {found.tokens.input_tokens} input tokens"
)
print(f"turns without a model: {spoilt.frame()['model'].isna().sum()}")

# %% [markdown]
# No turn and no cent: \$0.1331 and 84521 tokens are what the hour really had. Four of the rejected lines were calls, and
# where a trace has no call left, its root still says what it cost. What only the call knew is gone: 4 turns have no
# model now. The 10 duplicates were the end of the file, exported twice; with an id in every record they count once.
#
# Not every loss is so kind. This download broke off, and nobody noticed:

# %%
cut = open_logs(data_file("traps/langsmith_cut.jsonl.gz"))
found = analysis.summary(cut)
print(cut.report.examples[0].reason)
print(f"{found.turns} turns, ${found.cost:.4f}")

# %% [markdown]
# What came through is read: 44 turns and \$0.0670. That looks like a quiet hour, and it is half of a busy one. The report
# knows that the file broke off, but no file knows what it lacks. So count somewhere else, in the tool's own page or in
# your server's log, and compare, before you present a fall in traffic.

# %% [markdown]
# ## A table of your own
#
# Many logs come from no tool. Here is one: a row for each turn, written by the bot itself, in names that somebody chose one
# afternoon. It holds the whole day of the hour above.

# %%
table = pd.read_csv(data_file("traps/desk.csv"))
print(table.iloc[0].to_string())

# %% [markdown]
# No importer can know what these columns mean, but you can say it once. The map is a file in TOML: on the left a column of
# turns, on the right the column of your table, with its unit where there is a choice.

# %%
print(data_file("traps/desk.toml").read_text(encoding="utf-8"))

# %% [markdown]
# One thing is still missing. The times name no zone. On that day an hour went wrong; which one?

# %%
for zone in (None, "Europe/Berlin"):
    own = open_logs(
        data_file("traps/desk.csv"), columns=data_file("traps/desk.toml"), tz=zone
    )
    read = own.frame()
    failed = (
        read[read["error_type"].notna()].groupby(read["timestamp"].dt.floor("h")).size()
    )
    print(
        f"tz={zone}: {failed.max()} failed in the hour from {failed.idxmax():%H:%M} UTC"
    )

# %% [markdown]
# Read as it stands, most errors come at 16:00, and somebody spends a day on the release of 15:50. Read as what it is,
# Berlin's summer time, they come at 14:00, with the 9 failures that the hour had. The file cannot tell you which; whoever
# wrote it can. Put the other questions to them at the same time, for the report lists those, too:
#
# <!-- free: 15:50 -->

# %%
for name, text in own.report.rows():
    if name in ("assumed", "note", "cannot run"):
        print(f"{name:10} {text}")

# %% [markdown]
# Is `price` in US dollars? If it is in cents, the map has a place for the unit, as for the milliseconds. Are cached tokens part
# of `tokens_in`? If not, add them before you import. And one column was left alone: `agent` is in the table and not in the
# map, so no number will ever depend on it. If you meant to compare agents, give it one of the free columns of turns, such
# as `variant`.

# %% [markdown]
# ## Fewer turns, a bigger bill
#
# Now the numbers are right, and a question can be asked of them. We cut the month into its four weeks. Which week would
# you look into?

# %%
turns, monday = month["langsmith"], datetime(2026, 10, 5, tzinfo=UTC)
weeks = [
    analysis.between(
        turns, monday + timedelta(weeks=n), monday + timedelta(weeks=n + 1)
    )
    for n in range(4)
]
for number, week in enumerate(weeks, start=1):
    found = analysis.summary(week)
    print(
        f"week {number}: {found.turns} turns, ${found.cost:.2f}, ${1000 * found.cost / found.turns:.2f} per thousand"
    )

# %% [markdown]
# We take the third. It had fewer turns than the first, 4797 against 4963, and cost more, \$13.68 against \$12.95. (The fourth
# is yours, in a moment.) A total can change for three reasons, and they call for three different people:
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
for split in cost.splits:
    print(
        f"by {split.by:14} volume {split.volume:+.2f}, mix {split.mix:+.2f}, rate {split.rate:+.2f} USD"
    )
print(f"{'together':17} {cost.total_after - cost.total_before:+.2f} USD")

# %%
split = cost.by("prompt_version")
plots.bars(
    {"volume": split.volume, "mix": split.mix, "rate": split.rate},
    title="Fewer turns saved money, and dearer turns spent it again",
    unit="USD",
    what="Change of the week's cost",
)

# %% [markdown]
# Volume took \$0.45 off, because fewer turns came; mix between prompt versions did next to nothing; rate put \$1.20 on. So the
# bill did not grow with success: turns of the same kind became dearer. (By model the parts are others, because that is
# another question; the sum is the same.) Dearer where? Each segment has its own part in the rate.

# %%
for segment in split.segments:
    before, after = 1000 * segment.before, 1000 * segment.after
    print(
        f"{segment.value}: rate {segment.rate:+.2f} USD, ${before:.2f} to ${after:.2f} per thousand turns"
    )

# %% [markdown]
# Nearly all of it is v3, which costs \$3.25 per thousand turns where it cost \$2.59. Could that be chance? A week has a
# few dear conversations more or less in any case, and whoever looks at enough segments finds one that stands out. So
# every difference comes with an interval, computed over conversations, and with a p that is corrected for all that was
# looked at.

# %%
tokens, money = change["tokens"].by("prompt_version")["v3"], cost.difference
print(
    f"cost of a thousand turns: {1000 * money.value:+.2f} USD, {1000 * money.low:.2f} to {1000 * money.high:.2f}"
)
print(f"tokens of a v3 turn:      {tokens.before:.0f} to {tokens.after:.0f}")
print(
    f"they grew by about:       {round(tokens.difference.low, -1):.0f} to {round(tokens.difference.high, -1):.0f}"
)
print(f"more than chance:         {tokens.changed}")

# %% [markdown]
# The cost of a thousand turns grew by something between \$0.05 and \$0.44: a wide range, because cost scatters over a
# hundredfold from one turn to the next. The tokens of v3 are another matter: 1634 before, 2368 after, a growth of between 560
# and 910, and far more than chance. Money is what you report; tokens are where you see it first. Somebody made that prompt
# longer.
#
# The truth knows what was planted in that week:

# %%
plants = json.loads(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))[
    "plants"
]
for plant in plants:
    if "2026-10-19" <= plant["start"][:10] <= "2026-10-25":
        where, saving = plant["problem"]["slice"], float(plant["saving"]["usd"])
        print(
            f"{plant['problem']['kind']}: {where}, from {plant['start'][:10]}, mending it saves ${saving:.2f}"
        )

# %% [markdown]
# A bloated prompt in v3, as found, and a second cause that our two dimensions could not see: in the app, prompts were no
# longer served from the cache. A split answers for the dimensions you name; try `"channel"`. The third one made the week
# *cheaper*, by \$0.17: users who give up stop costing money. A falling bill is not always good news.
#
# When did something happen, if you have no week in mind? `trend` draws a band in which a measure lies while nothing
# happens, and says which periods are outside.

# %%
daily = analysis.trend(turns, "day", "error_rate")
for _, row in daily[daily["outside"].fillna(False)].iterrows():
    print(
        f"{row['period']:%Y-%m-%d}: {row['value']:.3f} of {row['n']} turns, the band ends at {row['high']:.3f}"
    )

# %%
frame = turns.frame()
plots.timeline(
    frame.assign(failed_turns=100 * frame["error_type"].notna()),
    "failed_turns",
    every="1D",
    unit="%",
    title="On 16 October the error rate was several times what it is on other days",
)

# %% [markdown]
# On 2026-10-16 an error rate of 0.069, far outside the band, and the trouble goes on into the next day. In a quiet month such
# a band has a chance of one in twenty to claim anything at all, so what it claims is worth a look. Where was it?

# %%
day = analysis.between(
    turns, datetime(2026, 10, 16, tzinfo=UTC), datetime(2026, 10, 17, tzinfo=UTC)
)
print(
    analysis.segments(day, by="region")[["region", "turns", "errors", "error_rate"]]
    .round(3)
    .to_string(index=False)
)

# %% [markdown]
# Germany. Three questions, a handful of lines each, and none of them asked which tool had watched.

# %% [markdown]
# ### Exercise 10.4
# The bill of the fourth week is higher still, and for another reason. How many US dollars of the change from the first week
# to the fourth come from *mix* between models?
#
# 1. Compare `weeks[0]` with `weeks[3]`, by model.
# 2. Give the mix, in US dollars.
#
# We check the amount, to the cent. Stuck? Run `hint("10.4")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = analysis.compare(weeks[0], weeks[3], by="model")["cost"].by("model").mix

# %%
check("10.4", answer)

# %% [markdown]
# ## Your file: change one line
#
# Everything below runs on whatever `LOGS` holds: a file, a folder, a glob such as `exports/*.jsonl.gz`, or a list of them.
# Change the line, run the cells, and read the report before the numbers. If the times in your file name no zone, add
# `tz=`; if it is a table of your own, add `columns=`. Nothing leaves your machine.

# %%
LOGS = data_file("four_weeks_langsmith.jsonl.gz")  # your file here
mine = open_logs(LOGS)
mine.report

# %% [markdown]
# Is the tool the right one? Are the assumptions true of your set-up? Does the number of turns agree with what the tool's
# own page says? Only then:

# %%
print(analysis.summary(mine))

# %% [markdown]
# An unknown number shows as unknown, and every other one with its interval and its n. Then by whatever your export
# knows of its turns:

# %%
known = [
    name
    for name in ("intent", "channel", "region", "model")
    if name not in mine.report.missing
]
for name in known[:1]:
    parts = analysis.segments(mine, by=name).astype({"cost": float}).round(3)
    print(
        parts[
            [name, "turns", "error_rate", "median", "p95", "cost", "enough"]
        ].to_string(index=False)
    )

# %% [markdown]
# The dearest segment stands on top. `enough` says whether a segment has turns enough for its percentile to mean
# anything; where it is `False`, ask for more turns, not for a meeting.
#
# And what changed from the first half of the turns to the second? Only what is marked as changed is more than chance.

# %%
middle = mine.frame()["timestamp"].median().to_pydatetime()
print(
    analysis.compare(analysis.between(mine, end=middle), analysis.between(mine, middle))
)

# %% [markdown]
# In your own file you know what happened on which day: a release, a new prompt, another model. Put that moment in place of
# `middle`, and this is its before and after.
#
# Most readers of your numbers will never open a notebook. `write_report` writes them one page of HTML, with figures, tables,
# how the file was read and how each number is defined; it needs no network and no other file. It begins with the three
# things that a search through all slices and times found to weigh most. In our month nine things are planted: which three
# will they be?

# %%
page = Path(tempfile.mkdtemp()) / "report.html"  # where you want it
write_report(mine, page)
for title in re.findall(r"<h3[^>]*>(.*?)</h3>", page.read_text(encoding="utf-8"))[:3]:
    print(title)

# %% [markdown]
# French replies became slow, v3 sent more, and answers about the router got worse: three different slices, each with its
# days, and nobody had to ask. Open the page in a browser. It also says when there is nothing to say: in a month in which
# nothing happened, a page that always finds three things would be one more alarm that never sleeps.

# %% [markdown]
# ## Summary
#
# Three colleagues added up one column and had two bills, \$110.36 and \$55.18; the majority was wrong, and on tokens
# everybody was. A record is not a turn: parents repeat their children, the cache stands in the input or beside it, and
# names such as `session_id` mean what the tool means by them. `open_logs` made the same 19969 turns of all three exports, to
# the token and the cent, and its report said what it had assumed and rejected. Then the numbers answered questions: the
# bill of the third week rose although turns fell, and the rate of one prompt version was the reason.
#
# ## In practice
#
# - Give all your files at once, as a folder or a glob. Windows of exports overlap, and a record that comes twice is counted
#   once only if one import sees both.
# - Tools compute tokens and cost some minutes late. Export yesterday, not the last hour.
# - When summer time ends, a local clock shows one hour twice, and no `tz` can tell which is which. Log UTC.
# - `open_logs` leaves what people wrote unread, unless you say `content=True`. Most analyses do not need it.
# - On the command line, `chatmon inspect FILES` prints how files were read and what they add up to, `chatmon report FILES -o
#   report.html` writes the page, and `chatmon convert FILES -o turns.parquet` the turns for any other program.
# - An unknown cost can be made known where model and tokens are: price the turns yourself, as in
#   [lesson 3](03_cost_math.ipynb).
#
# ## Quiz
#
# <!-- free: 200, 150, 30, 230, 350, 50, 12, 900, 8 %, 3 % -->
#
# 1. Two of your three tools show the same number of tokens for a month. Do you believe it?
#    - (a) yes, two against one
#    - (b) not before you know what one of their records stands for
#    - (c) take the mean of the three
#
# <details>
# <summary>Answer</summary>
#
# (b): tools that repeat children in parents agree on twice the truth. Not (a): a shared mistake agrees with itself. Not (c):
# the mean of wrong numbers is a wrong number.
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
# (a): input and output alone make the total, so the cached tokens are in the input. Not (b): with them on top the total would
# be larger. Not (c): that is the part that was not cached.
# </details>
#
# 4. A report notes that 12 of 900 turns state no cost. What do you write beside the sum?
#    - (a) nothing, they cost 0
#    - (b) "at least", and the 12
#    - (c) the sum, scaled up to 900 turns
#
# <details>
# <summary>Answer</summary>
#
# (b): unknown is not zero, and the reader can judge how much it may be. Not (a): that is a price nobody stated. Not (c): the
# turns without a cost are often those that failed, and not like the others.
# </details>
#
# 5. The bill rose by 8 % with 3 % fewer turns. By model, the mix is large and the rate about zero. What do you look for?
#    - (a) a change of prices
#    - (b) a longer prompt
#    - (c) a change in which turns go to which model
#
# <details>
# <summary>Answer</summary>
#
# (c): mix is turns having moved between the models. Not (a) and not (b): both make turns on the same model dearer, which is
# rate.
# </details>
#
# ## Going further
#
# - [Cost, to the cent](03_cost_math.ipynb): whether the costs in your export are right is another question.
# - How [LangSmith](https://docs.langchain.com/langsmith/data-export) and
#   [Langfuse](https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage) export, from the sources.
# - OpenTelemetry's [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/), and its [JSON
#   encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
# - Kitagawa, [Components of a difference between two rates](https://doi.org/10.1080/01621459.1955.10501299): the split
#   into mix and rate.
