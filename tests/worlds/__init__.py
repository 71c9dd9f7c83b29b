"""Logs of worlds that no finder was written for: their rules are not those of the course's simulator.

Each world is quiet, or has a change planted in it. A change's exact cost is the difference of two runs of one world
with the same draws, so that nothing else differs. ``WORLDS`` names them; ``made`` makes one.

Where numbers come from:
- input and output tokens, bursts of arrivals: Azure's trace of 2023, conversation service (Patel et al., "Splitwise",
  ISCA 2024): input log-deviation 0.99, output in two humps near 90 and 400 tokens, the two nearly independent.
- turns a conversation: WildChat (Zhao et al., ICLR 2024): 2.5 on average, a few of a hundred above 10.
- failures: BurstGPT (Wang et al., KDD 2025): 1.8 % of calls, and a failed call has 0 tokens of response.
- what a cache holds: OpenAI's published rule: prompts from 1,024 tokens, in steps of 128, for about five minutes.
- prices: what a US dollar bought of three models in late 2026, fixed here.
- how much an hour or a day differs from the next, shares of whales and bots, who rates: chosen by us, since no public
  log has them; a world says what it takes.
"""

from worlds._named import WORLDS
from worlds._world import Change, Event, Log, World, made

__all__ = ["WORLDS", "Change", "Event", "Log", "World", "made"]
