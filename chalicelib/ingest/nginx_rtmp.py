"""nginx-rtmp: its hooks (a form, answered with a status) and its control module. Pure.

nginx appends the publisher's own query to its form, unchanged. So the event comes from the hook's URL, the first value
of a key is nginx's, and what follows nginx's last field is the publisher's. nginx escapes a blank as %20: `+` is a
plus.
"""

from collections.abc import Mapping
from urllib.parse import quote, unquote

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

OTHER_EVENTS = frozenset({"on_connect", "on_done", "on_disconnect", "on_play_done", "on_record_done", "on_update"})
NAME = "nginx-rtmp"
SPELLED_AS_THEY_ARE = "!$'()*,/:;=@~"
"""Beside letters, digits and -._: what may stand in a query and does not divide it."""
LAST_FIELD = {"on_publish": "type", "on_publish_done": "name", "on_play": "reset"}
"""The field that nginx writes last, by event."""
REQUIRED_FIELDS = frozenset({"app", "name", "tcurl", "clientid", "addr"})
OF_THE_ORIGIN = ("clientid", "addr")
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


def drop_request(publisher: Publisher) -> ControlRequest:
    """The control module drops whoever publishes a name, which it compares as the URL spells it, escapes and all.

    Raises ControlFailed for a name that no URL can spell so.
    """
    app, name = publisher.stream.app, publisher.stream.stream
    if quote(app + name, safe=SPELLED_AS_THEY_ARE) != app + name:
        raise ControlFailed("nginx-rtmp drops names of letters, digits and a few signs only")
    return ControlRequest(method="GET", path=f"/drop/publisher?app={app}&name={name}")


def check_dropped(status: int, body: bytes) -> None:
    """Raise ControlFailed unless the publisher is gone: it answers how many were dropped, 0 where nobody was there."""
    answer = body.decode(errors="replace").strip()
    if status != HTTP_OK or not answer.isdecimal():
        raise ControlFailed(f"HTTP {status}, {answer[:100]!r}")


def presence_request(publisher: Publisher) -> ControlRequest | None:
    """The control module tells nothing of connections."""
    return None


def is_present(status: int, body: bytes) -> bool:
    """Never asked."""
    raise ControlFailed("nginx-rtmp cannot be asked")


def _split(body: bytes, last_field: str) -> tuple[Mapping[str, str], str]:
    """nginx's fields, and the publisher's query after them."""
    pairs = body.decode(errors="replace").split("&")
    fields: dict[str, str] = {}
    for position, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        fields.setdefault(name, unquote(value))
        if name == last_field:
            missing = REQUIRED_FIELDS - fields.keys()
            if missing:
                raise HookMalformed(f"without {', '.join(sorted(missing))}")
            check_facts({name: fields[name] for name in OF_THE_ORIGIN})
            return fields, "&".join(pairs[position + 1 :])
    raise HookMalformed(f"without {last_field}")
