"""From publish to callback: real RTMP in, the official SDK and HTTP out."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from av.error import FFmpegError

from infra.local.demo.comparison import compare
from infra.local.demo.customer import FORMATS
from infra.local.demo.packets import read_prints
from infra.local.demo.progress import Progress
from infra.local.demo.story import play
from infra.local.running import StackFacts
from tests.e2e.scene import check, clip_of, recorded

pytestmark = pytest.mark.e2e

FILE_READY_FIELDS = {
    "event_type", "t", "sign", "appid", "app", "appname", "stream_id", "channel_id", "file_id", "record_file_id",
    "record_temp_id", "file_format", "start_time", "end_time", "start_time_usec", "end_time_usec", "duration",
    "file_size", "stream_param", "video_url", "media_start_time", "record_bps", "callback_ext", "video_id",
    "seq",
}  # fmt: skip
PUSH_FIELDS = {
    "event_type", "t", "sign", "appid", "app", "appname", "stream_id", "channel_id", "event_time", "sequence", "node",
    "user_ip", "stream_param", "errcode", "errmsg", "set_id", "width", "height", "idc_id",
    "seq", "session_id",
}  # fmt: skip


def test_a_live_stream_becomes_five_files_that_play_and_are_announced(stack: StackFacts) -> None:
    outcome = play(stack, 8, Progress(io.StringIO()))
    assert [each.file_format for each in outcome.files] == list(FORMATS)


def test_unpublish_to_last_callback_is_under_three_seconds(stack: StackFacts, figures: dict[str, float]) -> None:
    with recorded(stack, *FORMATS) as scene:
        publisher = scene.publish(clip_of(8), speed=1.0)
        scene.files(len(FORMATS))
        last = max(each.at for each in scene.receiver.received if each.event["event_type"] == 100)
    figures["from unpublish to the last of five callbacks"] = last - publisher.ended_at
    assert last - publisher.ended_at < 3.0


def test_a_file_ready_callback_has_every_field_of_the_wire(stack: StackFacts) -> None:
    with recorded(stack, "mp4") as scene:
        publisher = scene.publish(clip_of(5), query="&purpose=test")
        [event] = scene.files(1)
    assert event.keys() == FILE_READY_FIELDS
    assert {name: event[name] for name in ("app", "appname", "stream_id", "channel_id", "file_format")} == {
        "app": stack.push_domain,
        "appname": scene.app,
        "stream_id": "room",
        "channel_id": "room",
        "file_format": "mp4",
    }
    assert event["record_temp_id"] == scene.arrangement.template_id
    assert "purpose=test" in event["stream_param"]
    assert event["duration"] == pytest.approx(5, abs=1)
    assert event["media_start_time"] == pytest.approx(publisher.sent[0].pts, abs=1)
    assert json.loads(event["callback_ext"]).keys() == {"video_codec", "resolution", "session_id"}
    assert json.loads(event["callback_ext"])["resolution"] == "640x360"


def test_begin_and_end_of_a_push_are_announced_as_a_pair(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        scene.publish(clip_of(5), speed=1.0)
        [begun] = scene.receiver.wait_for(1, timeout_seconds=20, event_type=1)
        [ended] = scene.receiver.wait_for(1, timeout_seconds=20, event_type=0)
        scene.files(1)
    assert begun.keys() == PUSH_FIELDS
    assert ended.keys() == PUSH_FIELDS | {"push_duration"}
    assert begun["sequence"] == ended["sequence"]
    assert int(ended["push_duration"]) == pytest.approx(5000, abs=2000)


def test_a_stream_is_online_while_it_is_published(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        with scene.publisher(clip_of(10)) as publisher:
            publisher.wait_until_sent(1)
            online = scene.customer.live("DescribeLiveStreamOnlineList", AppName=scene.app)
            during = scene.customer.live("DescribeLiveStreamState", **scene.address("room"))
            publisher.stop()
        scene.receiver.wait_for(1, timeout_seconds=20, event_type=0)
        after = scene.customer.live("DescribeLiveStreamState", **scene.address("room"))
        scene.files(1)
    assert [each["StreamName"] for each in online["OnlineInfo"]] == ["room"]
    assert (during["StreamState"], after["StreamState"]) == ("active", "inactive")


def test_two_publishes_in_a_row_are_two_sessions(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        first = scene.publish(clip_of(5))
        second = scene.publish(clip_of(6))
        begun = scene.receiver.wait_for(2, timeout_seconds=20, event_type=1)
        one, other = sorted(scene.files(2), key=lambda event: event["start_time"])
        check(one, first)
        check(other, second)
    assert len({event["sequence"] for event in begun}) == 2
    assert len({json.loads(event["callback_ext"])["session_id"] for event in (one, other)}) == 2


def test_two_streams_at_once_do_not_mix(stack: StackFacts) -> None:
    with recorded(stack, "mp4") as scene, ThreadPoolExecutor() as pool:
        lengths = {"red": 5, "blue": 6}
        publishers = dict(
            zip(
                lengths,
                pool.map(lambda name: scene.publish(clip_of(lengths[name]), stream=name), lengths),
                strict=True,
            )
        )
        for event in scene.files(2):
            check(event, publishers[event["stream_id"]])


def test_an_audio_only_push_is_recorded_as_audio(stack: StackFacts) -> None:
    with recorded(stack, *FORMATS) as scene:
        publisher = scene.publish(clip_of(6, video=False))
        for event in scene.files(len(FORMATS)):
            check(event, publisher)


def test_a_push_without_sound_is_recorded_as_picture(stack: StackFacts) -> None:
    with recorded(stack, "flv", "hls", "mp4") as scene:
        publisher = scene.publish(clip_of(6, audio=False))
        for event in scene.files(3):
            check(event, publisher)


def test_a_push_of_one_second_is_recorded_whole(stack: StackFacts) -> None:
    with recorded(stack, *FORMATS) as scene:
        publisher = scene.publish(clip_of(1), speed=1.0)
        for event in scene.files(len(FORMATS)):
            check(event, publisher)


def test_a_second_encoder_of_a_live_stream_is_turned_away_and_the_first_goes_on(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        with scene.publisher(clip_of(10)) as first:
            first.wait_until_sent(1)
            with pytest.raises(FFmpegError):
                scene.publish(clip_of(5), speed=1.0)
            assert first.ended_at == 0.0
            first.stop()
        check(scene.files(1)[0], first)
        scene.receiver.wait_for(1, timeout_seconds=20, event_type=0)
    assert [len(scene.receiver.accepted(event_type=kind)) for kind in (1, 100, 0)] == [1, 1, 1]


def test_record_type_audio_in_the_push_url_leaves_the_picture_out(stack: StackFacts) -> None:
    with recorded(stack, "mp4") as scene:
        publisher = scene.publish(clip_of(6), query="&record_type=audio")
        [event] = scene.files(1)
        compare(publisher.sent, read_prints(event["video_url"]), kinds=["audio"], tolerance_ms=1.1)


def test_files_are_cut_at_the_record_interval_and_nothing_is_lost_or_doubled(stack: StackFacts) -> None:
    with recorded(stack, "flv", interval_seconds=30) as scene:
        publisher = scene.publish(clip_of(70), speed=10.0)
        events = sorted(scene.files(3), key=lambda event: event["media_start_time"])
        found = [each for event in events for each in read_prints(event["video_url"])]
    for kind in ("video", "audio"):
        assert [each.digest for each in found if each.kind == kind] == [
            each.digest for each in publisher.sent if each.kind == kind
        ]
    assert [event["duration"] for event in events] == pytest.approx([30, 30, 10], abs=1)


def test_a_rule_change_holds_from_the_next_publish_on(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        with scene.publisher(clip_of(8)) as publisher:
            publisher.wait_until_sent(1)
            scene.customer.live(
                "ModifyLiveRecordTemplate",
                TemplateId=scene.arrangement.template_id,
                FlvParam={"Enable": 0},
                Mp4Param={"Enable": 1},
            )
            publisher.stop()
        assert [event["file_format"] for event in scene.files(1)] == ["flv"]
        scene.publish(clip_of(5))
        assert [event["file_format"] for event in scene.files(2)] == ["flv", "mp4"]


def test_a_template_without_a_format_records_nothing(stack: StackFacts) -> None:
    with recorded(stack) as scene:
        scene.publish(clip_of(5))
        scene.receiver.wait_for(1, timeout_seconds=20, event_type=0)
        found = scene.customer.vod("SearchMedia", StreamIds=["room"], StreamPaths=[scene.app])
    assert found["TotalCount"] == 0


def test_vod_file_name_names_the_media_in_any_alphabet(stack: StackFacts) -> None:
    with recorded(stack, "mp4", file_name="../晚会 a/b c+d {StreamID} {StartYear}") as scene:
        publisher = scene.publish(clip_of(5))
        [event] = scene.files(1)
        check(event, publisher)
        found = scene.customer.vod("SearchMedia", NamePrefixes=["../晚会 a/b c+d room 20"], FileIds=[event["file_id"]])
    assert [media["FileId"] for media in found["MediaInfoSet"]] == [event["file_id"]]


def test_the_library_is_searched_by_stream_name_time_and_id(stack: StackFacts) -> None:
    with recorded(stack, "flv", "mp4") as scene:
        stream = f"stream-of-{scene.app}"
        scene.publish(clip_of(5), stream=stream)
        ids = {event["file_id"] for event in scene.files(2)}
        by_stream = scene.customer.vod("SearchMedia", StreamIds=[stream], Sort={"Field": "CreateTime", "Order": "Asc"})
        by_prefix = scene.customer.vod("SearchMedia", NamePrefixes=[stream])
        by_id = scene.customer.vod("SearchMedia", FileIds=sorted(ids))
        one = scene.customer.vod("SearchMedia", StreamIds=[stream], Limit=1, Offset=1)
        described = scene.customer.vod("DescribeMediaInfos", FileIds=[*sorted(ids), "5000000000000000000"])
    for answer in (by_stream, by_prefix, by_id):
        assert answer["TotalCount"] == 2
        assert {media["FileId"] for media in answer["MediaInfoSet"]} == ids
    assert (one["TotalCount"], len(one["MediaInfoSet"])) == (2, 1)
    assert {media["FileId"] for media in described["MediaInfoSet"]} == ids
    assert described["NotExistFileIdSet"] == ["5000000000000000000"]
