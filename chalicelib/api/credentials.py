"""API keys with their secrets: read from the table and from SSM, and remembered for a while."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib import keys
from chalicelib.api.api_key import ApiKey
from chalicelib.errors import SecretIdNotFound
from chalicelib.table import Table

UNKNOWN_SECONDS = 5.0
"""How long a SecretId that is not known stays so without being looked for."""
MOST_UNKNOWN = 1000
_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parameter_name(prefix: str, secret_id: str, number: int) -> str:
    """Name of the SSM parameter that holds a secret of a key."""
    return f"{prefix}/keys/{secret_id}/{number}"


@dataclass(frozen=True, kw_only=True)
class HeldKey:
    """A key with the values of its secrets, by their numbers."""

    key: ApiKey
    values: dict[int, str] = field(repr=False)

    def secrets_at(self, now: float) -> Sequence[str]:
        """The secrets that hold at `now` (unix s), the newest first."""
        return [self.values[each.number] for each in self.key.secrets if each.holds(now) and each.number in self.values]


class KeyRing:
    """Keys by SecretId; each is read again after `remember_seconds`, the delay of a revocation."""

    def __init__(
        self, table: Callable[[], Table], ssm: Callable[[], Any], *, prefix: str, remember_seconds: float
    ) -> None:
        self._table = table
        self._ssm = ssm
        self._prefix = prefix
        self._remember_seconds = remember_seconds
        self._known: dict[str, tuple[float, HeldKey]] = {}
        self._unknown: dict[str, float] = {}

    def held(self, secret_id: str, now: float) -> HeldKey:
        """The key of a SecretId at `now` (unix s), with at least one secret; raises SecretIdNotFound."""
        read_at, held = self._known.get(secret_id, (float("-inf"), None))
        if held is None or now - read_at >= self._remember_seconds:
            self._known.pop(secret_id, None)
            held = self._read(secret_id, now)
            self._known[secret_id] = (now, held)
        if not held.secrets_at(now):
            raise SecretIdNotFound
        return held

    def _read(self, secret_id: str, now: float) -> HeldKey:
        if not _SECRET_ID.fullmatch(secret_id) or now < self._unknown.get(secret_id, 0):
            raise SecretIdNotFound
        item = self._table().get(keys.api_key(secret_id))
        if item is None or item["disabled_at"]:
            if len(self._unknown) >= MOST_UNKNOWN:
                self._unknown.clear()
            self._unknown[secret_id] = now + UNKNOWN_SECONDS
            raise SecretIdNotFound
        key = ApiKey.from_item(item)
        return HeldKey(key=key, values=read_secrets(self._ssm(), self._prefix, key))


def read_secrets(ssm: Any, prefix: str, key: ApiKey) -> dict[int, str]:
    """The values of a key's secrets by number, less those that Parameter Store does not have."""
    numbers = {parameter_name(prefix, key.secret_id, each.number): each.number for each in key.secrets}
    found = ssm.get_parameters(Names=list(numbers), WithDecryption=True)["Parameters"]
    return {numbers[each["Name"]]: str(each["Value"]) for each in found}
