"""LangSmith, hosted or on this machine: connect, trace, fetch turns, give feedback, look for patterns, evaluate.

The client is LangSmith's own; everything that is asked of turns is asked by ``chatmon.analysis``, so a number from
LangSmith means what it means everywhere.
"""

from chatmon.langsmith.connection import connect
from chatmon.langsmith.evaluation import Evaluation, add_questions, evaluate_prompts
from chatmon.langsmith.exports import load_export
from chatmon.langsmith.feedback import feedback
from chatmon.langsmith.fetching import fetch_turns
from chatmon.langsmith.patterns import Patterns, analyze_conversation_patterns, compare_periods
from chatmon.langsmith.redaction import redact

__all__ = [
    "Evaluation",
    "Patterns",
    "add_questions",
    "analyze_conversation_patterns",
    "compare_periods",
    "connect",
    "evaluate_prompts",
    "feedback",
    "fetch_turns",
    "load_export",
    "redact",
]
