"""A LangSmith on this machine: what the course uses of its API, over SQLite, for LangSmith's own clients."""

from chatmon.lab.services.langsmith._connection import connect
from chatmon.lab.services.langsmith._server import LocalLangSmith, start

__all__ = ["LocalLangSmith", "connect", "start"]
