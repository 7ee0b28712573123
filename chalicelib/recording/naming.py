"""Names: object keys made of ids, and the media's name made of the customer's VodFileName. Pure.

A customer's spelling never becomes a key: keys are `media/{file_id}/…`, `ready/{file_id}.json` and
`reports/{report_id}.json` (of a push `reports/push/…`); a file id is digits, a report id is made of a session's.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

from chalicelib.recording.orders import RecordFormat

DEFAULT_FILE_NAME = (
    "{StreamID}_{StartYear}-{StartMonth}-{StartDay}-{StartHour}-{StartMinute}-{StartSecond}"
    "_{EndYear}-{EndMonth}-{EndDay}-{EndHour}-{EndMinute}-{EndSecond}"
)
MOMENT_PARTS = {
    "Year": "%Y",
    "Month": "%m",
    "Day": "%d",
    "Hour": "%H",
    "Minute": "%M",
    "Second": "%S",
}
PLACEHOLDERS = frozenset(
    {"StreamID"} | {f"{edge}{part}" for edge in ("Start", "End") for part in (*MOMENT_PARTS, "Millisecond")}
)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
READY_PREFIX, REPORT_PREFIX, MEDIA_PREFIX = "ready/", "reports/", "media/"
_READY_KEY = re.compile(r"ready/(\d{19})\.json")
_REPORT_KEY = re.compile(r"reports/([0-9A-Za-z-]{1,200})\.json")
_PUSH_REPORT_KEY = re.compile(r"reports/push/([0-9A-Za-z-]{1,200})\.json")


def new_file_id(random_bits: int) -> str:
    """A file id, 19 digits as the vendor's, of at least 60 random bits: not to be guessed from another."""
    return f"5{random_bits % 10**18:018d}"


def media_key(file_id: str, format_: RecordFormat) -> str:
    """Key of the object to open: the file itself, or the HLS playlist."""
    if format_ is RecordFormat.HLS:
        return f"{MEDIA_PREFIX}{file_id}/playlist.m3u8"
    return f"{MEDIA_PREFIX}{file_id}/f0.{format_}"


def segment_name(number: int, writer: str) -> str:
    """Name of an HLS segment beside its playlist; `writer` is random: no recorder writes over another's segment."""
    return f"{number:06d}-{writer}.ts"


def segment_key(file_id: str, name: str) -> str:
    """Key of an HLS segment."""
    return f"{MEDIA_PREFIX}{file_id}/{name}"


def ready_key(file_id: str) -> str:
    """Key of the object that commits a file."""
    return f"{READY_PREFIX}{file_id}.json"


def file_id_of_ready_key(key: str) -> str | None:
    """The file id in the key of a ready object, or None where the key is something else's."""
    match = _READY_KEY.fullmatch(key)
    return match and match[1]


def report_key(report_id: str) -> str:
    """Key of the object that tells of a recording."""
    return f"{REPORT_PREFIX}{report_id}.json"


def report_id_of_key(key: str) -> str | None:
    """The report id in the key of a report, or None where the key is something else's."""
    match = _REPORT_KEY.fullmatch(key)
    return match and match[1]


def push_report_key(report_id: str) -> str:
    """Key of the object that tells of a push."""
    return f"{REPORT_PREFIX}push/{report_id}.json"


def push_report_id_of_key(key: str) -> str | None:
    """The report id in the key of a push's report, or None where the key is something else's."""
    match = _PUSH_REPORT_KEY.fullmatch(key)
    return match and match[1]


def playback_url(media_base: str, key: str) -> str:
    """Public URL of an object under `media/`; `media_base` ends in that prefix's name."""
    return f"{media_base.rstrip('/')}/{quote(key.removeprefix(MEDIA_PREFIX))}"


def unknown_placeholders(pattern: str) -> list[str]:
    """Placeholders of a VodFileName that nothing fills, in the order they stand."""
    return [name for name in _PLACEHOLDER.findall(pattern) if name not in PLACEHOLDERS]


def media_name(
    pattern: str, *, stream_id: str, started_at: float, ended_at: float, utc_offset_hours: float = 8.0
) -> str:
    """The name of a media: `pattern` (empty: the default) with its placeholders filled; times are unix seconds."""
    zone = timezone(timedelta(hours=utc_offset_hours))
    values = {"StreamID": stream_id}
    for edge, moment in (("Start", started_at), ("End", ended_at)):
        at = datetime.fromtimestamp(moment, UTC).astimezone(zone)
        values |= {f"{edge}{part}": at.strftime(code) for part, code in MOMENT_PARTS.items()}
        values[f"{edge}Millisecond"] = f"{at.microsecond // 1000:03d}"
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), pattern or DEFAULT_FILE_NAME)
