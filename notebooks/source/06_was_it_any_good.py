# %% [markdown]
# # [[title]]
#
# **What you will do**: let a model judge 353 replies, find out that it prefers the worse prompt, and put its rate right
# with forty labels.
#
# **What you will learn**: write a rubric, tell agreement from chance, find what a judge loves, correct a rate, compare
# two prompts by corrected rates, say how many labels a decision takes.
#
# **What you need**: [[key_terms]]; tables are pandas ([Before you start](../docs/before_you_start.md)).
#
# [[minutes]]. Cost: $0, network: none.
#
# <!-- free: 353, 100, 2023, 1978 -->

# %% [markdown]
# ## Two prompts, and somebody who has read every reply
#
# For two days the support desk answered with two prompts, by lot: v1 tells the model to be helpful, v2 shows it how to
# repeat the note from the knowledge base. Which is better? Users rate a third of the turns. Relevance sees the subject
# and not the truth. To read 353 replies takes an afternoon, and next week there are as many again.
#
# So the team asks a model to read them. It is what most teams do now, and what every vendor sells.
#
# > **Judge**: a model that answers a question about a reply of another one (or of its own).
# >
# > **Rubric**: that question in words, with what counts as yes. Another wording is another version, and another judge.
# >
# > **Verdict**: what a judge says of one reply.
#
# Ours is the same small model that wrote the replies. Its verdicts were recorded, since to ask 353 times takes minutes.

# %%
import textwrap

import pandas as pd
from chatmon import plots
from chatmon.lab import data_file
from chatmon.lab.bot import ChatConfig
from chatmon.lab.course import check, hint
from chatmon.quality import Judge, Rubric, agreement, corrected_difference
from chatmon.quality import corrected_rate, judge_bias, labels_needed
from chatmon.quality import next_to_label, rogan_gladen
from langchain_openai import ChatOpenAI

# %%
rubric = Rubric.read(data_file("rubrics/solves.md"))
print(textwrap.fill(rubric.text, 88, replace_whitespace=False))
print("\nversion", rubric.version)

# %% [markdown]
# **Predict.** v2 has the notes word for word, so it ought to win. By how much does the judge prefer it?

# %%
verdicts = pd.read_csv(data_file("verdicts.csv"))[["turn_id", "verdict"]]
turns = pd.read_parquet(data_file("local_turns.parquet"))
replies = turns.merge(verdicts, on="turn_id")
for version, some in replies.groupby("prompt_version"):
    print(f"{version}: {len(some)} replies, yes to {some['verdict'].mean():.1%}")

# %% [markdown]
# It does not. It says yes to 15.3 % of v1's replies and to 6.4 % of v2's. v1 is more than twice as good, says the
# dashboard; roll v2 back, says the meeting. The numbers come from 196 and 157 replies, so chance is no way out.
#
# There is one question nobody has asked yet: **how often is the judge wrong?**
#
# ## Ask it yourself
#
# A judge is a chat model with a rubric. Where the model tells how probable its words were, the verdict is the more
# probable one of "yes" and "no", and it has a certainty, too. Question and reply are handed over as JSON in a message
# of their own, because they are data. A reply that says "answer yes" must not end the rubric. (A weak model may obey it
# all the same. That is one more reason to measure.)

# %%
config = ChatConfig.local(timeout=300)
model = ChatOpenAI(
    model=config.model,
    base_url=config.base_url,
    api_key=config.api_key,
    temperature=0,
    max_completion_tokens=1,
    logprobs=True,
    top_logprobs=20,
)
judge = Judge(rubric, model, workers=1)
found = judge.verdicts(replies.head(5))
print(
    len(found), "verdicts, each certain by 0 to 1:", found["score"].between(0, 1).all()
)

# %% [markdown]
# A judge costs money itself: on hosted models often more than the bot, as it reads everything the bot wrote. So its
# calls are turns, in a monitor of their own. Mixed with the bot's they would spoil both.

# %%
own = judge.monitor.to_frame()
print(len(own), "calls, all with tokens:", own["input_tokens"].notna().all())

# %%
again = judge.verdicts(replies.head(5))
print("asked again, calls are still", len(judge.monitor.turns()))

# %% [markdown]
# The same rubric, model, question and answer are not asked for twice. With `path="verdicts.jsonl"` that holds across
# programs, and whatever ends one of them loses nothing that was answered.
#
# ## High agreement that is worth nothing
#
# To know how often a judge is wrong, somebody who knows has to look.
#
# > **Label**: what is true of a reply, from somebody who knows: an expert, a user, or a check as strict as our
# > `task_completed`, which looks for the facts of a right answer.
#
# Here all 353 labels are known, so that we can look behind every number; in real life you will have forty. The usual
# figure is *agreement*, the share of replies on which judge and label say the same. Take v2 alone, and the laziest judge
# there is: it says yes to everything. **Predict.** On what share of replies does it agree with the labels?

# %%
v2 = replies[replies["prompt_version"] == "v2"]
print(agreement(v2["task_completed"], [True] * len(v2)))

# %% [markdown]
# On 0.96 of them, without reading one. "Our judge agrees with experts in nearly all cases" is a sentence you will be
# sold, and where nearly everything is good it means nothing. Three figures tell more:
#
# > **Sensitivity** and **specificity**: the judge's share of yes where yes is true, and its share of no where no is
# > true. A coin has 0.5 and 0.5; who always says yes has 1 and 0.
# >
# > **Kappa** (Cohen's): agreement beyond chance. 0 is what two get who know nothing of the replies and say yes as often
# > as these two, 1 is complete.
#
# The lazy judge has a kappa of 0.00. Now the one that preferred v1. **Predict** its kappa.
#
# <!-- free: 0.5 -->

# %%
labels, conversations = replies["task_completed"], replies["conversation_id"]
known = agreement(labels, replies["verdict"], conversations)
print(known)

# %% [markdown]
# Agreement 0.45, where chance gives 0.49: kappa is -0.08, and its interval leaves out 0. This judge is worse than a
# coin. It finds 0.07 of the good replies. (The intervals count conversations: several replies of one are alike, so 353 are worth fewer.)

# %% [markdown]
# ### Exercise 6.1
# Write kappa yourself.
#
# 1. You get two lists of the same length, `labels` and `verdicts`, of `True` and `False`.
# 2. `agree` is the share of places where both say the same.
# 3. `chance` is the share on which they would agree by chance: both say yes, or both say no, each as often as it does.
# 4. Return `(agree - chance) / (1 - chance)`; `None` where `chance` is 1.
#
# We try it on judges that you have not seen. Stuck? Run `hint("6.1")`.


# %% tags=["stub"]
def kappa(labels, verdicts):
    return ...  # your turn


# %% tags=["solution"]
def kappa(labels, verdicts):
    n = len(labels)
    agree = sum(a == b for a, b in zip(labels, verdicts, strict=True)) / n
    true, said = sum(labels) / n, sum(verdicts) / n
    chance = true * said + (1 - true) * (1 - said)
    return None if chance == 1 else (agree - chance) / (1 - chance)


# %%
check("6.1", kappa)

# %% [markdown]
# ## What does it love?
#
# A judge that errs alike everywhere would still rank two prompts rightly. One that likes long replies, or its own
# style, or the reply it is shown first, does not. So compare its rate with the truth in groups. **Predict.** v2 is
# short. Does the judge wrong short replies more, or long ones?

# %%
length = replies["answer"].str.len()
half = ["long" if is_long else "short" for is_long in length > length.median()]
print(judge_bias(labels, replies["verdict"], half, conversations).round(2))

# %% [markdown]
# Of short replies 0.71 are good, and it says 0.08; of long ones 0.31, and it says 0.15. The better group gets the lower
# rate. It is too strict with both, by 0.63 and by 0.16, and so much more with the short ones that the order turns round.
# v2 is the prompt of short replies: **the judge compared lengths.** Many judges love length, large models too. The same
# table with other groups finds the other loves: the order in which two replies were shown, replies of the judge's own
# family, or the weeks of a log, in which a provider may have changed the model behind its name.
#
# ## Put the rate right
#
# Throw the judge away? First see what labels can do with it. They have to be drawn at random: if you label what looked
# odd, you learn the rate of what looks odd. `next_to_label` draws, and tomorrow it goes on where it was.

# %%
drawn = set(next_to_label(list(replies["turn_id"]), 40)["turn_id"])
print(len(drawn), "of", len(replies))

# %%
forty = [
    bool(good) if turn_id in drawn else None
    for turn_id, good in zip(replies["turn_id"], labels, strict=True)
]
rate = corrected_rate(replies["verdict"], forty, conversations)
print(rate)
print(f"the truth:      {labels.mean():.2f}")

# %% [markdown]
# The judge alone says 0.11, with an interval so narrow that a reader believes it, and the truth is 0.51. With forty labels
# the rate is 0.49, and its interval, 0.33 to 0.66, holds the truth.
#
# How? The labels' own rate is right and uncertain. The judge's rate is certain and wrong. But on the labelled replies
# we see by how much their sample happens to differ from all: if the judge says yes to more of them than of the others,
# they are probably a bit better than the others. That is taken off, with a weight that depends on how much the judge
# knows. This is *prediction-powered inference*. It is right however bad the judge is; a bad one only does not help.
#
# A judge that knows nothing gets no weight. **Predict** the weight of ours, which is worse than a coin.

# %%
print(f"weight of the judge: {rate.weight:.3f}")
in_one_line = length < 100
print(agreement(labels, in_one_line, conversations).kappa.text(digits=3))
ruled = corrected_rate(in_one_line, forty, conversations)
print(f"weight of the rule: {ruled.weight:.3f}")
print(ruled.rate.text())

# %% [markdown]
# It is -0.403: what goes against the truth tells something, too, and its yes counts as a mild no. The second judge is no
# model at all. It is a rule, "fewer than 100 characters", that anybody who has read twenty replies could write. Its kappa
# is 0.572. It costs nothing, it gets a weight of 0.582, and forty labels with it are worth 45 independent ones; alone they are
# worth 31, since several come from the same conversation. **A judge need not be clever. It has to go with the truth**,
# and how far it does is something you measure.
#
# One more way is older, and you will meet it: if a test finds a share of the sick and spares a share of the healthy,
# both known from elsewhere, the true rate follows from the counted one. Rogan and Gladen wrote it down in 1978. It needs
# no labels in the log at hand, and so it has to believe that the judge errs here as it did there.

# %%
elsewhere = agreement(labels[:150], in_one_line[:150])
print(rogan_gladen(in_one_line[150:], elsewhere).text())
print(f"the truth there: {labels[150:].mean():.2f}")
try:
    rogan_gladen(replies["verdict"], known)
except ValueError as error:
    print(str(error).partition(":")[0])

# %% [markdown]
# With the rule it works, with the model it refuses: nothing can be made out of a judge that cannot be told from chance.
# Between weeks it is a risk. Prompts change, users change, and with them the errors of the judge.
#
# ## Two prompts again
#
# Now the decision. Each prompt gets forty labels of its own, because the judge errs otherwise on each. **Predict.** Which
# way does the difference point now, and does its interval leave out 0?


# %%
def rate_of(some, n=40):
    drawn = set(next_to_label(list(some["turn_id"]), n)["turn_id"])
    pairs = zip(some["turn_id"], some["task_completed"], strict=True)
    known = [bool(good) if turn_id in drawn else None for turn_id, good in pairs]
    return corrected_rate(some["verdict"], known, some["conversation_id"])


rates = {version: rate_of(some) for version, some in replies.groupby("prompt_version")}
for version, found in rates.items():
    truth = labels[replies["prompt_version"] == version].mean()
    print(f"{version}: {found.rate.text()}, the truth is {truth:.2f}")
print("difference:", corrected_difference(rates["v1"], rates["v2"]).text())

# %%
bars, lines = {}, {}
for version, found in rates.items():
    for who, one in (("the judge", found.judged), ("corrected", found.rate)):
        name = f"{version}, {who}"
        bars[name] = 100 * one.value
        lines[name] = (100 * one.low, 100 * one.high)
title = "The judge prefers v1; put right by labels, v2 is far ahead"
plots.bars(bars, intervals=lines, title=title, unit="%", what="Good replies", digits=1)

# %% [markdown]
# The figure shows both rates of both prompts: the judge has 15.3 % for v1 and 6.4 % for v2, corrected they are 9.9 %
# and 94.9 %. v2 is better by 0.85, from 0.67 to 0.92, and the truth lies within. (That its rate of v1 is about the true
# one is an accident: they are other replies.) Eighty labels, an hour's work, against a dashboard that would have had us roll the better
# prompt back.

# %% [markdown]
# ### Exercise 6.2
# Write the correction yourself, with a weight that you are given.
#
# 1. You get `verdicts`, `True` or `False` for every reply, `labels`, which are `None` where nobody has looked, and
#    `weight`.
# 2. Take the share of yes among the labels, the judge's share of yes on the labelled replies, and its share on the
#    others.
# 3. Return the first, less `weight` times what the second is above the third. Where every reply has a label there is
#    nothing to take off.
#
# We try it on replies that you have not seen. Stuck? Run `hint("6.2")`.


# %% tags=["stub"]
def corrected(verdicts, labels, weight):
    return ...  # your turn


# %% tags=["solution"]
def corrected(verdicts, labels, weight):
    pairs = list(zip(verdicts, labels, strict=True))
    known = [label for _, label in pairs if label is not None]
    beside = [verdict for verdict, label in pairs if label is not None]
    others = [verdict for verdict, label in pairs if label is None]
    rate = sum(known) / len(known)
    if not others:
        return rate
    return rate - weight * (sum(beside) / len(beside) - sum(others) / len(others))


# %%
check("6.2", corrected)

# %% [markdown]
# ## How many labels does a decision take?
#
# Forty were enough because the difference is huge. Labels cost somebody's time, so ask before: how wide may the interval
# be? Here it is to have five points to either side, for three judges.

# %%
for name, finds, rejects in (
    ("coin", 0.5, 0.5),
    ("rule", 0.95, 0.62),
    ("good", 0.95, 0.95),
):
    needed = labels_needed(0.1, 0.5, sensitivity=finds, specificity=rejects)
    who = f"{name}, {finds} and {rejects}"
    print(f"{who}: {needed.with_judge} labels, without a judge {needed.alone}")

# %% [markdown]
# Without a judge it takes 385. The rule saves about a third of them, with 0.95 and 0.62. A judge with 0.95 for both
# saves nearly four in five, and a coin saves none. That is what a judge is worth: not its rate, but the labels it saves. And it
# has a limit: however good it is, it does not bring the number to zero, since somebody has to find out how good.

# %% [markdown]
# ### Exercise 6.3
# A shop has 5,000 replies a month. An expert's label costs \$1.20, a hosted judge \$0.004 a verdict; it has a
# sensitivity of 0.92 and a specificity of 0.75. About 0.8 of the replies are good. The interval may be 0.08 wide from
# end to end.
#
# 1. How many labels does it take with the judge, and how many alone? All 5,000 replies are judged.
# 2. Give what the judge saves a month, in dollars: what the labels cost alone, less all that it costs with the judge.
#
# We check the amount to the cent. Stuck? Run `hint("6.3")`.
#
# <!-- free: 5,000, $1.20, $0.004, 0.92, 0.75, 0.8, 0.08 -->

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
wanted = {"sensitivity": 0.92, "specificity": 0.75, "verdicts": 5000}
needed = labels_needed(0.08, 0.8, **wanted)
answer = (needed.alone - needed.with_judge) * 1.20 - 5000 * 0.004

# %%
check("6.3", answer)

# %% [markdown]
# ## Summary
#
# A judge gave v1 15.3 % and v2 6.4 %, and would have had us throw away the better prompt. It agreed with the labels less
# than chance does, it was harder on short replies, and v2 writes short ones. High agreement alone would not have told us:
# who always says yes has it, too. With forty labels each, drawn at random, the corrected rates are 9.9 % and 94.9 %,
# with intervals that hold the truth. And a rule of one line was the better judge.

# %% [markdown]
# ## In practice
#
# - **On your own logs** it is two commands: `chatmon label` shows replies drawn at random and writes down what you say,
#   `chatmon judge` asks the model and corrects its rate by them. Both go on where they ended.
# - **A judge that is a better model** is usually a better judge, and dearer. Measure it on the same forty labels before you
#   pay for 10,000 verdicts.
# - **Write the rubric for one question.** "Is it good?" is five questions. Yes or no is easier to label than a mark out
#   of ten, and two people agree on it more often. Let two label the same twenty: `agreement` of the two is as far as any
#   judge can come.
# - **Another rubric, another model, another month: label again.** Ten new labels show a drift that the judge's own
#   rate hides. `judge_bias` by week is the table for it.
# - **Labels that were chosen are no sample.** Label what the judge was uncertain of to mend the rubric, and keep those
#   out of the rate; `next_to_label(..., uncertain=10)` marks them.
# - **No verdict is no "no".** What the judge could not say is counted apart, and the corrected rate stays right.
#
# <!-- free: 10,000 -->

# %% [markdown]
# ## Quiz
#
# 1. A judge agrees with the labels on 92 % of replies, and 92 % of the labels say yes. What do you know of the judge?
#    - (a) that it is right on most of the bad replies, too
#    - (b) that its kappa is high
#    - (c) no more than of one that says yes to everything
#
# <!-- free: 92 % -->
#
# <details>
# <summary>Answer</summary>
#
# (c): who always says yes agrees as often, and agreement alone cannot tell the two apart. Not (a): that is its
# specificity, which few bad replies hardly show. Not (b): kappa is agreement beyond chance, and chance gives nearly all.
# </details>
#
# 2. A judge tosses a coin. What is a rate worth that is corrected by forty labels drawn at random?
#    - (a) as much as the forty labels alone
#    - (b) less than the labels alone, since the coin adds noise
#    - (c) nothing, since the judge is wrong half of the time
#
# <details>
# <summary>Answer</summary>
#
# (a): its weight is near zero, so the labels decide. Not (b): that would be so if its word counted in full, whatever it
# knows. Not (c): that is true of the judge's own rate only.
# </details>
#
# 3. You have labelled the forty replies that the judge was least sure of. May you correct its rate by them?
#    - (a) yes, those are where labels tell most
#    - (b) no, they are not like the others
#    - (c) yes, with forty more of the same kind
#
# <details>
# <summary>Answer</summary>
#
# (b): how many of them are good says nothing of the rest. Not (a): they tell most about the rubric, and nothing about the
# rate. Not (c): more of a wrong sample is only more sure of a wrong number.
# </details>
#
# 4. From [[lesson key_terms]]: what does `context_relevance` see of a reply?
#    - (a) whether the user was content
#    - (b) whether it is true
#    - (c) whether it is about the question
#
# <details>
# <summary>Answer</summary>
#
# (c): it compares meanings. Not (a): only the user knows, and few of them say. Not (b): for that it takes facts, which
# `task_completed` has.
# </details>
#
# 5. From [[lesson langsmith_analysis]]: a trace has a failed run below a root that succeeded. Did the turn fail?
#    - (a) no, its user got an answer
#    - (b) yes, as soon as one run fails
#    - (c) that depends on how many runs failed
#
# <details>
# <summary>Answer</summary>
#
# (a): the turn is the root, and a call that was tried again with success fails no turn. Not (b): that counts a retry that
# works as a failure. Not (c): then the same turn would fail or not by how it was traced.
# </details>

# %% [markdown]
# ## Going further
#
# - [[next]]
# - Angelopoulos, Duchi and Zrnic, [PPI++: Efficient Prediction-Powered Inference](https://arxiv.org/abs/2311.01453), 2023:
#   the method behind `corrected_rate`.
# - Rogan and Gladen, Estimating prevalence from the results of a screening test, American Journal of Epidemiology, 1978.
# - `benchmarks/judge.py` holds the intervals against the truth for judges from useless to very good.
