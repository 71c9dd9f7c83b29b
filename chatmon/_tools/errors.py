"""The one error that every error of this package is."""


class Error(Exception):
    """What chatmon raises: ``except chatmon.Error`` catches all of it, and nothing else."""
