"""The record of a try: what DescribeCallbackRecordsList shows, kept 14 days.

It holds the answer and not the request, which is the event's payload: an event outlives its records.
"""

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.notify.answer import Answer
from chalicelib.table import Put

KEPT_SECONDS = 14 * 86_400
NO_ANSWER = 1
"""`ResultCode` of a try that got no HTTP status; of any other it is the status, and 0 of a success."""


def record(event: Item, answer: Answer, *, now: float) -> Put:
    """The record of a claimed event's try that was answered, or given up, now."""
    sent_at = now - answer.latency_ms / 1000
    item: Item = {
        "event_id": event["event_id"],
        "event_type": event["event_type"],
        "domain": event["domain"],
        "attempt": event["attempt"],
        "sent_at": sent_at,
        "answered_at": now,
        "result": 0 if answer.is_success else answer.status or NO_ANSWER,
        "answer": answer.body if answer.status else answer.error,
        "expires_at": int(now) + KEPT_SECONDS,
    }
    return Put(key=keys.callback_record(event["stream"], sent_at, f"{event['event_id']}#{event['attempt']}"), item=item)
