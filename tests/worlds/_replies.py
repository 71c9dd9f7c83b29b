"""What each turn reads and writes, which model answers, how long it takes, whether it fails, and how it is liked."""

import numpy as np

from worlds._traffic import CHANNELS, INTENTS, effect, stream, wandering

MODELS = ("gpt-4.1-mini", "gpt-4.1", "gemini-2.5-flash")
PROVIDERS = ("openai", "openai", "google")
PRICES = np.array([[400, 100, 1600], [2000, 500, 8000], [300, 75, 2500]], dtype=np.int64)
"""Of a token read, read from the cache, written: in billionths of a US dollar."""
ERRORS = ("TimeoutError", "RateLimitError", "InternalServerError", "ContentFilterError")
LIFE = 5 / 60
"""Hours that a cache holds what it has read."""


def incidents(world, seed):
    """Return provider, begin and end in hours of each incident."""
    rng = stream(seed, "incidents")
    found = []
    for _ in range(world.incidents):
        begins = rng.uniform(72, world.days * 24 - 24)
        found.append((str(rng.choice(["openai", "google"], p=[0.75, 0.25])), begins, begins + rng.uniform(1, 3)))
    return found


def replies(world, seed, asked, change):
    """Return the turns of conversations as columns, with a change where one is planted."""
    t = _turns(world, seed, asked, change)
    t["model"] = _models(world, seed, t)
    planted = _planted(world, t, change)
    if change and change.kind == "dearer":
        t["model"] = np.where(planted, 1, t["model"])
    _tokens(world, seed, t, change, planted)
    _times(world, seed, t, change, planted)
    _failures(world, seed, t, change, planted)
    _liking(world, seed, t, change, planted)
    price = PRICES[t["model"]]
    if change and change.kind == "price":
        price = np.where(planted[:, None], np.rint(price * (1 + change.size)).astype(np.int64), price)
    whole = t["input"] - t["cached"]
    t["cost"] = np.where(
        t["error"] >= 0, 0, whole * price[:, 0] + t["cached"] * price[:, 1] + t["output"] * price[:, 2]
    )
    if change and change.kind == "duplicates":
        _repeat(seed, t, change, planted)
    return t


def _turns(world, seed, asked, change):
    if change and change.kind == "mix":
        asked = asked | {"intent": _pulled(seed, asked, change)}
    which = np.repeat(np.arange(len(asked["begin"])), asked["turns"])
    rng = stream(seed, "pauses")
    pause = np.exp(np.log(60) + 0.8 * rng.standard_normal(len(which))) / 3600
    first = np.r_[True, which[1:] != which[:-1]]
    pause[first] = 0.0
    passed = np.cumsum(pause)
    begun = np.maximum.accumulate(np.where(first, np.arange(len(which)), 0))
    t = {name: asked[name][which] for name in ("region", "user", "bot", "channel", "intent", "difficulty")}
    t |= {"conversation": which, "position": np.arange(len(which)) - begun, "pause": pause}
    t["at"] = asked["begin"][which] + passed - passed[begun]
    keep = t["at"] < world.days * 24
    return {name: values[keep] for name, values in t.items()}


def _pulled(seed, asked, change):
    """Return intents, of which some others have become the one that the change names."""
    day, wanted = asked["begin"] / 24, INTENTS.index(change.where["intent"])
    within = (day >= change.begins) & (day < (np.inf if change.ends is None else change.ends))
    return np.where(within & (stream(seed, "pulled").random(len(day)) < change.size), wanted, asked["intent"])


def _planted(world, t, change):
    if change is None:
        return np.zeros(len(t["at"]), bool)
    day = t["at"] / 24
    found = (day >= change.begins) & (day < (np.inf if change.ends is None else change.ends))
    for column, value in change.where.items():
        if column == "provider":
            found &= np.array(PROVIDERS)[t["model"]] == value
        else:
            names = {"intent": INTENTS, "channel": CHANNELS, "model": MODELS, "region": tuple(world.clocks)}[column]
            found &= t[column] == names.index(value)
    return found


def _models(world, seed, t):
    if world.router == "one":
        return np.zeros(len(t["at"]), int)
    rng = stream(seed, "models")
    chance = rng.random(int(t["conversation"].max()) + 1)[t["conversation"]]
    if world.router == "difficulty":
        dear = t["difficulty"] + 0.3 * (chance - 0.5) > 0.6
        return np.where(dear, 1, np.where(chance < 0.2, 2, 0))
    return np.where(chance < 0.6, 0, np.where(chance < 0.8, 1, 2))


def _tokens(world, seed, t, change, planted):
    rng, count = stream(seed, "tokens"), len(t["at"])
    question = np.ceil(np.exp(np.log(40) + 0.8 * rng.standard_normal(count)))
    looked_up = np.exp(np.log(300) + world.wide_tokens * rng.standard_normal(count))
    looked_up = looked_up + world.mail_context * (t["channel"] == CHANNELS.index("mail"))
    more = np.where(planted, change.size * (looked_up + world.system), 0.0) if change else np.zeros(count)
    if change and change.kind == "context":
        looked_up = looked_up + more
    long = rng.random(count) < 0.35
    length = np.where(
        long, np.log(400) + 0.12 * rng.standard_normal(count), np.log(95) + 0.5 * rng.standard_normal(count)
    )
    answer = np.exp(length + 0.15 * t["difficulty"])
    if change and change.kind == "output":
        answer = np.where(planted, answer * (1 + change.size), answer)
    looked_up, answer = np.minimum(looked_up, 60_000), np.maximum(1, np.minimum(np.rint(answer), 4000))
    question, answer = np.where(t["bot"], 12, question), np.where(t["bot"], 30, answer)
    grown = np.cumsum(question + answer)
    before = grown - question - answer
    forgotten = t["position"] if world.kept is None else np.minimum(t["position"], world.kept)
    history = before - before[np.arange(count) - forgotten]
    padding = more if change and change.kind == "padding" else 0.0
    t["input"] = np.rint(world.system + history + looked_up + padding + question).astype(np.int64)
    t["output"] = answer.astype(np.int64)
    t["looked_up"] = looked_up
    t["cached"] = _cached(world, t, np.where(forgotten < t["position"], 0, history))
    if change and change.kind == "uncached":
        t["cached"] = np.where(planted, 0, t["cached"])


def _cached(world, t, history):
    """Return tokens read from the cache: the system's where anybody has asked lately, and the conversation's own."""
    order = np.argsort(t["at"], kind="stable")
    since = np.full(len(order), np.inf)
    for model in range(len(MODELS)):
        mine = order[t["model"][order] == model]
        since[mine] = np.diff(t["at"][mine], prepend=-np.inf)
    own = np.where((t["position"] > 0) & (t["pause"] < LIFE), world.system + history, 0)
    shared = np.where(since < LIFE, world.system, 0)
    held = np.maximum(own, shared)
    return np.where(held >= 1024, held // 128 * 128, 0).astype(np.int64)


def _times(world, seed, t, change, planted):
    rng, count = stream(seed, "times"), len(t["at"])
    z = rng.standard_normal(count)
    speed = np.array([1.0, 1.5, 0.9])[t["model"]]
    wait = 0.35 + 0.0001 * (t["input"] - t["cached"])
    person = world.noise * world.alike * stream(seed, "slow users").standard_normal(int(t["user"].max()) + 1)[t["user"]]
    hour = t["at"].astype(int)
    slower = np.exp(world.noise * z + person + effect(world, seed, "latency")[hour])
    slower = slower * np.where(t["region"] > 0, 1 + world.slow_home, 1.0) * (1 + _crowded(world, t))
    t["incident"] = np.zeros(count, bool)
    for provider, begins, ends in incidents(world, seed):
        hit = (np.array(PROVIDERS)[t["model"]] == provider) & (t["at"] >= begins) & (t["at"] < ends)
        t["incident"] |= hit
    slower = np.where(t["incident"], slower * world.incident_slower, slower)
    if change and change.kind == "latency":
        slower = np.where(planted, slower * (1 + change.size), slower)
    if change and change.kind == "drift":
        slower = np.where(planted, slower * (1 + change.size) ** (t["at"] / 24 - change.begins), slower)
    if change and change.kind == "tail":
        slower = np.where(planted & (z > 1.880794), slower * (1 + change.size), slower)
    t["first"] = wait * speed * slower
    t["seconds"] = (wait + 0.012 * t["output"]) * speed * slower


def _crowded(world, t):
    """Return how much longer a reply takes for the load of the ten minutes before it, as a queue would."""
    if not world.congestion:
        return np.zeros(len(t["at"]))
    at = np.sort(t["at"])
    load = np.searchsorted(at, t["at"]) - np.searchsorted(at, t["at"] - 1 / 6)
    used = np.minimum(0.9, load / (1.6 * np.quantile(load, 0.98)))
    return world.congestion * used / (1 - used)


def _failures(world, seed, t, change, planted):
    rng, count = stream(seed, "failures"), len(t["at"])
    frail = np.exp(1.2 * world.alike * stream(seed, "frail users").standard_normal(int(t["user"].max()) + 1))[t["user"]]
    rate = world.failures * frail * np.exp(effect(world, seed, "errors")[t["at"].astype(int)])
    rate = np.where(t["incident"], world.incident_errors, np.minimum(rate, 0.9))
    if change and change.kind == "errors":
        rate = np.where(planted, rate + change.size, rate)
    failed = rng.random(count) < rate
    kind = rng.choice(3, size=count, p=[0.5, 0.3, 0.2])
    other = rng.random(count)
    if change and change.kind == "error types":
        kind = np.where(planted & (other < change.size), 3, kind)
    t["error"] = np.where(failed, kind, -1)
    t["output"] = np.where(failed, 0, t["output"])
    quick = 0.2 + rng.exponential(0.4, count)
    t["seconds"] = np.where(failed, np.where(kind == 0, 30.0, quick), np.minimum(t["seconds"], 29.9))
    t["first"] = np.where(failed, np.nan, np.minimum(t["first"], t["seconds"]))


def _liking(world, seed, t, change, planted):
    rng, count = stream(seed, "liking"), len(t["at"])
    person = stream(seed, "moody users").standard_normal(int(t["user"].max()) + 1)[t["user"]]
    days = np.repeat(wandering(stream(seed, "mood days"), world.days, world.mood_days, 0.6), 24)[t["at"].astype(int)]
    better = world.dear_better * (t["model"] == 1) + 0.8 * (t["looked_up"] > 1200)
    odds = 1.3 - 0.7 * t["difficulty"] + better + 1.5 * world.alike * person + days
    if change and change.kind == "completion":
        odds = np.where(planted, odds - change.size, odds)
    t["done"] = (rng.logistic(size=count) < odds) & (t["error"] < 0)
    liked = 3.0 + 1.0 * t["done"] - 0.2 * t["difficulty"] + 0.8 * world.alike * person + days
    liked = liked + 0.8 * rng.standard_normal(count) - 1.0 * (t["error"] >= 0)
    if change and change.kind == "rating":
        liked = np.where(planted, liked - change.size, liked)
    wish = np.where(liked < 2.2, 0.4, 0.01) if world.angry else world.ratings
    rated = (rng.random(count) < wish) & ~t["bot"]
    t["rating"] = np.where(rated, np.clip(np.rint(liked), 1, 5), np.nan)


def _repeat(seed, t, change, planted):
    """Ask some turns again, two seconds later, as a client without patience does."""
    again = np.flatnonzero(planted & (stream(seed, "repeats").random(len(t["at"])) < change.size))
    for name in list(t):
        t[name] = np.r_[t[name], t[name][again]]
    t["at"][len(t["at"]) - len(again) :] += 2 / 3600
