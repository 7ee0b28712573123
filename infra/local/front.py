"""The front: the API at `/`, the bucket at `/media`, as CloudFront and its function do it on AWS.

It hands over what API Gateway loses (template.yaml, HandOver): the host and the raw query that signatures cover; and it
turns API Gateway's own refusal of a hook into a 503 (RefuseHooks).
"""

import uuid
from collections.abc import AsyncIterator

from aiohttp import ClientSession, ClientTimeout, web
from multidict import CIMultiDict
from yarl import URL

from infra.local.deployment import Deployed

HOST_HEADER, QUERY_HEADER = "X-Tapedeck-Host", "X-Tapedeck-Query"
REFUSED_HEADER = "X-Tapedeck-Refused"
"""On what API Gateway itself refuses: HTTP 200 for the API, which a hook's origin must not take for a yes."""
BODY_BYTES = 10 * 1024 * 1024  # API Gateway's limit
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "content-length", "host", "date", "server"}
)
MEDIA_HEADERS = ("Content-Type", "Content-Length", "Content-Range", "ETag", "Last-Modified", "Cache-Control")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "*",
}
TOO_LARGE = {"Code": "RequestSizeLimitExceeded", "Message": "The request body is too large."}


class Front:
    """An HTTP server before the emulator's API Gateway and its S3."""

    def __init__(self, endpoint: str, deployed: Deployed) -> None:
        self._api = f"{endpoint}/_aws/execute-api/{deployed.api_id}/{deployed.api_stage}"
        self._bucket = f"{endpoint}/{deployed.bucket}"

    def application(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(client_max_size=BODY_BYTES)
        application.cleanup_ctx.append(self._open)
        application.router.add_get("/media/{key:.*}", self.media)
        application.router.add_route("OPTIONS", "/media/{key:.*}", self.preflight)
        application.router.add_route("*", "/{path:.*}", self.api)
        return application

    async def _open(self, _: web.Application) -> AsyncIterator[None]:
        timeout = ClientTimeout(total=None, connect=5, sock_read=60)
        async with ClientSession(timeout=timeout, auto_decompress=False) as session:
            self._session = session
            yield

    async def api(self, request: web.Request) -> web.StreamResponse:
        """One request of the API or a hook, with its host and raw query handed over."""
        path, _, query = request.raw_path.partition("?")
        headers = CIMultiDict(
            (name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP
        )
        headers[HOST_HEADER] = request.headers.get("Host", "")
        headers[QUERY_HEADER] = query
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.json_response({"Response": {"Error": TOO_LARGE, "RequestId": str(uuid.uuid4())}})
        url = URL(f"{self._api}{path}" + (f"?{query}" if query else ""), encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            kept = CIMultiDict(
                (name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP
            )
            is_refused_hook = path.startswith("/hooks/") and REFUSED_HEADER in kept
            return web.Response(
                status=503 if is_refused_hook else answer.status, headers=kept, body=await answer.read()
            )

    async def media(self, request: web.Request) -> web.StreamResponse:
        """An object under `media/`, or the range of it that was asked for."""
        asked = {name: request.headers[name] for name in ("Range", "If-None-Match") if name in request.headers}
        url = URL(self._bucket + request.raw_path.partition("?")[0], encoded=True)
        async with self._session.request(request.method, url, headers=asked) as answer:
            headers = {name: answer.headers[name] for name in MEDIA_HEADERS if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers={**headers, **CORS, "Accept-Ranges": "bytes"})
            await response.prepare(request)
            if request.method != "HEAD":
                async for block in answer.content.iter_chunked(256 * 1024):
                    await response.write(block)
            await response.write_eof()
            return response

    async def preflight(self, _: web.Request) -> web.Response:
        """The answer to a browser that asks before it reads."""
        return web.Response(status=204, headers={**CORS, "Access-Control-Max-Age": "3600"})
