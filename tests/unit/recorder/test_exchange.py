"""HTTP/1.1 as servers speak it, well, oddly and badly: what is an answer, and which connection may be used again."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recorder_task.aws.exchange import LONGEST_HEAD_BYTES, RECEIVE_BYTES, Answer, BrokenAnswer, Connection
from tests.fakes.certificate import Certificate

HEAD = b"GET / HTTP/1.1\r\nhost:s\r\ncontent-length:0\r\n\r\n"
TIMEOUT_SECONDS = 10.0


class Server:
    """Accepts one connection, answers each request with the next of `answers`, then closes."""

    def __init__(self, answers: Sequence[Sequence[bytes]], *, reads_body: bool = True) -> None:
        self.request = b""
        self._answers = answers
        self._reads_body = reads_body
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop."""
        self._listener.close()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, suppress(OSError):  # who reads nonsense hangs up
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for answer in self._answers:
                self._read(connection)
                for piece in answer:
                    connection.sendall(piece)

    def _read(self, connection: socket.socket) -> None:
        while b"\r\n\r\n" not in self.request:
            self.request += connection.recv(1)
        head, _, _ = self.request.partition(b"\r\n\r\n")
        length = int(head.rpartition(b"content-length:")[2]) if self._reads_body else 0
        body = b""
        while len(body) < length:
            body += connection.recv(length - len(body))
        self.request = body


@contextmanager
def connected(*answers: bytes | Sequence[bytes], reads_body: bool = True) -> Iterator[tuple[Connection, Server]]:
    """A connection to a server that gives these answers, each in one piece or in several."""
    scripts = [[answer] if isinstance(answer, bytes) else answer for answer in answers]
    server = Server(scripts, reads_body=reads_body)
    with closing(server), closing(Connection(urlsplit(server.url), None, TIMEOUT_SECONDS)) as connection:
        yield connection, server


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "expected", "is_reusable"),
    [
        (OK, Answer(200, {"content-length": "2"}, b"ok"), True),
        (b"HTTP/1.1 404 \r\nContent-Length:0\r\n\r\n", Answer(404, {"content-length": "0"}, b""), True),
        (b"HTTP/1.1 404\r\nContent-Length: 0  \r\n\r\n", Answer(404, {"content-length": "0"}, b""), True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, {}, b""), True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Answer(200, {"content-length": "2"}, b"ok"), True),
        (
            b"HTTP/1.1 103 Early\r\nx: y\r\n\r\nHTTP/1.1 100\r\n\r\n" + OK,
            Answer(200, {"content-length": "2"}, b"ok"),
            True,
        ),
        (
            CHUNKED + b"2;a=b\r\nok\r\n0A\r\n0123456789\r\n0\r\n\r\n",
            Answer(200, {"transfer-encoding": "chunked"}, b"ok0123456789"),
            True,
        ),
        (
            CHUNKED + b"1\r\n!\r\n0\r\ntrailer: 1\r\n\r\n",
            Answer(200, {"transfer-encoding": "chunked"}, b"!"),
            True,
        ),
        (
            b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n",
            Answer(200, {"connection": "Close", "content-length": "0"}, b""),
            False,
        ),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", Answer(200, {"content-length": "0"}, b""), False),
        (
            b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\nConnection: x, keep-alive\r\n\r\n",
            Answer(200, {"content-length": "0", "connection": "x, keep-alive"}, b""),
            True,
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil it closes", Answer(200, {}, b"until it closes"), False),
        (OK + b"more than was asked", Answer(200, {"content-length": "2"}, b"ok"), False),
        (
            b"HTTP/1.1 200 OK\r\nvary: a\r\nVary: b\r\ncontent-length: 0\r\n\r\n",
            Answer(200, {"vary": "a, b", "content-length": "0"}, b""),
            True,
        ),
    ],
)
@pytest.mark.parametrize("in_bytes", [False, True], ids=["whole", "byte by byte"])
def test_an_answer(sent: bytes, expected: Answer, is_reusable: bool, in_bytes: bool) -> None:
    pieces = [sent[at : at + 1] for at in range(len(sent))] if in_bytes else [sent]
    with connected(pieces) as (connection, _):
        assert connection.exchange(HEAD) == expected
        # Byte by byte, what was not asked for may come later: then the connection is stale, not yet known to be.
        assert connection.is_reusable == is_reusable or (in_bytes and sent.startswith(OK))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nName : value\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\r\n folded: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 099 Early\r\n\r\n",
        b"HTTP/1.1 2000 Much\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"<html>not http at all</html>\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nlong: " + b"x" * LONGEST_HEAD_BYTES + b"\r\n\r\n",
        CHUNKED + b"2\r\nok!\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"2\r\nok\r\n",
        CHUNKED + b"f" * 2000,
    ],
)
def test_what_is_no_answer(sent: bytes) -> None:
    with connected(sent) as (connection, _), pytest.raises(BrokenAnswer):
        connection.exchange(HEAD)


def test_the_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    with connected(b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n", OK) as (connection, _):
        assert connection.exchange(HEAD, is_head=True).headers["content-length"] == "700"
        assert connection.exchange(HEAD).body == b"ok"


@pytest.mark.parametrize("size_bytes", [0, 1, 100, 5_000_000])
def test_a_body_arrives_as_it_was_sent(size_bytes: int) -> None:
    body = bytearray(range(256)) * (size_bytes // 256 + 1)
    del body[size_bytes:]
    head = b"PUT / HTTP/1.1\r\ncontent-length:%d\r\n\r\n" % size_bytes
    with connected(OK) as (connection, server):
        assert connection.exchange(head, body).status == 200
        assert server.request == body
    body += b"may be changed again"


def test_a_large_answer_is_read_whole() -> None:
    content = bytes(range(256)) * 10_000
    with connected(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(content) + content) as (connection, _):
        assert connection.exchange(HEAD).body == content


def test_a_server_that_refuses_a_body_before_it_has_read_it_is_understood() -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
    with connected(refusal, reads_body=False) as (connection, _):
        answer = connection.exchange(HEAD.replace(b":0", b":90000000"), bytes(90_000_000))
        assert (answer.status, answer.body, connection.is_reusable) == (403, b"no", False)


def test_a_connection_that_was_closed_while_idle_is_stale() -> None:
    with connected(OK) as (connection, server):
        connection.exchange(HEAD)
        assert connection.is_reusable
        server.thread.join()
        assert connection.is_stale


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = urlsplit(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with closing(Connection(url, None, 0.05)) as connection, pytest.raises(TimeoutError):
            connection.exchange(HEAD)


def test_each_answer_has_its_own_head_whatever_the_one_before_was_like() -> None:
    """What is remembered of heads is how their names and status lines are read, never what they say."""
    answers = [
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\nDate: one\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nDate: another\r\nconnection: keep-alive\r\nCONTENT-LENGTH: 4\r\n\r\nmore",
        CHUNKED + b"1\r\n!\r\n0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    ]
    with connected(*answers) as (connection, _):
        found = [(connection.exchange(HEAD), connection.is_reusable) for _ in answers]
    assert found == [
        (Answer(200, {"connection": "keep-alive", "content-length": "2", "date": "one"}, b"ok"), True),
        (Answer(200, {"date": "another", "connection": "keep-alive", "content-length": "4"}, b"more"), True),
        (Answer(200, {"transfer-encoding": "chunked"}, b"!"), True),
        (Answer(400, {"content-length": "2"}, b"no"), True),
        (Answer(200, {"connection": "close", "content-length": "2"}, b"ok"), False),
    ]


def test_a_server_that_answers_once_and_then_says_nothing_is_given_up_as_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = urlsplit(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with closing(Connection(url, None, 0.05)) as connection, listener.accept()[0] as server:
            server.sendall(OK)
            assert connection.exchange(HEAD).body == b"ok"
            with pytest.raises(TimeoutError):
                connection.exchange(HEAD)


def test_an_answer_that_a_tls_server_cuts_off_without_a_word_is_none(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)

    def answer_half() -> None:
        connection = certificate.server_context().wrap_socket(listener.accept()[0], server_side=True)
        connection.recv(RECEIVE_BYTES)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nuntil it clo")
        connection.shutdown(socket.SHUT_RDWR)  # of the line alone: TLS has not said that this was all
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=answer_half)
        server.start()
        url = urlsplit(f"https://127.0.0.1:{listener.getsockname()[1]}")
        trusted = ssl.create_default_context(cafile=str(certificate.path))
        with closing(Connection(url, trusted, TIMEOUT_SECONDS)) as connection, pytest.raises(OSError, match="EOF"):
            connection.exchange(HEAD)
        server.join()
