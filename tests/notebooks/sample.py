"""A whole lesson in small: it keeps every rule, so that each rule can be seen to pass on it and to fail on a change."""

from pathlib import Path

NAME = "99_sample"
KNOWN = ["99.1", "99.2"]
IGNORED = {
    "maximum": 1,
    "cell": [{"lesson": NAME, "first_line": "import os", "reason": "the id of a process differs from run to run"}],
}

SETUP = '''"""Lets a kernel find the exercises of the sample lesson."""

from pathlib import Path

import chatmon.lab.course

chatmon.lab.course.__path__.append(str(Path(__file__).parent))
'''

EXERCISES = """from chatmon.lab.course._exercises import Exercise, WrongError


def judge_1(answer):
    if answer != 120:
        raise WrongError("the median is the middle one of three")
    return "One slow reply does not move it."


def judge_2(answer):
    if answer([3, 1, 2]) != 3:
        raise WrongError("the slowest reply is the largest number")
    return "Somebody waited that long."


EXERCISES = [
    Exercise("99.1", hints=("Sort them.", "Take the middle one."), judge=judge_1),
    Exercise("99.2", hints=("Look for the largest.", "There is a built-in."), judge=judge_2),
]
"""

SOURCE = """# %% [markdown]
# # How long do people wait?
#
# **What you will do**: look at three replies and say how long people waited for them.
#
# **What you will learn**: compute a median, read a figure, doubt a mean.
#
# **What you need**: nothing but this page.
#
# 10 minutes to read, 15 minutes of exercises. Cost: $0, network: none.
#
# <!-- free: 95th -->

# %% [markdown]
# Three people asked our bot for help this morning, and one of them gave up. Which number would have told us? Before you
# run the next cell, guess the mean of the three response times that it prints, in milliseconds, and write it down.

# %%
import sample_setup
from chatmon import plots
from chatmon.lab.course import check, hint

times = [110, 120, 910]
print(times)
print(f"mean {sum(times) / 3:.1f} ms, share of the slowest {910 / sum(times):.1%}")

# %% [markdown]
# The mean is 380.0 ms, which nobody waited: two people waited about 110 ms and 120 ms, and one waited 910 ms. The
# slowest reply alone makes 79.8 % of all the waiting. The 95th percentile of so few replies would be hardly better.

# %%
waits = {"first": 110, "second": 120, "third": 910}
plots.bars(waits, title="One of three waited", unit="ms", what="Wait", digits=0)

# %% [markdown]
# Two bars are short and the third is many times as long: it reaches 910 ms while the others stay near 120 ms. A mean
# hides exactly this, and that is why the next lessons speak of the median and of percentiles and hardly of the mean.

# %% [markdown]
# The process that runs this cell has a number of its own, which is a different one every time, so we say nothing of it.

# %% tags=["nbval-ignore-output"]
import os
os.getpid()

# %% [markdown]
# What if a log line is cut in the middle? The parser says so, and a tool should never hide that from you: an error that
# is swallowed is a reply that nobody counts, and the error rate then looks better than it is.

# %% tags=["raises-exception"]
import json
json.loads("{")

# %% [markdown]
# Optional, for those who have a key of a hosted service: this cell asks whether there is one and nothing without it.
# No money is spent by it, and nothing in this lesson depends on what it says.

# %% tags=["hosted"]
import os
if os.environ.get("OPENAI_API_KEY"):
    print("there is a key")
else:
    print("skipped: no key")

# %% [markdown]
# ### Exercise 99.1
# 1. Find the median of `times`.
# 2. Put it in place of the dots.
#
# We check the number, not how you found it. Stuck? Run `hint("99.1")` in a cell of its own.

# %% tags=["stub"]
answer = ...  # your turn

# %% tags=["solution"]
answer = sorted(times)[len(times) // 2]

# %%
check("99.1", answer)

# %% [markdown]
# ### Exercise 99.2
# 1. Write a function that returns the slowest of any list of response times.
#
# We try it on another list than this one. Stuck? Run `hint("99.2")` in a cell of its own.

# %% tags=["stub"]
def slowest(values):
    return ...  # your turn

# %% tags=["solution"]
def slowest(values):
    return max(values)

# %%
check("99.2", slowest)

# %% [markdown]
# ## Summary
# A mean of 380.0 ms described nobody. The median, 120 ms, described the two who were served well, and the slowest the
# one who was not. See [this lesson](99_sample.ipynb) again when in doubt.
#
# ## In practice
# Three replies are far too few for a decision, and a percentile of three is the largest of them.
#
# ## Quiz
# <!-- free: 500 ms -->
# 1. Which number hides a slow reply among fast ones? (a) the mean (b) the maximum
#
# <details>
# <summary>Answer</summary>
#
# (a): it spreads one long wait over everybody. Not (b): the maximum shows nothing but the slowest.
# </details>
#
# 2. Would a limit of 500 ms have caught it? (a) yes (b) no
#
# <details>
# <summary>Answer</summary>
#
# (a): the third reply took 910 ms, which is above. Not (b): no other reply comes near the limit.
# </details>
#
# 3. What does the error of the parser tell? (a) that a line was cut (b) nothing
#
# <details>
# <summary>Answer</summary>
#
# (a): the text ends where a value should begin. Not (b): an error always tells something.
# </details>
#
# ## Going further
# The [documentation of the module](https://docs.python.org/3/library/statistics.html) has more kinds of averages.
"""


def lay_out(folder: Path) -> Path:
    """Write the sample course into a folder; return the folder of its notebooks. ``folder/lib`` goes on PYTHONPATH."""
    notebooks, library = folder / "notebooks", folder / "lib"
    (notebooks / "source").mkdir(parents=True)
    library.mkdir()
    (notebooks / "source" / f"{NAME}.py").write_text(SOURCE, encoding="utf-8")
    (library / "sample_setup.py").write_text(SETUP, encoding="utf-8")
    (library / "_lesson_99.py").write_text(EXERCISES, encoding="utf-8")
    return notebooks
