"""AWS Signature Version 4. Pure: time and credentials come in as arguments.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from recorder_task.aws.credentials import Credentials

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""For S3, where a checksum header already protects the body and hashing it again would cost CPU."""


def encoded_query(query: Mapping[str, str]) -> str:
    """The query in canonical order and spelling: what is signed is what is sent."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def signed_headers(
    *,
    method: str,
    host: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    payload_hash: str,
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """`headers` with those that sign the request added; `path` and `query` are already encoded, `now` is unix s."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    all_headers = {**headers, "host": host, "x-amz-date": moment, "x-amz-content-sha256": payload_hash}
    if credentials.token:
        all_headers["x-amz-security-token"] = credentials.token
    lowered = {name.lower(): value.strip() for name, value in all_headers.items()}
    names = ";".join(sorted(lowered))
    canonical = "\n".join(
        [method, path, query, *(f"{name}:{lowered[name]}" for name in sorted(lowered)), "", names, payload_hash]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    all_headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return all_headers
