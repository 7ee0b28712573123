"""Where a recorder's credentials come from, and when they are asked for again."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from recorder_task.aws.credentials import Credentials, CredentialsDelayed, CredentialSource, NoCredentials

EXPIRES_AT = datetime(2030, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def container() -> Iterator[Any]:
    """A container's credentials endpoint; `authorizations` holds what it was shown."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            authorizations.append(self.headers["Authorization"])
            facts = {
                "AccessKeyId": "key",
                "SecretAccessKey": "secret",
                "Token": "token",
                "Expiration": "2030-01-01T00:00:00Z",
            }
            self.send_response(200 if self.path == "/role?id=1" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(facts).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    authorizations: list[str | None] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", authorizations
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_environment_comes_first() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    assert CredentialSource(environment).current() == Credentials(access_key="a", secret_key="b", token="c")


def test_the_container_is_asked_with_the_token_it_gave(container: Any, tmp_path: Path) -> None:
    url, authorizations = container
    token = tmp_path / "token"
    token.write_text("from the file\n")
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/role?id=1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
    }
    expected = Credentials(access_key="key", secret_key="secret", token="token", expires_at=EXPIRES_AT)
    assert CredentialSource(environment, lambda: 0.0).current() == expected
    assert authorizations == ["from the file"]


def test_the_container_is_asked_again_before_the_credentials_expire(container: Any) -> None:
    url, authorizations = container
    now = 0.0
    source = CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/role?id=1"}, lambda: now)
    source.current()
    source.current()
    assert len(authorizations) == 1
    now = EXPIRES_AT - 299
    source.current()
    assert len(authorizations) == 2


@pytest.mark.parametrize("path", ["", "/unknown"], ids=["nobody to ask", "a refusal"])
def test_without_credentials_it_says_so(path: str, container: Any) -> None:
    url, _ = container
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}{path}"} if path else {}
    with pytest.raises(NoCredentials):
        CredentialSource(environment).current()


def test_what_is_held_serves_while_the_endpoint_stumbles(container: Any) -> None:
    url, _ = container
    now = 0.0
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/role?id=1"}
    source = CredentialSource(environment, lambda: now)
    held = source.current()
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{url}/unknown"
    now = EXPIRES_AT - 1
    assert source.current() == held
    now = EXPIRES_AT
    with pytest.raises(CredentialsDelayed):
        source.current()


def test_what_a_service_refuses_is_asked_for_again_where_there_is_somebody_to_ask(container: Any) -> None:
    url, authorizations = container
    source = CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/role?id=1"}, lambda: 0.0)
    assert source.reject(source.current())
    source.current()
    assert len(authorizations) == 2
    fixed = CredentialSource({"AWS_ACCESS_KEY_ID": "a"})
    assert not fixed.reject(fixed.current())
