"""The process that serves Langtail's API, started by ``chatmon.lab.services.langtail.start``."""

from chatmon.lab.services._serving import serve
from chatmon.lab.services.langtail._app import application

if __name__ == "__main__":
    serve(application)
