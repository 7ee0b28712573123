"""TC3-HMAC-SHA256, verified over what was received; `older_signature.py` has the other kind. Pure: time is an argument.

The client signs the method, the raw query, some headers and the raw body, with a key derived from its secret, the date
and the service. What the front could not hand on as it came is tried in the forms it may have had (`queries`).
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from chalicelib.errors import InvalidAuthorization, MissingParameter, SignatureExpire, SignatureFailure

ALGORITHM = "TC3-HMAC-SHA256"
REQUIRED_HEADERS = frozenset({"content-type", "host"})
UNSIGNED = "UNSIGNED-PAYLOAD"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 +Credential=(?P<secret_id>[^/\s,]+)/(?P<date>\d{4}-\d{2}-\d{2})/(?P<service>\w+)/tc3_request"
    r" *, *SignedHeaders=(?P<signed_headers>[\w;-]+) *, *Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
SecretKeys: TypeAlias = Callable[[str], Sequence[str]]
"""The secrets of a SecretId, the newest first, more than one while it is rotated; raises SecretIdNotFound."""


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A request as its client sent it."""

    method: str
    queries: Sequence[str]
    """The raw query in the forms it may have had, the likeliest first."""
    headers: Mapping[str, str]
    """By name in lower case; the host is the one that the client called."""
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Verified:
    """Who signed the request, and the query that was signed."""

    secret_id: str
    query: str


def verify(
    request: SignedRequest,
    *,
    service: str,
    secret_keys: SecretKeys,
    now: float,
    window_seconds: float,
    may_be_unsigned: bool = False,
) -> Verified:
    """Who signed `request` for `service`; raises an AuthFailure. `may_be_unsigned`: the body need not be signed."""
    stated = _authorization(request.headers.get("authorization", ""))
    signed_headers = stated["signed_headers"].split(";")
    timestamp = signed_at("X-TC-Timestamp", request.headers.get("x-tc-timestamp", ""), now, window_seconds)
    if stated["date"] != datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d"):
        raise SignatureFailure("Authorization: the date of the credential is not that of X-TC-Timestamp.")
    if stated["service"] != service:
        raise SignatureFailure(f"Authorization: the credential is not for the service {service}.")
    if not set(signed_headers) >= REQUIRED_HEADERS:
        raise SignatureFailure("Authorization: content-type and host must be signed.")
    is_unsigned = request.headers.get("x-tc-content-sha256", "").upper() == UNSIGNED
    if is_unsigned and not may_be_unsigned:
        raise SignatureFailure("X-TC-Content-SHA256: an unsigned payload is not accepted.")

    scope = f"{stated['date']}/{service}/tc3_request"
    payload = UNSIGNED.encode() if is_unsigned else request.body
    secrets = secret_keys(stated["secret_id"])
    for query, canonical in _canonical_requests(request, signed_headers, payload):
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        for secret in secrets:
            key = _derived_key(secret, stated["date"], service)
            expected = _hmac(key, f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}").hex()
            if hmac.compare_digest(expected, stated["signature"]):
                return Verified(secret_id=stated["secret_id"], query=query)
    raise SignatureFailure


def signed_at(name: str, text: str, now: float, window_seconds: float) -> int:
    """The moment (unix s) at which a request says, in its field `name`, that it was signed; raises SignatureExpire."""
    if not text:
        raise MissingParameter(f"{name}: this is required.")
    if not _TIMESTAMP.fullmatch(text):
        raise InvalidAuthorization(f"{name}: not a time in unix seconds.")
    if abs(now - int(text)) > window_seconds:
        raise SignatureExpire(f"{name}: more than {window_seconds:g} seconds from our clock.")
    return int(text)


def _authorization(header: str) -> Mapping[str, str]:
    if not header:
        raise InvalidAuthorization(f"Authorization: missing; sign the request with {ALGORITHM}.")
    match = _AUTHORIZATION.fullmatch(header.strip())
    if not match:
        raise InvalidAuthorization(f"Authorization: not of the form of {ALGORITHM}.")  # the SDK's SKIP mode ends here
    return match.groupdict()


def _canonical_requests(
    request: SignedRequest, signed_headers: Sequence[str], payload: bytes
) -> Iterator[tuple[str, str]]:
    """What the client may have hashed, by query; header values as sent (the SDKs), or in lower case (the documents)."""
    digest = hashlib.sha256(payload).hexdigest()
    values = [request.headers.get(name, "").strip() for name in signed_headers]
    for query in request.queries:
        for sent in dict.fromkeys([tuple(values), tuple(value.lower() for value in values)]):
            lines = "".join(f"{name}:{value}\n" for name, value in zip(signed_headers, sent, strict=True))
            yield query, f"{request.method}\n/\n{query}\n{lines}\n{';'.join(signed_headers)}\n{digest}"


def _derived_key(secret_key: str, date: str, service: str) -> bytes:
    return _hmac(_hmac(_hmac(f"TC3{secret_key}".encode(), date), service), "tc3_request")


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
