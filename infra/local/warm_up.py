"""Starts the functions before somebody waits for them, and says at once where one does not start."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.trouble import Trouble

FUNCTIONS = ("APIHandler", "FileReady", "CallbackDue")
EVENTS: Mapping[str, Any] = {
    "APIHandler": {
        "httpMethod": "GET",
        "path": "/",
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
        "requestContext": {"resourcePath": "/", "httpMethod": "GET", "path": "/", "identity": {}},
    },
    "FileReady": {"Records": []},
    "CallbackDue": {"Records": []},
}
"""Events that change nothing."""


def warm_up(client: Any, functions: Mapping[str, str], *, at_once: int = 1) -> None:
    """Invoke each function that somebody waits for, `at_once` times at once; raises Trouble where one cannot run."""
    with ThreadPoolExecutor(len(FUNCTIONS) * at_once) as pool:
        for name, answer in pool.map(lambda name: (name, _invoke(client, functions[name], name)), FUNCTIONS * at_once):
            if "FunctionError" in answer:
                raise Trouble(f"The function {name} does not start: {answer['Payload'].read().decode()}")


def _invoke(client: Any, function: str, name: str) -> Any:
    return client.invoke(FunctionName=function, Payload=json.dumps(EVENTS[name]))
