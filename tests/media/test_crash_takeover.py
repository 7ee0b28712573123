"""Another recorder takes over a stream that lives; the first one, which was only slow, wakes and changes nothing."""

import threading
from contextlib import suppress
from pathlib import Path

import av.error

from tests.fakes.flv_origin import FlvOrigin
from tests.media.clips import ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio
from tests.media.victims import Victim, dynamodb_server, own_table

MADE = ClipOrder(seconds=20, width=64, height=64)
FILES = ("flv", "mp4", "aac", "mp3")
HURRIED = {"CHECKPOINT_SECONDS": "0.2", "LEASE_SECONDS": "1.5", "ORDERS_SECONDS": "0.2"}


def has_uploaded_all_formats(victim: Victim) -> bool:
    """Whether media of every file is in the bucket, and not its header alone."""
    contents = [b"".join(part for _, part in sorted(upload.parts.items())) for upload in victim.s3.uploads.values()]
    return sum(holds_media(content) for content in contents) == len(FILES)


def holds_media(content: bytes) -> bool:
    """Whether packets can be read."""
    with suppress(av.error.FFmpegError):
        return any(True for _ in packets_of(content))
    return False


def test_a_recorder_that_wakes_after_it_was_replaced_changes_nothing(tmp_path: Path) -> None:
    with (
        dynamodb_server() as dynamodb,
        own_table(dynamodb, tmp_path.name) as table,
        FlvOrigin(clip(MADE).content) as origin,
    ):
        victim = Victim(0, dynamodb, table, tmp_path / "0.log", None)
        with victim.s3:
            victim.start(origin.url, **HURRIED)
            origin.send(until_ms=9_000)
            victim.s3.wait_for(lambda: has_uploaded_all_formats(victim), 60)
            victim.freeze()
            uploaded = {
                upload.key: b"".join(part for _, part in sorted(upload.parts.items()))
                for upload in victim.s3.uploads.values()
            }
            successor = threading.Thread(target=victim.take_over)
            successor.start()
            origin.wait_for_players(2)
            origin.send(until_ms=20_100)
            origin.end()
            successor.join()
            before = {**victim.s3.objects}, {**victim.s3.uploads}, victim.items
            victim.wake()
            objects, uploads, items = before
            assert (victim.s3.uploads, victim.items) == (uploads, items)
            # A late segment bears a name that no playlist knows; nothing else is written.
            late = {key for key in victim.s3.objects if victim.s3.objects[key] != objects.get(key)}
            assert [key for key in late if not key.endswith(".ts") or key in objects] == []
            assert '"reason":"replaced' in (tmp_path / "0.log").read_text()
            assert_both_files(victim, uploaded)


def assert_both_files(victim: Victim, uploaded: dict[str, bytes]) -> None:
    """What the first one had uploaded and all that the second one was sent, each in a file of its own."""
    studio = Studio(victim.s3)
    assert victim.entries == []
    for name in FILES:
        first, second = (file for file in studio.files if file.format == name)
        assert (first.recovered, second.recovered) == (True, False)
        if name == "mp3":
            continue
        for kind in ("video", "audio") if name != "aac" else ("audio",):
            expected = contents(clip(MADE).packets, kind)
            found = contents(packets_of(studio.content(first)), kind)
            assert len(found) >= len(contents(packets_of(uploaded[first.key]), kind))
            assert found == expected[: len(found)]
            assert contents(packets_of(studio.content(second)), kind) == expected
