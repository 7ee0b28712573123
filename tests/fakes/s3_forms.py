"""How S3 spells what the fake bucket answers, and what it is asked."""

import base64
import hashlib
import re
import zlib
from xml.etree import ElementTree


def etag_of(content: bytes) -> str:
    """Of an object or a part."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def crc_of(content: bytes) -> str:
    """The CRC-32 as headers carry it."""
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


def xml_of(root: str, **fields: str) -> bytes:
    """A flat document; fields are not escaped."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{root}>{inner}</{root}>'.encode()


def named_parts(body: bytes) -> list[tuple[int, str, str | None]]:
    """Number, ETag and CRC-32 of each part that a completion names, in its order."""
    text = re.sub(rb' xmlns="[^"]*"', b"", body, count=1)
    return [
        (int(part.findtext("PartNumber") or 0), part.findtext("ETag") or "", part.findtext("ChecksumCRC32"))
        for part in ElementTree.fromstring(text).iter("Part")
    ]
