# %% [markdown]
# # [[title]]
#
# **What you will do**: kill a bot in the middle of its work and count what is left, keep out of its log what must not
# be there, erase a customer and prove it, and ask a question that only a month of history can answer.
#
# **What you will learn**: say what a flush promises; keep a slow disk away from the chat; measure a redaction; break a
# pseudonym, and make one that holds; compact, back-fill, and know where each part stops.
#
# **What you need**: [Key terms](01_key_terms.ipynb). [An instrumented chat](02_instrumented_chat.ipynb) helps.
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
import hashlib
import logging
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatmon import analysis, plots, turns
from chatmon.course import check, hint
from chatmon.exporters import write_influx, write_openmetrics
from chatmon.importers import open_logs
from chatmon.monitor import ChatMonitor
from chatmon.paths import REPO
from chatmon.privacy import (
    Protection,
    erase,
    export_user,
    find,
    open_keys,
    redact,
    rotate,
)
from chatmon.privacy.proof import search

# %%
from chatmon.spark import SPELLED
from chatmon.store import Store
from chatmon.store.buffer import Buffer
from chatmon.store.compaction import compact
from chatmon.store.layout import contents
from chatmon.traffic import Problem, simulate

workplace = tempfile.TemporaryDirectory()
home = Path(workplace.name)


# %% [markdown]
# Everything we write lies in one temporary folder, `home`. And this is the kernel's part:


# %%
def killed(program, *arguments, bots=1, after=1):
    """Start bots, kill each when it has said some lines, and return all whole lines that they said."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(bots)
    ]
    said = [[bot.stdout.readline() for _ in range(after)] for bot in running]
    for bot, lines in zip(running, said, strict=True):
        bot.kill()
        lines += bot.communicate()[0].splitlines(keepends=True)
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
# crash, the ones you were asked for. And a buffer does it at every deployment that ends the old process by force,
# quietly, with no error in any log.

# %% [markdown]
# ### Exercise 8.1
# A service runs 6 processes of the old bot. Each of 20 deployments a month ends all of them by a kill. A kill finds a
# process with anything from 0 to 99 turns in its list, each number as likely.
#
# 1. How many turns does the service lose in a month, on average?
#
# We check the number. Stuck? Run `hint("8.1")`.
#
# <!-- free: 20, 0, 99 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = sum(range(100)) / 100 * 6 * 20

# %%
check("8.1", answer)

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
        status = store.status()
        print(
            f"{moment}: {status.buffered} in memory only, {status.written} written, {status.unsynced} not synced"
        )
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
from chatmon.monitor import ChatMonitor
from chatmon.store import Store
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
# tests do the same to two hundred processes, with compaction running in between.) Each process writes a file of its own
# and holds a lock on it, so four of them need not talk to each other, and the lock goes with its process: none is still
# written to. A process that is killed may leave half a line behind, which whoever reads the folder leaves out. What was
# in the queue and in no flush is gone: about a tenth of a second of work, where the list lost up to a hundred turns.
#
# Then there are disks that say no: full, read-only, unplugged. Should the chat stop? We put a plain file where the
# store's folder has to be, so that nothing can be written, and listen to what the store has to say.

# %%
logging.getLogger("chatmon.store").setLevel(
    logging.CRITICAL
)  # it logs the same, as an error
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
    print(
        "room again;",
        store.status().buffered,
        "in memory only,",
        store.status().written,
        "written",
    )
print([str(one.status) for one in heard])

# %% [markdown]
# The turn stays in memory, and is written when there is room. An alert fires and is resolved through the same channels
# as any other ([Alerting](04_alerting.ipynb)); its value is the number of turns at risk. Nothing is dropped on the
# quiet.

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
        self.asked, self.released, self.lines = threading.Event(), threading.Event(), []

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
print(
    "ended while the disk stands still:",
    len(ended),
    "and in memory only:",
    buffer.status().buffered,
)

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
# ## What the log must not hold
#
# A log that survives everything is a liability, too: now it keeps what should never have been in it. Here is what
# people write to a support desk.

# %%
message = (
    "I am ada.lovelace@example.org and moved to 12 Mill Lane. My card 4111 1111 1111 1111 was charged twice for "
    "order 4111 1111 1111 1112, on 02-11-2026. Call 0171 2345678, not the hotline in version 10.0.19.1."
)
print(redact(message))

# %% [markdown]
# The address, the card and the telephone number are gone. The order number looks like a card, one digit apart, and it
# stays: a card number has a check digit (Luhn's rule), and that one is wrong. The date and the version stay as well.
# And so does the street. Rules find what has a form; where somebody lives is told in words, and no rule of this kind
# sees it.
#
# How good is it, then? One nice example proves nothing. The repository holds sentences in five languages in which what
# should be found is marked, among them a file that was held out while the rules were written.
#
# > **Precision**: of what was masked, the share that had to be. What is missing from it is lost to you: order numbers.
# >
# > **Recall**: of what had to be masked, the share that was. What is missing from it is a leak.

# %%
MARK = re.compile(r"\{\{(\w+):(.*?)\}\}(?!\})")
KINDS = ("email", "card", "phone")
sentences = (
    (REPO / "tests" / "privacy" / "sentences_held_out.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)


def scored(finder):
    """Print how much of what was found is right, and how much of what is right was found."""
    right, claimed, marked = 0, 0, 0
    for sentence in sentences:
        wanted = Counter(mark for mark in MARK.findall(sentence) if mark[0] in KINDS)
        found = Counter(finder(MARK.sub(r"\2", sentence)))
        right, claimed = right + (wanted & found).total(), claimed + found.total()
        marked += wanted.total()
    print(
        f"precision {right / claimed:.2f} ({right} of {claimed}), recall {right / marked:.2f} ({right} of {marked})"
    )


# %% [markdown]
# The wrong way first: three patterns of the kind that is found in every other repository. They look careful enough.

# %%
patterns = {
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]+",
    "card": r"\b(?:\d[ -]?){13,16}\b",
    "phone": r"\+?\d[\d ()/-]{6,}\d",
}


def by_patterns(text):
    return [
        (kind, hit[0])
        for kind, pattern in patterns.items()
        for hit in re.finditer(pattern, text)
    ]


def by_rules(text):
    return [
        (one.kind, text[one.start : one.end]) for one in find(text) if one.kind in KINDS
    ]


scored(by_patterns)
scored(by_rules)

# %% [markdown]
# Of what the patterns masked, a third had to be masked: the rest were order numbers, dates and accounts, taken for
# cards and telephones. And of the real ones they missed one in five. The rules, with check digits and each country's
# plan of numbers, find 41 of 41 and nothing else.
#
# A perfect score should make you suspicious. On first sight the rules had missed some of these; the misses were looked
# at, and mended. A set that has decided anything is not held out any more, so this is how good they are on a good day;
# `tests/privacy/sentences.md` has the figures of first sights. And no set of ours holds what your customers will write.
# Redaction is the second line of defence. The first is not to store the text:

# %%
(home / "keys").write_text(
    "8" * 64, encoding="utf-8"
)  # yours is random, and lies where the log is not
(home / "keys").chmod(0o600)
keys = open_keys(home / "keys")

# %%
labels = {
    "turn_id": "t-1",
    "conversation_id": "c-1",
    "user_id": "ada",
    "timestamp": datetime(2026, 10, 5, tzinfo=UTC),
}
turn = turns.Turn(
    **labels, question=message, error_message="no account ada.lovelace@example.org"
)
stored = Protection(keys)(turn)
for column in ("question", "error_message", "user_id"):
    print(f"{column:13} {getattr(stored, column)}")

# %% [markdown]
# By default the text of a turn is not stored at all. `content=True` keeps it, redacted. Error messages are redacted
# either way, because a service likes to quote in its error what it could not read. And the user became somebody else.

# %% [markdown]
# ### Exercise 8.2
# Your customers have numbers such as `K-493827-3`: six digits, and a check digit, which is the last digit of the sum of
# the six. Part numbers look the same, `K-493827-5`, and have a wrong one.
#
# 1. Complete `mask(text)`: customer numbers become `[customer]`, and everything that `redact` finds is masked as
#    before.
# 2. Part numbers stay.
#
# We call it with sentences that you do not see. `Protection(keys, content=True, redactor=mask)` would use it. Stuck?
# Run `hint("8.2")`.


# %% tags=["stub"]
def mask(text):
    return ...  # your turn


# %% tags=["solution"]
def mask(text):
    def one(hit):
        digits = [int(digit) for digit in hit[1]]
        return "[customer]" if sum(digits) % 10 == int(hit[2]) else hit[0]

    return redact(re.sub(r"\bK-(\d{6})-(\d)\b", one, text))


# %%
check("8.2", mask)

# %% [markdown]
# ## A hash is no pseudonym
#
# Here is a month of the desk, which we shall need for the rest of the lesson. Two things went wrong in it; we shall
# look for them later. How many people wrote?

# %%
start_of_month, monday = (
    datetime(2026, 10, 5, tzinfo=UTC),
    datetime(2026, 11, 2, tzinfo=UTC),
)
slow = datetime(2026, 10, 22, tzinfo=UTC)
problems = [
    Problem(
        kind="quality_drop", slice={"intent": intent}, start=monday, severity="severe"
    )
    for intent in ("billing", "router")
]
problems.append(
    Problem(
        kind="latency_step",
        slice={"channel": "app"},
        start=slow,
        end=slow + timedelta(days=1),
        severity="severe",
    )
)
month = turns.from_arrow(
    simulate(8, start=start_of_month, days=29, problems=problems).turns
)
users, ada = {turn.user_id for turn in month}, "user-0019"
print(f"{len(month)} turns of {len(users)} users")

# %% [markdown]
# Most teams know that a user's id is personal data, and most of them do the same about it: they store its hash. A hash
# cannot be undone, so the log is anonymous. Is it? Somebody has the log, and knows that ids look like `user-0000`.

# %%
hashes = {hashlib.sha256(user.encode()).hexdigest() for user in users}
dictionary = {
    hashlib.sha256(f"user-{n:04}".encode()).hexdigest(): f"user-{n:04}"
    for n in range(10_000)
}
print(f"{len(hashes & dictionary.keys())} of {len(hashes)} users recovered")

# %% [markdown]
# All 2445 of 2445, in two lines and before you could have blinked. Nobody undid a hash. We hashed everybody who might
# be in the log, and looked them up; with e-mail addresses or telephone numbers it is the same with a longer list. What
# is missing is a secret:
#
# > **Keyed pseudonym**: an HMAC of the id, a hash into which a secret key goes. Whoever has the log and not the key
# > cannot try names. The same user keeps the same pseudonym, so that one can still count users and follow a
# > conversation.

# %%
pseudonyms = {keys.of(user) for user in users}


def recovered(some_keys):
    """Count the users whose pseudonyms somebody with these keys can make again."""
    made = {some_keys.of(user).rpartition("-")[2] for user in dictionary.values()}
    return len(made & {one.rpartition("-")[2] for one in pseudonyms})


print(
    f"{len(pseudonyms)} pseudonyms; recovered with a key of one's own: {recovered(open_keys(home / 'a guess'))}"
)
print(f"recovered with the key: {recovered(keys)}")

# %% [markdown]
# As many pseudonyms as users, and the same attack finds 0 of them, until it has the key: then it finds all 2445. So
# everything hangs on the key now. It must not lie in the log's folder, in the repository or in the backup beside the
# log. `open_keys` makes one in your own configuration. `rotate` puts a new one in front: from then on a user has
# another pseudonym, and the old keys stay, to find what was stored under them.

# %%
newer = rotate(home / "keys")
print("the same pseudonym as before:", newer.of(ada) == keys.of(ada))
print("the old one is still found:", keys.of(ada) in newer.all_of(ada))

# %% [markdown]
# A colleague is not convinced: she has heard of salt, a text that is hashed along, so that no dictionary of others
# fits. It stands in the log's first line, because the bot needs it again tomorrow. Here it is, with the digest of one
# user: `sha256(f"{salt}:{user}".encode())`.

# %%
salt, digest = (
    "october",
    "078cb7d9f20dbef610434fceb9f6585b4a1b4da8ddae79dedf762e0308919d9c",
)

# %% [markdown]
# ### Exercise 8.3
# 1. Ids look like `user-0000`, with any four digits. Whose digest is it?
#
# We check the id, as text. Stuck? Run `hint("8.3")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = next(
    user
    for user in dictionary.values()
    if hashlib.sha256(f"{salt}:{user}".encode()).hexdigest() == digest
)

# %%
check("8.3", answer)

# %% [markdown]
# One worry is left. Does privacy cost you your numbers? A week of the month, stored once as strictly as possible, once
# with its texts:


# %%
def stored_in(folder, some, **options):
    with Store(folder, protect=Protection(keys, **options)) as store:
        for turn in some:
            store.append(turn)
    return folder


shown = []
for content in (False, True):
    with open_logs(
        stored_in(home / f"content {content}", month[:5000], content=content)
    ) as logs:
        shown.append(str(analysis.summary(logs)))
print("the same figures, all of them:", shown[0] == shown[1])
print(*shown[0].splitlines()[:4], sep="\n")

# %% [markdown]
# Times, tokens, cost, errors, users, conversations: the same to the last digit that is printed. Operations never needed
# the text. Whoever reads answers to judge them does; then keep content on for a sample, for a while, and say so.

# %% [markdown]
# ## Erase a user, and prove it
#
# The month goes into the desk's folder and is *compacted*: what the processes wrote as lines becomes one Parquet file a
# day. Then life happens. On the Tuesday after, somebody turns content on to look into a complaint. Somebody else
# exports a table for a meeting, with the ids as the shop has them, and puts it beside the rest. And there is a backup.
# The customer in the middle of it is `user-0019`, whom we call Ada.

# %%
tuesday = monday + timedelta(days=1)
desk = home / "desk"
stored_in(desk / "store", month)
before = contents(desk / "store")
print(compact(desk / "store", grace=0))

# %%
complaint = [
    replace(
        month[number],
        turn_id=f"late-{number}",
        user_id=ada,
        conversation_id="c-late",
        timestamp=tuesday,
    )
    for number in range(3)
]
complaint = [replace(turn, question=message) for turn in complaint]
_ = stored_in(desk / "store", complaint, content=True)

# %%
columns = ["turn_id", "conversation_id", "user_id", "timestamp", "question"]
(desk / "backup").mkdir()
for place in ("meeting.csv", "backup/october.csv"):
    turns.to_frame(month[:2000])[columns].to_csv(desk / place, index=False)

# %% [markdown]
# One morning Ada writes that she wants to know what you have about her, and then that it should go. In much of the
# world both are her right. The first is one call:

# %%
held = export_user(ada, desk, pseudonyms=keys)
print(
    len(held["turns"]),
    "turns,",
    len(held["found_in"]),
    "files,",
    len(held["backups"]),
    "backup",
)
print("the newest:", held["turns"][-1]["question"][:45])

# %% [markdown]
# 82 turns, in 23 files; the newest still has her street in it. Now the second wish. The plausible way is to `grep` for
# her and to delete the lines that it finds. We look for three things, as `grep` does, in the bytes that lie on the
# disk; and then in what the files *say* when they are read. **Predict.** Where will the two differ?

# %%
sought = {"her id": ada, "her pseudonym": keys.of(ada), "her street": "12 Mill Lane"}


def where():
    """Count the files in which something is found: by their raw bytes, and also as they read."""
    for name, text in sought.items():
        raw = [
            path
            for path in desk.rglob("*")
            if path.is_file() and text.encode() in path.read_bytes()
        ]
        read = search(desk, [text.encode()]).found
        print(
            f"{name:13}  grep: {len(raw):2} files   as they read, without backups: {len(read):2}"
        )


where()

# %% [markdown]
# Her pseudonym is in 22 files, and `grep` finds it in 1 of them. Parquet is compressed, so what a file says does not
# stand in its bytes: the month would have looked clean, and would still have had all of her in it. Her id is in the
# table and in the backup, although the log itself never held it. And deleting has a second fault. With her lines go her
# turns, her tokens and her cost, and last month's bill no longer adds up.
#
# > **Erasure**: everything that says whose a turn was, or what was said in it, goes from every form in which it is
# > kept. What the turn measured stays. A **receipt** says what was done, and names nobody.


# %%
def figures():
    with open_logs(desk / "store") as logs:
        return str(analysis.summary(logs)).splitlines()


totals = figures()

# %%
receipt = erase(ada, desk, pseudonyms=newer, also=["ada.lovelace@example.org"])
print(
    sum(receipt.changed.values()),
    "rows of",
    len(receipt.changed),
    "files; still found in:",
    list(receipt.left),
)
print("backups, not touched:", *receipt.backups)
where()

# %% [markdown]
# 90 rows of 23 files were changed, and then every byte below the folder was searched, as it lies there and as it reads,
# for her id, her pseudonyms under all keys, her conversations, and what only she wrote. Nothing is left but the 1 file
# that `grep` still shows: the backup. It is listed and not touched, because a backup that is changed is none. Let it
# expire, and erase again whenever you restore one.
#
# And the figures? We print the lines of the summary that differ from before.

# %%
for line, now in zip(totals, figures(), strict=True):
    if line != now:
        print(line, now, sep="\n")

# %%
again = erase(ada, desk, pseudonyms=newer)
print(str(again).splitlines()[0])
print(
    "the receipt names her:",
    ada in receipt.to_json() or newer.of(ada) in receipt.to_json(),
)

# %% [markdown]
# One line of them all: there is one user less. Turns, tokens, cost, errors and times add up as they did. A second
# erasure finds nothing and says so, which is also what you run when somebody asks for a proof a year later.
#
# ## A question for a month
#
# The monitor inside of the bot knows the last 10,000 turns, a fortnight of this desk, and at the next restart it knows
# nothing. The store's folder has it all, and `open_logs` reads it as it would any export: compacted days and the lines
# of processes that are still writing, each turn once. What does it take?
#
# <!-- free: 10,000 -->

# %%
logs = open_logs(desk / "store")
(_, line_bytes), (_, table_bytes) = before.live, contents(desk / "store").days
print(
    f"in lines {line_bytes / len(month):.0f} bytes a turn, {line_bytes / table_bytes:.0f} times those in Parquet"
)

# %% [markdown]
# In Parquet it is 7 times smaller, and a question about one day opens one file. Compaction writes a day anew under a
# hidden name and renames it when it is whole: whenever it is interrupted, no turn is lost or doubled.
#
# It is the evening of Monday, 2 November, and the dashboard compares with yesterday. **Predict.** There are four
# changes. Which one will you look into first?

# %%
sunday = monday - timedelta(days=1)
measures = ("turns", "cost", "error_rate", "completion")
trends = {
    name: analysis.trend(logs, "day", name).set_index("period") for name in measures
}

# %%
for name, days in trends.items():
    now, past = days.loc[monday, "value"], days.loc[sunday, "value"]
    print(f"{name:11} {now:7.3f}  {now / past - 1:+.0%} against yesterday")

# %% [markdown]
# Turns are up by 88 %, cost by 40 %, errors have halved, and at the end of the list stands a change of 11 % in
# completed tasks. One would look into the first, and praise somebody for the third. Now ask the month: how were the
# four Mondays before, and between which values does a working day lie when nothing has changed?

# %%
for name, days in trends.items():
    *others, now = days.loc[days.index.day_of_week == 0, "value"]
    low, high, outside = days.loc[monday, ["low", "high", "outside"]]
    before_it = " ".join(f"{value:7.3f}" for value in others)
    print(
        f"{name:11}{before_it} | {now:7.3f}  usual: {low:.3f} to {high:.3f}  outside: {outside}"
    )

# %%
frame = logs.frame()
limit = trends["completion"].loc[monday, "low"]
plots.timeline(
    frame[frame["timestamp"] < tuesday],
    "task_completed",
    title="Only the last Monday falls below what is usual",
    unit="of tasks",
    every="1D",
    limit=round(limit, 3),
)

# %% [markdown]
# The figure shows each day's share of completed tasks: all of them scatter, the days before stay above the dashed line,
# which is the lower end of what is usual, and only the last Monday falls through it.
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
# ### Exercise 8.4
# Something else went wrong in this month, on one other day, and was over before anybody looked.
#
# 1. `analysis.trend(logs, "day", measure)` takes other measures too: `conversations`, `tokens`, `median`, `p95`,
#    `cost_per_turn`, `satisfaction`.
# 2. Find the day on which one of them is outside of its band. Give it as text, such as `"2026-10-05"`.
#
# We check the day. Stuck? Run `hint("8.4")`.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
days = analysis.trend(logs, "day", "p95")
answer = days.loc[days["outside"].fillna(False), "period"].iloc[0].date()

# %%
check("8.4", answer)

# %% [markdown]
# ## History for other systems
#
# Your colleagues have their dashboards in Prometheus or InfluxDB. A live bot can be scraped, but only from today on:
# Prometheus asks what is, not what was. So the past has to be brought to it, as text with a time on every sample
# (OpenMetrics), which `promtool` turns into its blocks. InfluxDB takes lines, one a turn.

# %%
samples = write_openmetrics(logs, home / "history.txt", step=timedelta(hours=6))
lines = (home / "history.txt").read_text(encoding="utf-8").splitlines()
counted = [line for line in lines if line.startswith("chatmon_turns_total")]
last = {line.partition(" ")[0]: float(line.split()[-2]) for line in counted}
print(
    samples,
    "samples; the last ones of chatmon_turns_total add up to",
    int(sum(last.values())),
)

# %%
points = write_influx(logs, home / "history.lp")
print(points, "points for InfluxDB;", len(frame), "turns in the log")

# %% [markdown]
# Both add up to the log: 20908 turns, the month's and the complaint's three. A counter of Prometheus only grows, so the
# last sample of each series holds the whole month. And every counter begins at zero, a step before it first grows: one
# that appears at 1 has not grown, as far as `increase` can see. On a command line it is
# `chatmon export FOLDER --to openmetrics -o history.txt`; `--to grafana` writes a dashboard over the same names.
#
# ## Past one machine
#
# All of this ran on one machine, with one process at a time. What happens at a hundred times the traffic, and at ten
# thousand times? We can work it out from the bytes above, if we assume that a reply takes two seconds, that a process
# of the bot holds fifty chats at once, and that its monitor remembers 10,000 turns.
#
# <!-- free: 10,000 -->

# %%
print(
    f"{'chats a second':>14} {'turns a day':>13} {'lines, GB':>10} {'processes':>10} {'a monitor sees':>15}"
)
for rate in (1, 100, 10_000):
    processes = -(-rate * 2 // 50)
    sees = f"{10_000 / (rate / processes) / 60:.0f} min"
    day = rate * 86_400
    print(
        f"{rate:14,} {day:13,} {day * line_bytes / len(month) / 1e9:10.2f} {processes:10} {sees:>15}"
    )

# %% [markdown]
# At 1 chat a second a day is 0.05 GB, and nobody has to think. At 100 it is 5.47 GB, which one disk takes; but now
# there are 4 processes, each of which sees a quarter of the traffic of the last 7 minutes, and a percentile or an alert
# of one of them is about that quarter. From here on alerts belong where the counters of all processes are added up. At
# 10,000 it is 547.07 GB: lines stay on the host that wrote them, Parquet goes to storage that all can read, and one
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
# from chatmon import analysis, spark
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
# processes that were killed at work. With the disk standing still a thousand chats went on. Patterns for redaction
# masked three times too much and missed one in five; rules with check digits found 41 of 41, and let a street through,
# which is why content is off by default. All 2445 hashes were looked up, and no keyed pseudonym. Ada was erased from 23
# files without a figure moving. And of four changes on a Monday evening, a month of history cleared the three largest
# and convicted the smallest.

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
# - **Names and streets need more than rules.** Anything from text to text can be the `redactor`, Presidio for one.
#   Measure it on your own sentences, as above.
# - **Keys lie elsewhere**: in `CHATMON_PSEUDONYM_KEYS`, or in a file that only the bot may read, as the store's own
#   files are. Lose the keys, and nobody can be found any more, not even to be erased.
# - **Erase where you can see**: `chatmon erase USER --data FOLDER` knows logs, tables, the local LangSmith and alerts
#   on their way. A hosted service and a colleague's laptop it does not know. Keep a list of those.

# %% [markdown]
# ## Quiz
#
# **1.** `flush()` has returned, and a second later the machine loses its power. What is safe?
#
# - (a) Everything that was given before the flush.
# - (b) Everything that was written, and perhaps not all of what was synced.
# - (c) Nothing that was given since the process began.
#
# <details>
# <summary>Answer</summary>
#
# (a): it returns when all is on the disk. Not (b): it is the other way round, what is synced was written before. Not
# (c): that is the list in memory.
# </details>
#
# **2.** The disk hangs for a minute. What should a bot do with its turns?
#
# - (a) Let the chats wait, so that nothing can be lost.
# - (b) Drop them, so that nobody waits.
# - (c) Keep them in memory, say how many, and write them when the disk is back.
#
# <details>
# <summary>Answer</summary>
#
# (c): nobody waits, and nothing is lost unless the process ends in that minute, which is why the number at risk is
# shown. Not (a): a thousand users pay for one line of a log. Not (b): the turns of a bad minute are the ones you will
# want.
# </details>
#
# **3.** A log has `sha256` of e-mail addresses in place of users. Is it anonymous?
#
# - (a) Yes, a hash cannot be undone.
# - (b) No, whoever has a list of addresses can hash it.
# - (c) Yes, if a salt is stored with it.
#
# <details>
# <summary>Answer</summary>
#
# (b): you did it, twice. Not (a): it need not be undone to be looked up. Not (c): a salt that lies with the log makes
# one new dictionary necessary, and no more than that.
# </details>
#
# **4.** A user is erased. What happens to the cost of last month?
#
# - (a) It falls by what this user cost.
# - (b) It stays.
# - (c) It has to be estimated from now on.
#
# <details>
# <summary>Answer</summary>
#
# (b): the turn keeps what it measured, and loses whose it was and what was said. Not (a): then the log and the invoice
# disagree after every erasure. Not (c): nothing that was counted is gone.
# </details>
#
# **5.** On a Monday a dashboard shows 88 % more turns than yesterday. What do you do?
#
# - (a) Wake somebody.
# - (b) Hold it against other Mondays, and against how much these differ.
# - (c) Hold it against last Monday.
#
# <details>
# <summary>Answer</summary>
#
# (b): yesterday was a Sunday, and only several Mondays say how much Mondays differ. Not (a): every Monday does that.
# Not (c): one Monday has no scatter, so any difference from it looks like news.
# </details>

# %% [markdown]
# ## Going further
#
# - Kleppmann, *Designing Data-Intensive Applications*: what "written", "synced" and "at least once" cost and promise.
# - Regulation (EU) 2016/679, articles 4, 15 and 17: what a pseudonym is, and the rights to be told and to be erased.
# - The documentation of Prometheus on back-filling, and of OpenMetrics on timestamps.
# - [[next]]
#
# <!-- free: 2016, 679, 15, 17 -->
