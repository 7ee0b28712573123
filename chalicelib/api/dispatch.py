"""From a request to the body of its answer: who asks, for which action, with which fields."""

import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.api import envelope
from chalicelib.api.action import Action, Actions, Call
from chalicelib.api.envelope import ApiRequest
from chalicelib.api.signature import SignedRequest, verify
from chalicelib.errors import ApiError, InternalError, InvalidAction, MissingParameter, NoSuchVersion
from chalicelib.logs import log
from chalicelib.settings import settings
from chalicelib.table import Table


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of the wire."""

    name: str
    version: str
    actions: Actions


@dataclass(frozen=True, kw_only=True)
class Api:
    """The services, and what their actions stand on."""

    services: Sequence[Service]
    secret_key: Callable[[str, float], str]
    """The secret of a SecretId at a moment (unix s); raises SecretIdNotFound."""
    table: Callable[[], Table]
    """Called when a request is known to be in order."""

    def respond(self, request: ApiRequest, *, now: float) -> str:
        """The body of the answer; every error has the wire's own form."""
        request_id, started = str(uuid.uuid4()), time.perf_counter()
        code = "ok"
        try:
            return envelope.success(self._answer(request, now), request_id)
        except ApiError as error:
            code = error.code
            return envelope.failure(error, request_id)
        except Exception:
            code = InternalError.code
            log("request_broke", request_id=request_id, action=request.action[:64], trace=traceback.format_exc())
            return envelope.failure(InternalError(), request_id)
        finally:
            took = round((time.perf_counter() - started) * 1000)
            log("request_answered", request_id=request_id, action=request.action[:64], code=code, took_ms=took)

    def _answer(self, request: ApiRequest, now: float) -> Mapping[str, object]:
        request.check_protocol(settings().request_max_bytes)
        service = self._service(request.version)
        wanted = service.actions.get(request.action)
        queries = request.queries(wanted.params if wanted else None)
        verified = verify(
            SignedRequest(method=request.method, queries=queries, headers=request.headers, body=request.body),
            service=service.name,
            secret_key=lambda secret_id: self.secret_key(secret_id, now),
            now=now,
            window_seconds=settings().request_window_seconds,
        )
        action = self._action(service, request.action)
        fields, are_text = request.fields(verified.query)
        return action.run(fields, Call(table=self.table(), now=now), are_text=are_text)

    def _service(self, version: str) -> Service:
        if not version:
            raise MissingParameter("X-TC-Version: this header is required.")
        for service in self.services:
            if service.version == version:
                return service
        raise NoSuchVersion(f"X-TC-Version: no service has the version {version[:64]}.")

    def _action(self, service: Service, name: str) -> Action[Any]:
        if not name:
            raise MissingParameter("X-TC-Action: this header is required.")
        if name not in service.actions:
            raise InvalidAction(f"X-TC-Action: {service.name} has no action {name[:64]}.")
        return service.actions[name]
