"""DynamoDB in botocore's calling form, as far as the recorder needs `chalicelib.table.DynamoTable`."""

import json
import os
from functools import cache, lru_cache
from typing import Any

from chalicelib.conflicts import CONFLICT, SINGLE_CONFLICT, passing_reason
from recorder_task.aws.errors import AwsError
from recorder_task.aws.transport import Transport

CANCELLED = "TransactionCanceledException"


class TransactionCancelled(AwsError):
    """A transaction of which nothing was written; `response` has the code of each write, as botocore's error does."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(CANCELLED, ",".join(codes), 400)
        self.response["CancellationReasons"] = [{"Code": code} for code in codes]


class DynamoClient:
    """Requests and answers are DynamoDB's typed JSON; errors carry `response["Error"]["Code"]`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._last_reading: tuple[dict[str, Any], bytes] = ({}, b"")
        self._read = lru_cache(maxsize=1)(json.loads)

    def get_item(self, **request: Any) -> dict[str, Any]:
        """GetItem. Asked for the same again it encodes nothing, and answered the same it returns the same object."""
        last, body = self._last_reading
        if request != last:
            body = _encoded(request)
            self._last_reading = request, body
        found: dict[str, Any] = self._read(self._answer("GetItem", body, is_repeated=True))
        return found

    def put_item(self, **request: Any) -> dict[str, Any]:
        """PutItem."""
        return self._call("PutItem", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """UpdateItem."""
        return self._call("UpdateItem", request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """DeleteItem."""
        return self._call("DeleteItem", request)

    def query(self, **request: Any) -> dict[str, Any]:
        """Query."""
        return self._call("Query", request)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """TransactWriteItems; a cancelled one's error says which of its writes refused."""
        # Sent again because the answer was lost, it is the same transaction and no failed condition.
        request = {"ClientRequestToken": os.urandom(16).hex(), **request}
        try:
            return self._call("TransactWriteItems", request)
        except AwsError as error:
            if error.code == CANCELLED:
                codes = error.response["Error"]["Message"].split(",")
                raise TransactionCancelled(codes) from None
            raise

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._answer(operation, _encoded(request)))
        return found

    def _answer(self, operation: str, body: bytes, *, is_repeated: bool = False) -> bytes:
        return self._transport.request(
            "POST", "/", headers=_headers(operation), body=body, sign_body=True, is_repeated=is_repeated
        ).body


def _encoded(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode()


@cache
def _headers(operation: str) -> dict[str, str]:
    return {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and message of DynamoDB's error body, of a cancelled transaction its writes' codes; or nothing.

    What another try may mend has the code of its reason, a single write's conflict too: the transport knows it, and
    `chalicelib.conflicts` does not, which would try again what the transport has given up.
    """
    try:
        facts = json.loads(body)
        if "CancellationReasons" in facts:
            reasons = [each.get("Code") or "None" for each in facts["CancellationReasons"]]
            return passing_reason(reasons) or CANCELLED, ",".join(reasons)
        code = str(facts["__type"]).rpartition("#")[2]
        message = str(facts.get("message") or facts.get("Message") or "")
        return CONFLICT if code == SINGLE_CONFLICT else code, message
    except (ValueError, KeyError, TypeError):
        return "", body[:200].decode(errors="replace")
