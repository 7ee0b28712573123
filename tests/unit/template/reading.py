"""How the tests read a template: resources of a type, what the roles allow, a resource's pattern."""

from collections.abc import Iterator, Mapping
from typing import Any

FUNCTIONS = {"APIHandler", "FileReady", "CallbackDue", "TaskStopped", "Tick"}


def of_type(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def statements(resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every statement that a role allows, with the role's name."""
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spelled(resource: Any) -> str:
    """A resource as its pattern, whichever intrinsic names it: `${Table.Arn}/index/*`."""
    match resource:
        case {"Fn::Sub": text}:
            return str(text)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Ref": name}:
            return f"${{{name}}}"
    return str(resource)
