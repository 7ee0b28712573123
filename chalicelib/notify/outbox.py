"""The outbox: a callback event is an item, the truth about its delivery. Messages only say where to look.

    due ──claim──▶ sending ──HTTP 200──▶ delivered
     ▲                │
     └── tries left ──┴── none left ──▶ parked

A claim counts the try and has a deadline, so a doubled message finds nothing to do, and a sender that died is replaced.
"""

from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.notify import queue
from chalicelib.notify.events import URL_FIELD, CallbackEvent
from chalicelib.notify.post import Answer
from chalicelib.settings import settings
from chalicelib.table import Compare, ConditionFailed, Path, Put, Table, Update, no_such_item

DUE, SENDING, DELIVERED, PARKED = "due", "sending", "delivered", "parked"
EARLY_SECONDS = 5.0
"""A message may come this much before its event is due: queues and functions have different clocks."""
SENDER_MARGIN_SECONDS = 10.0
"""A sender that has not written its answer this long after the time-out is dead."""
OVERDUE_SECONDS = 30.0
"""An event this long overdue has lost its message."""
RESENT_AT_ONCE = 500
KEPT_SECONDS = 14 * 86_400
"""How long a finished event stays to be looked up: the vendor's 14 days."""


def written(event: CallbackEvent, template: Item | None, *, now: float) -> list[Put]:
    """The event as an item that is due now; nothing where the callback template has no URL for it."""
    url = template.get(URL_FIELD[event.event_type]) if template else None
    if not template or not url:
        return []
    item: Item = {
        "event_id": event.event_id,
        "event_type": int(event.event_type),
        "url": url,
        "callback_key": template.get("CallbackKey", ""),
        "payload": dict(event.payload),
        "domain": event.stream.domain,
        "app": event.stream.app,
        "stream": event.stream.stream,
        "session_id": event.session_id,
        "file_id": event.file_id,
        "created_at": now,
        "attempt": 0,
        "state": DUE,
        "due_at": now,
        "LPK": keys.ALL_DUE,
        "LSK": keys.by_time(now, event.event_id),
    }
    return [Put(key=keys.event(event.event_id), item=item, when=[no_such_item])]


def claim(table: Table, event_id: str, *, now: float) -> Item | None:
    """The event, claimed for one try; None where there is nothing to do: not due, being sent, delivered, parked."""
    event = table.get(keys.event(event_id))
    if event is None or event["state"] in (DELIVERED, PARKED) or event["due_at"] > now + EARLY_SECONDS:
        return None
    if event["attempt"] >= settings().callback_max_tries:
        _finish(table, event, PARKED, {"error": "the last sender died"}, now=now)
        return None
    deadline = now + settings().callback_timeout_seconds + SENDER_MARGIN_SECONDS
    try:
        return table.update(
            Update(
                key=keys.event(event_id),
                set={"state": SENDING, **_due_at(event_id, deadline)},
                add={"attempt": 1},
                when=[Compare("attempt", "=", event["attempt"]), Compare("state", "=", event["state"])],
            )
        )
    except ConditionFailed:
        return None


def settle(table: Table, event: Item, answer: Answer, *, now: float) -> None:
    """Write what came of a claimed event's try, log it, and have it tried again where it failed and tries are left."""
    facts: dict[Path, Any] = {
        "status": answer.status,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "answer": answer.body,
    }
    if answer.is_success:
        _finish(table, event, DELIVERED, facts, now=now)
    elif event["attempt"] >= settings().callback_max_tries:
        _finish(table, event, PARKED, facts, now=now)
    else:
        distance = settings().callback_retry_seconds
        again = Update(
            key=keys.event(event["event_id"]),
            set={"state": DUE, **_due_at(event["event_id"], now + distance), **facts},
            when=_still_ours(event),
        )
        if _write(table, again):
            _say("callback_failed", event, facts)
            queue.announce([event["event_id"]], delay_seconds=distance)


def announce_overdue(table: Table, *, now: float) -> None:
    """Announce again the events whose message was lost, or whose sender died."""
    last = keys.by_time(now - OVERDUE_SECONDS, "")
    overdue = table.query(keys.ALL_DUE, index=keys.LISTING, last=last, limit=RESENT_AT_ONCE)
    queue.announce([event["event_id"] for event in overdue])


def _due_at(event_id: str, at: float) -> dict[Path, Any]:
    return {"due_at": at, "LPK": keys.ALL_DUE, "LSK": keys.by_time(at, event_id)}


def _still_ours(event: Item) -> list[Compare]:
    return [Compare("attempt", "=", event["attempt"]), Compare("state", "=", event["state"])]


def _finish(table: Table, event: Item, state: str, facts: dict[Path, Any], *, now: float) -> None:
    end = Update(
        key=keys.event(event["event_id"]),
        set={"state": state, "finished_at": now, "expires_at": int(now) + KEPT_SECONDS, **facts},
        remove=["LPK", "LSK"],
        when=_still_ours(event),
    )
    if _write(table, end):
        _say(f"callback_{state}", event, facts)


def _write(table: Table, update: Update) -> bool:
    try:
        table.update(update)
    except ConditionFailed:  # another sender took over after our deadline
        return False
    return True


def _say(what: str, event: Item, facts: dict[Path, Any]) -> None:
    log(
        what,
        session_id=event["session_id"],
        stream=f"{event['domain']}/{event['app']}/{event['stream']}",
        file_id=event["file_id"],
        event_id=event["event_id"],
        event_type=event["event_type"],
        attempt=event["attempt"],
        **{name: facts[name] for name in ("status", "error", "latency_ms") if name in facts},
    )
