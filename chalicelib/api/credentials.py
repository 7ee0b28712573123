"""The secret of an API key, read from SSM and remembered for a while."""

import re
from collections.abc import Callable
from typing import Any

from chalicelib.errors import SecretIdNotFound
from chalicelib.settings import settings

_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parameter_name(secret_id: str) -> str:
    """Name of the SSM parameter that holds a key's secret."""
    return f"{settings().parameter_prefix}/keys/{secret_id}"


class KeyRing:
    """Secrets by SecretId; each is read again after `remember_seconds`, the delay of a revocation."""

    def __init__(self, ssm: Callable[[], Any], *, remember_seconds: float) -> None:
        self._ssm = ssm
        self._remember_seconds = remember_seconds
        self._known: dict[str, tuple[float, str]] = {}

    def secret_key(self, secret_id: str, now: float) -> str:
        """The SecretKey of a SecretId at `now` (unix s); raises SecretIdNotFound."""
        if not _SECRET_ID.fullmatch(secret_id):  # it becomes part of a parameter's name
            raise SecretIdNotFound
        read_at, secret = self._known.get(secret_id, (float("-inf"), ""))
        if now - read_at >= self._remember_seconds:
            self._known.pop(secret_id, None)
            secret = self._read(secret_id)
            self._known[secret_id] = (now, secret)
        return secret

    def _read(self, secret_id: str) -> str:
        ssm = self._ssm()
        try:
            answer = ssm.get_parameter(Name=parameter_name(secret_id), WithDecryption=True)
        except ssm.exceptions.ParameterNotFound:
            raise SecretIdNotFound from None
        return str(answer["Parameter"]["Value"])
