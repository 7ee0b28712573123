"""The outbox: a callback event is an item, the truth about its delivery. Messages only say where to look.

    due ──▶ sending ──HTTP 200──▶ delivered
    waiting ──▶ sending ──tries left──▶ due
                sending ──none left──▶ parked ──redrive──▶ due
    due ──its URL takes no delivery now──▶ waiting

A claim counts the try and has a deadline, so a doubled message finds nothing to do, and a sender that died is replaced.
"""

from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.notify import queue
from chalicelib.notify.answer import Answer
from chalicelib.notify.events import URL_FIELD, CallbackEvent
from chalicelib.notify.gate import LEASE_MARGIN_SECONDS
from chalicelib.notify.records import record
from chalicelib.notify.signing import without_secrets
from chalicelib.settings import settings
from chalicelib.table import Compare, ConditionFailed, Path, Put, Table, Update, no_such_item

DUE, WAITING, SENDING, DELIVERED, PARKED = "due", "waiting", "sending", "delivered", "parked"
EARLY_SECONDS = 5.0
"""A message may come this much before its event is due: queues and functions have different clocks."""
OVERDUE_SECONDS = 30.0
"""An event this long overdue has lost its message."""
RESENT_AT_ONCE = 500
PARKED_AT_ONCE = 100
KEPT_SECONDS = 14 * 86_400
"""How long a delivered event stays to be looked up: the vendor's 14 days."""


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
        **due_at(event.event_id, now),
    }
    return [Put(key=keys.event(event.event_id), item=item, when=[no_such_item])]


def due(table: Table, event_id: str, *, now: float) -> Item | None:
    """The event where it is to be tried now; None for one not due, being sent, delivered or parked."""
    event = table.get(keys.event(event_id))
    if event is None or event["state"] in (DELIVERED, PARKED) or event["due_at"] > now + EARLY_SECONDS:
        return None
    if event["attempt"] >= settings().callback_max_tries:
        park(table, event, "the last sender died", now=now)
        return None
    return event


def claim(table: Table, event: Item, *, now: float) -> Item | None:
    """An event that was due, claimed for one try; None where somebody else was quicker."""
    deadline = now + settings().callback_timeout_seconds + LEASE_MARGIN_SECONDS
    sending = {**due_at(event["event_id"], deadline), "state": SENDING}
    return _changed(table, Update(key=_key(event), set=sending, add={"attempt": 1}, when=_as_read(event)))


def wait(table: Table, event: Item) -> bool:
    """Let a due event wait until its URL takes another delivery; False where somebody else has the event."""
    since = keys.by_time(event["due_at"], event["event_id"])
    place: dict[Path, Any] = {"state": WAITING, "LPK": keys.waiting_for(event["url"]), "LSK": since}
    waiting = Update(key=_key(event), set=place, when=_as_read(event))
    return _changed(table, waiting) is not None


def settle(table: Table, event: Item, answer: Answer, *, now: float) -> None:
    """Write what came of a claimed event's try, log it, and have it tried again where it failed and tries are left."""
    facts: dict[Path, Any] = {
        "status": answer.status,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "answer": answer.body,
    }
    tried = record(event, answer, now=now)
    if answer.is_success:
        _finish(table, event, DELIVERED, facts, tried, now=now)
    elif event["attempt"] >= settings().callback_max_tries:
        _finish(table, event, PARKED, facts, tried, now=now)
    else:
        distance = settings().callback_retry_seconds
        again = {**due_at(event["event_id"], now + distance), **facts}
        if _written(table, Update(key=_key(event), set=again, when=_as_read(event)), tried):
            _say("callback_failed", event, facts)
            queue.announce([event["event_id"]], delay_seconds=distance)


def park(table: Table, event: Item, reason: str, *, now: float) -> None:
    """Give an event up without a try; `reason` stands where an answer would."""
    _finish(table, event, PARKED, {"status": 0, "error": reason}, now=now)


def redrive(table: Table, event: Item, new_url: str, *, now: float) -> bool:
    """Let a parked event be tried again from the beginning; False where it is parked no more."""
    again: dict[Path, Any] = {"attempt": 0, **due_at(event["event_id"], now)}
    if new_url:
        again["url"] = new_url
    update = Update(key=_key(event), set=again, remove=["expires_at", "finished_at"], when=_as_read(event))
    return _changed(table, update) is not None


def announce_overdue(table: Table, *, now: float) -> None:
    """Announce again the events whose message was lost, or whose sender died."""
    last = keys.by_time(now - OVERDUE_SECONDS, "")
    overdue = table.query(keys.ALL_DUE, index=keys.LISTING, last=last, limit=RESENT_AT_ONCE)
    queue.announce([event["event_id"] for event in overdue])


def park_those_that_waited_too_long(table: Table, url: str, *, now: float) -> None:
    """Park events whose URL takes none: beyond `callback_wait_seconds` they would only grow in number."""
    last = keys.by_time(now - settings().callback_wait_seconds, "")
    listed = table.query(keys.waiting_for(url), index=keys.LISTING, last=last, limit=PARKED_AT_ONCE)
    for event in table.get_many(keys.event(each["event_id"]) for each in listed).values():
        if event["state"] == WAITING:  # the listing may lag behind
            park(table, event, "it waited too long for its URL", now=now)


def due_at(event_id: str, at: float) -> dict[Any, Any]:
    """Attributes of an event that is to be tried at a moment (unix s)."""
    return {"state": DUE, "due_at": at, "LPK": keys.ALL_DUE, "LSK": keys.by_time(at, event_id)}


def _key(event: Item) -> keys.Key:
    return keys.event(event["event_id"])


def _as_read(event: Item) -> list[Compare]:
    return [Compare("attempt", "=", event["attempt"]), Compare("state", "=", event["state"])]


def _finish(table: Table, event: Item, state: str, facts: dict[Path, Any], *tried: Put, now: float) -> None:
    is_parked = state == PARKED
    kept = settings().callback_parked_seconds if is_parked else KEPT_SECONDS
    end_facts: dict[Path, Any] = {"state": state, "finished_at": now, "expires_at": int(now) + kept, **facts}
    if is_parked:
        end_facts |= {"LPK": keys.ALL_PARKED, "LSK": keys.by_time(event["created_at"], event["event_id"])}
    end = Update(
        key=_key(event),
        set=end_facts,
        remove=[] if is_parked else ["LPK", "LSK"],
        when=_as_read(event),
    )
    if _written(table, end, *tried):
        _say(f"callback_{state}", event, facts)


def _changed(table: Table, update: Update) -> Item | None:
    try:
        return table.update(update)
    except ConditionFailed:  # somebody else has taken the event
        return None


def _written(table: Table, update: Update, *tried: Put) -> bool:
    try:
        table.transact(update, *tried)
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
        url=event["url"].partition("?")[0],  # a query may hold what lets one in
        attempt=event["attempt"],
        **{name: facts[name] for name in ("status", "error", "latency_ms", "answer") if name in facts},
        request=without_secrets(event["payload"]),
    )
