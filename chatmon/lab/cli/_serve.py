"""The commands of ``chatmon serve``: what a cloud would serve, on this machine, until Ctrl-C."""

import sys
import time
from collections.abc import Callable
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
YOURS = "(the one you gave)"


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
def serve_llm(port: Port = None, api_key: Key = None) -> None:
    """Serve the local model to anything that speaks OpenAI, until Ctrl-C."""
    from chatmon.lab.services.llm import start

    with start(port=port, api_key=api_key) as llm:
        key = llm.api_key if api_key is None else YOURS
        typer.echo(f"base URL  {llm.base_url}\nmodel     {llm.model}\nAPI key   {key}")
        _until_stopped(llm)


@serve.command("langsmith")
def serve_langsmith(
    port: Port = None,
    db: Annotated[Path | None, typer.Option(help="The file to keep traces in; without it they go at the end.")] = None,
    api_key: Key = None,
) -> None:
    """Serve a local LangSmith to LangSmith's own clients, until Ctrl-C."""
    from chatmon.lab.services.langsmith import start

    with start(port=port, db=db, api_key=api_key) as server:
        page, key = (server.page, server.api_key) if api_key is None else (server.url, YOURS)
        typer.echo(f"page                {page}\nLANGSMITH_ENDPOINT  {server.url}\nLANGSMITH_API_KEY   {key}")
        typer.echo("Set the two, and LANGSMITH_TRACING=true.")
        _until_stopped(server)


@serve.command("langtail")
def serve_langtail(
    prompts: Annotated[Path | None, typer.Option(help="A folder of prompts; the course's if not given.")] = None,
    port: Port = None,
    db: Annotated[Path | None, typer.Option(help="The file to keep threads in; without it they go at the end.")] = None,
    api_key: Key = None,
) -> None:
    """Serve a local Langtail, whose replies are the local model's, until Ctrl-C."""
    from chatmon.lab.services import langtail, llm

    with (
        llm.start() as model,
        langtail.start(model, prompts or langtail.PROMPTS, db=db, port=port, api_key=api_key) as server,
    ):
        key = server.api_key if api_key is None else YOURS
        typer.echo(f"LANGTAIL_BASE_URL  {server.base_url}\nLANGTAIL_API_KEY   {key}")
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
