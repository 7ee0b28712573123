"""SRS: its hooks (JSON, one object a hook, answered with a code) and its HTTP API. The local origin speaks both. Pure.

SRS writes the object itself; of the publisher's making are `param` and the names alone.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.ingest.hooks import (
    HTTP_OK,
    SESSION_PARAMETER,
    ControlFailed,
    ControlRequest,
    Hook,
    HookAnswer,
    HookMalformed,
    HookUnknown,
    OtherHook,
    PlayHook,
    Publisher,
    PublishHook,
    UnpublishHook,
    check_facts,
    domain_of_url,
    parameters,
    stream_ref,
)

OTHER_EVENTS = frozenset({"on_connect", "on_close", "on_stop", "on_dvr", "on_hls", "on_hls_notify", "on_forward"})
NAME = "srs"
CLIENT_NOT_FOUND = 2049
OF_THE_ORIGIN = ("client_id", "ip", "server_id")
NO_VHOST = "__defaultVhost__"
ACCEPTED = HookAnswer(status=200, body={"code": 0})
REFUSED = HookAnswer(status=200, body={"code": 403})


def parse(event: str, body: bytes, *, default_domain: str) -> Hook:
    """The hook in a request; raises HookUnknown, HookMalformed, PublishRefused."""
    if event in OTHER_EVENTS:
        return OtherHook()
    if event not in ("on_publish", "on_unpublish", "on_play"):
        raise HookUnknown(event)
    facts = _facts(body)
    param = facts["param"].removeprefix("?")
    if event == "on_play":
        session_id = parameters(param).get(SESSION_PARAMETER, "")
        return PlayHook(app=facts["app"], stream=facts["stream"], session_id=session_id)
    stream = stream_ref(_push_domain(facts, param) or default_domain, facts["app"], facts["stream"])
    if event == "on_unpublish":
        return UnpublishHook(stream=stream, client_id=facts["client_id"])
    return PublishHook(
        stream=stream,
        client_id=facts["client_id"],
        client_ip=facts["ip"],
        param=param,
        dialect=NAME,
        node=facts["server_id"],
    )


def drop_request(publisher: Publisher) -> ControlRequest:
    """SRS's HTTP API ends one connection by its id."""
    return ControlRequest(method="DELETE", path=_client_path(publisher))


def check_dropped(status: int, body: bytes) -> None:
    """Raise ControlFailed unless the publisher is gone, by the answer or before it."""
    _is_known(status, body)


def presence_request(publisher: Publisher) -> ControlRequest | None:
    """SRS's HTTP API describes one connection by its id."""
    return ControlRequest(method="GET", path=_client_path(publisher))


def is_present(status: int, body: bytes) -> bool:
    """Whether the connection is there; raises ControlFailed."""
    return _is_known(status, body)


def _client_path(publisher: Publisher) -> str:
    return f"/api/v1/clients/{quote(publisher.client_id, safe='')}"


def _is_known(status: int, body: bytes) -> bool:
    """Whether SRS knew the connection: it says so in `code`, with HTTP 200 in any case."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    if status != HTTP_OK or code not in (0, CLIENT_NOT_FOUND):
        raise ControlFailed(f"HTTP {status}, code {code}")
    return bool(code == 0)


def _push_domain(facts: Mapping[str, str], param: str) -> str:
    """`vhost` in the query, else the virtual host that SRS found, else the tcUrl's host where it is a name."""
    asked = parameters(param).get("vhost")
    found = facts["vhost"] if facts["vhost"] != NO_VHOST else ""
    return asked or found or domain_of_url(facts["tcUrl"])


def _facts(body: bytes) -> Mapping[str, str]:
    try:
        facts: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise HookMalformed("the body is not JSON") from None
    if not isinstance(facts, dict):
        raise HookMalformed("the body is not an object")
    names = ("client_id", "ip", "vhost", "app", "stream", "param", "tcUrl", "server_id")
    found = {name: facts.get(name, "") for name in names}
    for name, value in found.items():
        if not isinstance(value, str):
            raise HookMalformed(f"{name} is not a string")
        if not _is_text(value):
            raise HookMalformed(f"{name} holds half a character")
    check_facts({name: found[name] for name in OF_THE_ORIGIN})
    return found


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
