"""What can go wrong with the local model, each as an exception whose message says what to do."""

from chatmon._tools.errors import Error


class LocalModelError(Error, RuntimeError):
    """The local model cannot be had or cannot answer; every error of this package is one of these."""


class ModelMissingError(LocalModelError):
    """There is no model file where one is needed."""


class ModelDamagedError(LocalModelError):
    """The model file is cut short, altered, or not a model."""


class PortTakenError(LocalModelError):
    """The wanted port cannot be opened, most often because another program holds it."""


class ServerCrashedError(LocalModelError):
    """The process of a service is gone though nobody stopped it."""


class LocalServerError(LocalModelError):
    """A server that stands in for a hosted service cannot be started, or was stopped."""
