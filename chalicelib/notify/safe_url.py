"""Callback URLs that can be posted to without reaching into a network of ours: server-side request forgery.

`check_url` looks at what is written, when a template is saved; `destination` looks at what the name leads to, at each
call, and the connection is made to that very address, so that a name that changes its answer gains nothing.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from chalicelib.settings import settings

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
ISATAP = (0x00005EFE, 0x02005EFE)
"""The third quarter of an IPv6 address whose last is an IPv4 address that a router of ours may unpack."""
SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
"""Of IANA's special-purpose addresses those that one version of `ipaddress` or another takes for public ones."""
NO_PORTS_OF_HTTP = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110}
    | {111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531}
    | {532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060}
    | {5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
"""Ports of mail, shells, files and the like, to which no browser posts either (Fetch, "bad port")."""
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?", re.IGNORECASE)
_ENDS_IN_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)
"""What some resolver may take for an IPv4 address."""


class UnsafeUrl(ValueError):
    """The URL must not be called; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a request goes: the addresses to connect to, and the names to say there."""

    is_tls: bool
    host: str
    port: int
    addresses: tuple[str, ...]
    """All that the name leads to, each checked."""
    target: str
    """Path and query of the request line."""
    host_header: str


def check_url(url: str) -> None:
    """Raise UnsafeUrl (a ValueError) unless `url` is http or https and spells no address that is not public."""
    parts = _parsed(url)
    address = _spelled_address(_host(parts))
    if address is not None:
        _check_address(address)


def destination(url: str) -> Destination:
    """Where a request to `url` goes, its name resolved.

    Raises UnsafeUrl where any of its addresses is not public, OSError where the name leads nowhere.
    """
    parts = _parsed(url)
    host, port = _host(parts), parts.port or PORTS[parts.scheme]
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in answers))
    for each in addresses:
        _check_address(ipaddress.ip_address(each))
    return Destination(
        is_tls=parts.scheme == "https",
        host=host,
        port=port,
        addresses=addresses,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        host_header=parts.netloc,
    )


def _parsed(url: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UnsafeUrl("the URL holds characters that must be percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnsafeUrl(f"the URL cannot be read: {error}") from None
    if parts.scheme not in PORTS:
        raise UnsafeUrl("the URL must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise UnsafeUrl("the URL must not hold a user name or password")
    if port == 0 or port in NO_PORTS_OF_HTTP:
        raise UnsafeUrl(f"nobody takes callbacks at port {port}")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    is_valid = _is_ipv6(host) if parts.netloc.startswith("[") else _HOST_NAME.fullmatch(host)
    if not is_valid or (_ENDS_IN_NUMBER.search(host) and _spelled_address(host) is None):
        raise UnsafeUrl("the URL names no valid host")
    return host


def _is_ipv6(host: str) -> bool:
    if "%" in host:  # a zone: an interface of ours
        return False
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _spelled_address(host: str) -> Address | None:
    """The address that `host` spells, in any spelling a resolver takes (127.1, 0x7f000001, 2130706433), or None."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    if ":" in host:
        return ipaddress.IPv6Address(host)
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        return None


def _check_address(address: Address) -> None:
    for each in _ends(address):
        if each.is_multicast or each.is_link_local or each.is_unspecified:
            raise UnsafeUrl(f"the URL leads to {address}, which is no host of the Internet")
        if not _is_public(each) and not settings().callback_allow_private:
            raise UnsafeUrl(f"the URL leads to {address}, which is not a public address")


def _is_public(address: Address) -> bool:
    is_unicast = isinstance(address, ipaddress.IPv4Address) or address in GLOBAL_UNICAST
    return is_unicast and address.is_global and not any(address in network for network in SPECIAL)


def _ends(address: Address) -> list[Address]:
    """Where packets to `address` may come out: for IPv6 that carries IPv4 (mapped, NAT64, tunnels) there too."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in NAT64:
        return [last]
    is_isatap = int(address) >> 32 & 0xFFFFFFFF in ISATAP
    tunnelled = [address.sixtofour, *(address.teredo or ()), last if is_isatap else None]
    return [address, *(each for each in tunnelled if each is not None)]
