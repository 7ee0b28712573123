"""A client without a network: signs a request as the SDK does and hands it to the API in process."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.api.envelope import ApiRequest
from chalicelib.handlers import api
from tests.sdk import SECRET_ID, SECRET_KEY
from tests.sdk_values import SERVICES
from tests.signing import authorization

HOST = "api.example.com"
ACTIONS = [(service.name, action) for service in SERVICES.values() for action in service.actions]


def answer_to(service: str, action: str, fields: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """`Response` of a signed request at `now` (unix s), its error included."""
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
    request = ApiRequest(method="POST", headers=headers, query="", parameters=[], body=body)
    answer: dict[str, Any] = json.loads(api.services().respond(request, now=now))["Response"]
    return answer
