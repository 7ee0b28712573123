"""What a key may do: only read, or only act on the push domains it is for.

A key for named domains may use an action that names them; one that names none it may use only where the action itself
says so (`everywhere`), because what it reads is shared, or because it shows no more than the key may see.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.api.api_key import ApiKey
from chalicelib.errors import UnauthorizedOperation

READING = ("Describe", "Search", "Explain")
"""How the names of actions begin that change nothing."""
DOMAIN_FIELDS = ("DomainName", "PushDomains", "StreamDomains")
"""Fields of the wire that name the push domains an action is about."""


def only_reads(action: str) -> bool:
    """Whether an action changes nothing."""
    return action.startswith(READING)


def check_action(key: ApiKey, action: str) -> None:
    """Raises UnauthorizedOperation where a read-only key would change something."""
    if key.is_read_only and not only_reads(action):
        raise UnauthorizedOperation(f"{action}: this key may only read.")


def check_domains(key: ApiKey, domains: Sequence[str]) -> None:
    """Raises UnauthorizedOperation where the domains that an action is about are not all the key's; `""` is any."""
    if not key.domains:
        return
    if not domains:
        raise UnauthorizedOperation("This key is for named push domains, and the action is not about one.")
    for domain in domains:
        if not domain:
            raise UnauthorizedOperation("This key is for named push domains: name one of them in the request.")
        if not key.may_act_on(domain):
            raise UnauthorizedOperation(f"This key is not for the push domain {domain[:255]}.")


def named_domains(params: Any) -> list[str]:
    """The domains that parameters name; `""` where they could and do not, nothing where they cannot."""
    (field, *_) = [*(name for name in DOMAIN_FIELDS if name in type(params).model_fields), ""]
    if not field:
        return []
    named = getattr(params, field)
    return list(named) or [""] if isinstance(named, list) else [named or ""]
