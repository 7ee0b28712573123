"""The front: what reaches the API and the bucket, and what comes back, with doubles behind it."""

import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from infra.local.deployment import Deployed
from infra.local.front import BODY_BYTES, Front
from tests.fakes.serving import serving

DEPLOYED = Deployed(
    api_id="api1",
    api_stage="api",
    bucket="recordings",
    table="table",
    cluster="cluster",
    parameter_prefix="/tapedeck/local",
    task_stopped_function="stopped",
    functions={},
    overrides={},
)


@dataclass
class Emulator:
    """Notes every request; answers with an object's bytes below the bucket, with its own body else."""

    requests: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_BYTES * 2)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        if request.path == "/recordings/media/5/f0.flv":
            content, begin = b"0123456789", request.http_range.start or 0
            if "Range" not in request.headers:
                return web.Response(body=content, content_type="video/x-flv", headers={"ETag": '"e"'})
            end = request.http_range.stop or len(content)
            headers = {"Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}
            return web.Response(status=206, body=content[begin:end], headers=headers)
        if request.path.startswith("/recordings/"):
            return web.Response(status=404, text="NoSuchKey")
        refused = {"X-Tapedeck-Refused": "true"} if "refused" in request.query_string else {}
        return web.json_response({"Response": {}}, headers={"X-Other": "kept", **refused})


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def front(emulator: Emulator) -> Iterator[str]:
    with serving(emulator.application()) as endpoint, serving(Front(endpoint, DEPLOYED).application()) as url:
        yield url


def ask(url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def test_the_api_gets_body_and_headers_with_the_host_and_the_raw_query(front: str, emulator: Emulator) -> None:
    answer = ask(
        f"{front}/?Action=A&x=a%2fb+c&x=%7E",
        "POST",
        b'{"a": 1}',
        {"Content-Type": "application/json", "X-TC-Action": "B"},
    )
    assert (answer.status, answer.body, answer.headers["X-Other"]) == (200, b'{"Response": {}}', "kept")
    ((method, path, headers, body),) = emulator.requests
    assert (method, path, body) == ("POST", "/_aws/execute-api/api1/api/?Action=A&x=a%2fb+c&x=%7E", b'{"a": 1}')
    assert {name: headers[name] for name in ("Content-Type", "X-Tc-Action", "X-Tapedeck-Host", "X-Tapedeck-Query")} == {
        "Content-Type": "application/json",
        "X-Tc-Action": "B",
        "X-Tapedeck-Host": urlsplit(front).netloc,
        "X-Tapedeck-Query": "Action=A&x=a%2fb+c&x=%7E",
    }


def test_hooks_go_to_the_api_as_well(front: str, emulator: Emulator) -> None:
    ask(f"{front}/hooks/srs/on_publish?secret=s%26", "POST", b"{}")
    assert emulator.requests[0][1] == "/_aws/execute-api/api1/api/hooks/srs/on_publish?secret=s%26"


def test_what_api_gateway_refuses_is_no_yes_to_an_origin_and_the_wire_s_error_to_a_client(front: str) -> None:
    assert ask(f"{front}/hooks/nginx-rtmp/on_publish?refused", "POST", b"").status == 503
    assert ask(f"{front}/?refused", "POST", b"{}").status == 200


def test_what_a_client_says_in_the_front_s_own_headers_is_overwritten(front: str, emulator: Emulator) -> None:
    ask(f"{front}/?b=2", headers={"x-tapedeck-host": "forged", "X-Tapedeck-Query": "a=1"})
    headers = emulator.requests[0][2]
    assert (headers["X-Tapedeck-Host"], headers["X-Tapedeck-Query"]) == (urlsplit(front).netloc, "b=2")
    assert sum(name.lower().startswith("x-tapedeck") for name in headers) == 2


def test_a_body_over_api_gateway_s_limit_is_refused_in_the_form_of_the_wire(front: str, emulator: Emulator) -> None:
    connection = HTTPConnection(urlsplit(front).netloc)
    connection.request("POST", "/", b"x" * (BODY_BYTES + 1))
    with connection.getresponse() as answer:
        assert answer.status == 200
        assert b'"Code": "RequestSizeLimitExceeded"' in answer.read()
    connection.close()
    assert emulator.requests == []


def test_an_object_is_read_with_the_headers_a_player_in_a_browser_needs(front: str) -> None:
    answer = ask(f"{front}/media/5/f0.flv", headers={"Origin": "http://elsewhere"})
    assert (answer.status, answer.body) == (200, b"0123456789")
    wanted = ("Content-Type", "Content-Length", "ETag", "Accept-Ranges", "Access-Control-Allow-Origin")
    assert [answer.headers[name] for name in wanted] == ["video/x-flv", "10", '"e"', "bytes", "*"]


def test_a_range_of_an_object_is_read(front: str) -> None:
    answer = ask(f"{front}/media/5/f0.flv", headers={"Range": "bytes=2-5"})
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, b"2345", "bytes 2-5/10")


def test_the_head_of_an_object_has_its_size_and_no_content(front: str) -> None:
    answer = ask(f"{front}/media/5/f0.flv", "HEAD")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "10", b"")


def test_an_object_that_is_not_there_is_not_found(front: str) -> None:
    assert ask(f"{front}/media/5/none").status == 404


def test_a_browser_that_asks_before_it_reads_is_allowed(front: str) -> None:
    answer = ask(f"{front}/media/5/f0.flv", "OPTIONS", headers={"Access-Control-Request-Headers": "range"})
    assert (answer.status, answer.headers["Access-Control-Allow-Headers"]) == (204, "*")
