"""What several files of system tests start: JupyterLab with a browser, and Redis."""

import pytest
from browser import chromium
from jupyterlab import course_copy, make_lab
from redis_server import Server

collect_ignore = ["gunicorn_app.py", "langsmith_sdk.py", "otlp_exporter.py"]
"""Programs that tests run, in processes or environments of their own."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab, set to draw every cell and not only those in sight, and a browser for all the tests here."""
    course, home = (tmp_path_factory.mktemp(name) for name in ("course", "home"))
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    course_copy(course)
    with make_lab(course, home, "LAB=--LabApp.expose_app_in_browser=True") as running, chromium(home) as page:
        server, _, token = running.address()
        yield course, server, token, page


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()
