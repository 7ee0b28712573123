"""HmacSHA1 and HmacSHA256: the older signatures, that stand among the parameters of a query or form. Pure.

The client signs method, host, path and every parameter but the signature, sorted by name, values as they are. Of such a
request nothing else is believed: no header, and no query beside a form.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from chalicelib.api.signature import SecretKeys, signed_at
from chalicelib.errors import InvalidAuthorization, MissingParameter, SignatureFailure

METHODS = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}
SIGNATURE = "Signature"


def verify(
    method: str,
    host: str,
    parameters: Sequence[tuple[str, str]],
    *,
    secret_keys: SecretKeys,
    now: float,
    window_seconds: float,
) -> str:
    """The SecretId that signed the parameters, each of them as often as it came; raises an AuthFailure."""
    stated = dict(parameters)
    secret_id = _required(stated, "SecretId")
    signed_at("Timestamp", stated.get("Timestamp", ""), now, window_seconds)
    digest = METHODS.get(stated.get("SignatureMethod") or "HmacSHA1")
    if digest is None:
        raise InvalidAuthorization(f"SignatureMethod: one of {', '.join(METHODS)}.")
    plain = string_to_sign(method, host, parameters).encode()
    given = _required(stated, SIGNATURE).encode()
    for secret in secret_keys(secret_id):
        expected = base64.b64encode(hmac.new(secret.encode(), plain, digest).digest())
        if hmac.compare_digest(expected, given):
            return secret_id
    raise SignatureFailure


def string_to_sign(method: str, host: str, parameters: Sequence[tuple[str, str]]) -> str:
    """What the client signs; an underscore in a name is a point, as the SDK has it."""
    signed = sorted((name.replace("_", "."), value) for name, value in parameters if name != SIGNATURE)
    return f"{method}{host}/?{'&'.join(f'{name}={value}' for name, value in signed)}"


def _required(stated: Mapping[str, str], name: str) -> str:
    if not stated.get(name):
        raise MissingParameter(f"{name}: this parameter is required.")
    return stated[name]
