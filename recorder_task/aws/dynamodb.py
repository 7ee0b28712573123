"""DynamoDB in botocore's calling form, as far as `chalicelib.table.DynamoTable` needs it for single items."""

import json
from typing import Any

from recorder_task.aws.transport import Transport


class DynamoClient:
    """Requests and answers are DynamoDB's typed JSON; errors carry `response["Error"]["Code"]`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_item(self, **request: Any) -> dict[str, Any]:
        """GetItem."""
        return self._call("GetItem", request)

    def put_item(self, **request: Any) -> dict[str, Any]:
        """PutItem."""
        return self._call("PutItem", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """UpdateItem."""
        return self._call("UpdateItem", request)

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._transport.request(
            "POST",
            "/",
            headers={
                "content-type": "application/x-amz-json-1.0",
                "x-amz-target": f"DynamoDB_20120810.{operation}",
            },
            body=json.dumps(request).encode(),
            sign_body=True,
        )
        found: dict[str, Any] = json.loads(answer.body)
        return found


def read_error(body: bytes) -> tuple[str, str]:
    """Code and message of DynamoDB's error body; empty where it is something else's."""
    try:
        facts = json.loads(body)
        return str(facts["__type"]).rpartition("#")[2], str(facts.get("message") or facts.get("Message") or "")
    except (ValueError, KeyError, TypeError):
        return "", body[:200].decode(errors="replace")
