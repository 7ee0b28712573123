"""A file that is being written, as the table knows it while it is: encode beside decode. Pure.

A recorder writes this item before the file's first byte reaches the bucket and deletes it once the ready object lies
there. What a dead recorder left is what it names: recovery needs nothing else to finish the file.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from chalicelib import keys
from chalicelib.keys import Key
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.stream import StreamRef


@dataclass(frozen=True, kw_only=True)
class OpenFile:
    """Everything of a finished file that its own bytes do not tell."""

    file_id: str
    format: RecordFormat
    epoch: int
    """Of the recorder that writes it: one of an earlier epoch than the session's is left behind."""
    session_id: str
    stream: StreamRef
    stream_param: str
    recording_id: str
    template_id: int
    task_id: str
    order: FormatOrder
    began_at: float
    """Unix s: when its first packet arrived."""
    media_start_ms: int
    """Timestamp of the first packet in the source."""
    dropped_seconds: float = 0.0
    repairs: Mapping[str, int] = field(default_factory=dict)
    """Both as in FinishedFile, as of the last checkpoint at which they had changed."""

    @property
    def key(self) -> Key:
        """Where the item lies."""
        return keys.open_file(self.session_id, self.file_id)

    def as_item(self) -> dict[str, Any]:
        """The item, less its key."""
        return {**asdict(self), "format": str(self.format)}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "OpenFile":
        """The file of an item; unknown attributes are a newer version's and left alone."""
        known = {name: value for name, value in item.items() if name in {each.name for each in fields(cls)}}
        order = {
            name: value for name, value in item["order"].items() if name in {each.name for each in fields(FormatOrder)}
        }
        return cls(
            **{
                **known,
                "format": RecordFormat(item["format"]),
                "stream": StreamRef(**item["stream"]),
                "order": FormatOrder(**order),
            }
        )
