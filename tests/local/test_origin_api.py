"""The local origin's HTTP API, asked by the code that asks SRS's: the same answers, and the publisher is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from chalicelib import aws
from chalicelib.ingest import origin_control
from chalicelib.ingest.hooks import ControlFailed
from chalicelib.ingest.hooks import Publisher as Publishing
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from infra.local.demo.clip import make_clip
from infra.local.demo.publisher import Publisher
from tests.fakes.hook_server import HookServer
from tests.fakes.serving import serving
from tests.fakes.ssm import FakeSsm
from tests.local.origin_process import API_CREDENTIALS, running_origin

STREAM = StreamRef(domain="push.example.com", app="live", stream="cam1")


@dataclass
class Origin:
    """The origin, and who hears its hooks."""

    rtmp: str
    hooks: HookServer


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    hooks, ssm = HookServer(), FakeSsm()
    ssm.parameters["/tapedeck/origin-control"] = API_CREDENTIALS
    monkeypatch.setattr(aws, "client", {"ssm": ssm}.__getitem__)
    origin_control.credentials.cache_clear()
    with (
        serving(hooks.application()) as base,
        running_origin(f"{base}/hooks/srs", tmp_path) as facts,
    ):
        monkeypatch.setenv("ORIGIN_CONTROL_URL", f"http://127.0.0.1:{facts['api_port']}")
        settings.cache_clear()
        yield Origin(f"rtmp://127.0.0.1:{facts['port']}", hooks)
    settings.cache_clear()
    origin_control.credentials.cache_clear()


def drop(client_id: str) -> None:
    origin_control.drop("srs", Publishing(stream=STREAM, client_id=client_id), now=0.0)


def is_connected(client_id: str) -> bool | None:
    return origin_control.is_connected("srs", Publishing(stream=STREAM, client_id=client_id), now=0.0)


def test_a_publisher_is_dropped_by_its_id_and_its_end_is_told(origin: Origin) -> None:
    publisher = Publisher(f"{origin.rtmp}/live/cam1", make_clip(5))
    publisher.start()
    client_id = origin.hooks.wait_for("on_publish").body["client_id"]
    assert is_connected(client_id)
    drop(client_id)
    with pytest.raises(av.error.FFmpegError):
        publisher.wait()
    assert origin.hooks.wait_for("on_unpublish").body["client_id"] == client_id
    assert not is_connected(client_id)
    drop(client_id)


def test_who_does_not_know_the_password_drops_nobody(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", {"ssm": FakeSsm()}.__getitem__)
    with pytest.raises(ControlFailed, match=r"^HTTP 401"):
        drop("anybody")


def test_a_client_that_is_not_there_is_as_good_as_dropped(origin: Origin) -> None:
    drop("../../secrets")


def test_a_path_that_is_not_there_is_a_failure(origin: Origin) -> None:
    with pytest.raises(ControlFailed, match=r"^HTTP 404"):
        drop("")
