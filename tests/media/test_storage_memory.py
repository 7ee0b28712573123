"""A recorder's process at 20 Mbit/s whose bucket is gone: its memory stays within the bound, nothing is lost unsaid."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest

from chalicelib import keys
from chalicelib.recording.report import Occurrences, Report, Status, StatusEvent, Trouble
from chalicelib.table import DynamoTable, Put
from tests.container import container_environment
from tests.fakes.bad_line import FarS3
from tests.fakes.flv_origin import FlvOrigin
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import joined
from tests.media.packets import Packet, packets_of
from tests.media.studio import ENVIRONMENT, Studio, session_item, template_order
from tests.media.victims import ROOT, dynamodb_server, own_table

PIECE = ClipOrder(seconds=6, width=480, height=270, video_bit_rate=20_000_000, key_frame_seconds=1.0, b_frames=0)
PIECES = 8
GOP_FRAMES = 25
BUFFER_BYTES, PART_BYTES = 16 * 2**20, 2 * 2**20
SLACK_BYTES = 16 * 2**20
"""What an allocator does not give back, and a group on its way from one place to another."""
FORMATS = ("flv", "mp4")
STEP_MS, SAFE_SHARE = 2000, 0.95
"""So much is sent at once as long as nothing may be dropped; so much of it is in the bucket before more is, and before
that goes: the last key frame too."""
TOO_SLOW = "the bucket is slower than the stream: media is dropped"


class RecorderProcess:
    """`with RecorderProcess(…) as recorder:`; its log as it comes, its memory as the kernel counts it."""

    def __init__(self, table: DynamoTable, dynamodb: str, s3: FarS3) -> None:
        self.lines: list[dict[str, Any]] = []
        self._environment = {
            **container_environment(),
            **ENVIRONMENT,
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
            "AWS_ENDPOINT_URL_S3": s3.url,
            "TABLE_NAME": table.name,
            "BUCKET_NAME": s3.bucket,
            "CHECKPOINT_SECONDS": "1",
            "PART_BYTES": str(PART_BYTES),
            "UPLOAD_BUFFER_BYTES": str(BUFFER_BYTES),
            "SESSION_ID": "session-1",
        }
        self._logged = threading.Condition()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "recorder_task"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        code = self._process.wait(60)
        self._reader.join()
        return code

    def wait_for_dropped(self, seconds: float) -> None:
        """Wait until it has logged that so much was dropped."""
        with self._logged:
            assert self._logged.wait_for(lambda: self.dropped_seconds >= seconds, 60), self.lines[-5:]

    @property
    def dropped(self) -> list[dict[str, Any]]:
        """What the log says of dropped media."""
        return [line for line in self.lines if line["event"] == "media_dropped"]

    @property
    def dropped_seconds(self) -> float:
        """Of media."""
        return sum((line["seconds"] for line in self.dropped), 0.0)

    def begin_to_watch(self) -> int:
        """Forget the highest memory there was; returns what is resident now, bytes."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        return self._kernel_says("VmRSS")

    @property
    def highest_bytes(self) -> int:
        """The highest resident memory since."""
        return self._kernel_says("VmHWM")

    def _kernel_says(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise LookupError(name)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._logged:
                self.lines.append(json.loads(line))
                self._logged.notify_all()


@pytest.fixture
def far_s3() -> Iterator[FarS3]:
    """A bucket at the other end of a bad line."""
    with FarS3() as server:
        yield server


def group_sizes(packets: list[Packet]) -> list[int]:
    """Pictures from each key frame up to the next."""
    video = [packet for packet in packets if packet.kind == "video"]
    starts = [index for index, packet in enumerate(video) if packet.is_key_frame]
    return [end - start for start, end in pairwise([*starts, len(video)])]


def wait_until_safe(s3: FarS3, size_bytes: float) -> None:
    """Wait until the bucket has so much of each format's upload."""

    def is_safe() -> bool:
        sizes = [sum(map(len, upload.parts.values())) for upload in s3.uploads.values()]
        return len(sizes) == len(FORMATS) and min(sizes) > size_bytes

    s3.wait_for(is_safe)


def test_the_memory_of_a_recorder_whose_bucket_is_gone(far_s3: FarS3, tmp_path: Path) -> None:
    piece = clip(PIECE)
    made = joined(*[piece] * PIECES)
    end_ms = round(PIECE.seconds * 1000)
    with dynamodb_server() as dynamodb, own_table(dynamodb, tmp_path.name) as table, FlvOrigin(made.content) as origin:
        table.put(Put(key=keys.session("session-1"), item=session_item(origin.url, template_order(*FORMATS))))
        with RecorderProcess(table, dynamodb, far_s3) as recorder:
            for sent_ms in range(STEP_MS, end_ms + 1, STEP_MS):
                origin.send(until_ms=sent_ms)
                wait_until_safe(far_s3, sum(each.size for each in piece.packets if each.dts_ms < sent_ms) * SAFE_SHARE)
            far_s3.line.cut()
            before_bytes = recorder.begin_to_watch()
            origin.send(until_ms=(PIECES - 1) * end_ms)
            recorder.wait_for_dropped(20)
            highest_bytes = recorder.highest_bytes
            had = {upload_id: len(upload.parts) for upload_id, upload in far_s3.uploads.items()}
            far_s3.line.mend()
            # What waited comes: of each format two parts from its lane, and of the backlog's 8 MiB a part at least.
            far_s3.wait_for(lambda: all(len(far_s3.uploads[each].parts) >= count + 3 for each, count in had.items()))
            origin.send(until_ms=1_000_000)
            origin.end()
            assert recorder.wait() == 0
        assert highest_bytes - before_bytes < BUFFER_BYTES + SLACK_BYTES
        studio = Studio(far_s3)
        for name in FORMATS:
            found = list(packets_of(studio.content(studio.file(name))))
            assert len(found) + sum(line["packets"] for line in recorder.dropped) == len(made.packets)
            assert studio.file(name).dropped_seconds == pytest.approx(recorder.dropped_seconds, abs=0.1)
            assert set(group_sizes(found)) == {GOP_FRAMES}
            kept = [packet.dts_ms // 1000 for packet in found if packet.is_key_frame]
            assert kept[: end_ms // 1000] == list(range(end_ms // 1000))  # what the bucket had
            assert kept[-1] >= (PIECES - 1) * end_ms // 1000  # and what came last
    told = [Report.from_json(each.content) for each in far_s3.reports.values()]
    assert {(each.format, each.told.description) for each in told if isinstance(each.told, Occurrences)} >= {
        (name, TOO_SLOW) for name in FORMATS
    }
    assert {each.told.trouble for each in told if isinstance(each.told, Occurrences)} == {Trouble.WRITE_FAILED}
    assert {each.told.reason for each in told if isinstance(each.told, Status) and each.told.event is StatusEvent.ERROR}
    assert far_s3.uploads == {}
