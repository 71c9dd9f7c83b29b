"""The commands of ``chatmon serve``: what a cloud would serve, on this machine, until Ctrl-C."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Protocol

import typer

from chatmon._tools.shown import printable

serve = typer.Typer(help="Serve on this machine what a cloud would.", no_args_is_help=True)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="The port; any free one if not given.")]
Key = Annotated[
    str | None,
    typer.Option(envvar="CHATMON_API_KEY", help="The key clients must send; a random one, shown, if not given."),
]
Shell = Annotated[str, typer.Option(help="Whose lines to print: sh, powershell or cmd.")]
YOURS = "(the one you gave)"
_SET = {"sh": "export {}='{}'", "powershell": "$env:{} = '{}'", "cmd": "set {}={}"}


def _lines(shell: str, variables: Mapping[str, str]) -> str:
    """Return lines that a shell takes as they are.

    Raises:
        typer.BadParameter: There is no such shell.

    Example:
        >>> _lines("powershell", {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})
        "$env:OPENAI_BASE_URL = 'http://127.0.0.1:1/v1'"
    """
    return "\n".join(_SET[_known(shell)].format(*one) for one in variables.items())


def _known(shell: str) -> str:
    """Return the shell, if it is one whose lines are known."""
    if shell not in _SET:
        raise typer.BadParameter(f"{shell!r} is none of {', '.join(_SET)}", param_hint="--shell")
    return shell


class _Running(Protocol):
    @property
    def running(self) -> bool: ...

    def check(self) -> None: ...


def _until_stopped(service: _Running, look: Callable[[], object] = bool) -> None:
    """Wait for Ctrl-C, looking from time to time; raise if the service ends by itself."""
    typer.echo("Stop it with Ctrl-C.")
    sys.stdout.flush()
    try:
        while service.running:
            time.sleep(0.2)
            look()
    except KeyboardInterrupt:
        typer.echo("\nStopped.")
        return
    service.check()


@serve.command("llm")
def serve_llm(
    port: Port = None,
    api_key: Key = None,
    slots: Annotated[
        int, typer.Option(min=1, help="Replies computed at once; further requests wait, users in turns.")
    ] = 4,
    users: Annotated[
        list[str] | None,
        typer.Option("--user", help="Print the lines for a user of a shared model; give it again for each."),
    ] = None,
    shell: Annotated[str | None, typer.Option(help="Print lines for a shell: sh, powershell or cmd.")] = None,
) -> None:
    """Serve the local model to anything that speaks OpenAI, or to a class, until Ctrl-C."""
    from chatmon.lab.services.llm import SHARED, shared_address, start

    if shell is not None:
        _known(shell)
    with start(port=port, api_key=api_key, slots=slots) as llm:
        key = llm.api_key if api_key is None else YOURS
        typer.echo(f"base URL  {llm.base_url}\nmodel     {llm.model}\nAPI key   {key}")
        if shell is not None:
            typer.echo(_lines(shell, {"OPENAI_BASE_URL": llm.base_url, "OPENAI_API_KEY": key}))
        for user in users or []:
            typer.echo(f"{user}:\n{_lines(shell or 'sh', {SHARED: shared_address(user, llm.api_key, llm.port)})}")
        _until_stopped(llm)


@serve.command("langsmith")
def serve_langsmith(
    port: Port = None,
    db: Annotated[Path | None, typer.Option(help="The file to keep traces in; without it they go at the end.")] = None,
    api_key: Key = None,
    shell: Shell = "sh",
) -> None:
    """Serve a local LangSmith to LangSmith's own clients, and to OpenTelemetry's exporters, until Ctrl-C."""
    from chatmon.lab.services.langsmith import start

    _known(shell)
    with start(port=port, db=db, api_key=api_key) as server:
        page, key = (server.page, server.api_key) if api_key is None else (server.url, YOURS)
        typer.echo(f"page  {page}\n")
        own = {"LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": key, "LANGSMITH_TRACING": "true"}
        typer.echo(f"{_lines(shell, own)}\n\nOr, from an exporter of OpenTelemetry:\n")
        traces = {"TRACES_ENDPOINT": f"{server.url}/otel/v1/traces", "HEADERS": f"x-api-key={key}"}
        typer.echo(_lines(shell, {f"OTEL_EXPORTER_OTLP_{name}": value for name, value in traces.items()}))
        _until_stopped(server)


@serve.command("langtail")
def serve_langtail(
    prompts: Annotated[Path | None, typer.Option(help="A folder of prompts; the course's if not given.")] = None,
    port: Port = None,
    db: Annotated[Path | None, typer.Option(help="The file to keep threads in; without it they go at the end.")] = None,
    api_key: Key = None,
    shell: Shell = "sh",
) -> None:
    """Serve a local Langtail, whose replies are the local model's, until Ctrl-C."""
    from chatmon.lab.services import langtail, llm

    _known(shell)
    with (
        llm.start() as model,
        langtail.start(model, prompts or langtail.PROMPTS, db=db, port=port, api_key=api_key) as server,
    ):
        key = server.api_key if api_key is None else YOURS
        typer.echo(_lines(shell, {"LANGTAIL_BASE_URL": server.base_url, "LANGTAIL_API_KEY": key}))
        _until_stopped(server)


@serve.command("inbox")
def serve_inbox(
    port: Port = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="CHATMON_INBOX_SECRET", help="What webhooks are signed with; a random one, shown."),
    ] = None,
    behave: Annotated[
        str, typer.Option(help="What to do with what comes: ok, fail, busy, hang, drip, lie or hang_up.")
    ] = "ok",
) -> None:
    """Receive alerts in the protocols of Slack, PagerDuty and signed webhooks, and show them, until Ctrl-C."""
    from chatmon.lab.services.inbox import start

    with start(port=port, secret=secret) as inbox:
        inbox.behave(behave)  # type: ignore[arg-type]  # it refuses what it does not know
        shown = inbox.secret if secret is None else YOURS
        typer.echo(f"page          {inbox.page}\nwebhook       {inbox.webhook_url}\nsecret        {shown}")
        typer.echo(f"Slack         {inbox.slack_url}\nPagerDuty     {inbox.pagerduty_url}")
        typer.echo(f"routing key   {inbox.routing_key}\nAlertmanager  {inbox.alertmanager_url}")
        seen = 0

        def show_what_came() -> None:
            nonlocal seen
            came = inbox.requests()
            for one in came[seen:]:
                what = one.reason or ("repeated" if one.repeated else "received")
                typer.echo(printable(f"{one.at:%H:%M:%S} {one.kind}: {what}"))
            seen = len(came)
            sys.stdout.flush()

        _until_stopped(inbox, show_what_came)
