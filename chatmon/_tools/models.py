"""The models the course uses, read from ``models.toml``: no other file names one."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalModel:
    """The model that answers on the reader's own machine, and how to know that its file is whole.

    Attributes:
        alias: The name the local server gives it.
        file: The GGUF file's name.
        bytes: The file's size.
        sha256: The file's SHA-256, in hexadecimal.
        package: The Python package that carries the file.
        package_version: That package's version.
        package_sha256: The SHA-256 of the package's wheel.
    """

    alias: str
    file: str
    bytes: int
    sha256: str
    package: str
    package_version: str
    package_sha256: str


@dataclass(frozen=True, slots=True)
class BillModels:
    """The models of the invented bill that lesson 3 reconciles.

    Attributes:
        chat: Answers most messages.
        reasoning: Thinks before it answers.
        repriced: Its public price changed twice within the month of the bill.
        contract: Has no public price.
    """

    chat: str
    reasoning: str
    repriced: str
    contract: str


@dataclass(frozen=True, slots=True)
class DeskModels:
    """The models of the simulated support desk.

    Attributes:
        usual: Answers most messages.
        strong: Answers what the usual one is worse at.
        reasoning: Thinks before it answers; tried on some conversations.
    """

    usual: str
    strong: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Models:
    """Every model name of the course.

    Attributes:
        local: The model on the reader's own machine.
        hosted: What a hosted service is asked for when nothing else is said.
        ollama: What Ollama is asked for when nothing else is said.
        what_if: Hosted models to compare on the same traffic.
        legacy: The model whose price the first tracker charges for everything.
        bill: The models of the invented bill that lesson 3 reconciles.
        desk: The models of the simulated support desk.
    """

    local: LocalModel
    hosted: str
    ollama: str
    what_if: tuple[str, ...]
    legacy: str
    bill: BillModels
    desk: DeskModels


@cache
def course_models() -> Models:
    """Return the models named in ``models.toml``.

    Example:
        >>> course_models().local.alias
        'smollm2-135m'
    """
    text = Path(__file__).with_name("models.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Models(
        local=LocalModel(**table["local"]),
        hosted=table["hosted"],
        ollama=table["ollama"],
        what_if=tuple(table["what_if"]),
        legacy=table["legacy"],
        bill=BillModels(**table["bill"]),
        desk=DeskModels(**table["desk"]),
    )
