"""Requests captured from the official SDK (tests/vectors/api): what came over the wire, and how it was signed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors" / "api"


@dataclass(frozen=True, kw_only=True)
class CapturedRequest:
    """One request, taken apart."""

    method: str
    query: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    signing: Mapping[str, Any]
    """What its client signed, and with which key."""


def captured(number: str) -> CapturedRequest:
    """The request whose file begins with `number`."""
    (path,) = FOLDER.glob(f"{number}_*.http")
    head, _, body = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    method, target, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in headers.items()}
    return CapturedRequest(
        method=method,
        query=target.partition("?")[2],
        headers=headers,
        body=body[: int(headers.get("content-length", 0))],
        signing=json.loads(path.with_suffix(".sign.json").read_text()),
    )
