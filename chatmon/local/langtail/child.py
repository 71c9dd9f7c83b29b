"""The process that serves Langtail's API, started by ``chatmon.local.langtail.start``."""

from chatmon.local.langtail.app import application
from chatmon.local.serving import serve

if __name__ == "__main__":
    serve(application)
