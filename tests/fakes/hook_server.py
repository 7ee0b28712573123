"""The receiver of an origin's hooks: notes each and answers as it was told, holding those it was told to hold."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Hook:
    """One hook as it came."""

    action: str
    secret: str
    body: dict[str, Any]


@dataclass
class HookServer:
    """`answers` by action (default {"code": 0}); an action in `held` is answered when its event is set."""

    hooks: list[Hook] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/hooks/srs/{action}", self._answer)
        return application

    def wait_for(self, action: str, *, count: int = 1, seconds: float = 10.0) -> Hook:
        """The hook of that action that is the `count`th; fails the test where it does not come in time."""
        self.wait_until(lambda: len(self.of(action)) >= count, f"{count} {action}", seconds)
        return self.of(action)[count - 1]

    def wait_until(self, true: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        with self._arrived:
            assert self._arrived.wait_for(true, seconds), f"no {what} in {seconds} s: {self.actions}"

    def of(self, action: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.action == action]

    @property
    def actions(self) -> list[str]:
        """What came, in order."""
        return [hook.action for hook in self.hooks]

    async def _answer(self, request: web.Request) -> web.Response:
        action = request.match_info["action"]
        hook = Hook(action, request.query["secret"], await request.json())
        with self._arrived:
            self.hooks.append(hook)
            self._arrived.notify_all()
        if action in self.held:
            await asyncio.to_thread(self.held[action].wait)
        return web.json_response(self.answers.get(action, {"code": 0}))
