"""Messages of a queue, each on its own: one that fails is told to the queue, the others are done."""

from collections.abc import Callable

from chalice.app import SQSEvent

from chalicelib.logs import log

Failures = dict[str, list[dict[str, str]]]


def each_message(event: SQSEvent, handle: Callable[[str], None]) -> Failures:
    """Hand the body of every message to `handle`; the answer names those that failed, to be given again."""
    failed = []
    for message in event.to_dict()["Records"]:
        try:
            handle(message["body"])
        except Exception as error:  # the queue gives it again, and at last to its dead-letter queue
            log("message_failed", message_id=message["messageId"], error=repr(error))
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}
