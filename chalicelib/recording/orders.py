"""Orders: what a recorder reads to know what to record, encode beside decode. Pure: the recorder imports this too.

A session's item in the table (`keys.session`), written by the functions (F) and by its recorder (R):

    session_id, domain, app, stream        F  who publishes
    client_id, client_ip, stream_param     F  the origin's connection, the publisher's address, its query
    dialect, node                          F  how the origin speaks; its name of itself, where it tells one
    published_at, unpublished_at           F  unix s; the second is absent while the stream lives
    asked_to_end {code, message, at}       F  the publisher is being dropped, and why
    expires_at                             F  when an ended session may be forgotten (time to live)
    pull_url                               F  where the recorder pulls from
    decision {rules, tasks}                F  why these orders: the rules, the winner first, and the tasks due
    orders {recording_id: RecordingOrder}  F  what to record; grows and changes while the recorder runs
    let_go {spans, tasks}                  F  of orders that have been over for long and were taken out: when something
                                              was recorded, and which of the decision's tasks were among them
    orders_version                         F  counts their changes: a recorder ends only if it has seen the last one
    outcomes {recording_id: {format: …}}   R  recording, ended, or why it failed
    heartbeat {at, recordings: {recording_id: {format: …}}}   R  each one's vitals, with every renewal of the lease
    subscribed_at                          F  the origin has accepted the recorder as a player (hook on_play)
    epoch, lease_until                     R  fencing: every write of a recorder is conditional on its epoch
    recorder_started_at, recorder_ended_at, end_reason   R
    launches, launched_at                  F  number and time of the latest launch; its token is `{session_id}-{number}`
    claimed_launch                         R  the launch that is at work
    stopped_launch, failures, retry_at     F  the latest launch that is over, how many failed, when the next may follow
    LPK=OPEN, LSK                          F  listed until unpublished and recorder ended
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any

from chalicelib.recording.stream import StreamRef


class RecordFormat(StrEnum):
    """The formats of the wire, in lower case as callbacks name them."""

    FLV = "flv"
    HLS = "hls"
    MP4 = "mp4"
    AAC = "aac"
    MP3 = "mp3"


@dataclass(frozen=True, kw_only=True)
class FormatOrder:
    """One format to write: RecordParam of the wire, less `Enable`."""

    interval_seconds: int = 1800
    """A file is cut at the first key frame after this; 0 never cuts (HLS)."""
    storage_seconds: int = 0
    """How long the file is kept; 0 is for ever."""
    file_name: str = ""
    """VodFileName, placeholders unfilled; empty is the default name."""
    sub_app_id: int = 0
    procedure: str = ""
    storage_mode: str = "normal"
    class_id: int = 0


@dataclass(frozen=True, kw_only=True)
class RecordingOrder:
    """One recording: a template or a task at work on one stream."""

    recording_id: str
    """`template-{id}` or `task-{task_id}`: one of a kind within its session."""
    template_id: int = 0
    task_id: str = ""
    starts_at: float = 0.0
    """Unix s; a recording begins at the first key frame at or after this. 0: with the publish."""
    ends_at: float = 0.0
    """Unix s; 0: with the unpublish. StopRecordTask sets it to now."""
    audio_only: bool = False
    """`record_type=audio` in the push URL."""
    continue_seconds: int = 0
    """FlowContinueDuration: how long HLS waits for the stream to return."""
    formats: Mapping[RecordFormat, FormatOrder] = field(default_factory=dict)

    def as_item(self) -> dict[str, Any]:
        """The order as a map of the table."""
        return {**asdict(self), "formats": {str(name): asdict(order) for name, order in self.formats.items()}}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "RecordingOrder":
        """The order of a map of the table; unknown attributes are a newer version's and left alone."""
        formats = {
            RecordFormat(name): FormatOrder(**_known(FormatOrder, each)) for name, each in item["formats"].items()
        }
        return cls(**{**_known(cls, item), "formats": formats})


@dataclass(frozen=True, kw_only=True)
class SessionOrders:
    """What one reading of a session's item tells its recorder."""

    session_id: str
    stream: StreamRef
    stream_param: str
    pull_url: str
    published_at: float
    unpublished_at: float | None
    epoch: int
    recordings: Mapping[str, RecordingOrder]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "SessionOrders":
        """The orders in a session's item."""
        return cls(
            session_id=item["session_id"],
            stream=StreamRef(domain=item["domain"], app=item["app"], stream=item["stream"]),
            stream_param=item["stream_param"],
            pull_url=item["pull_url"],
            published_at=item["published_at"],
            unpublished_at=item.get("unpublished_at"),
            epoch=item.get("epoch", 0),
            recordings={name: RecordingOrder.from_item(order) for name, order in item["orders"].items()},
        )


def _known(cls: type, item: Mapping[str, Any]) -> dict[str, Any]:
    names = _names(cls)
    return {name: value for name, value in item.items() if name in names}


@cache
def _names(cls: type) -> frozenset[str]:
    return frozenset(each.name for each in fields(cls))
