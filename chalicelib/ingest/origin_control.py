"""The origin told to drop a publisher, or asked for one, over HTTP, by the control interface of its dialect.

Where to is a setting of the operator, never a customer's word: the address may be a private one. What comes from
outside, names and connection ids, is escaped into the path. Redirects are not followed, and every wait ends.
"""

import base64
import contextlib
import math
from functools import lru_cache
from urllib.parse import urlsplit

from chalicelib import aws
from chalicelib.ingest.dialects import DIALECTS
from chalicelib.ingest.hooks import ControlFailed, ControlRequest, Publisher
from chalicelib.settings import settings

KEPT_BYTES = 4096
"""Of an answer: SRS's is some hundred bytes."""


def drop(dialect: str, publisher: Publisher, *, now: float) -> None:
    """End a publisher's connection; one that has gone before is as good. Raises ControlFailed."""
    speaker = DIALECTS[dialect]
    request = speaker.drop_request(publisher)
    speaker.check_dropped(*_answer(request, seconds=settings().origin_control_seconds, now=now))


def is_connected(dialect: str, publisher: Publisher, *, seconds: float = math.inf, now: float) -> bool | None:
    """Whether a publisher is there; None where origins of the dialect cannot be asked. Raises ControlFailed.

    `seconds`: the longest wait where ORIGIN_CONTROL_SECONDS is longer.
    """
    speaker = DIALECTS[dialect]
    request = speaker.presence_request(publisher)
    if request is None:
        return None
    return speaker.is_present(*_answer(request, seconds=min(seconds, settings().origin_control_seconds), now=now))


def _answer(request: ControlRequest, *, seconds: float, now: float) -> tuple[int, bytes]:
    if not settings().origin_control_url:
        raise ControlFailed("no ORIGIN_CONTROL_URL is set")
    import http.client  # some 12 ms of an import: not before an origin is asked

    try:
        url = urlsplit(settings().origin_control_url.rstrip("/"))
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        with contextlib.closing(kind(url.hostname or "", url.port, timeout=seconds)) as connection:
            connection.request(request.method, url.path + request.path, headers=_headers(now))
            answer = connection.getresponse()
            return answer.status, answer.read(KEPT_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as failure:  # ValueError: the setting is no URL
        raise ControlFailed(f"{type(failure).__name__}: {failure}") from None


def _headers(now: float) -> dict[str, str]:
    """With the user and password of the parameter `origin-control`, where there is one."""
    user_and_password = credentials(int(now // settings().key_cache_seconds))
    token = base64.b64encode(user_and_password.encode()).decode()
    return {"Authorization": f"Basic {token}"} if user_and_password else {}


@lru_cache(maxsize=1)
def credentials(period: int) -> str:
    """`user:password`, read once in each `period` of KEY_CACHE_SECONDS; empty where the origin asks for none."""
    name = f"{settings().parameter_prefix}/origin-control"
    found = aws.client("ssm").get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    return str(found[0]["Value"]) if found else ""
