"""Recommendations that carry their proof: what to do, where, what it would save, how that is known, how to test it."""

from chatmon.optimizer.history import ChatbotOptimizer, Entry
from chatmon.optimizer.kinds import KINDS
from chatmon.optimizer.recommend import recommend
from chatmon.optimizer.recommendation import Amount, Recommendation, Recommendations
from chatmon.optimizer.replay import replay_cache
from chatmon.optimizer.verify import plan

__all__ = [
    "KINDS",
    "Amount",
    "ChatbotOptimizer",
    "Entry",
    "Recommendation",
    "Recommendations",
    "plan",
    "recommend",
    "replay_cache",
]
