"""The monitor's numbers for Prometheus, under OpenTelemetry's names for generative AI and with its buckets.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics. What it has no name for begins with ``chatmon_``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from chatmon._tools.extras import wanted
from chatmon._tools.outcomes import failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from chatmon.live.monitor import ChatMonitor

DURATION: Final = "gen_ai_client_operation_duration_seconds"
FIRST_CHUNK: Final = "gen_ai_client_operation_time_to_first_chunk_seconds"
TOKENS: Final = "gen_ai_client_token_usage"
SECONDS: Final = tuple(0.01 * 2**n for n in range(14))
TOKEN_BUCKETS: Final = tuple(float(4**n) for n in range(14))
LABELS: Final = {"model": "gen_ai_request_model", "provider": "gen_ai_provider_name"}
"""The columns that OpenTelemetry has a name for; they are always labels."""
BY: Final = ("region", "channel", "intent", "prompt_version", "variant", "experiment")
"""The columns that may be labels, too. A user or a conversation never is: they have ever new values."""
OTHER: Final = "other"


class Ended(Protocol):
    """A turn that has ended: a live one, or one of a log."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """What is known of it, by column."""

    @property
    def response_time(self) -> float | None:
        """Seconds to the complete reply; None where a log does not say."""

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds to the first token; None where the reply was not streamed."""


class Metrics:
    """Counts the turns of a monitor for Prometheus.

    Each label takes so many values, and the labels together so many combinations of them, the first ones; any other
    becomes ``other``, so that no bug and no attacker fills the memory of both programs. A rating has no labels, and one
    that replaces another counts as well.

    Where ``PROMETHEUS_MULTIPROC_DIR`` names a folder, as it does for the workers of a server, the numbers are those of
    all processes that have it. Set it before Python starts, and empty the folder before the first of them does.

    Args:
        by: Columns to be labels besides model and provider, of ``BY``.
        most_values: Values of a label.
        most_combinations: Combinations of them; each has some 90 numbers, in both programs.

    Attributes:
        registry: Where prometheus-client finds the metrics, for a server of your own.

    Raises:
        ValueError: A column cannot be a label, or ``PROMETHEUS_MULTIPROC_DIR`` is no folder.
        MissingPackageError: prometheus-client is missing.

    Example:
        >>> from chatmon.live.monitor import ChatMonitor
        >>> monitor, metrics = ChatMonitor(), Metrics(by=("region",))
        >>> metrics.watch(monitor)
        >>> with monitor.track("c1", region="uk"):
        ...     pass
        >>> labels = {"region": "uk", "gen_ai_request_model": "", "gen_ai_provider_name": ""}
        >>> metrics.registry.get_sample_value("chatmon_turns_total", labels)
        1.0
    """

    def __init__(self, *, by: tuple[str, ...] = (), most_values: int = 100, most_combinations: int = 300) -> None:
        strangers = [name for name in by if name not in BY]
        if strangers:
            raise ValueError(f"{', '.join(strangers)} cannot be a label: choose from {', '.join(BY)}")
        client = wanted("prometheus_client", "exporters", "the endpoint of metrics")
        own = self.registry = client.CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            from prometheus_client.multiprocess import MultiProcessCollector

            self.registry = client.CollectorRegistry()
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        self._columns = (*by, *LABELS)
        self._most_values = most_values
        self._most_combinations = most_combinations
        self._values: dict[str, set[str]] = {}
        self._errors: set[tuple[tuple[str, ...], str]] = set()
        self._children: dict[tuple[str, ...], _Counted] = {}
        names = [LABELS.get(name, name) for name in self._columns]
        self._families = _Families(client, own, names)
        self._servers: list[Any] = []

    def watch(self, monitor: ChatMonitor) -> None:
        """Count every turn and rating of a monitor from now on."""
        monitor.listeners.append(self.observe)
        monitor.rating_listeners.append(
            lambda turn: self._families.satisfaction.observe(turn.columns["user_satisfaction"])
        )

    def observe(self, turn: Ended) -> None:
        """Count a turn that has ended."""
        columns = turn.columns
        values = tuple(self._bounded(name, columns.get(name)) for name in self._columns)
        if values not in self._children and len(self._children) >= self._most_combinations:
            values = (OTHER,) * len(values)
        counted = self._children.get(values)
        if counted is None:
            counted = self._children[values] = _Counted(self._families, values)
        error = columns.get("error_type")
        counted.observe(turn, "" if error is None else self._error(values, error))

    def serve(self, port: int = 0) -> str:
        """Serve the metrics on 127.0.0.1 until `close`, and return their address.

        Args:
            port: 0 for any free one.
        """
        import prometheus_client

        server, thread = prometheus_client.start_http_server(port, "127.0.0.1", self.registry)
        self._servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving."""
        while self._servers:
            server, thread = self._servers.pop()
            server.shutdown()
            server.server_close()
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _error(self, values: tuple[str, ...], error: str) -> str:
        """Return a kind of error as a label: with the others it makes combinations, too."""
        bounded = self._bounded("error_type", error)
        if (values, bounded) in self._errors:
            return bounded
        if len(self._errors) >= self._most_combinations:
            return OTHER
        self._errors.add((values, bounded))
        return bounded

    def _bounded(self, name: str, value: str | None) -> str:
        if value is None:
            return ""
        known = self._values.setdefault(name, set())
        if value in known:
            return value
        if len(known) >= self._most_values:
            return OTHER
        known.add(value)
        return value


class _Families:
    """Every metric, without its labels' values."""

    def __init__(self, client: Any, registry: Any, labels: list[str]) -> None:
        def counter(name: str, says: str) -> Any:
            return client.Counter(name, says, labels, registry=registry)

        operation = ["gen_ai_operation_name", *labels]
        self.duration = client.Histogram(
            DURATION, "Time of a reply.", [*operation, "error_type"], buckets=SECONDS, registry=registry
        )
        self.first_chunk = client.Histogram(
            FIRST_CHUNK, "Time to the first piece of a streamed reply.", operation, buckets=SECONDS, registry=registry
        )
        self.tokens = client.Histogram(
            TOKENS, "Tokens of a turn.", [*operation, "gen_ai_token_type"], buckets=TOKEN_BUCKETS, registry=registry
        )
        self.turns = counter("chatmon_turns", "Turns.")
        self.outcomes = counter("chatmon_outcomes", "Turns of which it is known whether they failed.")
        self.failed = counter("chatmon_failed_turns", "Turns that failed.")
        self.tasks = counter("chatmon_tasks", "Turns of which it is known whether the task was completed.")
        self.incomplete = counter("chatmon_incomplete_tasks", "Those of them in which it was not.")
        self.priced = counter("chatmon_priced_turns", "Turns whose cost is known.")
        self.cost = counter("chatmon_cost_usd", "What they cost, in US dollars.")
        self.turn_tokens = client.Summary(
            "chatmon_turn_tokens", "Input and output of turns that report both.", labels, registry=registry
        )
        self.relevance = client.Summary("chatmon_context_relevance", "0 to 1.", labels, registry=registry)
        self.satisfaction = client.Summary("chatmon_user_satisfaction", "1 to 5.", registry=registry)


class _Counted:
    """Every metric of one combination of labels' values."""

    def __init__(self, families: _Families, values: tuple[str, ...]) -> None:
        self._satisfaction = families.satisfaction
        self._duration = families.duration
        self._operation = ("chat", *values)
        self._durations: dict[str, Any] = {}
        self._first_chunk = families.first_chunk.labels(*self._operation)
        self._tokens = {
            name: families.tokens.labels(*self._operation, name.removesuffix("_tokens"))
            for name in ("input_tokens", "output_tokens")
        }
        # Made here, all at once: a counter that appears at 1 has not grown, as Prometheus sees it.
        self._turns = families.turns.labels(*values)
        self._outcomes = families.outcomes.labels(*values)
        self._failed = families.failed.labels(*values)
        self._tasks = families.tasks.labels(*values)
        self._incomplete = families.incomplete.labels(*values)
        self._priced = families.priced.labels(*values)
        self._cost = families.cost.labels(*values)
        self._turn_tokens = families.turn_tokens.labels(*values)
        self._relevance = families.relevance.labels(*values)

    def observe(self, turn: Ended, error: str) -> None:
        columns = turn.columns
        duration = self._durations.get(error)
        if duration is None:
            duration = self._durations[error] = self._duration.labels(*self._operation, error)
        if turn.response_time is not None:
            duration.observe(turn.response_time)
        self._turns.inc()
        ended = failed(columns.get("error_type"), columns.get("finish_reason"), columns.get("attributes"))
        if ended is not None:
            self._outcomes.inc()
            self._failed.inc(ended)
        if turn.time_to_first_token is not None:
            self._first_chunk.observe(turn.time_to_first_token)
        for name, histogram in self._tokens.items():
            if (tokens := columns.get(name)) is not None:
                histogram.observe(tokens)
        given, made = (columns.get(name) for name in self._tokens)
        if given is not None and made is not None:
            self._turn_tokens.observe(given + made)
        if (cost := columns.get("cost")) is not None:
            self._priced.inc()
            self._cost.inc(float(cost))
        if (completed := columns.get("task_completed")) is not None:
            self._tasks.inc()
            self._incomplete.inc(not completed)
        if (relevance := columns.get("context_relevance")) is not None:
            self._relevance.observe(relevance)
        if (satisfaction := columns.get("user_satisfaction")) is not None:
            self._satisfaction.observe(satisfaction)
