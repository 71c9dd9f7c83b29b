"""How long a class of twenty waits on this machine: twenty kernels, one shared model, lesson 0's first cells.

Each student's kernel runs lesson 0 up to the first reply: all in the same second, then spread over a minute as people
come, then once more with one student who asks in twelve threads without end. It fails where somebody waits more than
``LONGEST`` seconds for the reply, or gets the fallback in its place. `python benchmarks/class_of_twenty.py [STUDENTS]`.
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
from chatmon.lab.services.user_keys import shared_address

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
ASKED = "import json; print(json.dumps([reply.status, monitor.turns()[0].response_time]))"


@dataclass
class Student:
    """One student's kernel, and what they waited for, in seconds.

    Attributes:
        name: Who.
        setting_up: The first cell: imports, and the bot.
        first_reply: The second cell, whose answer is the model's.
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

    async def take_lesson(self, cells: list[str], after: float) -> None:
        """Run the lesson's first two cells, so many seconds from now."""
        await asyncio.sleep(after)
        self.setting_up = await self.run(cells[0])
        self.first_reply = await self.run(cells[1])
        self.said.clear()
        await self.run(ASKED)
        self.status = json.loads("".join(self.said))[0]

    def megabytes(self) -> float:
        """Return the memory that goes with the kernel: pages that others share are counted in parts."""
        return float(psutil.Process(self.manager.provisioner.pid).memory_full_info().pss) / 1e6


async def come(names: list[str], shared: llm.LLM) -> list[Student]:
    """Start a kernel for each of some students, one after the other."""
    students = []
    for name in names:
        manager = AsyncKernelManager(kernel_name="python3")
        address = shared_address(name, shared.api_key, shared.port)
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


async def lesson(title: str, count: int, over: float, *, loops: bool = False) -> bool:
    """Let a class take the lesson's first cells, print what they waited, and return whether all was well."""
    source = json.loads((NOTEBOOKS / "00_start_here.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in source["cells"] if cell["cell_type"] == "code"]
    with llm.start(api_key="benchmark") as shared:
        students = await come([f"student{number}" for number in range(count + loops)], shared)
        try:
            others = students[loops:]
            if loops:
                await students[0].run(LOOP)
                await asyncio.sleep(5)  # all its threads ask by then
            await asyncio.gather(*(one.take_lesson(cells, over * place / count) for place, one in enumerate(others)))
            memory = [one.megabytes() for one in others]
            served = next(one for one in psutil.Process().children() if "_llm_child" in " ".join(one.cmdline()))
            model = served.memory_info().rss / 1e6
        finally:
            await go(students)
    replies = sorted(one.first_reply for one in others)
    ready = sorted(one.setting_up for one in others)
    failed = sum(one.status != "success" for one in others)
    print(
        f"{title}: first reply after {statistics.median(replies):.1f} s (median), {replies[-1]:.1f} s (longest), "
        f"{failed} of {count} without; imports before it {statistics.median(ready):.1f} s, {ready[-1]:.1f} s; "
        f"a kernel {statistics.mean(memory):.0f} MB, the model {model:.0f} MB",
        flush=True,
    )
    return replies[-1] <= LONGEST and not failed


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
    """Run all scenes; return 1 where one of them broke the promise."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    print(f"{os.cpu_count()} cores; others' load at the beginning: {os.getloadavg()[0]:.1f}", flush=True)
    print(f"a JupyterLab {server_megabytes():.0f} MB", flush=True)
    well = [
        asyncio.run(lesson("all in the same second", count, 0.0)),
        asyncio.run(lesson("over a minute", count, MINUTE)),
        asyncio.run(lesson("over a minute, one more loops", count, MINUTE, loops=True)),
    ]
    print(f"the promise of {LONGEST:g} s: {'held' if all(well) else 'broken'}")
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
