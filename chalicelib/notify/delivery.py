"""One try of a callback: claim the event, sign, post, write what came of it."""

import json

from chalicelib.notify import outbox
from chalicelib.notify.post import post
from chalicelib.notify.signing import signed
from chalicelib.settings import settings
from chalicelib.table import Table


def deliver(table: Table, event_id: str, *, now: float) -> None:
    """Try an event that is due; does nothing for one that is not, so a message may come any number of times."""
    event = outbox.claim(table, event_id, now=now)
    if event is None:
        return
    expires_at = int(now) + settings().callback_sign_seconds
    body = json.dumps(signed(event["payload"], event["callback_key"], expires_at=expires_at), ensure_ascii=False)
    answer = post(event["url"], body.encode(), timeout_seconds=settings().callback_timeout_seconds)
    outbox.settle(table, event, answer, now=now + answer.latency_ms / 1000)
