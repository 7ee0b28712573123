"""Hooks as SRS sends them: JSON, one object a hook, answered with a code. The local origin speaks this too. Pure.

SRS writes the object itself; of the publisher's making are `param` and the names alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.ingest.hooks import (
    SESSION_PARAMETER,
    Hook,
    HookAnswer,
    HookMalformed,
    HookUnknown,
    OtherHook,
    PlayHook,
    PublishHook,
    UnpublishHook,
    domain_of_url,
    parameters,
    stream_ref,
)

OTHER_EVENTS = frozenset({"on_connect", "on_close", "on_stop", "on_dvr", "on_hls", "on_hls_notify", "on_forward"})
NAME = "srs"
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


def _push_domain(facts: Mapping[str, str], param: str) -> str:
    """`vhost` in the query, else the virtual host that SRS found, else the tcUrl's host where it is a name."""
    asked = parameters(param).get("vhost")
    found = facts["vhost"] if facts["vhost"] != NO_VHOST else ""
    return asked or found or domain_of_url(facts["tcUrl"])


def _facts(body: bytes) -> Mapping[str, str]:
    try:
        facts: Any = json.loads(body)
    except ValueError:
        raise HookMalformed("the body is not JSON") from None
    if not isinstance(facts, dict):
        raise HookMalformed("the body is not an object")
    names = ("client_id", "ip", "vhost", "app", "stream", "param", "tcUrl", "server_id")
    found = {name: facts.get(name, "") for name in names}
    for name, value in found.items():
        if not isinstance(value, str):
            raise HookMalformed(f"{name} is not a string")
    return found
