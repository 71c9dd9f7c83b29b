"""A real Redis for tests: one that can be killed and comes back with what it had."""

import shutil
import socket
import subprocess

from children import started
from waits import PATIENCE, until

from chatmon.connect.redis import STREAM


class Server:
    """Debian's redis-server on loopback."""

    def __init__(self, folder):
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed: apt-get install redis-server"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]

    def start(self):
        self._block = started(*self._command, seconds=30 * PATIENCE, stdout=subprocess.DEVNULL)
        self._block.__enter__()
        until(self.answers)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self._block.__exit__(None, None, None)


def empty(redis, server):
    with redis.Redis.from_url(server.url) as connection:
        return connection.xlen(STREAM) == 0
