"""The server's front: who may ask, what is asked for, and how an answer or a refusal goes out.

Every address works with and without the prefixes ``/api`` and ``/v1``, as clients differ in what they take for the
endpoint. Handlers are plain functions that run in a few threads of their own.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith._api import ROUTES
from chatmon.lab.services.langsmith._call import Addresses, ApiAnswer, ApiCall
from chatmon.lab.services.langsmith._pages import PAGES, login, refusal
from chatmon.lab.services.langsmith._values import RefusalError, dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from chatmon.lab.services.langsmith._store import RunStore

COOKIE: Final = "chatmon-key"
_THREADS: Final = 4
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


def make_app(store: RunStore, address: str, api_key: str) -> Starlette:
    """Return the server as an ASGI application.

    Args:
        store: Its data.
        address: Where it will be found, such as ``http://127.0.0.1:1984``.
        api_key: What clients must send as ``x-api-key``.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    front = _Front(store, Addresses(address), api_key)
    routes = [Route(path, front.api(handle), methods=[method]) for method, path, handle in ROUTES]
    routes += [Route(path, front.page(handle)) for path, handle in PAGES]
    # A page of another site that got its name to point here would send that name.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app = Starlette(routes=routes, middleware=[Middleware(_Prefixes), hosts])
    app.add_exception_handler(404, front.nowhere)
    app.add_exception_handler(405, front.nowhere)
    return app


class _Prefixes:
    """Takes the prefixes off the path that some spellings of the endpoint leave there."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            for prefix in ("/api", "/v1"):
                if path.startswith(f"{prefix}/"):
                    path = path.removeprefix(prefix)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


@dataclass(slots=True)
class _Front:
    """What stands between the network and the handlers."""

    store: RunStore
    addresses: Addresses
    api_key: str

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(_THREADS, "langsmith")

    pool: Any = None

    def api(self, handle: Callable[[ApiCall], ApiAnswer]) -> Callable[[Request], Any]:
        """Return an endpoint that asks for the key in a header, and answers in JSON."""

        async def endpoint(request: Request) -> Response:
            try:
                if not handle.__name__.startswith("open_"):
                    self._check(request.headers.get("x-api-key", ""))
                return await self._run(handle, request)
            except RefusalError as refused:
                return _refusal(refused)

        return endpoint

    def page(self, handle: Callable[[ApiCall], ApiAnswer]) -> Callable[[Request], Any]:
        """Return an endpoint that asks for the key in a cookie, and answers with a page."""

        async def endpoint(request: Request) -> Response:
            from starlette.responses import RedirectResponse

            try:
                given = request.query_params.get("key")
                if given is not None:
                    self._check(given)
                    response: Response = RedirectResponse(request.url.path, 303)
                    response.set_cookie(COOKIE, self.api_key, httponly=True, samesite="strict")
                elif handle.__name__.startswith("open_"):
                    response = await self._run(handle, request)
                else:
                    self._check(request.cookies.get(COOKIE, ""))
                    response = await self._run(handle, request)
            except RefusalError as refused:
                response = _html(login(refused) if refused.status == 401 else refusal(refused))
            response.headers.update(_PAGE_HEADERS)
            return response

        return endpoint

    async def nowhere(self, request: Request, error: Exception) -> Response:
        """Answer what no route takes."""
        status = getattr(error, "status_code", 404)
        path = request.scope["path"][:200]
        return _refusal(
            RefusalError(status, f"{request.method} {path} is not part of this server: it has what the course uses")
        )

    def _check(self, given: str) -> None:
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self.api_key.encode()):
            raise RefusalError(
                401, "the key is missing or wrong: send the one that this server was started with as x-api-key"
            )

    async def _run(self, handle: Callable[[ApiCall], ApiAnswer], request: Request) -> Response:
        encoding = request.headers.get("content-encoding")
        body = await bodies.read(request.stream(), encoding, gzip=request.url.path.endswith("/traces"))
        call = ApiCall(
            store=self.store,
            addresses=self.addresses,
            path=request.path_params,
            query=request.query_params.multi_items(),
            body=body,
            content_type=request.headers.get("content-type", ""),
            project=request.headers.get("langsmith-project"),
        )
        return await asyncio.get_running_loop().run_in_executor(self.pool, _answer, handle, call)


def _answer(handle: Callable[[ApiCall], ApiAnswer], call: ApiCall) -> Response:
    from starlette.responses import Response

    try:
        answer = handle(call)
    except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        traceback.print_exc(file=sys.stderr)
        raise RefusalError(500, "an error of this server: its log has the details") from None
    return Response(answer.body, answer.status, answer.headers or {}, answer.mime_type)


def _html(answer: ApiAnswer) -> Response:
    from starlette.responses import Response

    return Response(answer.body, answer.status, media_type=answer.mime_type)


def _refusal(refused: RefusalError) -> Response:
    from starlette.responses import Response

    return Response(dump({"detail": refused.detail}), refused.status, media_type="application/json")
