# %% [markdown]
# # [[title]]
#
# **What you will do**: talk to a support bot on a real language model, on this machine, and look at what it cost you
# in time.
#
# **What you will learn**: run a lesson, read a turn, check an answer, and find your way through the course.
#
# **What you need**: nothing. If this opened in JupyterLab, the set-up worked. The lessons after this one use a little
# pandas, and some use `await`: [Before you start](../docs/before_you_start.md) has what you need of both.
#
# [[minutes]]. Cost: $0, network: none.

# %% [markdown]
# A support bot answered 10,000 messages last month. Was it good? Was it fast? What did it cost, and would anybody
# have noticed if it had been broken on Tuesday afternoon? Most teams that run a bot cannot say. This course is about
# being able to.
#
# You will not read about a bot here; you will run one. It works at the support desk of an invented internet provider,
# looks every question up in a small knowledge base, and answers with a small language model. The model runs on this
# machine: no account, no key, no bill.
# <!-- free: 10,000 -->
#
# Click into the cell below and press Shift and Enter. It starts the bot, and a *monitor* that writes down every
# message and its reply.

# %%
from chatmon import ChatMonitor, plots
from chatmon.lab.bot import ProductionChatbot
from chatmon.lab.course import check, hint

monitor = ChatMonitor(capture_content=True)
bot = ProductionChatbot(monitor=monitor)

# %% [markdown]
# ## A first conversation
# Ask it something. Before you run the cell, guess how long the reply will take: a tenth of a second, one second, ten?
# (The first reply takes longer than the next: with it the model's server starts, once.)

# %% tags=["nbval-ignore-output"]
reply = bot.process_user_message_sync("How can I reset my password?", "you")
print(reply.text)

# %% [markdown]
# A real model wrote that just now, so on your machine the words may differ a little from those of the next reader.
# What does not differ is what kind of reply it is. A bot can fail, and this one says so when it does:

# %%
reply.status, reply.intent

# %% [markdown]
# It succeeded, and it took the message for a question about an account. Four more, one of them outside anything a
# provider's support desk knows:

# %%
questions = [
    "What are your business hours?",
    "Help me troubleshoot my connection issues",
    "What's the weather like today?",
    "Explain quantum computing in simple terms",
]
ask = bot.process_user_message_sync
replies = [ask(question, "you", reply.conversation_id) for question in questions]

# %%
for question, answer in zip(questions, replies, strict=True):
    print(f"{answer.status:<8} {answer.intent:<12} {question}")

# %% [markdown]
# Five messages, five replies. We passed the conversation's id along, so the bot knew that they belong together. To
# see what it said, print `replies[2].text`, or ask a question of your own: that is what notebooks are for.

# %% [markdown]
# ## What the monitor wrote down
# > **Turn**: one message of a user and the reply to it.
#
# Everything in this course, whether it comes from a live bot, from another tool or from somebody's exported logs,
# becomes a table with one row for each turn:

# %%
turns = monitor.to_frame()
print(len(turns), "turns in", turns["conversation_id"].nunique(), "conversation")

# %% tags=["nbval-ignore-output"]
turns[["question", "response_time", "input_tokens", "output_tokens"]]

# %% [markdown]
# The durations are those of your machine, from the moment the question was sent to the moment the reply was complete.
# Was your guess near? If the first row has the longest, that is the server that started; from then on it was there.
#
# > **Token**: a piece of a word, the unit in which a model reads (*input tokens*) and writes (*output tokens*). Hosted
# > models are paid by the token, in both directions.

# %% [markdown]
# ## A first figure
# Look at the column of input tokens in that table. The bot sends the conversation so far along with each question, so
# that it can understand "and on Sundays?". Where will that lead?

# %% tags=["nbval-ignore-output"]
plots.conversation_growth(turns)

# %% [markdown]
# Each turn of a conversation sends more than the one before, and on a hosted model each of them is paid again. Nobody
# decided that the last question should cost more than the first one; it came with the memory. That is the kind of
# thing one only sees by measuring.

# %% [markdown]
# ## Where to go from here
# The lessons build on each other, and every one stands on data that you can look at:
#
# [[lessons]]
#
# In the lessons you will find exercises, all in one shape: a task, a line to change, and a check that says whether
# the answer is right, or why it is not. Here is a small one. Run it as it is first; it will not be cross with you.

# %% [markdown]
# ### Exercise 0.1
# How many things does the table know about one turn?
#
# 1. Replace the three dots with the number of columns of `turns`. Counting by hand is allowed; letting Python count
# is quicker.
# 2. Run the cell, then the check below it.
#
# We check the number. Stuck? Run `hint("0.1")` in a cell of its own.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = len(turns.columns)

# %%
check("0.1", answer)

# %% [markdown]
# In a terminal, `chatmon course status` says which exercises you have solved. If something does not work, `chatmon
# doctor` says what is missing and which one command mends it.
