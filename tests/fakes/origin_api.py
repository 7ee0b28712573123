"""Control interfaces of origins, as far as publishers are asked for or dropped: they answer as SRS 5 and nginx-rtmp do.

SRS's answers by its source (`SrsGoApiClients`, `SrsHttpAuthMux`), nginx-rtmp's as version 1.2.2 gave them.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

CLIENT_NOT_FOUND = 2049


@dataclass
class SrsApi:
    """SRS's HTTP API: `clients` are connected; with `credentials` (`user:password`) it asks for them."""

    clients: set[str] = field(default_factory=set)
    credentials: str = ""
    on_drop: Callable[[str], None] = lambda client_id: None
    """Called behind a drop: what the origin's hook would bring about."""
    asked: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/api/v1/clients/{id}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.raw_path}")
        token = base64.b64encode(self.credentials.encode()).decode()
        if self.credentials and request.headers.get("Authorization") != f"Basic {token}":
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        client_id = request.match_info["id"]
        if client_id not in self.clients:
            return web.json_response({"code": CLIENT_NOT_FOUND})
        said = {"code": 0, "server": "vid-1", "service": "s", "pid": "1"}
        if request.method == "GET":
            return web.json_response({**said, "client": {"id": client_id, "publish": True}})
        self.clients.discard(client_id)
        self.on_drop(client_id)
        return web.json_response(said)


@dataclass
class NginxControl:
    """nginx-rtmp's control module at /control: `publishers` are (app, name) as RTMP spelled them."""

    publishers: set[tuple[str, str]] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/control/drop/publisher", self._drop)
        return application

    async def _drop(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.raw_path}")
        fields = dict(pair.split("=", 1) for pair in request.raw_path.partition("?")[2].split("&"))  # as they stand
        publisher = (fields["app"], fields["name"])
        number = int(publisher in self.publishers)
        self.publishers.discard(publisher)
        return web.Response(text=str(number))
