"""An action of the wire: its parameters and the function that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

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


Action: TypeAlias = Callable[[Mapping[str, Any], bool, Call], Answer]
"""Takes raw values, whether they are text, and the call."""


def action(model: type[P], act: Callable[[P, Call], Answer]) -> Action:
    """`act`, given its parameters parsed and validated."""

    def run(values: Mapping[str, Any], are_text: bool, call: Call) -> Answer:
        return act(parse(model, values, are_text=are_text), call)

    return run
