"""An action of the wire: its parameters, the function that does it, and the push domains it is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

from chalicelib.api.api_key import ApiKey
from chalicelib.api.params import P, parse
from chalicelib.api.permissions import check_domains, named_domains
from chalicelib.table import Table

Answer: TypeAlias = Mapping[str, Any]
"""Fields of `Response`, less RequestId."""
UNLIMITED = ApiKey(secret_id="")


@dataclass(frozen=True, kw_only=True)
class Call:
    """What an action acts on, beside its parameters."""

    table: Table
    now: float
    """Unix s."""
    key: ApiKey = UNLIMITED
    """Who asks."""


def by_parameters(params: Any, call: Call) -> Sequence[str]:
    """The push domains that the parameters name."""
    return named_domains(params)


def everywhere(params: Any, call: Call) -> Sequence[str]:
    """An action that every key may use: what it reads is shared, or it shows no more than the key may see."""
    return sorted(call.key.domains)


@dataclass(frozen=True)
class Action(Generic[P]):
    """One action: `act` is given its parameters parsed and validated."""

    params: type[P]
    act: Callable[[P, Call], Answer]
    domains: Callable[[P, Call], Sequence[str]] = by_parameters
    """Asked where the key is for named push domains: which does the action act on?"""

    def run(self, values: Mapping[str, Any], call: Call, *, are_text: bool) -> Answer:
        """The answer to `values`, which are text where they come from a query; raises an ApiError."""
        params = parse(self.params, values, are_text=are_text)
        if call.key.domains:
            check_domains(call.key, self.domains(params, call))
        return self.act(params, call)


Actions: TypeAlias = Mapping[str, Action[Any]]
"""Actions of one concept by their names on the wire."""
