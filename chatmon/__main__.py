"""``python -m chatmon``: the command line, for a Python that has no ``chatmon`` script."""

from chatmon.cli import main

main()
