"""Hooks as nginx-rtmp sends them: a form, answered with a status. Pure.

nginx appends the publisher's own query to its form, unchanged. So the event comes from the hook's URL, the first value
of a key is nginx's, and what follows nginx's last field is the publisher's. nginx escapes a blank as %20: `+` is a
plus.
"""

from collections.abc import Mapping
from urllib.parse import unquote

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

OTHER_EVENTS = frozenset({"on_connect", "on_done", "on_disconnect", "on_play_done", "on_record_done", "on_update"})
NAME = "nginx-rtmp"
LAST_FIELD = {"on_publish": "type", "on_publish_done": "name", "on_play": "reset"}
"""The field that nginx writes last, by event."""
REQUIRED_FIELDS = frozenset({"app", "name", "tcurl", "clientid", "addr"})
ACCEPTED = HookAnswer(status=200, body={})
REFUSED = HookAnswer(status=403, body={})


def parse(event: str, body: bytes, *, default_domain: str) -> Hook:
    """The hook in a request; raises HookUnknown, HookMalformed, PublishRefused."""
    if event in OTHER_EVENTS:
        return OtherHook()
    if event not in LAST_FIELD:
        raise HookUnknown(event)
    fields, param = _split(body, LAST_FIELD[event])
    if event == "on_play":
        session_id = parameters(param).get(SESSION_PARAMETER, "")
        return PlayHook(app=fields["app"], stream=fields["name"], session_id=session_id)
    domain = domain_of_url(fields["tcurl"]) or parameters(param).get("vhost") or default_domain
    stream = stream_ref(domain, fields["app"], fields["name"])
    if event == "on_publish_done":
        return UnpublishHook(stream=stream, client_id=fields["clientid"])
    return PublishHook(stream=stream, client_id=fields["clientid"], client_ip=fields["addr"], param=param, dialect=NAME)


def _split(body: bytes, last_field: str) -> tuple[Mapping[str, str], str]:
    """nginx's fields, and the publisher's query after them."""
    pairs = body.decode(errors="replace").split("&")
    fields: dict[str, str] = {}
    for position, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        fields.setdefault(name, unquote(value))
        if name == last_field:
            missing = REQUIRED_FIELDS - fields.keys()
            if not missing:
                return fields, "&".join(pairs[position + 1 :])
            raise HookMalformed(f"without {', '.join(sorted(missing))}")
    raise HookMalformed(f"without {last_field}")
