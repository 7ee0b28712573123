"""FLV, MP4, AAC and MP3 over an interruption: each one ends a file, and the next push begins another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.recording.orders import RecordingOrder
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
FORMATS = ("flv", "mp4", "aac", "mp3")
PUSHES = [
    clip(ClipOrder(seconds=seconds, width=64, height=64, starts_at_ms=at)) for seconds, at in ((5, 0), (7, 900_000))
]
TEMPLATE = template_order(*FORMATS, continue_seconds=600)
TASK = replace(TEMPLATE, recording_id="task-t", task_id="t", ends_at=4_000_000_000.0)


@pytest.mark.parametrize("order", [TEMPLATE, TASK], ids=["a template's", "a task's, which goes on until its end"])
def test_each_interruption_ends_a_file_and_the_next_push_begins_another(
    order: RecordingOrder, s3: FakeS3, source: Source
) -> None:
    studio = Studio(s3)
    for number, made in enumerate(PUSHES, 1):
        studio = Studio(s3, session_id=f"session-{number}", table=studio.table)
        studio.order(source(made), order)
        assert studio.run().code == 0
        assert len(studio.files) == number * len(FORMATS)
    for name in FORMATS:
        files = [file for file in studio.files if file.format == name]
        assert [(file.session_id, file.task_id) for file in files] == [
            ("session-1", order.task_id),
            ("session-2", order.task_id),
        ]
        for file, made in zip(files, PUSHES, strict=True):
            found = list(packets_of(studio.content(file)))
            assert file.duration_seconds == pytest.approx(
                made.packets[-1].dts_ms / 1000 - file.media_start_ms / 1000, abs=0.2
            )
            for kind in {"flv": ("video", "audio"), "mp4": ("video", "audio"), "aac": ("audio",), "mp3": ()}[name]:
                assert contents(found, kind) == contents(made.packets, kind)
