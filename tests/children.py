"""Child processes that end with the test that started them, and take Ctrl-C as at a terminal wherever the tests run."""

import signal
import subprocess
import threading
from contextlib import contextmanager, suppress

import psutil
from waits import PATIENCE, until

from chatmon.lab.services._child import answers


@contextmanager
def taking_interrupts():
    """Let what is started in the block take Ctrl-C, also where a shell started the tests to ignore it.

    That is what shells do to background jobs, for whom Ctrl-C at the terminal is not meant. A child inherits it, and a
    Python that finds it so never raises KeyboardInterrupt. A test that interrupts its child does mean the child.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def started(*command, seconds=PATIENCE, **options):
    """Run a program while the block lasts, and at most for some seconds, so that who reads from it waits no longer."""
    late = threading.Event()

    def give_up():
        late.set()
        kill(process)

    with taking_interrupts():
        process = subprocess.Popen(command, text=True, **options)
    watch = threading.Timer(seconds, give_up)
    watch.daemon = True
    watch.start()
    try:
        yield process
    except BaseException as error:
        if late.is_set():
            error.add_note(f"process {process.pid} had not ended within {seconds:g} s, and was killed")
        raise
    finally:
        watch.cancel()
        kill(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait(PATIENCE)


def kill(process):
    """Kill a process that was started here, and all that it started, unless it has ended."""
    if process.poll() is None:
        one = psutil.Process(process.pid)
        for each in (*one.children(recursive=True), one):
            with suppress(psutil.NoSuchProcess):
                each.kill()


def ended(pid):
    """Whether a process has ended, though perhaps nobody has collected it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until_gone(pid, port=None):
    """Wait until a process has ended, and nobody answers at its port."""
    until(lambda: ended(pid) and (port is None or not answers(port)))
