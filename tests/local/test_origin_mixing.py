"""A mixer at the local origin: its picture takes over an input's name, and the input gets it back."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import pytest

from infra.local.demo.clip import make_clip
from infra.local.demo.packets import PacketPrint
from infra.local.demo.publisher import Publisher
from tests.fakes.hook_server import HookServer
from tests.fakes.serving import serving
from tests.local.origin_process import running_origin
from tests.local.puller import Puller

MIXED = "?output_stream_type=0"


@pytest.fixture(scope="module")
def clip() -> bytes:
    return make_clip(20)


@pytest.fixture(scope="module")
def mixed_clip() -> bytes:
    return make_clip(21)


@pytest.fixture
def hooks() -> HookServer:
    return HookServer()


@pytest.fixture
def name(hooks: HookServer, tmp_path: Path) -> Iterator[str]:
    """The push URL of a stream of an origin that tells `hooks`."""
    with serving(hooks.application()) as base, running_origin(f"{base}/hooks/srs", tmp_path) as facts:
        yield f"rtmp://127.0.0.1:{facts['port']}/live/a"


def pictures(prints: Sequence[PacketPrint]) -> list[str]:
    return [each.digest for each in prints if each.kind == "video"]


def has_pulled(puller: Puller, publisher: Publisher) -> bool:
    """Whether what was pulled is what this publisher sent, in its order and without a hole."""
    sent, pulled = pictures(publisher.sent), pictures(puller.received)
    return bool(pulled) and any(sent[at : at + len(pulled)] == pulled for at in range(len(sent)))


def test_the_mixed_picture_takes_the_name_over_and_the_input_goes_on_for_who_pulls_it(
    name: str, hooks: HookServer, clip: bytes, mixed_clip: bytes
) -> None:
    with Publisher(name, clip) as encoder:
        recorder = Puller(f"{name}?tapedeck_session=1")
        mixer_s_pull = Puller(name)
        hooks.wait_for("on_play", count=2)
        encoder.wait_until_sent(0.5)
        with Publisher(name + MIXED, mixed_clip) as mixer:
            hooks.wait_for("on_publish", count=2)
            recorder.finish()
            mixer.wait_until_sent(0.5)
            player = Puller(name)
            hooks.wait_for("on_play", count=3)
            player.wait_for(10)
            seen = len(mixer_s_pull.received)
            mixer_s_pull.wait_for(seen + 10)
        assert has_pulled(player, mixer)
        hooks.wait_for("on_unpublish")
        again = Puller(name)
        hooks.wait_for("on_play", count=4)
        again.wait_for(10)
        encoder.stop()
        hooks.wait_for("on_unpublish", count=2)
        for puller in (recorder, mixer_s_pull, again):
            puller.finish()
            assert has_pulled(puller, encoder)
    told = [hook.body["client_id"] for hook in hooks.of("on_publish")]
    assert [hook.body["client_id"] for hook in hooks.of("on_unpublish")] == told[::-1]
    assert hooks.of("on_publish")[1].body["param"] == MIXED


def test_a_mixer_that_is_refused_leaves_the_name_to_its_input(
    name: str, hooks: HookServer, clip: bytes, mixed_clip: bytes
) -> None:
    with Publisher(name, clip) as encoder:
        encoder.wait_until_sent(0.5)
        recorder = Puller(f"{name}?tapedeck_session=1")
        hooks.wait_for("on_play")
        hooks.answers["on_publish"] = {"code": 403}
        mixer = Publisher(name + MIXED, mixed_clip)
        mixer.start()
        with pytest.raises(av.error.FFmpegError):
            mixer.wait()
        player = Puller(name)
        hooks.wait_for("on_play", count=2)
        player.wait_for(10)
        encoder.stop()
        assert has_pulled(player, encoder)
        recorder.finish()
        assert has_pulled(recorder, encoder)


def test_a_player_that_comes_while_a_mixer_is_held_is_the_mixed_picture_s(
    name: str, hooks: HookServer, clip: bytes, mixed_clip: bytes
) -> None:
    with Publisher(name, clip) as encoder:
        encoder.wait_until_sent(0.5)
        hooks.held["on_publish"] = threading.Event()
        with Publisher(name + MIXED, mixed_clip) as mixer:
            hooks.wait_for("on_publish", count=2)
            recorder = Puller(f"{name}?tapedeck_session=2")
            hooks.wait_for("on_play")
            hooks.held["on_publish"].set()
            recorder.wait_for(20)
            mixer.stop()
            hooks.wait_for("on_unpublish")
            recorder.finish()
            assert pictures(recorder.received) == pictures(mixer.sent)


def test_an_input_that_leaves_first_leaves_nothing_behind(
    name: str, hooks: HookServer, clip: bytes, mixed_clip: bytes
) -> None:
    encoder = Publisher(name, clip)
    encoder.start()
    encoder.wait_until_sent(0.5)
    with Publisher(name + MIXED, mixed_clip) as mixer:
        hooks.wait_for("on_publish", count=2)
        mixer.wait_until_sent(0.2)
        encoder.stop()
        hooks.wait_for("on_unpublish")
        player = Puller(name)
        hooks.wait_for("on_play")
        player.wait_for(10)
        mixer.stop()
    hooks.wait_for("on_unpublish", count=2)
    player.finish()
    assert has_pulled(player, mixer)
    with Publisher(name, clip, speed=4) as encoder:
        hooks.wait_for("on_publish", count=3)
        encoder.wait_until_sent(1)


@pytest.mark.parametrize("query", ["?output_stream_type=1", "?output_stream_type=2", "?x=output_stream_type=0"])
def test_another_second_publisher_is_turned_away(
    name: str, hooks: HookServer, clip: bytes, mixed_clip: bytes, query: str
) -> None:
    with Publisher(name, clip) as encoder:
        encoder.wait_until_sent(0.2)
        intruder = Publisher(name + query, mixed_clip)
        intruder.start()
        with pytest.raises(av.error.FFmpegError):
            intruder.wait()
    hooks.wait_for("on_unpublish")
    assert hooks.actions == ["on_publish", "on_unpublish"]
