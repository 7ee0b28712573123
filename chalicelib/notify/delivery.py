"""One try of a callback: enter the URL's gate, claim the event, sign, post, write what came of it."""

import json

from chalicelib.attribute_values import Item
from chalicelib.notify import gate, outbox, queue
from chalicelib.notify.post import Answer, post
from chalicelib.notify.signing import SIGNATURE_HEADER, header, signed
from chalicelib.settings import settings
from chalicelib.table import Table


def deliver(table: Table, event_id: str, *, now: float) -> None:
    """Try an event that is due; does nothing for one that is not, so a message may come any number of times."""
    event = outbox.due(table, event_id, now=now)
    if event is None:
        return
    slot = gate.enter(table, event["url"], now=now)
    if slot is None:
        _wait(table, event, now=now)
        return
    answer = None
    try:
        claimed = outbox.claim(table, event, now=now)
        if claimed is not None:
            answer = _send(claimed, now=now)
            outbox.settle(table, claimed, answer, now=now + answer.latency_ms / 1000)
    finally:
        gate.leave(table, slot, answer, now=now + (answer.latency_ms / 1000 if answer else 0))


def repair(table: Table, *, now: float) -> None:
    """What the minute tick does for callbacks: lost messages, senders that died, URLs that do not answer."""
    outbox.announce_overdue(table, now=now)
    for each in gate.awaited(table):
        outbox.park_those_that_waited_too_long(table, each["url"], now=now)
        gate.tend(table, each, now=now)


def _wait(table: Table, event: Item, *, now: float) -> None:
    gate.expect(table, event["url"], now=now)
    if outbox.wait(table, event) and gate.is_open(table, event["url"], now=now):
        queue.announce([event["event_id"]])


def _send(event: Item, *, now: float) -> Answer:
    key = event["callback_key"]
    expires_at = int(now) + settings().callback_sign_seconds
    body = json.dumps(signed(event["payload"], key, expires_at=expires_at), ensure_ascii=False).encode()
    headers = {SIGNATURE_HEADER: header(body, key, at=int(now))} if key else {}
    return post(event["url"], body, headers=headers, timeout_seconds=settings().callback_timeout_seconds)
