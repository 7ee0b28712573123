"""The queue of callback events that are due: a message holds an event's id and nothing else."""

import json
from collections.abc import Sequence

from chalicelib import aws
from chalicelib.logs import log
from chalicelib.settings import settings

BATCH = 10  # messages of one SendMessageBatch
LONGEST_DELAY_SECONDS = 900


def announce(event_ids: Sequence[str], *, delay_seconds: float = 0) -> None:
    """Have each event tried after a delay. A failure is logged and no more: the tick announces what is overdue."""
    try:
        for start in range(0, len(event_ids), BATCH):
            _send(event_ids[start : start + BATCH], min(round(delay_seconds), LONGEST_DELAY_SECONDS))
    except Exception as error:  # the table holds the truth; what was decided must not fail for want of a message
        log("callback_not_queued", event_ids=list(event_ids), error=str(error))


def event_id_of(message: str) -> str:
    """The event id in a message's body."""
    return str(json.loads(message)["event_id"])


def _send(event_ids: Sequence[str], delay_seconds: int) -> None:
    entries = [
        {"Id": str(position), "MessageBody": json.dumps({"event_id": event_id}), "DelaySeconds": delay_seconds}
        for position, event_id in enumerate(event_ids)
    ]
    answer = aws.client("sqs").send_message_batch(QueueUrl=settings().callback_queue_url, Entries=entries)
    if answer.get("Failed"):
        raise RuntimeError(answer["Failed"][0].get("Message", "refused by the queue"))
