"""Monitor and optimise an LLM chatbot: the helper package of the chatmon course.

Every module is imported by its own name, for example ``from chatmon.monitor import ChatMonitor``, so that
``import chatmon`` stays fast and loads nothing heavy.
"""

__version__ = "0.1.0"
