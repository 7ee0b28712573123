"""AWS Signature Version 4. Pure: time and credentials come in as arguments.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote

from recorder_task.aws.credentials import Credentials

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""For S3, where a checksum header already protects the body and hashing it again would cost CPU."""


def encoded_query(query: Mapping[str, str]) -> str:
    """The query in canonical order and spelling: what is signed is what is sent."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


class Signer:
    """Signs requests to one service; the key of a day is derived once."""

    def __init__(self, *, host: str, service: str, region: str) -> None:
        self._host = host
        self._scope = f"{region}/{service}/aws4_request"
        self._derived: tuple[str, str, bytes] = ("", "", b"")  # secret key, day, signing key

    def head(
        self,
        *,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload_hash: str,
        credentials: Credentials,
        now: float,
    ) -> str:
        """Request line and header lines, signed, the line that ends the head not yet among them.

        `path` and `query` are already encoded, the names of `headers` are in lower case, `now` is unix s. Raises
        ValueError for a header that would be two.
        """
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        sent = {**headers, "host": self._host, "x-amz-date": moment, "x-amz-content-sha256": payload_hash}
        if credentials.token:
            sent["x-amz-security-token"] = credentials.token
        ordered = sorted(sent)
        lines = [f"{name}:{sent[name].strip()}" for name in ordered]
        names = ";".join(ordered)
        canonical = "\n".join([method, path, query, *lines, "", names, payload_hash])
        if canonical.count("\n") != len(lines) + 5 or "\r" in canonical:
            raise ValueError("a header may have one line")
        scope = f"{moment[:8]}/{self._scope}"
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(credentials.secret_key, moment[:8]), to_sign.encode(), "sha256").hex()
        target = f"{path}?{query}" if query else path
        lines.append(
            f"authorization:AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, ""])

    def _key(self, secret_key: str, day: str) -> bytes:
        derived_secret, derived_day, key = self._derived
        if (derived_secret, derived_day) != (secret_key, day):
            key = f"AWS4{secret_key}".encode()
            for part in (day, *self._scope.split("/")):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = (secret_key, day, key)  # at once: threads share a signer
        return key
