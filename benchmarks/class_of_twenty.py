"""How long a class of twenty waits on this machine: twenty kernels, one shared model, lesson 0's first cells.

The students come within a minute, and run lesson 0 up to the first reply. Then all ask again in the same second, and
once more, spread over half a minute, while one further student asks in twelve threads without end. Processor time is
told beside the time that passed, as others may use the machine. It fails where somebody waits more than ``LONGEST``
seconds for the first reply, or gets the fallback in its place: `python benchmarks/class_of_twenty.py [STUDENTS]`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.services import llm

STUDENTS = 20
MINUTE = 60.0
LONGEST = 15.0
LATE = 600.0
LOOP = """
import itertools, threading
from chatmon.lab.bot import ChatConfig, ProductionChatbot
looped = ProductionChatbot(ChatConfig.local(timeout=600))
def ask_on(thread):
    for number in itertools.count():
        looped.process_user_message_sync(f"Where is my bill {thread} {number}?", "loops")
for thread in range(12):
    threading.Thread(target=ask_on, args=(thread,), daemon=True).start()
"""


@dataclass
class Student:
    """One student's kernel, and what they waited for, in seconds.

    Attributes:
        name: Who.
        setting_up: The first cell: imports, and the bot.
        first_reply: The second cell, whose answer is the model's, when it ran last.
        status: What became of that answer.
    """

    name: str
    manager: Any
    client: Any
    setting_up: float = 0.0
    first_reply: float = 0.0
    status: str = ""
    said: list[str] = field(default_factory=list)

    async def run(self, code: str) -> float:
        """Run a cell, and return how long it took."""
        began = time.monotonic()
        answer = await self.client.execute_interactive(code, timeout=LATE, output_hook=self._hear)
        if answer["content"]["status"] != "ok":
            raise RuntimeError(f"{self.name}: {answer['content']['ename']}: {answer['content']['evalue']}")
        return time.monotonic() - began

    def _hear(self, message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            self.said.append(message["content"]["text"])

    async def set_up(self, cell: str, after: float) -> None:
        """Run the lesson's first cell, so many seconds from now."""
        await asyncio.sleep(after)
        self.setting_up = await self.run(cell)

    async def ask(self, cell: str, after: float = 0.0) -> None:
        """Run the cell that asks, so many seconds from now."""
        await asyncio.sleep(after)
        self.first_reply = await self.run(cell)
        self.said.clear()
        await self.run("print(reply.status)")
        self.status = "".join(self.said).strip()

    async def begin(self, cells: list[str], after: float) -> None:
        """Run both."""
        await self.set_up(cells[0], after)
        await self.ask(cells[1])

    @property
    def process(self) -> psutil.Process:
        """The kernel's process."""
        return psutil.Process(self.manager.provisioner.pid)


async def come(names: list[str], shared: llm.LLM) -> list[Student]:
    """Start a kernel for each of some students, one after the other."""
    students = []
    for name in names:
        manager: Any = AsyncKernelManager(kernel_name="python3")
        address = llm.shared_address(name, shared.api_key, shared.port)
        await manager.start_kernel(env=os.environ | {llm.SHARED: address})
        psutil.Process(manager.provisioner.pid).nice(10)  # as deploy/class has it
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=LATE)
        students.append(Student(name, manager, client))
    return students


async def go(students: list[Student]) -> None:
    """End the kernels."""
    for one in students:
        one.client.stop_channels()
        await one.manager.shutdown_kernel(now=True)


def told(title: str, students: list[Student]) -> bool:
    """Print what a class waited for its replies, and return whether all was well."""
    replies = sorted(one.first_reply for one in students)
    failed = sum(one.status != "success" for one in students)
    print(
        f"{title}: a reply after {statistics.median(replies):.1f} s (median), {replies[-1]:.1f} s (longest), "
        f"{failed} of {len(students)} without; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return replies[-1] <= LONGEST and not failed


async def lesson(count: int) -> bool:
    """Let a class take the lesson's first cells, and return whether nobody waited too long for the first reply."""
    source = json.loads((NOTEBOOKS / "00_start_here.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in source["cells"] if cell["cell_type"] == "code"]
    with llm.start(api_key="benchmark") as shared:
        loops, *students = await come(["loops", *(f"student{number}" for number in range(count))], shared)
        served = next(one for one in psutil.Process().children() if "_llm_child" in " ".join(one.cmdline()))
        try:
            before = served.cpu_times().user
            await asyncio.gather(*(one.begin(cells, MINUTE * place / count) for place, one in enumerate(students)))
            well = told("first replies, begun within a minute", students)
            ready = sorted(one.setting_up for one in students)
            used = statistics.mean(sum(one.process.cpu_times()[:2]) for one in students)
            print(f"the imports before them: {statistics.median(ready):.1f} s (median), {ready[-1]:.1f} s (longest)")
            print(f"processor time: a kernel {used:.1f} s, a reply {(served.cpu_times().user - before) / count:.2f} s")
            await asyncio.gather(*(one.ask(cells[1]) for one in students))
            told("all ask in the same second", students)
            await loops.run(LOOP)
            await asyncio.sleep(5)  # all its threads ask by then
            await asyncio.gather(*(one.ask(cells[1], MINUTE / 2 * at / count) for at, one in enumerate(students)))
            told("one loops, the others ask within half a minute", students)
            memory = statistics.mean(one.process.memory_full_info().pss for one in students) / 1e6
            print(f"memory: a kernel {memory:.0f} MB, the model {served.memory_info().rss / 1e6:.0f} MB", flush=True)
        finally:
            await go([loops, *students])
    return well


def server_megabytes() -> float:
    """Return the memory that a student's JupyterLab takes beside the kernel."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}", "--allow-root"]
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], stderr=subprocess.PIPE, text=True)
        try:
            for line in server.stderr or ():
                if "is running at" in line:
                    return float(psutil.Process(server.pid).memory_full_info().pss) / 1e6
        finally:
            server.kill()
            server.communicate()
    raise RuntimeError(f"JupyterLab ended with status {server.returncode} before it ran")


def main() -> int:
    """Run all scenes; return 1 where the promise about first replies is broken."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    print(f"{os.cpu_count()} cores; others' load at the beginning: {os.getloadavg()[0]:.1f}", flush=True)
    print(f"memory: a JupyterLab {server_megabytes():.0f} MB", flush=True)
    well = asyncio.run(lesson(count))
    print(f"the promise of {LONGEST:g} s for a first reply is {'held' if well else 'broken'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
