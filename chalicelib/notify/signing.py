"""`sign` and `t` of a callback (wire.md, section 6). Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any


def signature(callback_key: str, expires_at: int) -> str:
    """Lower-case hex MD5 of the key followed by `expires_at` (unix s)."""
    return hashlib.md5(f"{callback_key}{expires_at}".encode(), usedforsecurity=False).hexdigest()


def signed(payload: Mapping[str, Any], callback_key: str, *, expires_at: int) -> dict[str, Any]:
    """`payload` with `t` and `sign`; without a key both are left out."""
    if not callback_key:
        return dict(payload)
    return {**payload, "t": expires_at, "sign": signature(callback_key, expires_at)}
