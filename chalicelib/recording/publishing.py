"""A publish and its end: what is read, the one transaction that follows, and what is set going after it.

A publish costs two reads, a query of the stream's tasks, a transaction and a RunTask, however many rules and tasks
there are.
"""

import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest import admission, refusals
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.ingest.hooks import PlayHook, PublishHook, UnpublishHook
from chalicelib.keys import Key
from chalicelib.live import callbacks, concurrent_recordings, stream_history, task_items
from chalicelib.logs import log
from chalicelib.notify import events, outbox, queue
from chalicelib.recording import launcher, rivals, selection, session
from chalicelib.recording.hold import hold
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.recorder_life import RecorderState, state_of
from chalicelib.recording.selection import Selection
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from chalicelib.table import Check, ConditionFailed, Put, Table, Write

COLLISIONS = 5
"""Publishes of one stream, or changes of its tasks, at one moment: each loser reads again."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a stream when a hook comes."""

    live: Item | None
    """The session that is live, whole."""
    kept_until: float
    """Until when (unix s) its publisher keeps the name though nobody can say whether it is there."""
    callback_template: Item | None
    selection: Selection
    orders: Mapping[str, RecordingOrder]
    missing_templates: list[int]
    tasks_are_unchanged: Check
    still_permitted: Check
    """Fails where the stream was forbidden since."""


def publish(table: Table, hook: PublishHook, *, now: float) -> None:
    """Open a session, have it recorded, and wait for its recorder. The same publish told again is the same session.

    Raises NotAdmitted where the push domain, its push keys or a ban refuse the publish; that was told then. Raises
    PublishRefused where somebody else publishes the stream: who does is not told of others' tries.
    """
    try:
        opened = _session_of(table, hook, now=now)
    except NotAdmitted as refusal:
        refusals.tell(table, hook, refusal, now=now)
        raise
    _have_recorded(table, opened, now=now)


def unpublish(table: Table, hook: UnpublishHook, *, now: float) -> None:
    """End the session of the connection that has gone; of any other there is nothing to end.

    SRS and nginx-rtmp ask about a second publisher of a stream before they turn it away: where its session displaced
    the first one's, that is opened anew when the second has gone and the first was not heard to go.
    """
    live_key = session.live_key(hook.stream)
    first = table.get_many([live_key, *callbacks.rule_keys(hook.stream.domain, hook.stream.app)])
    live = first.get(live_key)
    if live is None or live["client_id"] != hook.client_id:
        _ignore_unpublish(table, hook, live)
        return
    template_key = _callback_template_key(hook.stream, first)
    session_keys = [keys.session(live[name]) for name in ("session_id", "displaced_session") if name in live]
    second = table.get_many([*session_keys, *template_key])
    ended, *displaced = [second[key] for key in session_keys]
    if displaced and _reopened(table, displaced[0], ended, now=now):
        return
    end(table, ended, _only(second, template_key), events.CLIENT_CLOSED, now=now)


def end(table: Table, live: Item, callback_template: Item | None, ending: events.Ending, *, now: float) -> None:
    """End a session that is live, unless it has ended or was replaced at the same moment; it is told why."""
    ends = _ends(live, ending, callback_template, now=now)
    try:
        table.transact(*ends, session.offline(live))
    except ConditionFailed:
        return
    _announce(ends)
    _say_unpublished(live, ending, now=now)


def subscribe(table: Table, hook: PlayHook, *, now: float) -> None:
    """Note that a session's recorder plays the stream; of other players nothing is noted."""
    if not session.is_session_id(hook.session_id):
        return
    try:
        after = table.update(session.subscribed(hook, now=now))
    except ConditionFailed:
        log("play_ignored", session_id=hook.session_id, reason="no such session of this stream")
        return
    log("subscribed", session_id=hook.session_id, stream=str(session.stream_of(after)))


def _have_recorded(table: Table, opened: Item, *, now: float) -> None:
    if opened["orders"]:
        if state_of(opened, now=now) is RecorderState.STARTING:
            launcher.launch(table, opened, now=now)
        hold(table, opened["session_id"], seconds=settings().hold_seconds)


def _reopened(table: Table, displaced: Item, ended: Item, *, now: float) -> bool:
    """The second publisher has gone, its session ends and the first one's opens anew, in one step.

    False where nobody may publish the stream any more. Whether the push URL holds was asked when it was pushed.
    """
    hook = session.hook_of(displaced)
    for _ in range(COLLISIONS):
        try:
            known = _read(table, hook, is_admitted=True, now=now)
        except NotAdmitted:
            return False
        if known.live is None or known.live["session_id"] != ended["session_id"]:
            return True  # somebody else has seen to it
        try:
            opened = _open(table, hook, known, events.CLIENT_CLOSED, may_come_back=False, now=now)
        except ConditionFailed:  # another hook of the stream was quicker, or its tasks have changed
            continue
        _have_recorded(table, opened, now=now)
        return True
    raise RuntimeError(f"{hook.stream} changes hands {COLLISIONS} times at once")


def _ignore_unpublish(table: Table, hook: UnpublishHook, live: Item | None) -> None:
    if live and live.get("displaced_client") == hook.client_id:
        with contextlib.suppress(ConditionFailed):  # the live session has ended or was replaced meanwhile
            table.update(session.displaced_has_gone(live))
    log("unpublish_ignored", stream=str(hook.stream), reason="the connection has no live session")


def _session_of(table: Table, hook: PublishHook, *, now: float) -> Item:
    replaceable: set[str] = set()
    for _ in range(COLLISIONS):
        known = _read(table, hook, now=now)
        if known.live and _is_same_publish(known.live, hook):
            return known.live
        if known.live and known.live["session_id"] not in replaceable:
            rivals.check(table, hook, known.live, kept_until=known.kept_until, now=now)
            replaceable.add(known.live["session_id"])  # an origin that does not answer is waited for once
        try:
            return _open(table, hook, known, events.REPLACED, now=now)
        except ConditionFailed:  # another hook of the stream was quicker, or its tasks have changed
            continue
    raise RuntimeError(f"{hook.stream} is published {COLLISIONS} times at once")


def _read(table: Table, hook: PublishHook, *, is_admitted: bool = False, now: float) -> Known:
    stream = hook.stream
    live_key = session.live_key(stream)
    version_key = keys.tasks_version(stream.domain, stream.app, stream.stream)
    rule_keys = [*selection.rule_keys(stream), *callbacks.rule_keys(stream.domain, stream.app)]
    first = table.get_many([live_key, version_key, *admission.item_keys(stream), *rule_keys])
    accepts_unknown = settings().accept_unknown_domains
    if is_admitted:
        admission.check_permitted(stream, first, accepts_unknown_domains=accepts_unknown, now=now)
    else:
        admission.check(hook, first, accepts_unknown_domains=accepts_unknown, now=now)
    lead_seconds = settings().launch_lead_seconds
    begin, end = task_items.open_range(now, lead_seconds=lead_seconds)
    open_tasks = table.query(version_key.pk, first=begin, last=end)  # behind its version: `_open` relies on that
    selected = selection.select(hook, first, open_tasks, now=now, lead_seconds=lead_seconds)
    session_key = [keys.session(first[live_key]["session_id"])] if live_key in first else []
    template_key = _callback_template_key(stream, first)
    second = table.get_many([*session_key, *template_key, *selected.template_keys()])
    return Known(
        live=_only(second, session_key),
        kept_until=first.get(live_key, {}).get("kept_until", 0.0),
        callback_template=_only(second, template_key),
        selection=selected,
        orders=selected.orders(hook, second),
        missing_templates=selected.missing_templates(second),
        tasks_are_unchanged=task_items.unchanged(stream, first.get(version_key)),
        still_permitted=admission.not_forbidden_meanwhile(stream, first),
    )


def _open(
    table: Table, hook: PublishHook, known: Known, ending: events.Ending, *, may_come_back: bool = True, now: float
) -> Item:
    """Open a session; the one that is live ends by `ending`, and with `may_come_back` its connection may be there."""
    session_id = uuid.uuid4().hex
    decision = known.selection.decision()
    opened = session.opened(session_id, hook, known.orders, decision=decision, pull_base=settings().pull_base, now=now)
    begun = events.push_started(opened.item, app_id=settings().app_id)
    writes: list[Write] = [
        opened,
        session.online(session_id, hook, replaces=known.live, may_come_back=may_come_back, now=now),
        known.tasks_are_unchanged,
        known.still_permitted,
        *outbox.written(begun, known.callback_template, now=now),
    ]
    if known.live:
        writes += _ends(known.live, ending, known.callback_template, now=now)
    table.transact(*writes)
    if known.live:
        _say_unpublished(known.live, ending, now=now)
    _say_published(session_id, hook, known)
    _announce(writes)
    return opened.item


def _is_same_publish(live: Item, hook: PublishHook) -> bool:
    """Whether the hook was told before.

    nginx-rtmp counts its connections from 1 again after a restart: it is another where the recorder saw the first end.
    """
    is_over = "recorder_started_at" in live and session.saw_its_end(live)
    return bool(live["client_id"] == hook.client_id) and not is_over


def _ends(live: Item, ending: events.Ending, template: Item | None, *, now: float) -> list[Write]:
    if asked := session.why_asked_to_end(live, now=now):
        ending = events.Ending(code=asked["code"], message=asked["message"])
    stopped = events.push_stopped(live, ending, app_id=settings().app_id, now=now)
    return [
        session.unpublished(live, now=now),
        stream_history.ended(live, ending, now=now),
        *concurrent_recordings.recorded(live, now=now),
        *outbox.written(stopped, template, now=now),
    ]


def _callback_template_key(stream: StreamRef, found: Mapping[Key, Item]) -> list[Key]:
    rule = next((found[key] for key in callbacks.rule_keys(stream.domain, stream.app) if key in found), None)
    return [keys.callback_template(rule["TemplateId"])] if rule else []


def _only(found: Mapping[Key, Item], wanted: list[Key]) -> Item | None:
    return found.get(wanted[0]) if wanted else None


def _announce(writes: list[Write]) -> None:
    event_ids = [write.item["event_id"] for write in writes if isinstance(write, Put) and "event_id" in write.item]
    if event_ids:
        queue.announce(event_ids)


def _say_published(session_id: str, hook: PublishHook, known: Known) -> None:
    facts = {"session_id": session_id, "stream": str(hook.stream)}
    log("published", **facts, client_id=hook.client_id, client_ip=hook.client_ip)
    rule = known.selection.rule
    log(
        "matched",
        **facts,
        rule=rule and f"{rule['DomainName']}/{rule['AppName']}/{rule['StreamName']}",
        template=rule and rule["TemplateId"],
        tasks=[task["TaskId"] for task in known.selection.tasks],
        recordings=list(known.orders),
    )
    if known.missing_templates:
        log("template_missing", **facts, templates=known.missing_templates)


def _say_unpublished(live: Item, ending: events.Ending, *, now: float) -> None:
    log(
        "unpublished",
        session_id=live["session_id"],
        stream=str(session.stream_of(live)),
        reason=ending.message,
        seconds=round(now - live["published_at"], 3),
    )
