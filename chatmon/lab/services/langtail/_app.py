"""Langtail's routes as an application: strict about keys and bodies, as the hosted service is."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.errors import Error
from chatmon.connect.langtail.calls import ENVIRONMENTS, LONGEST_KEY
from chatmon.lab.services.langtail import _folder as folder
from chatmon.lab.services.langtail._store import LARGEST_PAGE, PAGE, ThreadStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LARGEST: Final = 4 * 2**20
"""Bytes of a body."""
TIMEOUT: Final = 120.0
"""Seconds to wait for the model."""
_ASKED: Final = frozenset(
    {"stream", "variables", "messages", "template", "user", "threadId", "parallel_tool_calls", *folder.OVERRIDES}
)
"""Keys of a body. The bridge to Vercel's SDK always sends ``parallel_tool_calls``, which no prompt here needs."""
_METADATA: Final = "x-langtail-metadata-"


class RefusalError(Error):
    """A call that is answered with an error.

    Args:
        status: HTTP's.
        message: What is wrong.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def application(settings: Mapping[str, Any]) -> Starlette:
    """Return the application for some settings, as ``chatmon.lab.services.langtail.start`` sends them."""
    import httpx
    from starlette.applications import Starlette
    from starlette.routing import Route

    routes = _Routes(settings, ThreadStore(settings["db"]), httpx.AsyncClient(timeout=TIMEOUT))
    prompts = ("/project-prompt/{prompt}/{environment}", "/{workspace}/{project}/{prompt}/{environment}")
    table = [
        Route("/list-deployments", routes.deployments, methods=["GET"]),
        Route("/v2/threads", routes.threads, methods=["GET", "POST"]),
        Route("/v2/threads/{thread}", routes.thread, methods=["GET", "POST", "DELETE"]),
        Route("/v2/threads/{thread}/messages", routes.messages, methods=["GET", "POST"]),
        Route("/v2/threads/{thread}/messages/{message}", routes.message, methods=["GET", "POST", "DELETE"]),
        Route("/v1/chat/completions", routes.proxy, methods=["POST"]),
        Route("/logs", routes.logs, methods=["GET"]),
        *(Route(path, routes.get, methods=["GET"]) for path in prompts),
        *(Route(path, routes.invoke, methods=["POST"]) for path in prompts),
    ]
    handlers: dict[Any, Any] = {
        RefusalError: _refused,
        json.JSONDecodeError: _no_json,
        404: _no_route,
        405: _no_route,
    }
    return Starlette(routes=table, exception_handlers=handlers)


async def _refused(request: Request, error: Exception) -> Response:
    from starlette.responses import JSONResponse

    assert isinstance(error, RefusalError)  # noqa: S101 - what this handler is registered for
    of_thread = request.url.path.startswith("/v2/")
    return JSONResponse({"error": {"message": error.message} if of_thread else error.message}, error.status)


async def _no_route(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return await _refused(request, RefusalError(status, f"{request.method} {request.url.path} not found"))


async def _no_json(request: Request, error: Exception) -> Response:
    return await _refused(request, RefusalError(400, f"the body is no JSON: {error}"))


class _Routes:
    """Each route's answer."""

    def __init__(self, settings: Mapping[str, Any], store: ThreadStore, http: Any) -> None:
        self.key: str = settings["api_key"]
        self.prompts = Path(settings["prompts"])
        self.model: str = settings["llm_model"]
        self.url = f"{settings['llm_url']}/chat/completions"
        self.headers = {"authorization": f"Bearer {settings['llm_key']}"}
        self.store, self.http = store, http

    async def deployments(self, request: Request) -> Response:
        self._admit(request)
        return _json({"deployments": list(folder.listed(self.prompts))})

    async def get(self, request: Request) -> Response:
        self._admit(request)
        return _json(self._deployed(request).state)

    async def invoke(self, request: Request) -> Response:
        """Render the prompt, have the model reply, keep the call."""
        from starlette.responses import StreamingResponse

        self._admit(request)
        body = _checked(await _object(request))
        deployed = self._deployed(request)
        thread = self._thread_of(deployed, body)
        history = [] if thread is None else self.store.history(thread)
        asked = folder.openai_body(deployed.state, body, history, self.model)
        call: dict[str, Any] = {
            "prompt": deployed.slug,
            "environment": request.path_params["environment"],
            "version": deployed.version,
            "metadata": _metadata(request),
            "request": asked,
            "thread": thread,
            "said": body.get("messages") or [],
            "record": request.headers.get("x-langtail-do-not-record") != "true",
        }
        headers = {} if thread is None else {"x-langtail-thread-id": thread}
        if asked["stream"]:
            asked["stream_options"] = {"include_usage": True}
            pieces = self._stream(await self._ask(asked), call)
            return StreamingResponse(pieces, headers=headers, media_type="text/event-stream")
        reply = (await self._ask(asked)).json()
        self._keep(call, reply, reply["choices"][0]["message"])
        return _json(reply, headers=headers)

    async def proxy(self, request: Request) -> Response:
        """Pass a call to the model as it is, and keep it."""
        self._admit(request)
        from starlette.responses import StreamingResponse

        asked = {**(await _object(request)), "model": self.model}
        asked["stream"] = asked.get("stream") is True
        call: dict[str, Any] = {
            "prompt": request.headers.get("x-langtail-prompt"), "environment": None, "version": None,
            "metadata": _metadata(request), "request": asked, "thread": None, "said": [],
            "record": request.headers.get("x-langtail-do-not-record") != "true",
        }  # fmt: skip
        if asked["stream"]:
            options = _part(asked, "stream_options")
            asked["stream_options"] = options | {"include_usage": True}
            pieces = self._stream(await self._ask(asked), call, with_usage=options.get("include_usage") is True)
            return StreamingResponse(pieces, media_type="text/event-stream")
        reply = (await self._ask(asked)).json()
        self._keep(call, reply, reply["choices"][0]["message"])
        return _json(reply)

    async def logs(self, request: Request) -> Response:
        """Return the log of calls, which the hosted service shows on its pages only."""
        self._admit(request)
        return _json({"data": self.store.logs()})

    async def threads(self, request: Request) -> Response:
        self._admit(request)
        if request.method == "POST":
            body = await _object(request)
            return _json(self.store.create_thread(_part(body, "metadata"), _part(body, "createLog")))
        limit, after = _paging(request)
        return _list(self.store.threads(limit + 1, after), limit)

    async def thread(self, request: Request) -> Response:
        self._admit(request)
        name = request.path_params["thread"]
        found = self.store.thread(name)
        if found is None:
            raise RefusalError(404, f"Thread {name} not found")
        if request.method == "DELETE":
            self.store.delete_thread(name)
            return _json({"id": name, "object": "thread.deleted", "deleted": True})
        if request.method == "POST":
            found = self.store.set_thread(name, _part(await _object(request), "metadata"))
        return _json(found)

    async def messages(self, request: Request) -> Response:
        self._admit(request)
        name = request.path_params["thread"]
        if self.store.thread(name) is None:
            raise RefusalError(404, f"Thread {name} not found")
        if request.method == "POST":
            body = await _object(request)
            content = body.get("message")
            if not isinstance(content, dict) or not isinstance(content.get("role"), str):
                raise RefusalError(400, "message must be an object with a role and content")
            return _json(self.store.add_message(name, content, _part(body, "metadata")))
        limit, after = _paging(request)
        order = request.query_params.get("order", "asc")
        if order not in ("asc", "desc"):
            raise RefusalError(400, f"order ({order}) must be asc or desc")
        return _list(self.store.messages(name, limit + 1, after, newest=order == "desc"), limit)

    async def message(self, request: Request) -> Response:
        self._admit(request)
        thread, name = request.path_params["thread"], request.path_params["message"]
        found = self.store.message(thread, name)
        if found is None:
            raise RefusalError(404, f"Message {name} not found in thread {thread}")
        if request.method == "DELETE":
            self.store.delete_message(thread, name)
            return _json({"id": name, "object": "thread.message.deleted", "deleted": True})
        if request.method == "POST":
            found = self.store.set_message(thread, name, _part(await _object(request), "metadata"))
        return _json(found)

    def _admit(self, request: Request) -> None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = request.headers.get("x-api-key") or bearer
        if not secrets.compare_digest(given.encode(), self.key.encode()):
            raise RefusalError(401, "Unauthorized")

    def _deployed(self, request: Request) -> folder.Deployed:
        environment, version = request.path_params["environment"], request.query_params.get("v")
        if environment not in ENVIRONMENTS:
            raise RefusalError(404, f"Environment {environment} not found: {', '.join(ENVIRONMENTS)}")
        if environment == "preview" and version is None:
            raise RefusalError(400, "preview needs a version: ?v=")
        found = folder.find(self.prompts, request.path_params["prompt"], environment, version)
        if found is None:
            raise RefusalError(404, "Prompt deployment not found")
        return found

    def _thread_of(self, deployed: folder.Deployed, body: Mapping[str, Any]) -> str | None:
        """Return the thread that an assistant goes on with, a new one where the call names none."""
        if not deployed.threads:
            return None
        name: str | None = body.get("threadId")
        if name is None:
            return str(self.store.create_thread({}, {})["id"])
        if self.store.thread(name) is None:
            raise RefusalError(404, f"Thread {name} not found")
        return name

    async def _ask(self, asked: Mapping[str, Any]) -> httpx.Response:
        """Return the model's answer, not yet read where it comes in pieces."""
        import httpx

        request = self.http.build_request("POST", self.url, headers=self.headers, json=asked)
        try:
            reply: httpx.Response = await self.http.send(request, stream=asked["stream"])
            if reply.status_code != 200:
                await reply.aread()
        except httpx.TransportError as error:
            raise RefusalError(502, f"the model does not answer: {error!r}") from error
        if reply.status_code != 200:
            status = 400 if reply.status_code == 400 else 502
            raise RefusalError(status, f"the model refuses: {reply.status_code} {reply.text[:200]}")
        return reply

    async def _stream(
        self, reply: httpx.Response, call: Mapping[str, Any], *, with_usage: bool = True
    ) -> AsyncIterator[bytes]:
        """Pass pieces on, with the one that has the usage where that was asked for, and keep the call at their end."""
        import httpx

        said: list[str] = []
        usage = None
        try:
            async for line in reply.aiter_lines():
                if line.startswith("data:") and not line.endswith("[DONE]"):
                    chunk = json.loads(line.removeprefix("data:"))
                    usage = chunk.get("usage") or usage
                    for choice in chunk.get("choices") or []:
                        said.append(choice.get("delta", {}).get("content") or "")
                    if not (chunk.get("choices") or with_usage):
                        continue
                yield f"{line}\n".encode()
        except (httpx.TransportError, ValueError) as error:
            yield f"data: {json.dumps({'error': f'the model broke off: {error!r}'})}\n\n".encode()
            return
        finally:
            await reply.aclose()
        message = {"role": "assistant", "content": "".join(said)}
        self._keep(call, {"choices": [{"message": message}], "usage": usage}, message)

    def _keep(self, call: Mapping[str, Any], reply: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        log = self.store.log({**call, "reply": reply}) if call["record"] else None
        if call["thread"] is not None:
            for said in (*call["said"], message):
                self.store.add_message(call["thread"], said, {}, log)


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """Return a call's body.

    Raises:
        RefusalError: It has keys that no call has, or parts of the wrong kind.
    """
    strangers = sorted(set(body) - _ASKED)
    if strangers:
        raise RefusalError(400, f"unknown in the body: {', '.join(strangers)}; known are {', '.join(sorted(_ASKED))}")
    variables, stream, thread = body.get("variables", {}), body.get("stream", False), body.get("threadId")
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise RefusalError(400, "variables must be an object whose values are text")
    if not isinstance(stream, bool) or not isinstance(thread, str | None):
        raise RefusalError(400, "stream must be true or false, and threadId text")
    for name in ("messages", "template"):
        given = body.get(name, [])
        if not isinstance(given, list) or not all(
            isinstance(one, dict) and isinstance(one.get("role"), str) for one in given
        ):
            raise RefusalError(400, f"{name} must be a list of objects with a role")
    return body


async def _object(request: Request) -> dict[str, Any]:
    if int(request.headers.get("content-length") or 0) > LARGEST:
        raise RefusalError(413, f"the body has more than {LARGEST:,} bytes")
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST:
            raise RefusalError(413, f"the body has more than {LARGEST:,} bytes")
    try:
        body = json.loads(content.decode("utf-8") or "{}")
    except (UnicodeDecodeError, RecursionError) as error:
        raise RefusalError(400, f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise RefusalError(400, f"the body is a JSON {type(body).__name__}, not an object")
    return body


def _part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise RefusalError(400, f"{name} must be an object")
    return found


def _metadata(request: Request) -> dict[str, str]:
    found = {
        name.removeprefix(_METADATA): value for name, value in request.headers.items() if name.startswith(_METADATA)
    }
    for name in found:
        if len(name) > LONGEST_KEY:
            raise RefusalError(400, f"metadata key {name} has {len(name)} characters, {LONGEST_KEY} at most")
    return found


def _paging(request: Request) -> tuple[int, str | None]:
    given = request.query_params.get("limit", str(PAGE))
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= LARGEST_PAGE):
        raise RefusalError(400, f"limit ({given}) must be from 1 to {LARGEST_PAGE}")
    return int(given), request.query_params.get("after")


def _list(rows: list[dict[str, Any]], limit: int) -> Response:
    """Return a page, from one row more than it holds."""
    page = rows[:limit]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
    return _json({"object": "list", "data": page, **ends, "has_more": len(rows) > limit})


def _json(content: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(content, headers=headers)
