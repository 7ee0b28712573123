"""The origin of the local stack: what a publisher, a puller and the receiver of its hooks see of it."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from infra.local.demo.clip import make_clip
from infra.local.demo.packets import PacketPrint
from infra.local.demo.publisher import Publisher
from tests.fakes.hook_server import HookServer
from tests.fakes.serving import serving
from tests.local.origin_process import SECRET, running_origin
from tests.local.puller import Puller

QUERY = "?vhost=push.example.com&txSecret=a%2Fb&x=1"


@pytest.fixture(scope="module")
def clip() -> bytes:
    return make_clip(1.6)


@pytest.fixture
def hooks() -> HookServer:
    return HookServer()


@pytest.fixture
def origin(hooks: HookServer, tmp_path: Path) -> Iterator[str]:
    """Base of the push URLs of an origin that tells `hooks`."""
    with serving(hooks.application()) as base, running_origin(f"{base}/hooks/srs", tmp_path) as facts:
        yield f"rtmp://127.0.0.1:{facts['port']}"


def test_hooks_are_spelled_as_srs_spells_them(origin: str, hooks: HookServer, clip: bytes) -> None:
    with Publisher(f"{origin}/live/cam1{QUERY}", clip, speed=8) as publisher:
        hooks.wait_for("on_publish")
        puller = Puller(f"{origin}/live/cam1?tapedeck_session=7")
        hooks.wait_for("on_play")
        publisher.wait()
    hooks.wait_for("on_unpublish")
    puller.finish()

    said = {hook.action: hook.body for hook in hooks.hooks}
    published = said["on_publish"]
    assert published == {
        "server_id": published["server_id"],
        "action": "on_publish",
        "client_id": published["client_id"],
        "ip": "127.0.0.1",
        "vhost": "__defaultVhost__",
        "app": "live",
        "tcUrl": f"{origin}/live",
        "stream": "cam1",
        "param": QUERY,
        "stream_url": "/live/cam1",
        "stream_id": published["stream_id"],
    }
    assert said["on_unpublish"] == {**published, "action": "on_unpublish"}
    assert said["on_play"]["param"] == "?tapedeck_session=7"
    assert said["on_play"]["client_id"] != published["client_id"]
    assert {hook.secret for hook in hooks.hooks} == {SECRET}


def test_a_puller_that_came_while_the_publish_was_held_gets_every_packet(
    origin: str, hooks: HookServer, clip: bytes
) -> None:
    hooks.held["on_publish"] = threading.Event()
    with Publisher(f"{origin}/live/cam1", clip, speed=4) as publisher:
        hooks.wait_for("on_publish")
        puller = Puller(f"{origin}/live/cam1")
        hooks.wait_for("on_play")
        hooks.held["on_publish"].set()
        publisher.wait()
    received = puller.finish()

    pictures = [each for each in publisher.sent if each.kind == "video"]
    assert len(pictures) == 40
    assert sorted(received, key=order) == sorted(publisher.sent, key=order)


def order(packet: PacketPrint) -> tuple[str, float]:
    return packet.kind, packet.dts


def test_a_refused_publish_is_cut_off_before_any_media(origin: str, hooks: HookServer, clip: bytes) -> None:
    hooks.answers["on_publish"] = {"code": 403}
    hooks.held["on_publish"] = threading.Event()
    publisher = Publisher(f"{origin}/live/cam1", clip)
    publisher.start()
    hooks.wait_for("on_publish")
    puller = Puller(f"{origin}/live/cam1")
    hooks.wait_for("on_play")
    hooks.held["on_publish"].set()
    with pytest.raises(av.error.FFmpegError):
        publisher.wait()
    assert puller.finish() == []
    assert "on_unpublish" not in hooks.actions


def test_an_origin_whose_hooks_nobody_answers_lets_nobody_in(tmp_path: Path, clip: bytes) -> None:
    with running_origin("http://127.0.0.1:9/hooks/srs", tmp_path) as facts:
        publisher = Publisher(f"rtmp://127.0.0.1:{facts['port']}/live/cam1", clip)
        publisher.start()
        with pytest.raises(av.error.FFmpegError):
            publisher.wait()


def test_the_end_of_a_publish_is_told_at_once(origin: str, hooks: HookServer, clip: bytes) -> None:
    with Publisher(f"{origin}/live/cam1", clip, speed=8) as publisher:
        publisher.wait()
    ended = time.monotonic()
    hooks.wait_for("on_unpublish")
    assert time.monotonic() - ended < 1.0


def test_a_second_publish_is_a_new_one_whose_timestamps_begin_anew(origin: str, hooks: HookServer, clip: bytes) -> None:
    for count in (1, 2):
        hooks.held["on_publish"] = threading.Event()
        with Publisher(f"{origin}/live/cam1", clip, speed=8) as publisher:
            hooks.wait_for("on_publish", count=count)
            puller = Puller(f"{origin}/live/cam1")
            hooks.wait_for("on_play", count=count)
            hooks.held["on_publish"].set()
            publisher.wait()
        hooks.wait_for("on_unpublish", count=count)
        assert min(each.dts for each in puller.finish()) == min(each.dts for each in publisher.sent)
    first, second = hooks.of("on_publish")
    assert first.body["client_id"] != second.body["client_id"]


def test_a_second_publisher_of_a_live_stream_is_turned_away_without_a_hook(
    origin: str, hooks: HookServer, clip: bytes
) -> None:
    with Publisher(f"{origin}/live/cam1", clip) as publisher:
        publisher.wait_until_sent(0.2)
        intruder = Publisher(f"{origin}/live/cam1", clip)
        intruder.start()
        with pytest.raises(av.error.FFmpegError):
            intruder.wait()
        publisher.wait()
    hooks.wait_for("on_unpublish")
    assert hooks.actions == ["on_publish", "on_unpublish"]


def test_a_name_the_origin_does_not_take_is_refused_without_a_hook(
    origin: str, hooks: HookServer, clip: bytes, tmp_path: Path
) -> None:
    publisher = Publisher(f"{origin}/live/a.b", clip)
    publisher.start()
    with pytest.raises(av.error.FFmpegError):
        publisher.wait()
    assert hooks.actions == []
    told = [json.loads(line) for line in (tmp_path / "origin.log").read_text().splitlines() if line.startswith("{")]
    assert [each["stream"] for each in told if each["event"] == "name_refused"] == ["live/a.b"]


def test_a_player_whose_hook_is_refused_is_closed(origin: str, hooks: HookServer, clip: bytes) -> None:
    hooks.answers["on_play"] = {"code": 403}
    hooks.held["on_publish"] = threading.Event()
    with Publisher(f"{origin}/live/cam1", clip) as publisher:
        hooks.wait_for("on_publish")
        assert Puller(f"{origin}/live/cam1").finish() == []
        hooks.held["on_publish"].set()
        publisher.wait()
