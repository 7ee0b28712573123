"""A session: one publish to its unpublish. Its item is described in recording/orders.py.

Transitions are pure: they take what was read and return the writes that follow. `live_session` and `is_live` read.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest.hooks import SESSION_PARAMETER, PlayHook, PublishHook, takes_over
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.spans import merged
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Absent, Compare, Delete, Put, Table, Update, item_exists, no_such_item

SESSION_ID = re.compile(r"[0-9a-f]{32}")
KEPT_SECONDS = 180 * 86_400
"""How long a session that has ended stays to be looked up."""
ASKED_TO_END_SECONDS = 60.0
"""A publish that goes on longer than this after it was to be dropped ends for another reason."""
KEPT_BY_ITS_PUBLISHER_SECONDS = 60.0
"""How long a name that changed hands does not change them again where the origin cannot be asked who is there."""
LEAVE_LISTING = ("LPK", "LSK")
ORDER_KEPT_SECONDS = 900.0
"""How long an order stays with its session when it is over.

Longer than UPLOAD_RETRY_SECONDS, for a recorder that lets go of a recording waits for its uploads; and longer than it
takes until a recorder that never comes is given up, which is told of every order.
"""
MOST_SPANS = 1000
"""Spans that a session remembers of its orders: 20 KB of its item, six weeks of a task an hour."""


def live_key(stream: StreamRef) -> keys.Key:
    """Where the live session of a stream is named."""
    return keys.live(stream.domain, stream.app, stream.stream)


def stream_of(session: Item) -> StreamRef:
    """The address in a session's or a live item."""
    return StreamRef(domain=session["domain"], app=session["app"], stream=session["stream"])


def is_session_id(text: str) -> bool:
    """Whether a session could bear this id; what a player says of itself is anything."""
    return SESSION_ID.fullmatch(text) is not None


def live_session(table: Table, stream: StreamRef) -> Item | None:
    """The session of whoever publishes the stream now, or None."""
    live = table.get(live_key(stream))
    return table.get(keys.session(live["session_id"])) if live else None


def is_live(table: Table, session: Item) -> bool:
    """Whether the session is its stream's live one still."""
    live = table.get(live_key(stream_of(session)))
    return live is not None and bool(live["session_id"] == session["session_id"])


def pull_url(pull_base: str, session_id: str, stream: StreamRef) -> str:
    """Where the recorder pulls: names as the origin spelled them, for an RTMP client sends a URL as it stands."""
    query = f"{SESSION_PARAMETER}={session_id}&vhost={quote(stream.domain, safe='')}"
    return f"{pull_base.rstrip('/')}/{stream.app}/{stream.stream}?{query}"


def opened(
    session_id: str,
    hook: PublishHook,
    orders: Mapping[str, RecordingOrder],
    *,
    decision: Item,
    pull_base: str,
    now: float,
) -> Put:
    """A session begins; where it has orders its first launch is on the way. `decision`: why it has these."""
    stream = hook.stream
    item: Item = {
        "session_id": session_id,
        "domain": stream.domain,
        "app": stream.app,
        "stream": stream.stream,
        "client_id": hook.client_id,
        "client_ip": hook.client_ip,
        "dialect": hook.dialect,
        "node": hook.node,
        "stream_param": hook.param,
        "published_at": now,
        "pull_url": pull_url(pull_base, session_id, stream),
        "decision": decision,
        "orders": {name: order.as_item() for name, order in orders.items()},
        "orders_version": 1,
        "let_go": {},
        "outcomes": {},
        "epoch": 0,
        "launches": 1 if orders else 0,
        "stopped_launch": 0,
        "failures": 0,
        "LPK": keys.ALL_OPEN,
        "LSK": keys.by_time(now, session_id),
    }
    if orders:
        item["launched_at"] = now
    return Put(key=keys.session(session_id), item=item, when=[no_such_item])


def online(session_id: str, hook: PublishHook, *, replaces: Item | None, may_come_back: bool = True, now: float) -> Put:
    """The stream's live item names the session; `replaces` is the session that was live when it was read.

    `may_come_back`: the replaced connection may still be there when this one has gone.
    """
    stream = hook.stream
    item: Item = {
        "session_id": session_id,
        "client_id": hook.client_id,
        "published_at": now,
        "domain": stream.domain,
        "app": stream.app,
        "stream": stream.stream,
        "LPK": keys.ALL_ONLINE,
        "SPK": keys.online_in(stream.domain),
        "LSK": keys.by_time(now, session_id),
    }
    if replaces and may_come_back and not saw_its_end(replaces):
        item |= {"displaced_session": replaces["session_id"], "displaced_client": replaces["client_id"]}
    is_contested = replaces is not None and ("displaced_session" in item or not may_come_back)
    if replaces and is_contested and not takes_over(hook.param if may_come_back else replaces["stream_param"]):
        item["kept_until"] = now + KEPT_BY_ITS_PUBLISHER_SECONDS
    unchanged = Compare("session_id", "=", replaces["session_id"]) if replaces else no_such_item
    return Put(key=live_key(stream), item=item, when=[unchanged])


def saw_its_end(session: Item) -> bool:
    """Whether the session's recorder ended though it had something to record: then its stream has ended, or nearly."""
    ended_at = session.get("recorder_ended_at")
    if ended_at is None:
        return False
    return any(not order["ends_at"] or order["ends_at"] > ended_at for order in session["orders"].values())


def displaced_has_gone(live: Item) -> Update:
    """The connection that the live session displaced has ended: nothing comes back after this one."""
    return Update(
        key=live_key(stream_of(live)),
        remove=["displaced_session", "displaced_client", "kept_until"],
        when=[Compare("session_id", "=", live["session_id"])],
    )


def hook_of(session: Item) -> PublishHook:
    """The publish that began a session."""
    return PublishHook(
        stream=stream_of(session),
        client_id=session["client_id"],
        client_ip=session["client_ip"],
        param=session["stream_param"],
        dialect=session["dialect"],
        node=session["node"],
    )


def asked_to_end(session: Item, code: int, message: str, *, now: float) -> Update:
    """The origin is being told to drop the session's publisher: `code` and `message` are why its publish will end."""
    return Update(
        key=keys.session(session["session_id"]),
        set={"asked_to_end": {"code": code, "message": message, "at": now}},
        when=[item_exists, Absent("unpublished_at")],
    )


def why_asked_to_end(session: Item, *, now: float) -> Item | None:
    """`code` and `message` of what a session that ends at `now` was ended for, or None."""
    asked: Item | None = session.get("asked_to_end")
    return asked if asked and now - asked["at"] <= ASKED_TO_END_SECONDS else None


def unpublished(session: Item, *, now: float) -> Update:
    """A session ends, once; it stays listed while a recorder may be at work, or may have left files to finish."""
    was_never_recorded = session["launches"] == 0
    return Update(
        key=keys.session(session["session_id"]),
        set={"unpublished_at": now, "expires_at": int(now) + KEPT_SECONDS},
        remove=LEAVE_LISTING if was_never_recorded else (),
        when=[item_exists, Absent("unpublished_at")],
    )


def offline(session: Item) -> Delete:
    """The stream has no live session any more, unless another one has taken its place."""
    return Delete(key=live_key(stream_of(session)), when=[Compare("session_id", "=", session["session_id"])])


def subscribed(hook: PlayHook, *, now: float) -> Update:
    """The origin has accepted the session's recorder as a player."""
    return Update(
        key=keys.session(hook.session_id),
        set={"subscribed_at": now},
        when=[Compare("app", "=", hook.app), Compare("stream", "=", hook.stream)],
    )


def order_added(session_id: str, order: RecordingOrder) -> Update:
    """One more recording for a session whose stream still lives, once; its recorder sees it at its next reading."""
    return Update(
        key=keys.session(session_id),
        set={("orders", order.recording_id): order.as_item()},
        add={"orders_version": 1},
        when=[item_exists, Absent("unpublished_at"), Absent(("orders", order.recording_id))],
    )


def let_go(session: Item, *, now: float) -> Update | None:
    """Orders that have been over for long leave their session, with what came of them; None where there are none.

    Of them stays when something was recorded, and which of the tasks had one that the session began with.
    """
    over = {name: each for name, each in session["orders"].items() if 0 < each["ends_at"] < now - ORDER_KEPT_SECONDS}
    if not over:
        return None
    known, began_with = session["let_go"], session.get("decision", {}).get("tasks", [])
    windows = [(order["starts_at"], order["ends_at"]) for order in over.values()]
    windows += [(first, end) for first, end in known.get("spans", [])]
    tasks = [order["task_id"] for order in over.values() if order["task_id"] in began_with]
    gone = session["outcomes"].keys() - (session["orders"].keys() - over.keys())
    return Update(
        key=keys.session(session["session_id"]),
        set={
            "let_go": {
                "spans": [list(span) for span in merged(windows, most=MOST_SPANS)],
                "tasks": [*known.get("tasks", []), *tasks],
            }
        },
        add={"orders_version": 1},
        remove=[("orders", name) for name in over]
        + [("outcomes", name) for name in sorted(gone) if _is_told(session["outcomes"][name])],
        when=[Compare("orders_version", "=", session["orders_version"])],
    )


def order_ended(session_id: str, recording_id: str, at: float) -> Update:
    """A task's recording ends at `at` (unix s), before its time; the others go on."""
    return Update(
        key=keys.session(session_id),
        set={("orders", recording_id, "ends_at"): at},
        add={"orders_version": 1},
        when=[Compare(("orders", recording_id, "ends_at"), ">", at)],
    )


def _is_told(outcome: Item) -> bool:
    """Whether a recording's end was told: the next recorder tells of one that a dead one was at."""
    return all(format_.get("state") != "recording" for format_ in outcome.values())
