"""The commit of a file: `ready/{file_id}.json`, written last and once, with every fact of the file."""

from chalicelib.recording.finished_file import AudioTrack, FinishedFile, VideoTrack
from chalicelib.recording.naming import media_key, media_name, ready_key
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder, SessionOrders
from recorder_task.aws.s3 import Bucket
from recorder_task.outputs.output import Written
from recorder_task.recordings.tally import Tally, TrackTally
from recorder_task.sample import Sample


def finished_file(
    *,
    session: SessionOrders,
    order: RecordingOrder,
    format_order: FormatOrder,
    name: RecordFormat,
    file_id: str,
    written: Written,
    tally: Tally,
    utc_offset_hours: float,
) -> FinishedFile:
    """The facts of a file that was just ended."""
    started_at, ended_at = tally.first.arrived_at, tally.last.arrived_at
    return FinishedFile(
        file_id=file_id,
        format=name,
        key=media_key(file_id, name),
        name=media_name(
            format_order.file_name,
            stream_id=session.stream.stream,
            started_at=started_at,
            ended_at=ended_at,
            utc_offset_hours=utc_offset_hours,
        ),
        size_bytes=written.size_bytes,
        playlist_bytes=written.playlist_bytes,
        stream=session.stream,
        stream_param="" if order.task_id else session.stream_param,
        session_id=session.session_id,
        recording_id=order.recording_id,
        template_id=order.template_id,
        task_id=order.task_id,
        started_at=started_at,
        ended_at=ended_at,
        duration_seconds=round(tally.seconds, 6),
        media_start_ms=media_start_ms(tally.first),
        video=_video(tally.of_kind("video")),
        audio=written.encoded_audio or _audio(tally.of_kind("audio")),
        storage_seconds=format_order.storage_seconds,
        sub_app_id=format_order.sub_app_id,
        procedure=format_order.procedure,
        storage_mode=format_order.storage_mode,
        class_id=format_order.class_id,
        dropped_seconds=round(tally.dropped_seconds, 3),
        repairs=dict(tally.repairs),
    )


def media_start_ms(first: Sample) -> int:
    """The timestamp of a file's first packet in the source."""
    return round(first.source_pts * first.track.seconds_per_tick * 1000)


def commit(bucket: Bucket, file: FinishedFile) -> None:
    """Write the ready object; one that is there already was written by an earlier try, or by recovery."""
    bucket.put(ready_key(file.file_id), file.to_json(), content_type="application/json", only_if_absent=True)


def _video(tally: TrackTally | None) -> VideoTrack | None:
    if tally is None:
        return None
    return VideoTrack(
        codec=tally.track.codec,
        width=tally.track.width,
        height=tally.track.height,
        frames_per_second=round(tally.samples / tally.seconds, 3) if tally.seconds > 0 else 0.0,
        bits_per_second=tally.bits_per_second,
    )


def _audio(tally: TrackTally | None) -> AudioTrack | None:
    if tally is None:
        return None
    return AudioTrack(
        codec=tally.track.codec,
        sample_rate=tally.track.sample_rate,
        channels=tally.track.channels,
        bits_per_second=tally.bits_per_second,
    )
