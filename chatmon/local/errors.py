"""What can go wrong with the local model, each as an exception whose message says what to do."""


class LocalModelError(RuntimeError):
    """The local model cannot be had or cannot answer; every error of this package is one of these."""


class ModelMissing(LocalModelError):  # noqa: N818 - says what is the case, and reads so in an except clause
    """There is no model file where one is needed."""


class ModelDamaged(LocalModelError):  # noqa: N818 - as above
    """The model file is cut short, altered, or not a model."""


class PortTaken(LocalModelError):  # noqa: N818 - as above
    """The wanted port cannot be opened, most often because another program holds it."""


class ServerCrashed(LocalModelError):  # noqa: N818 - as above
    """The process that ran the model is gone though nobody stopped it."""


class LocalServerError(LocalModelError):
    """A server that stands in for a hosted service cannot be started."""
