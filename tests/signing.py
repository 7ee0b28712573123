"""Signs requests that the SDK would never send, with the SDK's own arithmetic."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from tencentcloud.common.sign import Sign


def authorization(
    *,
    method: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    secret_id: str,
    secret_key: str,
    timestamp: int,
) -> str:
    """The Authorization header of a request; `headers` by name in lower case."""
    signed = f"content-type:{headers['content-type']}\nhost:{headers['host']}\n"
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n/\n{query}\n{signed}\ncontent-type;host\n{payload}"
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = Sign.sign_tc3(secret_key, date, service, to_sign)
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"
