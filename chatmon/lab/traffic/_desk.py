"""The simulated support desk: what people want, how its models answer, what all that takes. Data, no chance.

Sizes follow the conversation service of the Azure LLM inference trace 2023 (Patel et al., "Splitwise", ISCA 2024).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatmon._tools.models import course_models

_MODELS: Final = course_models().desk
USUAL, STRONG, REASONING = range(3)
"""The models' places in ``MODELS``."""


class Intent(NamedTuple):
    """What people want.

    Attributes:
        weight: How often, relative to the other intents, on working days.
        weekend: The same factor at weekends.
        handbook: Tokens of a document that stands in every prompt of this intent, before the conversation.
        context: Median tokens looked up for a question.
        long: The share of its answers that are long.
        solved: The chance that one reply of the usual and of the strong model completes the task.
        more: The chance of a further question once the task is completed.
        mood: Points of satisfaction that the matter itself costs, however well it is answered.
        strong: Whether the desk sends it to the strong model.
    """

    weight: float
    weekend: float
    handbook: int
    context: int
    long: float
    solved: tuple[float, float]
    more: float
    mood: float
    strong: bool


INTENTS: Final[dict[str, Intent]] = {
    "account": Intent(16, 1.0, 0, 80, 0.25, (0.86, 0.86), 0.30, 0.0, False),
    "billing": Intent(20, 0.7, 900, 50, 0.30, (0.80, 0.80), 0.38, 0.3, False),
    "cancellation": Intent(6, 0.8, 900, 60, 0.40, (0.84, 0.85), 0.30, 1.3, False),
    "connection": Intent(13, 2.0, 0, 430, 0.40, (0.55, 0.72), 0.45, 0.4, True),
    "contact": Intent(5, 1.0, 0, 30, 0.10, (0.95, 0.95), 0.04, 0.0, False),
    "installation": Intent(5, 1.2, 0, 1500, 0.85, (0.62, 0.74), 0.45, 0.1, True),
    "moving": Intent(4, 0.9, 900, 60, 0.40, (0.80, 0.80), 0.40, 0.0, False),
    "out_of_scope": Intent(4, 1.3, 0, 25, 0.08, (0.78, 0.78), 0.25, 0.2, False),
    "plans": Intent(12, 1.0, 900, 60, 0.30, (0.62, 0.84), 0.50, 0.0, True),
    "privacy": Intent(3, 0.8, 0, 330, 0.45, (0.80, 0.82), 0.25, 0.1, False),
    "router": Intent(7, 2.2, 0, 2100, 0.50, (0.60, 0.76), 0.45, 0.1, True),
    "speed": Intent(6, 1.4, 0, 330, 0.40, (0.66, 0.70), 0.40, 0.5, False),
}
REGIONS: Final[dict[str, tuple[float, float]]] = {
    "uk": (0.40, 1.0),
    "france": (0.30, 1.05),
    "germany": (0.27, 0.95),
    "ireland": (0.03, 1.0),
}
"""Region to its share of the users, and how long its requests take relative to others."""
CHANNELS: Final[dict[str, float]] = {"web": 0.6, "app": 0.4}
PROMPTS: Final[dict[str, float]] = {"v2": 0.7, "v3": 0.3}


class Model(NamedTuple):
    """How a model answers.

    Attributes:
        name: As its provider calls it.
        first: Seconds to the first token of an empty prompt.
        prompt: Seconds for each token of the prompt that is not in the cache.
        token: Seconds for each token of output.
    """

    name: str
    first: float
    prompt: float
    token: float


MODELS: Final = (
    Model(_MODELS.usual, 0.32, 0.00012, 0.0085),
    Model(_MODELS.strong, 0.45, 0.00020, 0.0140),
    Model(_MODELS.reasoning, 0.60, 0.00020, 0.0110),
)
PROVIDER: Final = "openai"
STRAY: Final = 0.12
"""The share of conversations that go to the other one of the usual and the strong model, by chance."""
TRIED: Final = 0.06
"""The share of conversations on which the reasoning model is tried."""
THOUGHT: Final = 320
"""Median tokens of its reasoning."""

INSTRUCTIONS: Final = 126
"""Tokens of the system prompt without the handbook."""
QUESTION: Final = (26, 0.7)
PASTED: Final = (0.05, 900, 0.9)
"""The share of questions with a pasted text, its median tokens and its spread."""
SHORT: Final = (90, 0.62)
LONG: Final = (400, 0.11)
"""Median tokens of a short and a long answer, and their spreads."""
CONTEXT_SPREAD: Final = 0.6
LARGEST: Final = 14_000
"""Tokens to which a prompt is cut."""

BLOCK: Final = 128
LEAST_CACHED: Final = 1024
"""The cache works in blocks of so many tokens, from this many on."""
PREFIX_KEPT_SECONDS: Final = 420.0
"""Seconds that the cache keeps a prefix nobody asks for."""
HIT: Final = 0.92
"""The share of requests that find a prefix which is still kept: the others land on another machine."""

FAILS: Final = 0.008
FAILURES: Final[dict[str, tuple[float, float, str]]] = {
    "RateLimitError": (0.35, 0.3, "Error code: 429 - rate limit reached for requests"),
    "APITimeoutError": (0.30, 20.0, "Request timed out."),
    "InternalServerError": (0.25, 0.9, "Error code: 500 - the server had an error while processing the request"),
    "BadRequestError": (0.10, 0.4, "Error code: 400 - content_filter: the response was filtered"),
}
"""Error to its share of ordinary failures, the median seconds it takes, and its message."""
BURST_FAILURE: Final = "InternalServerError"
STORM_FAILURE: Final = "APITimeoutError"
BROKEN: Final = ("UnprocessableEntityError", 0.15, "Error code: 422 - messages: field required")
"""What the one user's broken client gets."""
GIVES_UP: Final = 8.0
"""Seconds after which a client in a retry storm asks again."""

RETRIED: Final = 0.02
"""The share of answers that came only at the client's second attempt."""

RATED: Final = (0.10, 0.22)
"""The share of contented and of discontented turns that are rated."""
LEAVES: Final = (-1.6, 0.22)
"""Log odds of leaving after a reply that did not help, at no wait, and for each second of waiting."""
MOST_TURNS: Final = 10
"""Turns after which everyone leaves."""
THINKS: Final = (24.0, 0.8)
"""Median seconds between a reply and the next question, and their spread."""
AGAIN: Final = 0.05
"""The share of conversations that ask, some hours later, what their user has asked already."""
USERS: Final = 2600

HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 8, 13, 17, 18, 17, 15, 15, 16, 16, 16, 16, 15, 13, 11, 9, 6, 4)
"""How busy each hour of the day is, in UTC."""
WEEK: Final = (1.12, 1.05, 1.0, 1.0, 0.98, 0.62, 0.58)
"""How busy each day of the week is, from Monday."""
BURSTINESS: Final = 9.0
"""Shape of the gamma distribution by which the rates of single hours differ: smaller is burstier."""

DIMENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "intent": tuple(INTENTS),
    "region": tuple(REGIONS),
    "channel": tuple(CHANNELS),
    "prompt_version": tuple(PROMPTS),
    "model": tuple(model.name for model in MODELS),
}
"""The dimensions by which a problem may strike, and their values."""
