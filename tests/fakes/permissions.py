"""What a role allows, and doubles that refuse whatever it does not: as IAM does on AWS, and no emulator."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from chalice.package import YAMLTemplateSerializer

from chalicelib.settings import settings
from chalicelib.table import Check, Delete, Put, Update
from tests.unit.template.reading import as_list, spelled

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / ".chalice" / "config.json"
TEMPLATE: Mapping[str, Any] = YAMLTemplateSerializer().load_template((ROOT / "infra" / "template.yaml").read_text())
PARAMETERS = (
    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    + TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["PARAMETER_PREFIX"]["Fn::Sub"]
)
SCHEDULES = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${Schedules}"
WRITES = {
    Put: "dynamodb:PutItem",
    Update: "dynamodb:UpdateItem",
    Delete: "dynamodb:DeleteItem",
    Check: "dynamodb:ConditionCheckItem",
}


LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""What Lambda itself does in a function's name."""


class AccessDenied(Exception):
    """The role does not allow it."""


class Need(NamedTuple):
    """What a request needs to be allowed; resources are spelled as templates spell them."""

    action: str
    resource: str
    context: Mapping[str, str] = {}


class Permissions:
    """The statements of one role; `denied` keeps what was refused, for code may catch the refusal."""

    def __init__(self, statements: Sequence[Mapping[str, Any]]) -> None:
        assert {each["Effect"] for each in statements} == {"Allow"}
        self._statements = statements
        self._used: set[tuple[str, str]] = set()
        self.denied: list[str] = []

    @classmethod
    def of_function(cls, name: str) -> "Permissions":
        """Those of a function, by the name that Chalice knows it by."""
        functions = json.loads(CONFIG.read_text())["stages"]["dev"]["lambda_functions"]
        return cls(json.loads((CONFIG.parent / functions[name]["iam_policy_file"]).read_text())["Statement"])

    @classmethod
    def of_recorder(cls) -> "Permissions":
        """Those of a recorder's task."""
        (policy,) = TEMPLATE["Resources"]["RecorderRole"]["Properties"]["Policies"]
        return cls(policy["PolicyDocument"]["Statement"])

    def require(self, need: Need) -> None:
        """Raise AccessDenied unless a statement allows it."""
        allowing = [
            (need.action, resource)
            for statement in self._statements
            if need.action in as_list(statement["Action"])
            for resource in map(spelled, as_list(statement["Resource"]))
            if fnmatchcase(need.resource, resource) and _holds(statement.get("Condition", {}), need.context)
        ]
        self._used.update(allowing)
        if not allowing:
            self.denied.append(" ".join([need.action, need.resource, *need.context.values()]))
            raise AccessDenied(self.denied[-1])

    def of(self, service: str, inner: Any) -> Any:
        """`inner`, a client or `table`, to one who has these permissions and no others."""
        return _Guarded(self, service, inner)

    @property
    def unused(self) -> set[str]:
        """Actions that are allowed on something, and that nobody has needed there."""
        return {
            action
            for statement in self._statements
            for action in as_list(statement["Action"])
            for resource in map(spelled, as_list(statement["Resource"]))
            if (action, resource) not in self._used
        }


AsFunction: TypeAlias = Callable[[str], Permissions]
"""Takes the role of a function, by the name that Chalice knows it by."""


class _Guarded:
    def __init__(self, permissions: Permissions, service: str, inner: Any) -> None:
        self._permissions = permissions
        self._service = service
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "exceptions" or (self._service, name) in HARMLESS:
            return found
        needs = NEEDS[self._service, name]

        def ask(*values: Any, **named: Any) -> Any:
            values = tuple(list(each) if isinstance(each, Iterator) else each for each in values)
            for need in needs(*values, **named):
                self._permissions.require(need)
            return found(*values, **named)

        return ask


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    return all(
        any(fnmatchcase(context[name], spelled(pattern)) for pattern in as_list(patterns))
        for of_operator in conditions.values()
        for name, patterns in of_operator.items()
    )


def _item(action: str, pk: str, index: str | None = None) -> Need:
    resource = f"${{Table.Arn}}/index/{index}" if index else "${Table.Arn}"
    return Need(action, resource, {"dynamodb:LeadingKeys": pk})


def _write(write: Any) -> list[Need]:
    return [_item(WRITES[type(write)], write.key.pk)]


def _pass(role: str, service: str) -> Need:
    return Need("iam:PassRole", f"${{{role}.Arn}}", {"iam:PassedToService": service})


def _parameter(action: str, name: str) -> Need:
    return Need(action, PARAMETERS + name.removeprefix(settings().parameter_prefix))


def _object(action: str, key: str) -> Need:
    return Need(action, f"${{Bucket.Arn}}/{key}")


HARMLESS = {("table", "wait_for")}
"""What doubles answer by themselves."""

NEEDS: Mapping[tuple[str, str], Callable[..., Sequence[Need]]] = {
    ("table", "get"): lambda key, only=(): [_item("dynamodb:GetItem", key.pk)],
    ("table", "get_many"): lambda keys: [_item("dynamodb:BatchGetItem", key.pk) for key in keys],
    ("table", "query"): lambda partition, index=None, **_: [_item("dynamodb:Query", partition, index)],
    ("table", "put"): _write,
    ("table", "update"): _write,
    ("table", "delete"): _write,
    ("table", "transact"): lambda *writes: [need for write in writes for need in _write(write)],
    ("sqs", "send_message_batch"): lambda **_: [Need("sqs:SendMessage", "${CallbackDueQueue.Arn}")],
    ("ecs", "run_task"): lambda **_: [
        Need("ecs:RunTask", "${RecorderTask}", {"ecs:cluster": "${Cluster.Arn}"}),
        *(_pass(role, "ecs-tasks.amazonaws.com") for role in ("RecorderRole", "RecorderExecutionRole")),
    ],
    ("scheduler", "create_schedule"): lambda Name, **_: [
        Need("scheduler:CreateSchedule", f"{SCHEDULES}/{Name}"),
        _pass("SchedulerRole", "scheduler.amazonaws.com"),
    ],
    ("ssm", "get_parameter"): lambda Name, **_: [_parameter("ssm:GetParameter", Name)],
    ("ssm", "get_parameters"): lambda Names, **_: [_parameter("ssm:GetParameters", name) for name in Names],
    ("s3", "get_object"): lambda Key, **_: [_object("s3:GetObject", Key)],
    # S3 asks for both where a write depends on the ETag of what is there.
    ("s3", "put_object"): lambda Key, IfMatch="", **_: [
        _object(action, Key) for action in ("s3:PutObject", *(["s3:GetObject"] if IfMatch else []))
    ],
}
"""What each request needs, by service and operation."""


def needs_of_http(method: str, key: str, query: Mapping[str, str]) -> list[Need]:
    """What a request to S3 needs that was made over HTTP."""
    if "uploads" in query and method == "GET":
        return [Need("s3:ListBucketMultipartUploads", "${Bucket.Arn}")]
    by_method = {"PUT": "s3:PutObject", "POST": "s3:PutObject", "GET": "s3:GetObject", "HEAD": "s3:GetObject"}
    of_upload = {"GET": "s3:ListMultipartUploadParts", "DELETE": "s3:AbortMultipartUpload"}
    action = of_upload.get(method) if "uploadId" in query else None
    return [_object(action or by_method[method], key)]


def watched(permissions: Permissions) -> Callable[[Any], None]:
    """For FakeS3's `hold`: notes what is not allowed, and lets it through."""

    def look(request: Any) -> None:
        for need in needs_of_http(request.method, request.key, request.query):
            with suppress(AccessDenied):
                permissions.require(need)

    return look
