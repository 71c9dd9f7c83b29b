"""Who comes, when, and with what."""

import zlib

import numpy as np

INTENTS = ("billing", "delivery", "returns", "account", "technical")
SHARES = (0.30, 0.25, 0.20, 0.15, 0.10)
CHANNELS = ("web", "app", "mail")
CHANNEL_SHARES = (0.5, 0.35, 0.15)
TURNS = 2.45
"""Of a conversation, on average, as ``_lengths`` draws them."""


def stream(seed, name):
    """Return the generator of one purpose: what one purpose draws moves no other's draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def wandering(rng, count, deviation, kept):
    """Return a stationary AR(1) series of so many steps."""
    steps = rng.standard_normal(count) * deviation
    series, fresh = np.empty(count), np.sqrt(1 - kept**2)
    series[0] = steps[0]
    for n in range(1, count):
        series[n] = kept * series[n - 1] + fresh * steps[n]
    return series


def effect(world, seed, name):
    """Return an hour-by-hour effect: one that hours have, and one that days have."""
    hours = wandering(stream(seed, f"{name} hours"), world.days * 24, getattr(world, f"{name}_hours", 0.0), 0.7)
    days = wandering(stream(seed, f"{name} days"), world.days, getattr(world, f"{name}_days", 0.0), 0.6)
    return hours + np.repeat(days, 24)


def local(world, region):
    """Return each hour's local hour of day, and whether it is a local weekend or holiday."""
    ahead = world.clocks[region][1]
    hours = np.arange(world.days * 24) + ahead
    day = np.floor(hours / 24)
    return hours % 24, (day % 7 >= 5) | np.isin(day, world.holidays)


def conversations(world, seed):
    """Return conversations as columns: begin in hours, region, user, bot, channel, intent, difficulty, turns."""
    parts = []
    for number, region in enumerate(world.clocks):
        rng = stream(seed, f"arrivals {region}")
        rate = _rate(world, seed, region)
        begun = rng.poisson(rate)
        hour = np.repeat(np.arange(len(rate)), begun)
        parts.append({"hour": hour, "begin": hour + rng.random(len(hour)), "region": np.full(len(hour), number)})
    if world.bots:
        rng = stream(seed, "arrivals of bots")
        begun = rng.poisson(world.turns_per_day / 3 / 24, world.days * 24)
        hour = np.repeat(np.arange(len(begun)), begun)
        region = rng.integers(len(world.clocks), size=len(hour))
        parts.append({"hour": hour, "begin": hour + rng.random(len(hour)), "region": region})
    bot = np.repeat([False] * len(world.clocks) + [True] * bool(world.bots), [len(part["hour"]) for part in parts])
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} | {"bot": bot}
    found |= _who(world, seed, found)
    found["intent"] = _intents(world, seed, found)
    hard = stream(seed, "difficulty").standard_normal(len(bot))
    found["difficulty"] = np.where(bot, -1.0, hard + np.array([-0.3, 0.0, -0.2, 0.2, 0.8])[found["intent"]])
    found["turns"] = np.where(bot, 1, _lengths(stream(seed, "lengths"), len(bot)))
    order = np.argsort(found["begin"], kind="stable")
    return {name: values[order] for name, values in found.items()}


def _rate(world, seed, region):
    hour, idle = local(world, region)
    humps = np.exp(-0.5 * ((hour - 11) / 2.8) ** 2) + 0.8 * np.exp(-0.5 * ((hour - 16) / 3.0) ** 2)
    shape = world.night + (1 - world.night) * humps
    shape = shape / shape.mean() * np.where(idle, world.weekend, 1.0)
    day = np.arange(world.days * 24) / 24
    shape = shape * (1 + world.growth) ** day
    if world.launch is not None:
        shape = shape * np.where(day >= world.launch, 2.0, 1.0)
    if world.campaign:
        shape = shape * np.where((day >= world.campaign[0]) & (day < world.campaign[1]), 2.0, 1.0)
    shape = shape * np.exp(wandering(stream(seed, f"burst {region}"), len(shape), world.burst, 0.5))
    people = world.turns_per_day * (2 / 3 if world.bots else 1.0)
    return people / TURNS / 24 * world.clocks[region][0] * shape


def _lengths(rng, count):
    return np.minimum(40, np.ceil(np.exp(1.15 * rng.standard_normal(count)))).astype(int)


def _who(world, seed, found):
    rng, count = stream(seed, "users"), len(found["begin"])
    per_region = max(1, world.users // len(world.clocks))
    user = world.bots + world.whales + found["region"] * per_region + rng.integers(per_region, size=count)
    if world.launch is not None:  # whom the launch brings has not been here before
        new = (found["begin"] / 24 >= world.launch) & (rng.random(count) < 0.5)
        user = np.where(new, user + per_region * len(world.clocks), user)
    if world.whales:
        whale = rng.random(count) < 1 / 3
        user = np.where(whale, world.bots + rng.integers(world.whales, size=count), user)
    if world.bots:
        user = np.where(found["bot"], rng.integers(world.bots, size=count), user)
    own = stream(seed, "channel of a user").choice(len(CHANNELS), size=int(user.max()) + 1, p=CHANNEL_SHARES)
    return {"user": user, "channel": own[user]}


def _intents(world, seed, found):
    odds = np.log(SHARES)[None, :] + np.zeros((world.days * 24, 1))
    hours = [wandering(stream(seed, f"mix {n} hours"), world.days * 24, world.mix_hours, 0.7) for n in INTENTS]
    days = [np.repeat(wandering(stream(seed, f"mix {n} days"), world.days, world.mix_days, 0.6), 24) for n in INTENTS]
    odds = odds + np.stack(hours, 1) + np.stack(days, 1)
    if world.campaign:
        odds[world.campaign[0] * 24 : world.campaign[1] * 24, 1] += 1.0
    rng = stream(seed, "intents")
    drawn = np.zeros(len(found["begin"]), int)
    chance = rng.random(len(drawn))
    for number, region in enumerate(world.clocks):
        hour, idle = local(world, region)
        mine = odds.copy()
        mine[:, 0] += idle * world.weekend_mix + ((hour < 7) | (hour >= 22)) * world.night_mix
        mine[:, 0] += world.home_mix if number else 0.0
        upto = np.cumsum(np.exp(mine), 1)
        upto /= upto[:, -1:]
        here = found["region"] == number
        drawn[here] = (chance[here][:, None] > upto[found["hour"][here]]).sum(1)
    if world.alike:  # some come again with what they came for before
        own = rng.choice(len(INTENTS), size=int(found["user"].max()) + 1, p=SHARES)
        drawn = np.where(rng.random(len(drawn)) < 0.3 * min(1.0, world.alike), own[found["user"]], drawn)
    return np.minimum(drawn, len(INTENTS) - 1)
