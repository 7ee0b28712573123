"""From a request to the body of its answer: who asks, for which action, with which fields."""

import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.api import envelope, older_signature, signature
from chalicelib.api.action import Action, Actions, Call
from chalicelib.api.credentials import KeyRing
from chalicelib.api.envelope import ApiRequest
from chalicelib.api.permissions import check_action
from chalicelib.api.rate_limits import RateLimits
from chalicelib.api.signature import SignedRequest
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
    keys: KeyRing
    limits: RateLimits
    table: Callable[[], Table]

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
        secret_id, query = self._verified(request, service, now)
        action = self._action(service, request.action)
        key = self.keys.held(secret_id, now).key
        self.limits.count(secret_id, request.action, now)
        check_action(key, request.action)
        fields, are_text = request.fields(query)
        return action.run(fields, Call(table=self.table(), now=now, key=key), are_text=are_text)

    def _verified(self, request: ApiRequest, service: Service, now: float) -> tuple[str, str]:
        """Who signed the request, and the query that was signed; raises an AuthFailure."""

        def secret_keys(secret_id: str) -> Sequence[str]:
            return self.keys.held(secret_id, now).secrets_at(now)

        window = settings().request_window_seconds
        if request.is_signed_the_older_way:
            secret_id = older_signature.verify(
                request.method,
                request.headers.get("host", ""),
                request.signed_parameters,
                secret_keys=secret_keys,
                now=now,
                window_seconds=window,
            )
            return secret_id, request.queries(None)[0]
        wanted = service.actions.get(request.action)
        queries = request.queries(wanted.params if wanted else None)
        verified = signature.verify(
            SignedRequest(method=request.method, queries=queries, headers=request.headers, body=request.body),
            service=service.name,
            secret_keys=secret_keys,
            now=now,
            window_seconds=window,
            may_be_unsigned=settings().allow_unsigned_payload,
        )
        return verified.secret_id, verified.query

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
