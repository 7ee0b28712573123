"""Parameter Store in a dict, as far as API keys need it."""

from types import SimpleNamespace
from typing import Any


class ParameterNotFound(Exception):
    """There is no such parameter."""


class FakeSsm:
    """Values by name; `reads` counts the questions."""

    exceptions = SimpleNamespace(ParameterNotFound=ParameterNotFound)

    def __init__(self, **parameters: str) -> None:
        self.parameters = dict(parameters)
        self.reads = 0

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        self.reads += 1
        name = request["Name"]
        if name not in self.parameters:
            raise ParameterNotFound(name)
        assert request["WithDecryption"] is True
        return {"Parameter": {"Name": name, "Value": self.parameters[name]}}
