"""What an origin's hook says, whatever its dialect. Pure.

Each dialect (`srs.py`, `nginx_rtmp.py`) turns a request into one of these and our answer into its own form.
"""

import ipaddress
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from chalicelib.recording.stream import StreamRef


@dataclass(frozen=True, kw_only=True)
class PublishHook:
    """An encoder wants to publish; the origin waits for the answer."""

    stream: StreamRef
    client_id: str
    """The origin's name of the connection; an unpublish of the same connection bears the same."""
    client_ip: str
    param: str
    """The query of the push URL, as it was sent and without the leading `?`."""
    dialect: str
    """How the origin speaks, and is spoken to."""
    node: str = ""
    """The origin's name of itself, where it tells one."""

    @property
    def is_audio_only(self) -> bool:
        """`record_type=audio` in the push URL (wire.md, decisions)."""
        return parameters(self.param).get("record_type") == "audio"

    @property
    def is_mixed(self) -> bool:
        """A mixer publishes."""
        return is_mixed(self.param)


@dataclass(frozen=True, kw_only=True)
class UnpublishHook:
    """A publisher has gone."""

    stream: StreamRef
    client_id: str


@dataclass(frozen=True, kw_only=True)
class PlayHook:
    """A player has subscribed; it is a recorder if its query names a session."""

    app: str
    stream: str
    session_id: str


@dataclass(frozen=True, kw_only=True)
class OtherHook:
    """An event of the dialect that nothing here waits for."""


@dataclass(frozen=True, kw_only=True)
class HookAnswer:
    """What the origin is told, in the form of its dialect."""

    status: int
    body: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Whose connection is to be dropped."""

    stream: StreamRef
    client_id: str


@dataclass(frozen=True, kw_only=True)
class ControlRequest:
    """What an origin is asked over HTTP, in its dialect: `path` and query come behind its control URL."""

    method: str
    path: str


class ControlFailed(Exception):
    """The origin did not do what it was asked; the message says what it answered, or why it did not."""


Hook: TypeAlias = PublishHook | UnpublishHook | PlayHook | OtherHook

HTTP_OK = 200
SESSION_PARAMETER = "tapedeck_session"
"""By this parameter of its pull URL a recorder is known to the `on_play` hook."""
MIX_PARAMETER = "output_stream_type"
"""By this parameter of its push URL a mixer says what it publishes: OutputStreamType of the wire."""
NAME_BYTES = 1024
"""Longest part of an address: 200 characters of any alphabet and more. No other fact of an origin is longer."""
QUERY_BYTES = 4096
"""Longest query of a push URL: it lies in items and in callbacks."""


class HookUnknown(Exception):
    """No such dialect, or no such event in it."""


class HookMalformed(Exception):
    """The request is not one of its dialect; the message says what is wrong."""


class PublishRefused(Exception):
    """The publish must not happen; the message says why."""


def check_facts(facts: Mapping[str, str]) -> None:
    """Raise HookMalformed where what an origin says of a connection is too long to be kept."""
    for name, value in facts.items():
        if len(value.encode()) > NAME_BYTES:
            raise HookMalformed(f"{name} is longer than {NAME_BYTES} bytes")


def parameters(query: str) -> Mapping[str, str]:
    """The parameters of a query; where one comes twice the first counts."""
    return dict(reversed(parse_qsl(query.removeprefix("?"), keep_blank_values=True)))


def is_mixed(param: str) -> bool:
    """Whether the query of a push URL says that a mixer publishes: over an input's name (0) or under a new one (1)."""
    return parameters(param).get(MIX_PARAMETER) in ("0", "1")


def takes_over(param: str) -> bool:
    """Whether the query of a push URL says that a mixer publishes over an input's name, which may be live."""
    return parameters(param).get(MIX_PARAMETER) == "0"


def stream_ref(domain: str, app: str, stream: str) -> StreamRef:
    """The address of a publish; raises PublishRefused where a part is missing, too long or not to be pulled by name."""
    for part, name in (("push domain", domain), ("app name", app), ("stream name", stream)):
        if not name:
            raise PublishRefused(f"the origin names no {part}")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
            raise PublishRefused(f"the {part} holds control characters")
        if "?" in name:  # a recorder that pulled it would ask for the name before it
            raise PublishRefused(f"the {part} holds a ?, with which a query begins")
        if len(name.encode()) > NAME_BYTES:
            raise PublishRefused(f"the {part} is longer than {NAME_BYTES} bytes")
    return StreamRef(domain=domain, app=app, stream=stream)


def domain_of_url(tc_url: str) -> str:
    """The host of an RTMP URL where it is a name; "" where it is an address, `localhost` or missing."""
    try:
        host = urlsplit(tc_url).hostname or ""
    except ValueError:
        return ""
    if host == "localhost":
        return ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return ""
