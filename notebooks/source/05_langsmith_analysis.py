# %% [markdown]
# # [[title]]
#
# **What you will do**: trace a bot, find out where one customer's time went, catch a weekly report in counting
# everything twice, and let two versions of a prompt answer the same questions.
#
# **What you will learn**: read a trace as a tree, find the slow span, count turns and not runs, tell "nothing there"
# from "nothing wrong", attach feedback to a turn, compare prompts question by question.
#
# **What you need**: [[key_terms]]; [[instrumented_chat]] helps. Runs are fetched with `await`, and tables are pandas:
# [Before you start](../docs/before_you_start.md) has both.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# ## A wait that no dashboard explains
#
# Ada asked where she can see her bill. She got the right answer, and she waited for it longer than she would wait on
# the phone. The error rate stands at zero, the model's own dashboard says that it answers as fast as ever. Both are
# right. Where did Ada's time go?
#
# A turn has one duration, and the answer is not in it. We need what happened *inside* the turn.
#
# > **Trace**: everything that happened for one turn, as a tree of steps.
# >
# > **Run** (LangSmith's word) or *span* (OpenTelemetry's): one step, with a beginning, an end, and the step that called
# > it, its *parent*. A search is one, and a call of the model. The run without a parent is the *root*: it is the turn.
#
# LangSmith collects and shows them. It is a service with accounts; here, a server on your machine speaks its protocol,
# and everything you are about to call is LangSmith's own client.

# %%
import json
import os
import textwrap
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
from chatmon import analysis, open_logs, plots
from chatmon.lab import data_file
from chatmon.lab.bot import ChatConfig, KnowledgeBase, ProductionChatbot
from chatmon.lab.course import check, hint
from langsmith.utils import LangSmithNotFoundError

os.environ["CHATMON_LANGSMITH"] = "local"

# %%
from chatmon.connect.langsmith import analyze_conversation_patterns, compare_periods
from chatmon.connect.langsmith import feedback, fetch_turns, load_export
from chatmon.lab.bot import add_questions, evaluate_prompts
from chatmon.lab.services.langsmith import connect

# %% [markdown]
# `connect` makes one client, and makes it the one that LangChain uses too. Two clients are a classic: one sends, the
# other is flushed, and the last runs never arrive. `CHATMON_LANGSMITH`, set to `local` above, says
# that we stay on this machine, even where you have a key.

# %%
client = connect("desk")
started = datetime.now(UTC)
bot = ProductionChatbot(ChatConfig.local(timeout=300))
reply = bot.process_user_message_sync("How can I reset my password?", "bob")
client.flush()
print(reply.status)

# %% [markdown]
# That was Bob, and the bot is warm. Ada came when the model's service was busy. Here is such a service: the first
# request is refused with status 503 and the words "try again in 6 seconds", every later one is passed on to the real
# model.
#
# <!-- free: 503 -->

# %%
model_url = f"{ChatConfig.local().base_url}/chat/completions"


class Busy(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        if len(asked) == 1:
            self.send_response(503)
            self.send_header("Retry-After", "6")
            self.end_headers()
            return
        passed = {
            name: self.headers[name] for name in ("Authorization", "Content-Type")
        }
        reply = httpx.post(model_url, content=asked[-1], headers=passed, timeout=300)
        self.send_response(reply.status_code)
        self.send_header("Content-Type", reply.headers["Content-Type"])
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *args):
        pass


# %%
asked = []
service = HTTPServer(("127.0.0.1", 0), Busy)
Thread(target=service.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{service.server_port}/v1"

# %%
bot = ProductionChatbot(ChatConfig.local(base_url=url, timeout=300, diagnose=None))
reply = bot.process_user_message_sync("Where can I see my bill?", "ada")
service.shutdown()
service.server_close()
client.flush()
turn = bot.monitor.turns()[0]
print(reply.status, turn.error_type, "more than 6 s:", turn.response_time > 6)

# %% [markdown]
# A success, no error, and more than 6 seconds. That is all a dashboard of turns can know. `client.flush()` matters:
# runs are sent in the background, so that tracing does not slow the bot down, and what you ask for at once may not be
# there yet.
#
# ## Read the tree
#
# Now the trace. The turn's id is the id of its root run, so we ask for that trace's runs. The newer of LangSmith's two
# interfaces returns only what you select, and nothing older than a day unless you say since when.

# %%
FIELDS = "ID NAME RUN_TYPE STATUS START_TIME PARENT_RUN_IDS LATENCY_SECONDS".split()
FIELDS += ["TOTAL_TOKENS", "TOTAL_COST", "INPUTS"]


async def runs_of(project, **which):
    project_ids = [str(client.read_project(project_name=project).id)]
    wanted = {"selects": FIELDS, "page_size": 1000, "include_subtree_usage": True}
    query = client.runs.query(project_ids=project_ids, **wanted, **which)
    return [run async for run in query]


# %% [markdown]
# **Predict.** One message, one refusal, one answer. How many runs will the trace have, and which of them is the
# longest?

# %%
runs = await runs_of("desk", trace_id=reply.turn_id)
runs.sort(key=lambda run: run.start_time)
for run in runs:
    indent = "    " * len(run.parent_run_ids)
    print(f"{indent}{run.name} ({run.run_type.lower()}) {run.status.lower()}")

# %% [markdown]
# Read it from top to bottom, as time runs. The desk looked up a note, wrote a prompt, asked the model, was refused,
# waited, asked again, and got an answer. The refused call stands there as an error under a root that succeeded. A
# tree like this one is where most debugging of a bot should begin: it shows what was done, not what the code says is
# done.
#
# Which run took the time? The first idea is to sort by duration.

# %%
longest = max(runs, key=lambda run: run.latency_seconds)
print("the longest run:", longest.name)

# %% [markdown]
# The longest run is the root, and it always will be: it contains all others. "The support desk is slow" is what Ada
# told us. What we want is the time that a run spent itself.
#
# > **Own time**: a run's duration less the durations of the runs directly below it. What is large there is work, or
# > waiting, that happened in this run and in no other.

# %%
spans = [
    {
        "id": str(run.id),
        "parent": str(run.parent_run_ids[-1]) if run.parent_run_ids else None,
        "name": run.name,
        "seconds": run.latency_seconds,
    }
    for run in runs
]
print(len(spans), "spans; keys:", ", ".join(spans[0]))

# %% [markdown]
# ### Exercise 5.1
# Write a function of a list of such spans, in any order, that finds the slow one.
#
# 1. A span's own time is its `seconds` less the `seconds` of the spans whose `parent` is its `id`.
# 2. Return the `name` of the span with the most own time.
#
# We call it with traces of other bots, among them one that loses its time where nobody made a span. Stuck? Run
# `hint("5.1")`. When it is right, try `slowest(spans)` on Ada.


# %% tags=["stub"]
def slowest(spans):
    return ...  # your turn


# %% tags=["solution"]
def slowest(spans):
    below = dict.fromkeys((span["id"] for span in spans), 0)
    for span in spans:
        if span["parent"] is not None:
            below[span["parent"]] += span["seconds"]
    return max(spans, key=lambda span: span["seconds"] - below[span["id"]])["name"]


# %%
check("5.1", slowest)

# %%
(wait,) = [span for span in spans if span["name"] == "wait before retry"]
more_than_half = wait["seconds"] > longest.latency_seconds / 2
print(f"{wait['name']}: {wait['seconds']:.0f} s, more than half: {more_than_half}")

# %% [markdown]
# More than half of Ada's time, 6 seconds, was spent in neither the search nor the model. It was our own code, doing
# as it was told: the service said when to come back, and the bot waited. Nobody decided that a customer should wait
# that long; it is the default of a retry. Now somebody can decide.
#
# ## What left this machine?
#
# A trace that shows everything shows also what the customer typed. Look at the question of the root run.

# %%
print(runs[0].name, "| inputs:", runs[0].inputs)
with fetch_turns(client, "desk", started) as logs:
    turns = logs.frame()
print(turns[["intent", "prompt_version", "error_type"]].to_string(index=False))
known = turns["input_tokens"].iloc[-1] == turn.input_tokens
print("as many input tokens as the monitor counted:", known)

# %% [markdown]
# The texts stayed here; names, durations, tokens, the intent were sent. That is the default of `connect`, and
# `connect(content=True)` sends texts too, with addresses and card numbers masked. Decide it before the first trace,
# not after the first question from a lawyer.
#
# `fetch_turns` turns runs back into turns, the table that this course reads everywhere. So what you learned about
# summaries, costs and alerts holds for what LangSmith has. Only the words differ from tool to tool:
#
# | our word | OpenTelemetry | LangSmith |
# |---|---|---|
# | conversation | `gen_ai.conversation.id` | thread |
# | turn | root span | root run |
# | step of it | span | run |
# | response time | duration of the root span | `latency_seconds` |
# | time to first token | a metric of its own | `first_token_time` minus `start_time` |
# | tokens | `gen_ai.usage.input_tokens` | `prompt_tokens`, `total_tokens` |
# | feedback | an evaluation event | feedback |
# | prompt version | an attribute of yours | commit of a prompt |

# %% [markdown]
# ## A report that says zero
#
# One trace is an anecdote. Every Monday somebody wants to know how the week was, and most teams have a small function
# for it, written in an afternoon. We take four weeks of a support desk from an export of LangSmith's, and load all of
# them into our server.

# %%
export = data_file("four_weeks_langsmith.jsonl.gz")
print(f"{load_export(client, export, 'four weeks'):,} runs")

# %% [markdown]
# Here is the function of the afternoon, in short. It takes all runs of a week, here of the second, 12 to 18 October.
# `hasattr` is there because its author was not sure of the name, and wanted no crash in front of the boss.
#
# <!-- free: 12, 18 -->


# %%
def first_report(runs):
    if not runs:
        return {"error": "No runs found"}
    usage = [run.usage for run in runs if hasattr(run, "usage") and run.usage]
    tokens = sum(used["total_tokens"] for used in usage)
    success = sum(run.status == "SUCCESS" for run in runs) / len(runs)
    return {"conversations": len(runs), "success": success, "tokens": tokens}


# %% [markdown]
# **Predict.** The bill for the week is about fourteen dollars. How many tokens will the report find? (A filter on the
# trace is one on its root: a run belongs to the week in which its turn began.)

# %%
monday = datetime(2026, 10, 12, tzinfo=UTC)
in_week = 'and(gte(start_time, "2026-10-12"), lt(start_time, "2026-10-19"))'
runs = await runs_of("four weeks", min_start_time=monday, trace_filter=in_week)
report = first_report(runs)
print(f"{report['conversations']:,} conversations, {report['success']:.1%} successful")
print(report["tokens"], "tokens")

# %% [markdown]
# It finds 0 tokens. No error, no warning, and a week in which the models worked for nothing. The reason is a name:

# %%
names = {"log_feedback": client, "total_time": runs[0], "usage": runs[0]}
names |= {"latency_seconds": runs[0], "total_tokens": runs[0]}
for name, thing in names.items():
    print(f"{type(thing).__name__}.{name}: {hasattr(thing, name)}")

# %% [markdown]
# All of these names look right, and the first three do not exist. Without the guard, the first run would have raised an
# `AttributeError`, on the first day, at a desk. With it, the mistake became a number. **A guard round a name that you
# are not sure of does not make code safe. It makes it quiet.** Look the name up, and let it crash.
#
# So we take the right name. **Predict.** Will the tokens now be right?

# %%
roots = [run for run in runs if not run.parent_run_ids]
sums = {}
for name, some in (("all runs", runs), ("root runs", roots)):
    tokens = sum(run.total_tokens or 0 for run in some)
    cost = sum(run.total_cost or 0 for run in some)
    sums[name] = tokens / 1e6
    print(f"{name:<9} {len(some):,}, {tokens:,} tokens, ${cost:.2f}")

# %%
title = "Do all runs together have the right tokens?"
plots.bars(sums, title=title, unit="million tokens", what="Sum", digits=2)

# %% [markdown]
# They do not. All runs together have twice the tokens of the root runs: a root carries what the calls below it
# used, and the report added both. \$28.04 is twice the bill; \$14.02 is the bill. And 10,597 is no number of
# conversations at all. It is turns and calls thrown together; the turns are 5,252, and of conversations there are
# fewer still.
#
# A factor of two is kind: somebody will notice. Now look at the failures.

# %%
for name, some in (("all runs", runs), ("root runs", roots)):
    failed = sum(run.status == "ERROR" for run in some)
    print(f"{name}: {failed} of {len(some):,} failed, {failed / len(some):.1%}")

# %% [markdown]
# No factor mends this one. 329 failed runs are not twice the 118 failed turns, because a call that failed and was
# tried again with success is a failed run in a turn that went well, like Ada's. The report says that 3.1 % failed,
# users saw 2.2 %. It would have reported a retry that *works* as a bad week.

# %% [markdown]
# ### Exercise 5.2
# Write the Monday report. Each run is a dict with `parent_run_id` (`None` for a root), `run_type`, `status` and
# `total_tokens` (`None` where nothing is known).
#
# 1. Return a dict with `turns`, `success_rate` and `tokens`.
# 2. A turn is a root run, and the success rate is the share of turns whose `status` is `"success"`.
# 3. Tokens belong to the runs of type `"llm"`: not every service adds them up in the root.
# 4. With no turns the success rate is `None`.
#
# We try it on weeks that you have not seen, one of them empty. Stuck? Run `hint("5.2")`.


# %% tags=["stub"]
def monday_report(runs):
    return ...  # your turn


# %% tags=["solution"]
def monday_report(runs):
    roots = [run for run in runs if run["parent_run_id"] is None]
    succeeded = [run["status"] == "success" for run in roots]
    tokens = [run["total_tokens"] or 0 for run in runs if run["run_type"] == "llm"]
    rate = sum(succeeded) / len(succeeded) if succeeded else None
    return {"turns": len(succeeded), "success_rate": rate, "tokens": sum(tokens)}


# %%
check("5.2", monday_report)

# %% [markdown]
# ## Nothing there, or nothing wrong?
#
# One more line of that function deserves a look: where there are no runs, it returns `{"error": ...}`. The caller has a
# dashboard to draw and asks, carefully, with `get`. Suppose a release on Friday switched tracing off by mistake.

# %%
report = first_report([])
print(f"tokens {report.get('tokens', 0)}, success {report.get('success', 1.0):.0%}")

# %% [markdown]
# Success 100 %. The bot is blind and the dashboard is green. An error in the place of a result is one that every
# caller must think of, and the one who does not is told that all is well. An exception needs no thinking of: forget
# it, and it stops you. So the same question, asked of a week that has nothing and of a project that is not there:

# %%
november = datetime(2026, 11, 9, tzinfo=UTC)
for project in ("four weeks", "for weeks"):
    try:
        analyze_conversation_patterns(client, project, 7, until=november)
    except (ValueError, LangSmithNotFoundError) as error:
        print(f"{type(error).__name__}: {str(error).partition(' from')[0]}")

# %% [markdown]
# Two different troubles, two different errors, and neither can be mistaken for a quiet week.
#
# ## Four weeks, counted once
#
# Here is the report on all four weeks, made of turns. What a number is uncertain by stands beside it.


# %%
def narrow(report):
    for line in str(report).splitlines():
        print(textwrap.fill(line, 90, subsequent_indent=" " * 8))


# %%
end = monday + timedelta(days=21)
patterns = analyze_conversation_patterns(client, "four weeks", 28, until=end)
narrow(patterns)

# %% [markdown]
# 19969 turns in 10612 conversations, a success rate of 0.988, and \$55.182455, in which 172 turns have no price: the
# true sum is a little higher. Now the same file once more, without LangSmith: the importer reads the export itself.
# If the server, the protocol or we lost anything on the way, the two differ.

# %%
with open_logs(export) as logs:
    direct = analysis.summary(logs)
    week_2 = analysis.between(logs, monday, monday + timedelta(days=7))
    second = analysis.summary(week_2)
found = {"LangSmith": patterns.summary, "the export": direct, "its second week": second}
for name, some in found.items():
    tokens = some.tokens.input_tokens + some.tokens.output_tokens
    print(f"{name:15} {some.turns} turns, {tokens:,} tokens, ${some.cost:f}")

# %% [markdown]
# The same turns, the same 32,913,562 tokens, the same cost to the last digit. And the 8,350,641 tokens of the second
# week are what its root runs added up to. Several ways to one number is how you come to trust it.
#
# Where does the money go? Who asks for what is a better question than which hour it was.

# %%
table = patterns.by_intent.head(4).assign(cost=lambda t: t["cost"].astype(float))
table["per_turn"] = table["cost"] / table["turns"]
columns = ["intent", "turns", "error_rate", "p95", "cost", "per_turn"]
print(table[columns].round(4).to_string(index=False))
same = (patterns.costliest["turn_id"].isin(patterns.slowest["turn_id"])).sum()
print(f"of the 5 costliest turns, {same} are among the 5 slowest")

# %% [markdown]
# Questions about the router cost most, with little more than half the turns of those about the connection. A turn
# about an installation costs almost as much, and waits longest. And slow is not dear: of the 5 costliest turns, 2 are
# among the slowest, so you need both lists. `patterns.slowest` and `patterns.costliest` have a link for each turn; it
# opens the trace.
#
# ## Did it get worse on Tuesday?
#
# On the Tuesday of the second week, at 9:00, something was released. Is the desk worse since? Looking at two means,
# somebody always finds that it is. `compare_periods` fetches both periods, splits each change, and says which of them
# chance would do as well.
#
# <!-- free: 9:00 -->

# %%
tuesday = datetime(2026, 10, 13, 9, tzinfo=UTC)
end = tuesday + timedelta(days=2)
narrow(compare_periods(client, "four weeks", monday, tuesday, end))

# %% [markdown]
# Replies take longer, 3.824 s after 3.386 s, and the reason is one channel: in the app they went up by 1.629 s.
# Everything else could be chance, also the cost, which seems to have fallen, and whose own interval leaves out zero.
# A team with an eye on that line alone would have congratulated itself. The last line is the important one: with 205
# things looked at, ten of them look surprising in any week.
#
# As this desk is simulated, there is a truth to hold it against:

# %%
truth = json.loads(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
problem = truth["plants"][0]["problem"]
print(problem["kind"], problem["slice"], problem["start"])

# %% [markdown]
# Found: the kind, the channel, and nothing else besides.
#
# ## What did the user think?
#
# No trace knows whether Ada was content. She says so later, on another page, and what she says must find its turn. A
# reply carries its turn's id, which is the id of its root run.

# %%
feedback(client, "desk", reply.turn_id, 2, comment="It took so long.")
client.flush()
with fetch_turns(client, "desk", started) as logs:
    rated = logs.frame()
print(rated[["intent", "user_satisfaction"]].to_string(index=False))
try:
    feedback(client, "desk", reply.turn_id, 11)
except ValueError as error:
    print(error)

# %% [markdown]
# Ada's turn has a 2.0, Bob's has nothing. That is not a zero, nor a three: most users never rate. Keep the id in your
# app together with the message; without it, a rating belongs to nobody.

# %% [markdown]
# ## Two prompts, the same questions
#
# The last use is before a release. Someone has a new prompt and says it is better. LangSmith keeps a *dataset*,
# questions with what a right answer must contain, and runs each version over it, as an *experiment*. The measures are
# those of [[lesson key_terms]]: `task_completed` and `context_relevance`.

# %%
entries = KnowledgeBase.load().entries[::5]
print(add_questions(client, "support questions", entries), "questions")


def answers(version):
    bot = ProductionChatbot(ChatConfig.local(timeout=300, prompt_version=version))
    return lambda question: bot.process_user_message_sync(question, None).text


versions = {version: answers(version) for version in ("v1", "v2")}
tried = evaluate_prompts(client, "support questions", versions)

# %% [markdown]
# Version 1 tells the model to be helpful and accurate. Version 2 shows it by examples how to repeat the note from the
# knowledge base. In the log of [[lesson key_terms]] relevance preferred v1, which completed fewer tasks; but there each
# version had other questions. **Predict.** Will it be the same where both have the same ones?

# %%
for measure in ("context_relevance", "task_completed"):
    best = max(("v1", "v2"), key=lambda version: tried.score(version, measure).value)
    print(f"{measure} prefers {best}")
completed = tried.frame.groupby("version")["task_completed"].sum()
print(f"v2 completed {completed['v2']:.0f} of {len(entries)}")
print("v1 completed fewer than half:", completed["v1"] < len(entries) / 2)

# %% [markdown]
# It is. Relevance prefers v1, and v1 has the facts in fewer than half of its answers; v2 has them in 7 of 7.
# Read one question with both answers, and you see why. (The words differ a little between processors.)

# %% tags=["nbval-ignore-output"]
same_question = tried.frame["question"] == "How can I reset my password?"
for _, row in tried.frame[same_question].iterrows():
    narrow(f"{row['version']}: {row['answer']}\n")

# %% [markdown]
# The first goes on about the question in many words, and leaves out the fact. With relevance alone we would have
# released the worse prompt, with a number to prove it.
#
# How sure are we, with so few questions? Each was answered by both versions, so we take the difference question by
# question.

# %%
better = tried.difference("v1", "v2")
print("n =", better.n, "| v2 is better:", better.value > 0)
print("the interval leaves out 0:", better.low > 0)

# %% [markdown]
# Even 7 questions are enough when the difference is as large as this one. For a small one they never would be, and
# [[lesson langtail_experiments]] says how many it takes.

# %% [markdown]
# ### Exercise 5.3
# A colleague compares two versions by their mean scores. The second did not answer every question: where it timed
# out, there is no score. Write the fair comparison.
#
# 1. You get two dicts, `first` and `second`, from question to score; a score is `None` where there was no answer, and a
#    question may be missing.
# 2. Take the questions that have a score in both.
# 3. Return the mean of second less first over these; `None` where there are none.
#
# We try it where the plain means say the opposite. Stuck? Run `hint("5.3")`.


# %% tags=["stub"]
def gain(first, second):
    return ...  # your turn


# %% tags=["solution"]
def gain(first, second):
    known = [one for one in first if first[one] is not None]
    both = [one for one in known if second.get(one) is not None]
    differences = [second[question] - first[question] for question in both]
    return sum(differences) / len(differences) if differences else None


# %%
check("5.3", gain)

# %% [markdown]
# ## With an account
#
# Everything above runs unchanged on the hosted service: set `LANGSMITH_API_KEY`, and leave `CHATMON_LANGSMITH` alone.
# What it adds: your colleagues see the same traces, they are kept for weeks or longer, people can label them in
# queues, rules score a sample of live traffic with a model as judge, and alerts go out from there. What it takes:
# your runs leave the house. It is priced by traces, so look at the present price and at your traffic before you send
# it all; `LANGSMITH_TRACING_SAMPLING_RATE` sends a share.

# %% [markdown]
# Optional: one turn, traced to the hosted service, without its texts. It runs only where you have a key.

# %% tags=["hosted"]
if os.environ.get("LANGSMITH_API_KEY"):
    os.environ["CHATMON_LANGSMITH"] = "hosted"
    hosted = connect("chatmon-course")
    bot = ProductionChatbot(ChatConfig.local(timeout=300))
    bot.process_user_message_sync("Where can I see my bill?", "ada")
    hosted.flush()
    print("look for the project chatmon-course at", hosted.api_url)
else:
    print("skipped: LANGSMITH_API_KEY is not set")

# %% [markdown]
# ## Summary
#
# Ada's 6 seconds were a wait between two requests, which no number of the turn showed and its tree did. A weekly
# report found 0 tokens, because a guard hid a wrong name; with the right name it counted every token twice, \$28.04
# for \$14.02; and its failures were 329 runs where 118 turns had failed. An empty week looked like a perfect one.
# Counted in turns, LangSmith, the importer and the roots agree to the last digit. And two measures preferred two
# different prompts.

# %% [markdown]
# ## In practice
#
# - **Look at the page.** In a cell of your own, `start()` from `chatmon.lab.services.langsmith` shows a link to the local
#   server's page: traces as trees with their timings. `chatmon serve langsmith` keeps one running with its data in a
#   file.
# - **Two interfaces.** `client.list_runs` is deprecated, and removed after January 2027; it always hands out totals
#   of the subtree with a root. `client.runs.query` does so only if asked, which is how the factor of two comes and
#   goes with an upgrade.
# - **Say which time zone.** `datetime.now()` without one is taken for UTC: "the last day" is then off by your
#   distance from Greenwich.
# - **If LangSmith is down or slow**, the bot goes on, since runs are sent in the background. The client logs it and
#   drops what it could not send: you lose traces, not customers. Feedback on a turn that sampling left out is dropped
#   too, without a word.
# - **The end of a process is the exception.** The client waits there until what it has is sent. A service that takes
#   connections and never answers can hold it for minutes. `LANGSMITH_USE_DAEMON=true` ends at once and loses what is
#   still waiting; `client.flush(timeout=...)` before it says how long to try.
# - **Own time needs spans.** What nobody traced is in its parent's own time. A large own time of a run with children
#   is a request for one more span.
# - **A dataset grows out of complaints.** Every turn that went wrong in production is a question worth adding to it.
#
# <!-- free: 2027 -->

# %% [markdown]
# ## Quiz
#
# 1. A trace has a root of nine seconds, a search of one second and a model call of two, both directly below the root.
#    Where is the time?
#    - (a) in the model call, which is the longest of the two
#    - (b) that cannot be known
#    - (c) in the root's own code
#
# <details>
# <summary>Answer</summary>
#
# (c): six seconds are in no span below, so they went by in the root itself; make more spans there. Not (a): the call has
# two of nine. Not (b): the difference says how much, only not yet on what.
# </details>
#
# 2. From [[lesson instrumented_chat]]: ten turns, no error. The summary says an error rate of 0.000 (0.000 to 0.278). This
#    means
#    - (a) a true rate of a fifth would be no surprise
#    - (b) the bot fails in about a quarter of its turns
#    - (c) the program has a rounding error
#
# <!-- free: 0.000, 0.278 -->
#
# <details>
# <summary>Answer</summary>
#
# (a): few turns exclude little. Not (b): the upper end is what cannot be excluded, not what is likely. Not (c): an interval
# of zero width would claim a certainty that ten turns do not give.
# </details>
#
# 3. A retry was introduced. The error rate over all runs went up, the one over root runs went down. Which one do you
#    report?
#    - (a) the one over all runs, to be on the safe side
#    - (b) their mean
#    - (c) the one over root runs
#
# <details>
# <summary>Answer</summary>
#
# (c): a root is what a user saw, and fewer users saw a failure. Not (a): it calls a repair a damage; keep it to watch the
# model's service. Not (b): a mean of two different things is neither.
# </details>
#
# 4. From [[lesson alerting]]: you raise a rule's `for` from 5 to 30 minutes. What do you pay with?
#    - (a) nothing: false alarms are short, incidents are long
#    - (b) delay, and short incidents that nobody hears of
#    - (c) more turns, which are needed before the rule may judge
#
# <!-- free: 5, 30 -->
#
# <details>
# <summary>Answer</summary>
#
# (b): silence is bought with delay, and what no longer breaches when the waiting ends is not told at all. Not (a):
# incidents can be short, too. Not (c): that is `min_n`.
# </details>
#
# 5. A function that finds no runs returns `{"error": "..."}`. What is the trouble?
#    - (a) a caller may read defaults as results
#    - (b) the text may be in a language that the caller does not read
#    - (c) it should return an empty dict
#
# <details>
# <summary>Answer</summary>
#
# (a): `get` with a default turns "I know nothing" into "all is well". Not (b): nobody reads it. Not (c): then even the
# trace of the trouble is gone; raise, and the caller must decide.
# </details>

# %% [markdown]
# ## Going further
#
# - [[next]]
# - LangSmith's documentation: tracing concepts, the filter language of run queries, datasets and evaluation.
# - OpenTelemetry's semantic conventions for generative AI: the names that the spans of this lesson carry as metadata.
# - *Distributed Systems Observability*, C. Sridharan: what traces are good for, and what they are not.
