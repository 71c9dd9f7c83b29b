"""LangSmith, hosted or on this machine: connect, trace, fetch turns, give feedback, look for patterns.

The client is LangSmith's own; everything that is asked of turns is asked by ``chatmon.analysis``, so a number from
LangSmith means what it means everywhere.
"""

from chatmon.connect.langsmith._connection import connect
from chatmon.connect.langsmith._exports import load_export
from chatmon.connect.langsmith._feedback import feedback
from chatmon.connect.langsmith._fetching import fetch_turns
from chatmon.connect.langsmith._patterns import Patterns, analyze_conversation_patterns, compare_periods

__all__ = [
    "Patterns",
    "analyze_conversation_patterns",
    "compare_periods",
    "connect",
    "feedback",
    "fetch_turns",
    "load_export",
]
