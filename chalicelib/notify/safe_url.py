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
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?", re.IGNORECASE)


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
    if port == 0:
        raise UnsafeUrl("the port must not be 0")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    is_valid = _is_ipv6(host) if parts.netloc.startswith("[") else _HOST_NAME.fullmatch(host)
    if not is_valid:
        raise UnsafeUrl("the URL names no valid host")
    return host


def _is_ipv6(host: str) -> bool:
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
    return is_unicast and address.is_global


def _ends(address: Address) -> list[Address]:
    """Where packets to `address` may come out: for IPv6 that carries IPv4 (mapped, NAT64, 6to4, Teredo) there too."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    tunnelled = [address.sixtofour, *(address.teredo or ())]
    return [address, *(each for each in tunnelled if each is not None)]
