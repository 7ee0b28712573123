"""A client without a network: signs a request as the SDK does and hands it to the API in process."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tencentcloud.common.sign import Sign

from chalicelib.api.envelope import ApiRequest
from chalicelib.api.older_signature import string_to_sign
from chalicelib.handlers import api
from tests.sdk import SECRET_ID, SECRET_KEY
from tests.sdk_values import SERVICES
from tests.signing import authorization

HOST = "api.example.com"
ACTIONS = [(service.name, action) for service in SERVICES.values() for action in service.actions]


def answer_to(
    service: str, action: str, fields: Mapping[str, Any], *, now: float, is_older: bool = False
) -> dict[str, Any]:
    """`Response` of a signed request at `now` (unix s), its error included; `is_older`: a GET signed the older way."""
    request = (_older if is_older else _tc3)(service, action, fields, now)
    answer: dict[str, Any] = json.loads(api.services().respond(request, now=now))["Response"]
    return answer


def _tc3(service: str, action: str, fields: Mapping[str, Any], now: float) -> ApiRequest:
    body = json.dumps(fields).encode()
    headers = {
        "host": HOST,
        "content-type": "application/json",
        "x-tc-action": action,
        "x-tc-version": SERVICES[service].version,
        "x-tc-timestamp": str(int(now)),
    }
    headers["authorization"] = authorization(
        method="POST",
        query="",
        headers=headers,
        body=body,
        service=service,
        secret_id=SECRET_ID,
        secret_key=SECRET_KEY,
        timestamp=int(now),
    )
    return ApiRequest(method="POST", headers=headers, query="", parameters=[], body=body)


def _older(service: str, action: str, fields: Mapping[str, Any], now: float) -> ApiRequest:
    stated = {
        **flattened(fields),
        "Action": action,
        "Version": SERVICES[service].version,
        "Timestamp": str(int(now)),
        "SecretId": SECRET_ID,
        "SignatureMethod": "HmacSHA256",
    }
    signature = Sign.sign(SECRET_KEY, string_to_sign("GET", HOST, [*stated.items()]), "HmacSHA256")
    query = urlencode({**stated, "Signature": signature})
    return ApiRequest(
        method="GET",
        headers={"host": HOST},
        query=query,
        parameters=parse_qsl(query, keep_blank_values=True),
        body=b"",
    )


def flattened(value: Any, above: str = "") -> dict[str, str]:
    """Fields as a query has them: `Mp4Param.Enable`, `FileIds.0`."""
    match value:
        case None:
            return {}
        case Mapping():
            inner = {str(name): each for name, each in value.items()}
        case list():
            inner = {str(at): each for at, each in enumerate(value)}
        case _:
            return {above: str(value)}
    found: dict[str, str] = {}
    for name, each in inner.items():
        found |= flattened(each, f"{above}.{name}" if above else name)
    return found
