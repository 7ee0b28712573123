"""Which URLs may be called: on paper, and where their names lead."""

import socket

import pytest

from chalicelib.notify.safe_url import Destination, UnsafeUrl, check_url, destination
from chalicelib.settings import settings

PUBLIC = [
    "http://example.com",
    "https://example.com:8443/callback?a=b",
    "http://93.184.216.34/",
    "http://xn--fiqs8s.example.com/",
    "http://callback_host.example.com./x",
    "http://[2606:2800:220:1::1]/",
    "http://[::ffff:8.8.8.8]/",
]
PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1:8080/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://240.0.0.1/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:db8::1]/",
]
NEVER = [
    "",
    "example.com",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "http://",
    "http:///x",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://@example.com/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:x/",
    "http://exa mple.com/",
    "http://example.com/a\r\nX: y",
    "http://example.com\\@evil.example.net/",
    "http://例え.example.com/",
    "http://-example.com/",
    "http://exa..mple.com/",
    "http://[::1",
    "http://[v1.x]/",
    "http://169.254.169.254/latest/meta-data",
    "http://0xa9fea9fe/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://0.0.0.0/",
    "http://[::]/",
]


@pytest.fixture
def public_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "0")
    settings.cache_clear()


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_url_may_be_called(url: str) -> None:
    check_url(url)


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_in_any_spelling_may_not_be_called(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        check_url(url)


@pytest.mark.parametrize("url", [*PUBLIC, *PRIVATE])
def test_a_local_stack_may_call_private_addresses(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", NEVER)
def test_some_urls_may_not_be_called_even_locally(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        check_url(url)


class Resolver:
    """Names and the addresses they lead to, one answer after another."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, host: str, port: int, type: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:  # noqa: A002
        return [(socket.AF_INET, type, 6, "", (address, port)) for address in self.answers.pop(0)]


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["169.254.169.254"]])
def test_a_name_that_leads_to_a_private_address_may_not_be_called(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(addresses))
    with pytest.raises(UnsafeUrl):
        destination("https://rebinding.example.com/")


@pytest.mark.usefixtures("public_only")
def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["93.184.216.34"], ["127.0.0.1"]))
    assert destination("https://Rebinding.example.com:8443/a?b=c#d") == Destination(
        is_tls=True,
        host="rebinding.example.com",
        port=8443,
        addresses=("93.184.216.34",),
        target="/a?b=c",
        host_header="Rebinding.example.com:8443",
    )
