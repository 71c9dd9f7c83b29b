"""``chatmon demo``: a real model on this machine answers some questions, and what its monitor makes of that."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon._tools.paths import check_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from chatmon.lab.bot.chat import ProductionChatbot
    from chatmon.lab.bot.levers import Asked
    from chatmon.turns import Turn

DEADLINE: Final = 0.001
"""Seconds in which no model answers: one turn fails on purpose, so that one sees how a failure is recorded."""
MONDAY: Final = datetime(2026, 10, 5, tzinfo=UTC)


class Question(NamedTuple):
    """A message that the demonstration sends.

    Attributes:
        user_id: Who sends it.
        text: What they write.
        note: What to say about it beforehand.
        follows: Whether it goes on with the conversation before it.
        timeout: Seconds that its reply may take; None for as many as usual.
    """

    user_id: str
    text: str
    note: str = ""
    follows: bool = False
    timeout: float | None = None


SCRIPT: Final = (
    Question("user_1", "What's the weather like today?"),
    Question("user_2", "How can I reset my password?"),
    Question("user_3", "Explain quantum computing in simple terms"),
    Question("user_4", "What are your business hours?"),
    Question("user_4", "Are you open on Sundays too?", note="in the same conversation", follows=True),
    Question("user_5", "Help me troubleshoot my connection issues"),
    Question("user_6", "How long does a refund take?"),
    Question("user_7", "When is my bill due?", note="fails on purpose: it has 1 ms", timeout=DEADLINE),
)


def questions(number: int, seed: int = 1) -> Sequence[Asked]:
    """Return what simulated users of the support desk ask, whole conversations as far as the number goes.

    Args:
        number: How many questions.
        seed: The same one gives the same questions.

    Example:
        >>> [one.text for one in questions(2)]
        ['Update the email on my account', 'Two-step verification with an authenticator app']
    """
    from chatmon.lab.bot.levers import messages
    from chatmon.lab.traffic import simulate
    from chatmon.turns import from_arrow

    if not number:
        return []
    # A day holds more or fewer than its mean.
    return messages(from_arrow(simulate(seed, start=MONDAY, days=1, turns_per_day=100 + 2 * number).turns))[:number]


def told(turn: Turn) -> str:
    """Return what a turn's record says, in a line.

    Example:
        >>> from chatmon.turns import Turn
        >>> told(Turn(turn_id="t1", conversation_id="c1", timestamp=MONDAY, response_time=0.5, task_completed=True))
        '0.50 s; tokens: unknown in, unknown out; intent: unknown; task: completed'
    """
    seconds = "unknown time" if turn.response_time is None else f"{turn.response_time:.2f} s"
    if turn.error_type is not None:
        return f"failed after {seconds}: {turn.error_type}"
    read, written = ("unknown" if one is None else str(one) for one in (turn.input_tokens, turn.output_tokens))
    task = {None: "unknown", True: "completed", False: "not completed"}[turn.task_completed]
    return f"{seconds}; tokens: {read} in, {written} out; intent: {turn.intent or 'unknown'}; task: {task}"


def estimate(seconds: float, done: int, left: int) -> str:
    """Return how long more turns take if they take as long as those before.

    Example:
        >>> estimate(4.0, 8, 3), estimate(4.0, 8, 192), estimate(4.0, 8, 2000)
        ('about 2 s', 'about 96 s', 'about 17 min')
    """
    more = seconds / done * left
    return f"about {more:.0f} s" if more < 120 else f"about {more / 60:.0f} min"


def check(output: Path, log: Path | None) -> None:
    """Return if both files can be written, before a model is started for them.

    Raises:
        FileNotFoundError: A folder is not there.
        IsADirectoryError: A folder stands where a file is to be.
        ValueError: The log is no Parquet file, or both are one file.

    Example:
        >>> from pathlib import Path
        >>> check(Path("page.html"), Path("turns.csv"))
        Traceback (most recent call last):
        ValueError: the log is to be turns.csv: name it .parquet
    """
    for path in (output, log):
        if path is not None:
            check_folder(path)
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder: name a file in it, such as {path / 'report.html'}")
    if log is not None and log.suffix != ".parquet":
        raise ValueError(f"the log is to be {log.name}: name it .parquet")
    if log is not None and log.absolute() == output.absolute():
        raise ValueError(f"the report and the log are both to be {log}: name two files")


def run(
    output: Path,
    *,
    say: Callable[[str], object],
    turns: int = len(SCRIPT),
    log: Path | None = None,
    clock: Callable[[], int] = time.time_ns,
    timer: Callable[[], float] = time.perf_counter,
) -> None:
    """Let the local model answer, and say what its monitor, the optimizer and the report make of it.

    The model ends with this, however it ends, and a file is there whole or not at all.

    Args:
        output: The report to write.
        say: Shows a piece of text at once.
        turns: How many there shall be; those beyond ``SCRIPT`` are questions of simulated users.
        log: The Parquet file of the turns to write, with their texts.
        clock: As of ``ChatMonitor``.
        timer: As of ``ChatMonitor``.

    Raises:
        LocalModelError: The model cannot be started.
        ValueError: There are fewer turns than the script has; also as ``check``.
    """
    if turns < len(SCRIPT):
        raise ValueError(
            f"{turns} turns are asked for and the demonstration has {len(SCRIPT)}: ask for as many or more"
        )
    check(output, log)
    say(f"{turns:,} questions to a real model on this machine: no key, no network.\n")
    began = timer()
    from rich.console import Console

    console = Console(stderr=True)  # what moves is drawn there, on a terminal only
    with ExitStack() as stack:
        with console.status("starting the model"):
            from langsmith import tracing_context

            from chatmon.lab.bot.chat import ChatConfig, ProductionChatbot
            from chatmon.lab.services import llm
            from chatmon.live.monitor import ChatMonitor

            stack.enter_context(tracing_context(enabled=False))  # whatever the environment says
            server = stack.enter_context(llm.start())
            monitor = ChatMonitor(capacity=turns, capture_content=True, clock=clock, timer=timer)
            bot = ProductionChatbot(ChatConfig.local(server), monitor=monitor)
        say(f"The model was ready after {timer() - began:.1f} s.\n")
        began = timer()
        _converse(bot, say)
        spent = timer() - began
        if others := questions(turns - len(SCRIPT)):
            say(f"\n{len(others):,} more from simulated users: {estimate(spent, len(SCRIPT), len(others))}.\n")
            _ask(bot, others, console)
    say(f"\n== What it adds up to, and the health of process and machine ==\n{monitor.summary()}\n")
    say("\n== What the optimizer says ==\n")
    with console.status("looking for what to save"):
        advice = bot.generate_optimization_report()
    say("\n\n".join(map(str, (advice, *advice))) + "\n")
    if "everything" in advice.unable:
        from chatmon.optimizer import FEWEST_TURNS

        say(f"`chatmon demo --turns {FEWEST_TURNS}` makes enough in {estimate(spent, len(SCRIPT), FEWEST_TURNS)}.\n")
    _write(monitor.turns(), output, log, monitor.now(), say, console)


def _converse(bot: ProductionChatbot, say: Callable[[str], object]) -> None:
    """Ask what the script has, and show each reply as it comes."""
    conversation: str | None = None
    for place, question in enumerate(SCRIPT, 1):
        asked = bot
        if question.timeout is not None:
            config = replace(bot.config, timeout=question.timeout, attempts=1)
            asked = type(bot)(config, monitor=bot.monitor, knowledge=bot.knowledge)
        note = f" ({question.note})" if question.note else ""
        say(f"\n{place}. {question.user_id}{note}: {question.text}\n   bot: ")
        reply = asked.stream(question.text, question.user_id, conversation if question.follows else None)
        for piece in reply:
            say(piece.replace("\n", "\n   "))
        conversation = reply.conversation_id
        say(f"\n   {told(bot.monitor.turns()[-1])}\n")


def _ask(bot: ProductionChatbot, others: Sequence[Asked], console: Console) -> None:
    """Ask what simulated users want to know."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        for one in bar.track(others):
            bot.process_user_message_sync(one.text, one.user_id, one.conversation_id)


def _write(
    turns: Sequence[Turn],
    output: Path,
    log: Path | None,
    made_at: datetime,
    say: Callable[[str], object],
    console: Console,
) -> None:
    from chatmon.report import write_report
    from chatmon.turns import write_parquet

    say("\n== What is written ==\n")
    with console.status("adding up") as status:
        write_report(turns, output, made_at=made_at, step=status.update)
    say(f"{output} reports on {len(turns):,} turns: open it in a browser.\n")
    if log is not None:
        write_parquet(turns, log)
        say(f"{log} holds them, with what was said.\n")
