"""What every recording of a recorder works with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, RecordingOrder, SessionOrders
from chalicelib.settings import Settings
from recorder_task.aws.s3 import Bucket
from recorder_task.sample import Sample, Track
from recorder_task.session.control import Outcomes
from recorder_task.session.journal import Journal
from recorder_task.telling.format_voice import FormatVoice
from recorder_task.telling.reporter import Reporter
from recorder_task.uploads.upload_lane import UploadMemory


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every recording of a recorder works with."""

    settings: Settings
    session: SessionOrders
    bucket: Bucket
    journal: Journal
    memory: UploadMemory
    tracks: Sequence[Track]
    reporter: Reporter
    earlier: Outcomes
    """What the session's earlier recorder, where there was one, last said of the recordings."""

    def voice(self, order: RecordingOrder, name: RecordFormat) -> FormatVoice:
        """What tells of one format of a recording; one that a recorder left open goes on."""
        earlier: Mapping[str, Any] = self.earlier.get(order.recording_id, {}).get(name, {})
        return FormatVoice(self.reporter, self.session, order, name, goes_on=earlier.get("state") == "recording")

    def entry(self, order: RecordingOrder, name: RecordFormat, file_id: str, first: Sample) -> OpenFile:
        """What the journal says of a file that begins with `first`."""
        session = self.session
        return OpenFile(
            file_id=file_id,
            format=name,
            epoch=self.journal.epoch,
            session_id=session.session_id,
            stream=session.stream,
            stream_param="" if order.task_id else session.stream_param,
            recording_id=order.recording_id,
            template_id=order.template_id,
            task_id=order.task_id,
            order=order.formats[name],
            began_at=first.arrived_at,
            media_start_ms=round(first.source_pts * first.track.seconds_per_tick * 1000),
        )
