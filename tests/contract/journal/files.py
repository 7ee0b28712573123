"""Files as the tests' journals name them."""

from dataclasses import replace

from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.stream import StreamRef
from chalicelib.recording.waiting import WaitingFile

SESSION_ID = "5" * 32
FILE = OpenFile(
    file_id="5000000000000000042",
    format=RecordFormat.MP4,
    epoch=1,
    session_id=SESSION_ID,
    stream=StreamRef(domain="push.example.com", app="live", stream="直播"),
    stream_param="a=b",
    recording_id="template-7",
    template_id=7,
    task_id="",
    order=FormatOrder(interval_seconds=60, file_name="{StreamID}"),
    began_at=1_800_000_000.25,
    media_start_ms=135_802,
)
HLS = replace(FILE, format=RecordFormat.HLS)
WAITING = WaitingFile(file=HLS, paused_at=1_800_000_060.5, deadline=1_800_000_660.5)
