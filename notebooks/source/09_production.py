# %% [markdown]
# # [[title]]
#
# **What you will do**: kill a bot in the middle of its work and count what is left, let its disk stand still, and ask a
# question that only a month of history can answer.
#
# **What you will learn**: say what a flush promises; keep a slow disk away from the chat; hold a day against its month;
# bring history to other systems; know where each part ends.
#
# **What you need**: [[lesson key_terms]], and the monitor of [[lesson instrumented_chat]]. Some cells use threads,
# `asyncio` and pandas; [before you start](../docs/before_you_start.md) has what you need of the last two.
#
# [[minutes]]. Cost: $0, network: none.
#
# <!-- free: 14:32 -->

# %% [markdown]
# ## Killed at 14:32
#
# At 14:32 the machine runs out of memory, and the kernel kills your bot. There is no exception and no clean-up: the
# process is gone between two instructions, and a second later a new one answers the next customer. Then the questions
# come. Accounting wants the day's cost. A customer says that she was told her refund was on its way. And whoever has to
# find out what filled the memory wants one thing above all: the last turns before the end. What do you still have?
#
# We shall not argue about it. We start bots as processes of their own, kill them for real, and count.

# %%
import asyncio
import logging
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatmon import ChatMonitor, analysis, open_logs, plots
from chatmon.connect.exporters import write_influx, write_openmetrics
from chatmon.lab.course import check, hint
from chatmon.lab.course.desk import month

# %%
from chatmon import Store
from chatmon.connect.spark import SPELLED
from chatmon.store import Buffer, compact, contents

workplace = tempfile.TemporaryDirectory()
home = Path(workplace.name)


# %% [markdown]
# Everything we write lies in one temporary folder, `home`. And this is the kernel's part:


# %%
def killed(program, *arguments, bots=1, after=1):
    """Start bots, kill each when it has said some lines, and return what all said."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    piped = {"stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, **piped) for _ in range(bots)]
    said = [[bot.stdout.readline() for _ in range(after)] for bot in running]
    for bot, lines in zip(running, said, strict=True):
        bot.kill()
        lines += bot.communicate()[0].splitlines(keepends=True)
    # A process that is killed may leave half a line behind.
    return [line for lines in said for line in lines if line.endswith("\n")]


# %% [markdown]
# This is the bot that the course began with: turns go into a list, and the list goes to the disk when it holds a
# hundred. Nobody writes that to lose data. It is written because a write for every turn looked expensive. The bot
# answers 250 turns, and then it is killed. How many of them will be in the file?
#
# <!-- free: 250 -->

# %%
old_bot = """
import json, sys, time
buffer = []
for number in range(250):
    buffer.append({"turn": number, "question": "Where is my refund?"})
    if len(buffer) == 100:
        with open(sys.argv[1], "a", encoding="utf-8") as log:
            log.writelines(json.dumps(turn) + "\\n" for turn in buffer)
        buffer.clear()
print("answered", number + 1, flush=True)
time.sleep(60)
"""
print(killed(old_bot, home / "old.jsonl")[-1].strip())
kept = (home / "old.jsonl").read_text(encoding="utf-8").splitlines()
print(f"in the file: {len(kept)}, lost: {250 - len(kept)}")

# %% [markdown]
# 250 were answered and 50 are lost. It is not any fifth of the log, it is always its end: the turns that lead up to the
# crash, the ones you were asked for. And a list loses them at every deployment that ends the old process by force,
# quietly, with no error in any log.

# %% [markdown]
# ### Exercise 9.1
# A service runs 6 processes of the old bot. Each of 20 deployments a month ends all of them by a kill. A kill finds a
# process with anything from 0 to 99 turns in its list, each number as likely.
#
# 1. How many turns does the service lose in a month, on average?
#
# We check the number. Stuck? Run `hint("9.1")`.
#
# <!-- free: 20, 0, 99 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = sum(range(100)) / 100 * 6 * 20

# %%
check("9.1", answer)

# %% [markdown]
# ## What a flush promises
#
# Writing each turn to the disk before the reply goes out would lose nothing, and make every user wait for the disk. A
# store takes the third way: the chat puts the turn in a queue, and a thread of its own empties the queue, ten times a
# second. Two words say how far a turn has come:
#
# > **Written**: handed to the operating system. It outlives the process.
# >
# > **Synced**: on the disk. It outlives the machine's power. The store syncs once a second.

# %%
monitor = ChatMonitor()
with Store(home / "first", interval=3600) as store:  # so rarely that we can watch
    store.attach(monitor)
    for _ in range(3):
        with monitor.track("c-1", "ada"):
            pass
    for moment in ("before", "after"):
        now = store.status()
        print(f"{moment}: {now.buffered} in memory only,", end=" ")
        print(f"{now.written} written, {now.unsynced} not synced")
        store.flush()

# %% [markdown]
# Before the flush 3 turns were in memory only, afterwards none, and none that is not synced. When `flush` has returned,
# all that was given is safe. That is a promise, so we test it the hard way. The new bot tracks turns as fast as it can,
# flushes after each twenty, and only then says which they were: from then on the store is responsible. We start four
# such bots into *one* folder, and kill each of them while it works.

# %%
new_bot = """
import sys
from pathlib import Path
from chatmon import ChatMonitor, Store
store, monitor = Store(Path(sys.argv[1])), ChatMonitor()
store.attach(monitor)
for _ in range(5_000):
    given = []
    for _ in range(20):
        with monitor.track("c-1", "ada") as turn:
            given.append(turn.turn_id)
    store.flush()
    print(*given, flush=True)
"""
said = killed(new_bot, home / "killed", bots=4, after=10)
acknowledged = {turn for line in said for turn in line.split()}
print("at least 800 turns acknowledged:", len(acknowledged) >= 800)

# %%
with open_logs(home / "killed") as logs:
    found = [row[0] for row in logs.turns.project("turn_id").fetchall()]
print("acknowledged and lost:", len(acknowledged - set(found)))
print("there twice:", len(found) - len(set(found)))
print("files still written to:", contents(home / "killed").written_to)

# %% [markdown]
# Lost: none. Twice: none. How many turns there were differs each time you run it, the zeros do not. (The repository's
# tests do the same to two hundred processes.) Each process writes a file of its own and holds a lock on it, so four of
# them need not talk to each other, and the lock goes with its process: none is still written to. What was in the queue
# and in no flush is gone: about a tenth of a second of work, where the list lost up to a hundred turns.
#
# Then there are disks that say no: full, read-only, unplugged. Should the chat stop? We put a plain file where the
# store's folder has to be, so that nothing can be written, and listen to what the store has to say.

# %%
# The store also logs it, as an error.
logging.getLogger("chatmon.store").setLevel(logging.CRITICAL)
(home / "full").mkdir()
(home / "full" / "live").write_text("no folder", encoding="utf-8")
heard = []
with Store(home / "full", interval=3600, notify=heard.append) as store:
    store.append(monitor.turns()[0])
    try:
        store.flush()
    except OSError:
        print("refused;", store.status().buffered, "turn in memory only")
    (home / "full" / "live").unlink()
    store.flush()
    now = store.status()
    print(f"room again; {now.buffered} in memory only, {now.written} written")
print([str(one.status) for one in heard])

# %% [markdown]
# The turn stays in memory, and is written when there is room. An alert fires and is resolved through the same channels
# as any other ([[lesson alerting]]); its value is the number of turns at risk. Nothing is dropped on the quiet.

# %% [markdown]
# ## A thousand chats and a disk that stands still
#
# Full disks are rare. Slow ones are not: a network drive that hangs for half a minute happens to everybody. The worst
# case is one that takes a write and does not come back, so we build it, and let a thousand users chat at once. There is
# no model here, a reply is a short sleep; we only want to see who waits for whom.


# %%
class StuckDisk:
    """Takes a write, and does not come back from it until it is released."""

    def __init__(self):
        self.asked, self.released = threading.Event(), threading.Event()
        self.lines = []

    def put(self, lines):
        self.asked.set()
        self.released.wait()
        self.lines += lines

    def sync(self):
        """Nothing is left to do: what it has it has."""

    close = sync


# %%
async def thousand(monitor, ended):
    async def chat(number):
        with monitor.track(f"c-{number}", f"u-{number}"):
            await asyncio.sleep(0.05)
        ended.append(number)

    await asyncio.gather(*map(chat, range(1000)))


def start(monitor, ended):
    bot = threading.Thread(target=lambda: asyncio.run(thousand(monitor, ended)))
    bot.start()
    return bot


# %% [markdown]
# First the simple way: each turn is written when it ends, by whoever ended it. **Predict.** One write hangs. How many
# of the thousand chats end?

# %%
disk, monitor, ended = StuckDisk(), ChatMonitor(), []
monitor.listeners.append(lambda turn: disk.put([turn]))
bot = start(monitor, ended)
disk.asked.wait()
bot.join(timeout=1)
print("ended while the disk stands still:", len(ended))

# %%
disk.released.set()
bot.join()
print("ended when it is back:", len(ended))

# %% [markdown]
# None. A thousand users wait because one line is not written, and it is the monitoring that did it. Now with the
# store's buffer before the same disk.

# %%
disk, monitor, ended = StuckDisk(), ChatMonitor(), []
buffer = Buffer(disk, "the stuck disk")
buffer.attach(monitor)
bot = start(monitor, ended)
bot.join()
disk.asked.wait()
print("ended while the disk stands still:", len(ended))
print("in memory only:", buffer.status().buffered)

# %%
disk.released.set()
buffer.flush()
print("in memory only:", buffer.status().buffered, "and on the disk:", len(disk.lines))
buffer.close()

# %% [markdown]
# All 1000 chats ended while the disk stood still, with 1000 turns at risk, and that is what the status says. When the
# disk came back, all 1000 were on it. For the chat a store costs one append to a queue: too little to be seen beside a
# reply, and `benchmarks/store.py` shows how little that is on your machine. The queue has an end, too. Where it holds
# 20,000 turns, callers begin to write themselves: then it is slower, and still nothing is dropped.
#
# <!-- free: 20,000 -->

# %% [markdown]
# ## A question for a month
#
# The monitor inside of the bot knows the last 10,000 turns, and at the next restart it knows nothing. The store's
# folder has it all. Here is a month of a desk, simulated, so that its truth is known: two things go wrong in it, and
# for that reason its making is not shown. We store it, and then *compact* it: the lines that processes wrote become one
# Parquet file a day. What does that save?
#
# <!-- free: 10,000 -->

# %%
desk = home / "desk" / "store"
with Store(desk) as store:
    for turn in month():
        store.append(turn)
as_lines = contents(desk).live

# %%
done = compact(desk, grace=0)
print(f"{done.files} files of lines are now {len(done.days)} days of Parquet")

# %%
logs = open_logs(desk)
frame = logs.frame()
(_, line_bytes), (_, table_bytes) = as_lines, contents(desk).days
print(f"{len(frame)} turns, in lines {line_bytes / len(frame):.0f} bytes each")
print(f"times what they take in Parquet: {line_bytes / table_bytes:.0f}")

# %% [markdown]
# In Parquet the month is 8 times smaller, and a question about one day opens one file. Compaction writes a day anew
# under a hidden name and renames it when it is whole: whenever it is interrupted, no turn is lost or doubled. `open_logs`
# reads the folder as it would any export: compacted days and the lines of processes that are still writing, each turn
# once.
#
# It is the evening of Monday, 2 November, and the dashboard compares with yesterday. **Predict.** There are four
# changes. Which one will you look into first?

# %%
monday = datetime(2026, 11, 2, tzinfo=UTC)
trends = {}
for name in ("turns", "cost", "error_rate", "completion"):
    trends[name] = analysis.trend(logs, "day", name).set_index("period")

# %%
for name, days in trends.items():
    now, past = days.loc[[monday, monday - timedelta(days=1)], "value"]
    print(f"{name:11} {now:7.3f}  {now / past - 1:+.0%} against yesterday")

# %% [markdown]
# Turns are up by 88 %, cost by 40 %, errors have halved, and at the end of the list stands a change of 11 % in
# completed tasks. One would look into the first, and praise somebody for the third. Now ask the month: how were the
# Mondays before, and between which values does a working day lie when nothing has changed? (The last of the five is
# today.)

# %%
for name, days in trends.items():
    mondays = days.loc[days.index.day_of_week == 0, "value"]
    low, high, outside = days.loc[monday, ["low", "high", "outside"]]
    print(f"{name:10}", *(f"{value:.3g}" for value in mondays), end="; ")
    print(f"usual {low:.3f} to {high:.3f}, outside: {outside}")

# %%
limit = trends["completion"].loc[monday, "low"]
plots.timeline(
    frame,
    "task_completed",
    title="Which days fall below what is usual?",
    unit="of tasks",
    every="1D",
    limit=round(limit, 3),
)

# %% [markdown]
# Only the last Monday falls below what is usual. The figure shows each day's share of completed tasks: all of them scatter,
# and the days before stay above the dashed line, the lower end of what is usual.
#
# So of the four changes the largest three are nothing. Every Monday has more turns than the Sunday before it, and they
# cost what a Monday costs; the error rate of a day is made of a handful of turns. The smallest is real: 0.644 of tasks
# were completed, where 0.666 to 0.796 is usual. The band is so wide that a month in which nothing happens has any day
# outside of it in 5 of 100 cases. (That is for one measure; whoever looks at four will be wrong more often, and should
# look again tomorrow.) The truth: since midnight the answers about bills and routers are worse. Without the month you
# would have chased the weekend.
#
# <!-- free: 5, 100 -->

# %% [markdown]
# ### Exercise 9.2
# Something else went wrong in this month, on one other day, and was over before anybody looked.
#
# 1. `analysis.trend(logs, "day", measure)` takes other measures too: `conversations`, `tokens`, `median`, `p95`,
#    `cost_per_turn`, `satisfaction`.
# 2. Find the day on which one of them is outside of its band. Give it as text, such as `"2026-10-05"`.
#
# We check the day. Stuck? Run `hint("9.2")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
p95 = analysis.trend(logs, "day", "p95")
answer = p95.loc[p95["outside"].fillna(False), "period"].iloc[0].date()

# %%
check("9.2", answer)

# %% [markdown]
# ## History for other systems
#
# Your colleagues have their dashboards in Prometheus or InfluxDB. A live bot can be scraped, but only from today on:
# Prometheus asks what is, not what was. So the past has to be brought to it, as text with a time on every sample
# (OpenMetrics), which `promtool` turns into its blocks. InfluxDB takes lines, one a turn.

# %%
samples = write_openmetrics(logs, home / "history.txt", step=timedelta(hours=6))
print(samples, "samples")

# %%
lines = (home / "history.txt").read_text(encoding="utf-8").splitlines()
counted = [line for line in lines if line.startswith("chatmon_turns_total")]
last = {line.partition(" ")[0]: float(line.split()[-2]) for line in counted}
print("the last samples of chatmon_turns_total add up to", int(sum(last.values())))

# %%
points = write_influx(logs, home / "history.lp")
print(points, "points for InfluxDB;", len(frame), "turns in the log")

# %% [markdown]
# Both add up to the log: 20905 turns. A counter of Prometheus only grows, so the last sample of each series holds the
# whole month. And every counter begins at zero, a step before it first grows: one that appears at 1 has not grown, as
# far as `increase` can see. On a command line it is `chatmon export FOLDER --to openmetrics -o history.txt`;
# `--to grafana` writes a dashboard over the same names.
#
# ## Past one machine
#
# All of this ran on one machine. What happens at a hundred times the traffic, and at ten thousand times? We can work it
# out from the bytes above, if we assume that a reply takes two seconds, that a process of the bot holds fifty chats at
# once, and that its monitor remembers 10,000 turns.
#
# <!-- free: 10,000 -->

# %%
print("chats a second  turns a day  lines, GB  processes  a monitor sees")
for rate in (1, 100, 10_000):
    processes, daily = -(-rate * 2 // 50), rate * 86_400
    gigabytes = daily * line_bytes / len(frame) / 1e9
    sees = 10_000 / (rate / processes) / 60
    print(f"{rate:14,} {daily:12,} {gigabytes:10.2f} {processes:10} {sees:11.0f} min")

# %% [markdown]
# At 1 chat a second a day is 0.06 GB, and nobody has to think. At 100 it is 5.54 GB, which one disk takes; but now
# there are 4 processes, each of which sees a quarter of the traffic of the last 7 minutes, and a percentile or an alert
# of one of them is about that quarter. From here on alerts belong where the counters of all processes are added up. At
# 10,000 it is 553.78 GB: lines stay on the host that wrote them, Parquet goes to storage that all can read, and one
# machine no longer reads a day while you wait. `docs/scale.md` has the whole table with each part's end;
# `benchmarks/scale.py` makes it for your machine.
#
# At that end the *same* queries run on Spark, over the same Parquet. It needs `pip install 'chatmon[spark]'` and Java,
# so this is not a cell of the lesson:
#
# ```bash
# chatmon report desk/store/turns --engine "local[2]" -o report.html
# ```
#
# ```python
# from chatmon import analysis
# from chatmon.connect import spark
#
# with spark.session("local[2]") as session:  # on a cluster: spark://host:7077
#     turns = spark.turns(session, "desk/store/turns")
#     print(analysis.trend(turns, "day", "completion"))
# ```
#
# How can it be the same? Because every query of `chatmon.analysis` is written in the part of SQL that both engines
# speak: `percentile_cont(0.95) WITHIN GROUP (ORDER BY response_time)`, not a function that only one of them has. What
# they spell differently is replaced on the way, and this is the whole list.

# %%
for duckdb, spark in SPELLED.items():
    print(f"{duckdb:14} is {spark}")

# %% [markdown]
# The repository's tests ask every analysis of both engines: texts, counts and money are the same, and numbers with a
# fraction agree to nine digits, because each engine adds up in its own order. So nothing you learned has to be learned
# again at a larger size.

# %%
logs.close()
workplace.cleanup()

# %% [markdown]
# ## Summary
#
# A list in memory lost the 50 turns before the end of 250, and a store lost none that it had acknowledged, in four
# processes that were killed at work. With the disk standing still a thousand chats went on, and the status said how many
# turns were at risk. Of four changes on a Monday evening, a month of history cleared the three largest and convicted the
# smallest. The same month went to two other systems without losing a turn.

# %% [markdown]
# ## In practice
#
# - **End the store on purpose.** `with Store(folder) as store` writes what is left, and so does a process that ends by
#   itself. Only a kill takes the last tenth of a second.
# - **Watch the watcher.** `store.status()` says what is at risk; `notify` fires when the disk says no. `chatmon store
#   status FOLDER` says what is there.
# - **Compact daily, keep what you need.** `chatmon store compact` and `chatmon store retain --days 400`. What you do
#   not keep you need not erase.
# - **Many hosts**: `StreamStore` sends turns through Redis, `chatmon store receive` stores them. Each arrives at least
#   once, and what comes twice is known by its `turn_id`.
# - **A log that survives everything is a liability, too.** Ours holds what each user wrote, under the user's own id. The
#   next lesson takes both out.

# %% [markdown]
# ## Quiz
#
# <!-- free: 88 %, 5 % -->
#
# 1. `flush()` has returned, and a second later the machine loses its power. What is safe?
#    - (a) everything that was given before the flush
#    - (b) everything that was written, and perhaps not all of what was synced
#    - (c) nothing that was given since the process began
#
# <details>
# <summary>Answer</summary>
#
# (a): it returns when all is on the disk. Not (b): it is the other way round, what is synced was written before. Not
# (c): that is the list in memory.
# </details>
#
# 2. The disk hangs for a minute. What should a bot do with its turns?
#    - (a) let the chats wait, so that nothing can be lost
#    - (b) drop them, so that nobody waits
#    - (c) keep them in memory, say how many, and write them when the disk is back
#
# <details>
# <summary>Answer</summary>
#
# (c): nobody waits, and nothing is lost unless the process ends in that minute, which is why the number at risk is
# shown. Not (a): a thousand users pay for one line of a log. Not (b): the turns of a bad minute are the ones you will
# want.
# </details>
#
# 3. On a Monday a dashboard shows 88 % more turns than yesterday. What do you do?
#    - (a) wake somebody
#    - (b) hold it against several other Mondays
#    - (c) hold it against last Monday, because a Monday is like any other Monday
#
# <details>
# <summary>Answer</summary>
#
# (b): yesterday was a Sunday, and only several Mondays say how much Mondays differ. Not (a): every Monday does that.
# Not (c): one Monday has no scatter, so any difference from it looks like news.
# </details>
#
# 4. From [[lesson instrumented_chat]]: four processes serve the chat, each with its own monitor. What is the p95 of the
#    service?
#    - (a) that of the turns of all four in one table
#    - (b) the mean of the four values, each weighted with the number of its turns
#    - (c) the largest of the four
#
# <details>
# <summary>Answer</summary>
#
# (a): a percentile is a place in an order, so the turns have to be put in one order first. Not (b): the mean of four
# places is no place, with weights or without. Not (c): that is the p95 of one process.
# </details>
#
# 5. From [[lesson langtail_experiments]]: in a quiet week you look at a band of 5 % every evening, for that evening
#    alone, and act on the first day outside. How often do you act for nothing?
#    - (a) in 5 % of weeks, since that is what the band was made for
#    - (b) in more weeks than that
#    - (c) never, in a quiet week
#
# <details>
# <summary>Answer</summary>
#
# (b): each look is a further chance to be fooled. Not (a): that holds for one look; the bands of `trend` are wider,
# because they count all the days of the month. Not (c): chance makes days outside of any band.
# </details>

# %% [markdown]
# ## Going further
#
# - Kleppmann, *Designing Data-Intensive Applications*: what "written", "synced" and "at least once" cost and promise.
# - The documentation of Prometheus on back-filling, and of OpenMetrics on timestamps.
# - [[next]]
