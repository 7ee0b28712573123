"""Every key pattern of the table, in one place. Pure. A domain ({d}) is in small letters.

Partition / sort key            what it is
------------------------------  ---------------------------------------------------------------------------------
API-KEY / {SecretId}            an API key: what it may do, the numbers of its secrets (api/api_key.py)
REQUESTS#{SecretId}/{action} / {second}   how many requests a key made of an action; removed by the table's TTL
COUNTER / {concept}             `last_id`, `total`: ids and limits of templates and rules
RECORD-TEMPLATE / {id}          a recording template; `bound` counts its rules
RECORD-RULE / {d}/{a}/{s}       a recording rule
CALLBACK-TEMPLATE / {id}        a callback template; `bound` counts its rules
CALLBACK-RULE / {d}/{a}         a callback rule
DOMAIN / {d}                    a domain that was added, with its push keys
STREAM#{d}/{a}/{s} / LIVE       the live session of a stream; absent while nobody publishes
STREAM#{d}/{a}/{s} / FORBIDDEN  nobody may publish the stream until a moment
STREAM#{d}/{a}/{s} / TASK#…     a task of the stream, ordered by end time: one query finds the open ones
STREAM#{d}/{a}/{s} / TASKS      `version`: raised with every change of the stream's tasks
TASK#{id} / TASK                where a task's item lies; listed as ARMED until its start was looked after
LIVE-RECORDS / {end}#{start}#{id}   the window of a task of the older family
SESSION#{id} / SESSION          one publish: its orders, lease and end
SESSION#{id} / FILE#{file_id}   a file that a recorder of the session is writing, or has left behind
REFUSALS#{d} / REFUSALS         how many refused pushes of a domain were told this minute (ingest/refusal_limit.py)
HISTORY#{d} / {time}#{id}       a publish that ended, or was refused, by its end
RECORDED#{yyyy-mm}#{d} / {time}#{session}   when a stream was recorded, by the end of it within the month
WAITING#{d}/{a}/{s} / {recording}#{file_id}   an HLS file that waits for its stream to return
MEDIA#{file_id} / MEDIA         a media entry of the VOD index
EVENT#{id} / EVENT              a callback event: the truth about its delivery
CALLBACKS#{s} / {time}#{event}#{n}   a try of a callback of the streams of one name
URL#{digest} / URL              the gate of a callback URL: deliveries under way

Index `listing` (LPK, LSK), sparse: TASKS and ARMED by start · ONLINE by publish time · OPEN sessions · DUE callbacks
    · PARKED callbacks by the time of their event · AWAITED URLs · WAITING-FOR#{digest}: callbacks waiting for a URL
    · MEDIA · FORBIDDEN streams · HISTORY of publishes by end · SWEPT domains: their streams are being dropped
    · RECORDED#{yyyy-mm}: when streams of any domain were recorded
Index `by_stream` (SPK, LSK): media of one stream name, by time · publishes of one stream that ended, by their end
    · ONLINE#{d}: live streams of one domain, by publish time
Index `by_name` (NPK, NSK): media by name, for prefixes
"""

from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

LISTING, BY_STREAM, BY_NAME = "listing", "by_stream", "by_name"
INDEX_KEYS = {LISTING: ("LPK", "LSK"), BY_STREAM: ("SPK", "LSK"), BY_NAME: ("NPK", "NSK")}
PROJECTED = ("app", "domain", "event_id", "facets", "published_at", "session_id", "stream")
"""What an index holds of an item beside keys: a search reads little, and a lease that is renewed costs it no write."""

RECORD_TEMPLATES, RECORD_RULES = "RECORD-TEMPLATE", "RECORD-RULE"
CALLBACK_TEMPLATES, CALLBACK_RULES = "CALLBACK-TEMPLATE", "CALLBACK-RULE"
ALL_TASKS, ALL_ONLINE, ALL_OPEN, ALL_DUE, ALL_MEDIA = "TASKS", "ONLINE", "OPEN", "DUE", "MEDIA"
ALL_ARMED = "ARMED"
ALL_WAITING = "WAITING"
ALL_PARKED, ALL_AWAITED = "PARKED", "AWAITED"
ALL_FORBIDDEN, ALL_HISTORY, ALL_SWEPT = "FORBIDDEN", "HISTORY", "SWEPT"
DOMAINS = "DOMAIN"


API_KEYS = "API-KEY"


class Key(NamedTuple):
    """The primary key of one item."""

    pk: str
    sk: str


LONGEST_ESCAPED = 300  # bytes: three names and what joins them stay under the 1024 of a sort key


def escaped(name: str) -> str:
    """`name` with nothing left in it that separates parts of a key; a long one as `=` and its digest."""
    text = quote(name, safe="")
    return text if len(text) <= LONGEST_ESCAPED else f"={sha256(name.encode()).hexdigest()}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def address(*names: str) -> str:
    """Names joined into one key part; different names never give the same part."""
    return "/".join(escaped(name) for name in names)


def stream_address(domain: str, *names: str) -> str:
    """As `address`; domain names know no case, so that nobody avoids what is written for one by spelling it another."""
    return address(domain.lower(), *names)


def api_key(secret_id: str) -> Key:
    return Key(API_KEYS, secret_id)


def request_count(secret_id: str, action: str, second: int) -> Key:
    return Key(f"REQUESTS#{address(secret_id, action)}", f"{second:011d}")


def counter(concept: str) -> Key:
    return Key("COUNTER", concept)


def record_template(template_id: int) -> Key:
    return Key(RECORD_TEMPLATES, f"{template_id:010d}")


def record_rule(domain: str, app: str, stream: str) -> Key:
    return Key(RECORD_RULES, stream_address(domain, app, stream))


def callback_template(template_id: int) -> Key:
    return Key(CALLBACK_TEMPLATES, f"{template_id:010d}")


def callback_rule(domain: str, app: str) -> Key:
    return Key(CALLBACK_RULES, stream_address(domain, app))


def domain(name: str) -> Key:
    return Key(DOMAINS, stream_address(name))


def stream_partition(domain: str, app: str, stream: str) -> str:
    return f"STREAM#{stream_address(domain, app, stream)}"


def live(domain: str, app: str, stream: str) -> Key:
    return Key(stream_partition(domain, app, stream), "LIVE")


def forbidden(domain: str, app: str, stream: str) -> Key:
    return Key(stream_partition(domain, app, stream), "FORBIDDEN")


TASK_PREFIX = "TASK#"


def task_of_stream(domain: str, app: str, stream: str, ends_at: int, task_id: str) -> Key:
    return Key(stream_partition(domain, app, stream), f"{tasks_from(ends_at)}#{task_id}")


def tasks_from(moment: int) -> str:
    """Sort keys of tasks that end at `moment` (unix s) or later are not less than this."""
    return f"{TASK_PREFIX}{moment:011d}"


def tasks_until(moment: int) -> str:
    """Sort keys of tasks that end at `moment` (unix s) or sooner are not greater than this."""
    return f"{tasks_from(moment)}~"


def tasks_version(domain: str, app: str, stream: str) -> Key:
    return Key(stream_partition(domain, app, stream), "TASKS")


def task(task_id: str) -> Key:
    return Key(f"TASK#{task_id}", "TASK")


LIVE_RECORDS = "LIVE-RECORDS"


def live_record(starts_at: int, ends_at: int, task_id: str) -> Key:
    """Ordered by the end of its window (unix s), with its start beside it."""
    return Key(LIVE_RECORDS, f"{ends_at:011d}#{starts_at:011d}#{task_id}")


def session(session_id: str) -> Key:
    return Key(f"SESSION#{session_id}", "SESSION")


def refusals(domain: str) -> Key:
    """Refused pushes of a domain, or, where it is empty, of those that nobody need have added."""
    return Key(f"REFUSALS#{stream_address(domain)}", "REFUSALS")


def history_partition(domain: str) -> str:
    """Publishes of a push domain that have ended."""
    return f"HISTORY#{stream_address(domain)}"


def history(domain: str, ended_at: float, unique: str) -> Key:
    return Key(history_partition(domain), by_time(ended_at, unique))


def history_of_stream(domain: str, app: str, stream: str) -> str:
    """Partition of `by_stream` that holds what became of the publishes of one stream."""
    return f"HISTORY#{stream_address(domain, app, stream)}"


def online_in(domain: str) -> str:
    """Partition of `by_stream` that holds the live streams of one domain."""
    return f"{ALL_ONLINE}#{stream_address(domain)}"


def recorded_in(month: str, domain: str = "") -> str:
    """Partition of what was recorded in a domain, or of `listing` in any; `month` is `yyyy-mm`, UTC."""
    return f"RECORDED#{month}#{stream_address(domain)}" if domain else f"RECORDED#{month}"


def recorded(month: str, domain: str, ended_at: float, session_id: str) -> Key:
    return Key(recorded_in(month, domain), by_time(ended_at, session_id))


FILE_PREFIX = "FILE#"


def open_file(session_id: str, file_id: str) -> Key:
    """In its session's partition: one query finds what a dead recorder left."""
    return Key(session(session_id).pk, f"{FILE_PREFIX}{file_id}")


def waiting_partition(domain: str, app: str, stream: str) -> str:
    """Files of a stream that wait for it: of its own, for recorders may write here and not to the rest of a stream."""
    return f"WAITING#{stream_address(domain, app, stream)}"


def waiting_file(partition: str, recording_id: str, file_id: str) -> Key:
    return Key(partition, f"{recording_id}#{file_id}")


def hls_session(partition: str, recording_id: str) -> Key:
    """Which session last wrote HLS of a recording; no file's key begins so."""
    return Key(partition, f"SESSION#{recording_id}")


def media(file_id: str) -> Key:
    return Key(f"MEDIA#{file_id}", "MEDIA")


def event(event_id: str) -> Key:
    return Key(f"EVENT#{event_id}", "EVENT")


def callback_records(stream: str) -> str:
    """Partition of the tries of callbacks of the streams of one name, whatever their domain."""
    return f"CALLBACKS#{escaped(stream)}"


def callback_record(stream: str, sent_at: float, unique: str) -> Key:
    return Key(callback_records(stream), by_time(sent_at, unique))


def callback_url(url: str) -> Key:
    return Key(f"URL#{_digest(url)}", "URL")


def waiting_for(url: str) -> str:
    """Partition of `listing` that holds the events which wait until a URL takes another delivery."""
    return f"WAITING-FOR#{_digest(url)}"


def media_of_stream(stream: str) -> str:
    """Partition of `by_stream` that holds the media of one stream name."""
    return f"MEDIA#{escaped(stream)}"


def by_time(moment: float, unique: str) -> str:
    """Sort key of a listing: unix seconds to the millisecond, then something unique."""
    return f"{moment:015.3f}#{unique}"
