"""The course's support bot, its levers, and what it is evaluated with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.faces import lazy

if TYPE_CHECKING:
    from chatmon.lab.bot._config import ChatConfig as ChatConfig
    from chatmon.lab.bot._evaluation import Evaluation as Evaluation
    from chatmon.lab.bot._evaluation import add_questions as add_questions
    from chatmon.lab.bot._evaluation import evaluate_prompts as evaluate_prompts
    from chatmon.lab.bot._knowledge import KnowledgeBase as KnowledgeBase
    from chatmon.lab.bot._prompts import prompt as prompt
    from chatmon.lab.bot.chat import ProductionChatbot as ProductionChatbot

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ChatConfig": "chatmon.lab.bot._config",
        "Evaluation": "chatmon.lab.bot._evaluation",
        "KnowledgeBase": "chatmon.lab.bot._knowledge",
        "ProductionChatbot": "chatmon.lab.bot.chat",
        "add_questions": "chatmon.lab.bot._evaluation",
        "evaluate_prompts": "chatmon.lab.bot._evaluation",
        "prompt": "chatmon.lab.bot._prompts",
    },
)
