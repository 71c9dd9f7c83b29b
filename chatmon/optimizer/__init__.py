"""Recommendations that carry their proof: what to do, where, what it would save, how that is known, how to test it."""

from chatmon.optimizer._history import ChatbotOptimizer, Entry
from chatmon.optimizer._recommend import FEWEST_TURNS, recommend
from chatmon.optimizer._replay import replay_cache
from chatmon.optimizer._speed import slowness
from chatmon.optimizer._verify import plan
from chatmon.optimizer.kinds import KINDS
from chatmon.optimizer.recommendation import Amount, Recommendation, Recommendations

__all__ = [
    "FEWEST_TURNS",
    "KINDS",
    "Amount",
    "ChatbotOptimizer",
    "Entry",
    "Recommendation",
    "Recommendations",
    "plan",
    "recommend",
    "replay_cache",
    "slowness",
]
