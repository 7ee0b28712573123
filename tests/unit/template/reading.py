"""How the tests read a template: resources of a type, what the roles allow, a resource's pattern."""

import json
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
    """A resource as its pattern: the text of Fn::Sub, or the intrinsic as JSON."""
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return str(resource["Fn::Sub"])
    return resource if isinstance(resource, str) else json.dumps(resource)
