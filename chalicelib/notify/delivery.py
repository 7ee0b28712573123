"""One try of a callback: enter the URL's gate, claim the event, sign, post, write what came of it."""

import json
import time

from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.notify import gate, outbox, queue
from chalicelib.notify.answer import Answer
from chalicelib.notify.signing import SIGNATURE_HEADER, header, signed
from chalicelib.settings import settings
from chalicelib.table import Table

GOES_ON_SECONDS = 5.0
"""How long a function takes up what waits: it lives for 30 s, and a try may take 20."""


def deliver(table: Table, event_id: str, *, now: float) -> None:
    """Try an event that is due, and after it, while there is time, those that wait for its URL.

    Does nothing for an event that is not due, so a message may come any number of times.
    """
    began, elapsed = time.monotonic(), 0.0
    following = [event_id]
    while following and elapsed < GOES_ON_SECONDS:
        queue.announce(following[1:])
        following = _try(table, following[0], now=now + elapsed)
        elapsed = time.monotonic() - began
    queue.announce(following)


def _try(table: Table, event_id: str, *, now: float) -> list[str]:
    """Try one event; returns those that are to be tried next."""
    event = outbox.due(table, event_id, now=now)
    if event is None:
        return []
    slot = gate.enter(table, event["url"], now=now)
    if slot is None:
        return _wait(table, event, now=now)
    answer, following = None, []
    try:
        claimed = outbox.claim(table, event, now=now)
        if claimed is not None:
            answer = _send(claimed, now=now)
            outbox.settle(table, claimed, answer, now=now + answer.latency_ms / 1000)
    finally:
        following = gate.leave(table, slot, answer, now=now + (answer.latency_ms / 1000 if answer else 0))
    return following


def repair(table: Table, *, now: float) -> None:
    """What the minute tick does for callbacks: lost messages, senders that died, URLs that do not answer."""
    outbox.announce_overdue(table, now=now)
    for each in gate.awaited(table):
        try:
            outbox.park_those_that_waited_too_long(table, each["url"], now=now)
            gate.tend(table, each, now=now)
        except Exception as error:  # one URL's trouble must not keep the others waiting; the next tick tries again
            log("callback_url_not_tended", url=each["url"].partition("?")[0], error=repr(error))


def _wait(table: Table, event: Item, *, now: float) -> list[str]:
    """Let an event wait for its URL; it comes back where the URL has become free meanwhile."""
    gate.expect(table, event["url"], now=now)
    is_missed = outbox.wait(table, event) and gate.is_open(table, event["url"], now=now)
    return [event["event_id"]] if is_missed else []


def _send(event: Item, *, now: float) -> Answer:
    from chalicelib.notify.post import post  # HTTP and TLS are some 12 ms of an import: only who posts needs them

    key = event["callback_key"]
    expires_at = int(now) + settings().callback_sign_seconds
    body = json.dumps(signed(event["payload"], key, expires_at=expires_at), ensure_ascii=False).encode()
    headers = {SIGNATURE_HEADER: header(body, key, at=int(now))} if key else {}
    return post(event["url"], body, headers=headers, timeout_seconds=settings().callback_timeout_seconds)
