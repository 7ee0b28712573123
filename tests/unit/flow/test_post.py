"""One POST to a real server that behaves, and to ones that do not."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chalicelib.notify.post import post
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver


def test_a_json_body_is_posted(receiver: CallbackReceiver) -> None:
    answer = post(f"{receiver.base}/a?b=c", '{"名": 1}'.encode(), timeout_seconds=5)
    assert (answer.status, answer.body, answer.error, answer.is_success) == (200, '{"code":0}', "", True)
    assert receiver.received == [{"名": 1}]
    assert receiver.paths == ["/a?b=c"]
    headers = {name.lower(): value for name, value in receiver.headers[0].items()}
    assert headers["content-type"] == "application/json"
    assert headers["host"] == receiver.base.removeprefix("http://")


@pytest.mark.parametrize("answer", [b"", b"not JSON", b'{"code": 1}', b"\xff\xfe", b"x" * 5_000_000])
def test_any_body_of_a_200_is_a_success_and_little_of_it_is_kept(receiver: CallbackReceiver, answer: bytes) -> None:
    receiver.answer = answer
    got = post(receiver.base, b"{}", timeout_seconds=5)
    assert got.is_success
    assert got.body == answer[:1024].decode(errors="replace")


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 404, 500, 503])
def test_any_other_status_is_a_failure_and_a_redirect_is_not_followed(receiver: CallbackReceiver, status: int) -> None:
    receiver.status = status
    receiver.answer = b""
    receiver.extra_headers = {"Location": f"{receiver.base}/elsewhere"}
    answer = post(receiver.base, b"{}", timeout_seconds=5)
    assert (answer.status, answer.is_success) == (status, False)
    assert receiver.paths == ["/"]


@pytest.mark.parametrize("manner", ["hangs", "drip"])
def test_a_server_that_does_not_come_to_its_answer_is_left_in_time(receiver: CallbackReceiver, manner: str) -> None:
    setattr(receiver, manner, True)
    answer = post(receiver.base, b"{}", timeout_seconds=0.3)
    assert (answer.status, answer.error, answer.is_late) == (0, "no answer in 0.3 s", True)
    assert 300 <= answer.latency_ms < 1500


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/", b"{}", timeout_seconds=5)
    assert answer.status == 0
    assert answer.error.startswith("ConnectionRefusedError")


def test_a_name_that_leads_nowhere_is_an_error() -> None:
    answer = post("http://no-such-host.invalid/", b"{}", timeout_seconds=5)
    assert answer.status == 0
    assert answer.error.startswith("gaierror")


def test_a_server_that_speaks_no_http_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", timeout_seconds=5)
        thread.join()
    assert (answer.status, answer.is_success) == (0, False)
    assert answer.error.startswith("BadStatusLine")


def test_the_connection_is_made_to_the_address_that_was_checked(
    receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def rebinding(host: str, *arguments: Any, **named: Any) -> Any:
        asked.append(host)
        is_first = asked.count("callbacks.example.com") == 1
        return resolve("127.0.0.1" if is_first else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    port = receiver.server.server_address[1]
    assert post(f"http://callbacks.example.com:{port}/", b"{}", timeout_seconds=5).is_success
    assert asked == ["callbacks.example.com", "127.0.0.1"]
    assert receiver.headers[0]["Host"] == f"callbacks.example.com:{port}"


def test_a_name_that_cannot_even_be_asked_for_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    answer = post("http://callbacks.example.com/", b"{}", timeout_seconds=5)
    assert (answer.status, answer.error, answer.is_late) == (0, "UnicodeError: label empty or too long", False)


def test_a_name_that_nobody_resolves_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def hangs(*arguments: Any, **named: Any) -> Any:
        asked.set()
        let_go.wait(10)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    answer = post("http://callbacks.example.com/", b"{}", timeout_seconds=0.2)
    let_go.set()
    assert asked.is_set()
    assert (answer.status, answer.error, answer.is_late) == (0, "no answer in 0.2 s", True)


def test_of_a_name_s_addresses_the_first_that_accepts_is_taken(
    receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server.server_address[1]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
    resolve = socket.getaddrinfo

    def two(host: str, *arguments: Any, **named: Any) -> Any:
        return found if host == "callbacks.example.com" else resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", two)  # nobody listens on the first
    assert post(f"http://callbacks.example.com:{port}/", b"{}", timeout_seconds=5).is_success


def test_a_url_that_is_not_safe_is_not_called(receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "0")
    settings.cache_clear()
    answer = post(receiver.base, b"{}", timeout_seconds=5)
    assert answer.error == "the URL leads to 127.0.0.1, which is not a public address"
    assert receiver.received == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("host", "is_trusted", "expected"),
    [
        ("localhost", True, 200),
        ("127.0.0.1", True, 0),
        ("localhost", False, 0),
    ],
)
def test_a_certificate_is_held_against_the_name_and_those_who_may_sign(
    receiver: CallbackReceiver,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    is_trusted: bool,
    expected: int,
) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    server = receiver.server
    server.socket = server_side.wrap_socket(server.socket, server_side=True)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answer = post(f"https://{host}:{server.server_address[1]}/", b"{}", timeout_seconds=5)
    assert answer.status == expected
    if not expected:
        assert answer.error.startswith("SSLCertVerificationError")
