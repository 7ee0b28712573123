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
    "http://[2001:4860:4860::8888]/",
    "http://[64:ff9b::808:808]/",
    "http://[2a00:1450::5efe:808:808]/",
    "https://example.com:81/",
    "https://EXAMPLE.com:443/%0d%0aX:%20y?u=http://127.0.0.1/",
    "http://example.com/#@127.0.0.1/",
    "http://example.com?@127.0.0.1/",
    "http://127.0.0.1.example.com/",
    "http://localhost.example.com/",
    "http://1.example/",
    "http://0xabc.example.com/",
]
PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://00000000177.0.0.1/",
    "http://127.0.1/",
    "http://127.0x0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1#.example.com/",
    "http://127.0.0.1?.example.com/",
    "http://0X7F.0X0.0X0.0X1/",
    "http://10.1/",
    "http://167772161/",
    "http://0300.0250.1.1/",
    "http://192.0.0.8/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://255.255.255.255/",
    "http://0.0.0.1/",
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
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::FFFF:7F00:0001]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2001:20::1]/",
    "http://[2002:808:808::]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[100::1]/",
    "http://[fd00:ec2::254]/",
    "http://[2a00:1450::5efe:7f00:1]/",
    "http://[2a00:1450::200:5efe:10.0.0.1]/",
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
    "http://[::1%25lo]/",
    "http://[2606:2800:220:1::1%1]/",
    "http://[127.0.0.1]/",
    "http:example.com",
    "http:/example.com/",
    "https:\\\\example.com/",
    "http://example.com;@127.0.0.1/",
    "http://a@b@example.com/",
    "http://%31%32%37.0.0.1/",
    "http://exa%6dple.com/",
    "http://１２７.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://ⓛocalhost/",
    "http://127。0。0。1/",
    "http://256.0.0.1/",
    "http://4294967297/",
    "http://127.0.0.1.1/",
    "http://1.2.3.08/",
    "http://0x/",
    "http://example.com:+80/",
    "http://example.com:8_0/",
    "http://example.com:-1/",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:6667/",
    "http://example.com\t/",
    "http://example.com\x00/",
    "\x00http://example.com/",
    " http://example.com/",
    "HTTP+unix://%2Ftmp%2Fsocket/",
    "jar:http://example.com!/",
    "data:text/plain,x",
    "dict://example.com:11211/",
    "ldap://example.com/",
    "http://169.254.169.254./",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2a00:1450::5efe:a9fe:a9fe]/",
    "http://[2001::1]/",
    "http://0/",
    "http://0x0/",
    "http://[::ffff:0.0.0.0]/",
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
