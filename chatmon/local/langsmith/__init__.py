"""A LangSmith on this machine: what the course uses of its API, over SQLite, for LangSmith's own clients."""

from chatmon.local.langsmith.server import LocalLangSmith, start

__all__ = ["LocalLangSmith", "start"]
