"""How a callback says that it is ours: `sign` and `t` as on the wire (wire.md, section 6), and a header beside. Pure.

`sign` covers its own expiry and nothing of what is told; the header covers every byte of the body.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

SIGNATURE_HEADER = "X-Tapedeck-Signature"
_PUSH_SECRET = re.compile(r"(?i)(^|[?&])(txSecret=)[^&]*")


def signature(callback_key: str, expires_at: int) -> str:
    """Lower-case hex MD5 of the key followed by `expires_at` (unix s)."""
    return hashlib.md5(f"{callback_key}{expires_at}".encode(), usedforsecurity=False).hexdigest()


def signed(payload: Mapping[str, Any], callback_key: str, *, expires_at: int) -> dict[str, Any]:
    """`payload` with `t` and `sign`; without a key both are left out."""
    if not callback_key:
        return dict(payload)
    return {**payload, "t": expires_at, "sign": signature(callback_key, expires_at)}


def header(body: bytes, callback_key: str, *, at: int) -> str:
    """`t=…,v1=…`: when it was sent (unix s), and the HMAC-SHA256 in hex of `{t}.{body}` under the key."""
    digest = hmac.new(callback_key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def without_secrets(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload, less `t` and `sign`, as logs and records show it: without what would let one push."""
    shown = {name: payload[name] for name in payload if name not in ("t", "sign")}
    if "stream_param" in shown:
        shown["stream_param"] = _PUSH_SECRET.sub(r"\1\2***", str(shown["stream_param"]))
    return shown
