"""An action of the wire: its parameters and the function that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

from chalicelib.api.params import P, parse
from chalicelib.table import Table

Answer: TypeAlias = Mapping[str, Any]
"""Fields of `Response`, less RequestId."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What an action acts on, beside its parameters."""

    table: Table
    now: float
    """Unix s."""


@dataclass(frozen=True)
class Action(Generic[P]):
    """One action: `act` is given its parameters parsed and validated."""

    params: type[P]
    act: Callable[[P, Call], Answer]

    def run(self, values: Mapping[str, Any], call: Call, *, are_text: bool) -> Answer:
        """The answer to `values`, which are text where they come from a query; raises an ApiError."""
        return self.act(parse(self.params, values, are_text=are_text), call)


Actions: TypeAlias = Mapping[str, Action[Any]]
"""Actions of one concept by their names on the wire."""
