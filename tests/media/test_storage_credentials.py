"""Credentials that are rotated while a recorder uploads, by an endpoint that stumbles."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web

from recorder_task.aws import transport
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.fakes.serving import serving
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
EACH_KEY_LASTS = 7
STATUS = {"ExpiredToken": 400, "InvalidAccessKeyId": 403, "AccessDenied": 403}
Answer = tuple[int, dict[str, str], bytes] | Refusal


class RotatingS3(FakeS3):
    """A bucket that takes each key for a few requests and refuses it from then on."""

    def __init__(self, code: str) -> None:
        super().__init__(min_part_bytes=0)
        self.key = 1
        self.refused = 0
        self._code = code
        self._taken = 0

    def answer(self, request: RequestSeen, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry a request out that is signed with the key of now."""
        if f"Credential=key-{self.key}/" not in headers["authorization"]:
            self.refused += 1
            return Refusal(STATUS[self._code], self._code)
        self._taken += 1
        if self._taken % EACH_KEY_LASTS == 0:
            self.key += 1
        return super().answer(request, headers, body)


@pytest.fixture
def rotating(request: pytest.FixtureRequest) -> Iterator[RotatingS3]:
    """A bucket whose keys are rotated."""
    with RotatingS3(request.param) as server:
        yield server


@pytest.fixture
def environment(rotating: RotatingS3) -> Iterator[Mapping[str, str]]:
    """Of a container whose endpoint has the key of now, every other time it is asked."""
    asked: list[web.Request] = []

    async def credentials(request: web.Request) -> web.Response:
        asked.append(request)
        if len(asked) % 2 == 0:
            return web.Response(status=500)
        facts = {"AccessKeyId": f"key-{rotating.key}", "SecretAccessKey": "secret", "Token": "token"}
        return web.Response(text=json.dumps({**facts, "Expiration": "2099-01-01T00:00:00Z"}))

    application = web.Application()
    application.router.add_get("/", credentials)
    with serving(application) as url:
        yield {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/"}


@pytest.mark.parametrize("rotating", list(STATUS), indirect=True)
def test_a_recording_goes_on_with_the_next_credentials(
    rotating: RotatingS3, environment: Mapping[str, str], source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE_SECONDS", 0.01)
    made = clip(ClipOrder())
    studio = Studio(rotating, {"part_bytes": 64 * 1024}, environment=environment)
    studio.order(source(made), template_order("flv", "mp4", "hls"))
    assert studio.run().code == 0
    for name in ("flv", "mp4", "hls"):
        found = list(packets_of(studio.content(studio.file(name))))
        assert contents(found, "video") == contents(made.packets, "video")
    assert rotating.refused >= 3
    assert rotating.uploads == {}
