"""What cannot be recorded ends in one clear line, a status in the session, and nothing half committed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.recording.orders import FormatOrder
from recorder_task.session.control import AlreadyClaimed, NoSuchSession
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, session_item, template_order

Source = Callable[[Clip], Path]


def outcome(studio: Studio, name: str) -> dict[str, Any]:
    """What the session says of one format."""
    found: dict[str, Any] = studio.session["outcomes"]["template-1"][name]
    return found


def test_a_stream_without_a_key_frame_gives_no_picture_file(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    path = source(clip(ClipOrder(has_key_frames=False, key_frame_seconds=60)))
    studio.order(path, template_order("flv", "hls", "mp4", "aac"))
    assert studio.run().code == 0
    assert [file.format for file in studio.files] == ["aac"]
    for name in ("flv", "hls", "mp4"):
        assert outcome(studio, name) == {"state": "empty", "files": 0, "reason": "no key frame came"}
    assert len(s3.objects) == 2


def test_a_stream_that_begins_between_key_frames_begins_with_the_first(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder())
    late = next(index for index, packet in enumerate(made.packets) if packet.is_key_frame and index)
    cut_off = Clip(without_first_key_frame(made.content), made.packets)
    studio = Studio(s3)
    studio.order(source(cut_off), template_order("flv"))
    studio.run()
    found = list(packets_of(studio.content(studio.file("flv"))))
    assert contents(found, "video") == contents(made.packets[late:], "video")
    assert contents(found, "audio") == contents(made.packets, "audio")


def without_first_key_frame(content: bytes) -> bytes:
    """The FLV less its first video frame; codec headers stay."""
    at = 13
    while True:
        size = 11 + int.from_bytes(content[at + 1 : at + 4], "big") + 4
        if content[at] == 9 and content[at + 11 : at + 13] == b"\x17\x01":
            return content[:at] + content[at + size :]
        at += size


@pytest.mark.parametrize("name", ["aac", "mp3"])
def test_a_stream_without_audio_gives_no_audio_file(name: str, s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(audio_codec=None))), template_order(name))
    assert studio.run().code == 0
    assert outcome(studio, name) == {"state": "empty", "files": 0, "reason": "no audio came"}
    assert s3.objects == {}


def test_a_source_that_does_not_exist(s3: FakeS3, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio = Studio(s3)
    studio.order(tmp_path / "missing.flv", template_order("flv"))
    assert studio.run().code == 1
    assert studio.session["end_reason"].startswith("source failed: FileNotFoundError")
    assert capsys.readouterr().err.count('"event":"recording_failed"') == 1


def test_a_source_that_is_not_media(s3: FakeS3, tmp_path: Path) -> None:
    path = tmp_path / "noise.flv"
    path.write_bytes(b"not media at all" * 100)
    studio = Studio(s3)
    studio.order(path, template_order("flv"))
    assert studio.run().code == 1
    assert studio.session["end_reason"].startswith("source failed")


def test_an_origin_that_nobody_listens_at_is_given_up_in_time(s3: FakeS3) -> None:
    studio = Studio(s3, {"source_open_seconds": 0.2})
    studio.order("http://127.0.0.1:9/live.flv", template_order("flv"))
    assert studio.run().code == 1
    assert studio.session["end_reason"].startswith("source failed: ConnectionRefusedError")


def test_a_session_that_does_not_exist(s3: FakeS3) -> None:
    with pytest.raises(NoSuchSession):
        Studio(s3).run()


def test_a_session_that_has_a_recorder_is_left_to_it(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3, clock=lambda: 1000.0)
    item = session_item("unused", template_order("flv"), epoch=1, lease_until=1010.0)
    studio.order("unused", template_order("flv"), epoch=1, lease_until=1010.0)
    with pytest.raises(AlreadyClaimed):
        studio.run()
    assert {name: studio.session[name] for name in ("epoch", "lease_until")} == {"epoch": 1, "lease_until": 1010.0}
    assert item["orders"] == studio.session["orders"]


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket"), (503, "SlowDown")], ids=str)
def test_a_bucket_that_refuses(status: int, code: str, s3: FakeS3, source: Source) -> None:
    s3.fail = lambda request: Refusal(status, code)
    studio = Studio(s3, {"upload_retry_seconds": 0.3})
    studio.order(source(clip(ClipOrder())), template_order("flv", "mp4"))
    assert studio.run().code == 1
    for name in ("flv", "mp4"):
        assert outcome(studio, name)["state"] == "failed"
        assert outcome(studio, name)["reason"].startswith(f"upload failed: {code}")
    assert s3.objects == {}


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (400, "InvalidArgument")], ids=str)
def test_a_bucket_that_refuses_a_later_part_keeps_what_it_has_taken(
    status: int, code: str, s3: FakeS3, source: Source
) -> None:
    s3.min_part_bytes = 0

    def refuse_the_third_part(request: RequestSeen) -> Refusal | None:
        return Refusal(status, code) if request.query.get("partNumber") == "3" else None

    s3.fail = refuse_the_third_part
    studio = Studio(s3, {"part_bytes": 64 * 1024, "upload_retry_seconds": 0.3})
    made = clip(ClipOrder())
    studio.order(source(made), template_order("flv"))
    assert studio.run().code == 1
    assert outcome(studio, "flv")["reason"].startswith(f"upload failed: {code}")
    assert studio.file("flv").recovered
    found = contents(packets_of(studio.content(studio.file("flv"))), "video")
    assert found == contents(made.packets, "video")[: len(found)]
    assert len(found) > 50
    assert s3.uploads == {}


def test_a_ready_object_that_is_there_already_counts_as_done(s3: FakeS3, source: Source) -> None:
    def refuse_the_commit(request: RequestSeen) -> Refusal | None:
        return Refusal(412, "PreconditionFailed") if request.key.startswith("ready/") else None

    s3.fail = refuse_the_commit
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder())), template_order("flv"))
    assert studio.run().code == 0
    assert outcome(studio, "flv")["state"] == "ended"


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b c+d", "直播录制", "x" * 200, "{StreamID}-{StartYear}", "%2e%2e\\?#&", ""],
    ids=["dots", "slashes", "Chinese", "long", "placeholders", "escapes", "empty"],
)
def test_a_name_of_any_spelling_names_the_media_and_never_a_key(name: str, s3: FakeS3, source: Source) -> None:
    stream = name.replace("{", "(").replace("}", ")") or "room"
    studio = Studio(s3)
    order = template_order("flv", "hls", format_order=FormatOrder(file_name=name))
    studio.order(source(clip(ClipOrder())), order, stream=stream, app="../app", domain="a/b")
    assert studio.run().code == 0
    for file in studio.files:
        assert file.stream.stream == stream
        if "{" in name:
            assert file.name.startswith(f"{stream}-20")
        elif name:
            assert file.name == name
        else:
            assert file.name.startswith("room_20")
    ids = {file.file_id for file in studio.files}
    assert {key.split("/")[1].removesuffix(".json") for key in s3.objects} == ids
    assert all(key.isascii() and ".." not in key for key in s3.objects)
