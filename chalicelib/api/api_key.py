"""An API key: what it may do, and which of its secrets hold when. Its item in the table is written and read here. Pure.

The secrets themselves lie in Parameter Store, one parameter each; the item numbers them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

MOST_SECRETS = 2
"""The newest, and the one before it while it is replaced."""


@dataclass(frozen=True, kw_only=True)
class NumberedSecret:
    """A secret of a key, by its number; it ends at `expires_at` (unix s), 0: never."""

    number: int
    expires_at: float = 0.0

    def holds(self, now: float) -> bool:
        """Whether it signs requests at `now` (unix s)."""
        return self.expires_at == 0 or now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key without its secrets."""

    secret_id: str
    is_read_only: bool = False
    domains: frozenset[str] = frozenset()
    """Push domains it may act on, in lower case; none named: any."""
    note: str = ""
    created_at: float = 0.0
    disabled_at: float = 0.0
    secrets: Sequence[NumberedSecret] = field(default_factory=tuple)
    """The newest first."""

    def may_act_on(self, domain: str) -> bool:
        """Whether the push domain is one of the key's."""
        return not self.domains or domain.lower() in self.domains

    def rotated(self, *, now: float, overlap_seconds: float) -> "ApiKey":
        """The key with a new secret; the one before holds for the overlap, one before that no longer."""
        older = [replace(each, expires_at=now + overlap_seconds) for each in self.secrets[: MOST_SECRETS - 1]]
        newest = NumberedSecret(number=self.secrets[0].number + 1)
        return replace(self, secrets=(newest, *(each for each in older if each.holds(now))))

    def as_item(self) -> dict[str, Any]:
        """The key as an item of the table."""
        return {
            "secret_id": self.secret_id,
            "is_read_only": self.is_read_only,
            "domains": sorted(self.domains),
            "note": self.note,
            "created_at": self.created_at,
            "disabled_at": self.disabled_at,
            "secrets": [{"number": each.number, "expires_at": each.expires_at} for each in self.secrets],
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "ApiKey":
        """The key of an item of the table."""
        return cls(
            secret_id=item["secret_id"],
            is_read_only=item["is_read_only"],
            domains=frozenset(item["domains"]),
            note=item["note"],
            created_at=item["created_at"],
            disabled_at=item["disabled_at"],
            secrets=tuple(NumberedSecret(**each) for each in item["secrets"]),
        )
