"""Hooks as requests of the function: the secret, the answers of each dialect, what is unknown."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from chalicelib.logs import log
from tests.fakes.world import World

VECTORS = Path(__file__).parents[2] / "vectors" / "hooks"


def send(path: str, body: str, *, secret: str | None = World.SECRET, content_type: str = "application/json") -> Any:
    """The answer of the function, as API Gateway would have it: its status and its body."""
    dialect, event = path.split("/")
    request = {
        "requestContext": {"resourcePath": "/hooks/{dialect}/{event}", "httpMethod": "POST"},
        "headers": {"Content-Type": content_type},
        "pathParameters": {"dialect": dialect, "event": event},
        "multiValueQueryStringParameters": None if secret is None else {"secret": [secret]},
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": False,
    }
    answer = app(request, SimpleNamespace())
    return answer["statusCode"], json.loads(answer["body"])


def send_captured(name: str, *, secret: str | None = World.SECRET) -> Any:
    """A captured request, to the function."""
    head, _, body = (VECTORS / f"{name}.http").read_bytes().decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    path = lines[0].split(" ")[1].removeprefix("/hooks/")
    return send(path, body, secret=secret, content_type=headers["Content-Type"])


def test_a_publish_at_srs_is_let_in_and_live_until_it_ends(world: World) -> None:
    assert send_captured("srs_01_on_publish") == (200, {"code": 0})
    assert [session["stream"] for session in world.sessions()] == ["cam1"]
    assert send_captured("srs_02_on_play") == (200, {"code": 0})
    assert send_captured("srs_03_on_unpublish") == (200, {"code": 0})
    assert "unpublished_at" in world.sessions()[0]


def test_a_publish_at_nginx_rtmp_is_refused_by_its_status(world: World) -> None:
    assert send_captured("nginx-rtmp_01_on_publish") == (403, {})
    assert world.sessions() == []


def test_a_publish_at_srs_is_refused_by_its_code(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert send_captured("srs_04_on_publish_to_be_refused") == (200, {"code": 403})
    assert world.sessions() == []
    assert '"event":"publish_refused"' in capsys.readouterr().err


def test_events_nobody_waits_for_are_accepted(world: World) -> None:
    assert send_captured("nginx-rtmp_02_on_update") == (200, {})
    assert world.table.calls == []


@pytest.mark.parametrize("secret", [None, "", "wrong", World.SECRET + " ", "秘密"])
@pytest.mark.parametrize("name", ["srs_01_on_publish", "nginx-rtmp_01_on_publish"])
def test_a_hook_without_the_secret_is_forbidden(world: World, name: str, secret: str | None) -> None:
    assert send_captured(name, secret=secret) == (403, {"code": 403})
    assert world.table.calls == []


@pytest.mark.parametrize("path", ["wowza/on_publish", "srs/on_landing", "nginx-rtmp/publish"])
def test_what_no_origin_says_is_not_found(world: World, path: str) -> None:
    assert send(path, "{}") == (404, {"code": 404})


def test_a_body_that_cannot_be_read_is_a_bad_request(world: World) -> None:
    assert send("srs/on_publish", "{") == (400, {"code": 400})


@pytest.mark.parametrize("event", ["on_publish", "on_unpublish", "on_play"])
def test_half_a_character_is_a_bad_request(world: World, event: str, capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"client_id": "\ud800", "app": "live", "stream": "a", "vhost": "push.example.com"}
    assert send(f"srs/{event}", json.dumps(facts)) == (400, {"code": 400})
    assert "client_id holds half a character" in capsys.readouterr().err


def test_half_a_character_in_the_secret_or_in_a_log_line_harms_nobody(
    world: World, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert send("srs/on_publish", "{}", secret="\ud800") == (403, {"code": 403})
    capsysbinary.readouterr()
    log("it_happened", client_id="\ud800 直")
    line = json.loads(capsysbinary.readouterr().err)
    assert (line["event"], line["client_id"]) == ("it_happened", "\ud800 直")


def test_the_secret_is_in_no_log_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    send_captured("srs_01_on_publish")
    send_captured("srs_01_on_publish", secret="a wrong one")
    written = capsys.readouterr().err
    assert World.SECRET not in written
    assert "a wrong one" not in written
    assert "txSecret" not in written
