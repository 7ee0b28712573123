"""Parameter Store in a dict, as far as API keys need it."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any


class ParameterNotFound(Exception):
    """There is no such parameter."""


class FakeSsm:
    """Values by name; `reads` counts the questions."""

    exceptions = SimpleNamespace(ParameterNotFound=ParameterNotFound)

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self.reads = 0

    def get_parameters(self, *, Names: Sequence[str], WithDecryption: bool) -> dict[str, Any]:
        self.reads += 1
        assert WithDecryption is True
        return {"Parameters": [{"Name": n, "Value": self.parameters[n]} for n in Names if n in self.parameters]}

    def put_parameter(self, *, Name: str, Value: str, Type: str, Overwrite: bool) -> None:
        assert (Type, Overwrite) == ("SecureString", True)
        self.parameters[Name] = Value

    def delete_parameters(self, *, Names: Sequence[str]) -> None:
        for name in Names:
            self.parameters.pop(name, None)
