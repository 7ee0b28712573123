"""The packaged template and zip: what goes to AWS, looked at before it goes."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.keys import INDEX_KEYS, PROJECTED
from chalicelib.recording.naming import MEDIA_PREFIX, READY_PREFIX, REPORT_PREFIX
from chalicelib.settings import Settings
from infra.package import NEEDED, Package, PackageError, check_zip, package

EXPLAINED_WILDCARDS = {
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*-*:*": (
        "a function's log group carries its generated name, which its role is made before"
    ),
    "${Table.Arn}/index/*": "every index belongs to the table",
    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/tapedeck/${Stage}/*": (
        "API keys are made while the deployment runs"
    ),
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${Schedules}/wake-*": (
        "a schedule is named by its moment"
    ),
    "${Bucket.Arn}/ready/*": "object keys are made of file ids",
    "${Bucket.Arn}/media/*/playlist.m3u8": "as above",
    "${Bucket.Arn}/media/*": "object keys are made of file ids",
    "${Bucket.Arn}/reports/*": "object keys are made of session ids",
}
"""Resources with a wildcard in them, and why it cannot be narrower."""

FUNCTIONS = {"APIHandler", "FileReady", "CallbackDue", "TaskStopped", "Tick"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def template(made: Package) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(made.template.read_text())
    return loaded


@pytest.fixture(scope="module")
def resources(template: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template["Resources"]
    return found


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


def test_every_function_has_a_role_of_its_own(resources: Mapping[str, Any]) -> None:
    functions = of_type(resources, "AWS::Serverless::Function")
    assert set(functions) == FUNCTIONS
    assert len({json.dumps(function["Role"]) for function in functions.values()}) == len(FUNCTIONS)


def test_no_policy_holds_a_wildcard_that_is_not_explained(resources: Mapping[str, Any]) -> None:
    for role, statement in statements(resources):
        for action in as_list(statement["Action"]):
            assert "*" not in action, (role, action)
        for resource in map(spelled, as_list(statement["Resource"])):
            general = resource
            for function in FUNCTIONS:
                general = general.replace(f"${{AWS::StackName}}-{function}-*", "${AWS::StackName}-*-*")
            assert "*" not in resource or general in EXPLAINED_WILDCARDS, (role, resource)


def test_nobody_may_scan_the_table(resources: Mapping[str, Any]) -> None:
    allowed = {action for _, statement in statements(resources) for action in as_list(statement["Action"])}
    of_the_table = {action for action in allowed if action.startswith("dynamodb:")}
    assert of_the_table == {
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    }


def test_every_explained_wildcard_is_used(resources: Mapping[str, Any]) -> None:
    used = {spelled(each) for _, statement in statements(resources) for each in as_list(statement["Resource"])}
    assert {each for each in EXPLAINED_WILDCARDS if "-*-*" not in each} <= used


def test_a_function_logs_into_its_own_group_only(resources: Mapping[str, Any]) -> None:
    for name, function in of_type(resources, "AWS::Serverless::Function").items():
        role = function["Role"]["Fn::GetAtt"][0]
        groups = [
            spelled(statement["Resource"])
            for owner, statement in statements(resources)
            if owner == role and any(action.startswith("logs:") for action in as_list(statement["Action"]))
        ]
        assert [group.rpartition("/")[2] for group in groups] == [f"${{AWS::StackName}}-{name}-*:*"]


def test_recorders_reach_sessions_and_objects_only(resources: Mapping[str, Any]) -> None:
    allowed = [statement for role, statement in statements(resources) if role == "RecorderRole"]
    assert [as_list(statement["Action"]) for statement in allowed] == [
        ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        ["s3:GetObject"],
        ["s3:ListBucketMultipartUploads"],
        ["s3:ListBucket"],
        ["s3:PutObject"],
        [
            "dynamodb:GetItem",
            "dynamodb:UpdateItem",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
            "dynamodb:ConditionCheckItem",
        ],
    ]
    assert allowed[5]["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["SESSION#*", "WAITING#*"]}}


def test_recorders_are_given_two_minutes_to_finish(resources: Mapping[str, Any]) -> None:
    assert resources["RecorderTask"]["Properties"]["ContainerDefinitions"][0]["StopTimeout"] == 120


def test_the_table_has_the_keys_and_indexes_that_the_code_uses(resources: Mapping[str, Any]) -> None:
    table = resources["Table"]["Properties"]
    keys = {
        each["IndexName"]: tuple(key["AttributeName"] for key in each["KeySchema"])
        for each in table["GlobalSecondaryIndexes"]
    }
    assert keys == INDEX_KEYS
    held = {tuple(each["Projection"]["NonKeyAttributes"]) for each in table["GlobalSecondaryIndexes"]}
    assert held == {PROJECTED}
    assert tuple(key["AttributeName"] for key in table["KeySchema"]) == ("PK", "SK")
    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == {"PK", "SK"}.union(*INDEX_KEYS.values())
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_state_is_kept_when_the_stack_is_deleted(resources: Mapping[str, Any]) -> None:
    assert {name for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"} == {"Table", "Bucket"}


def test_every_variable_of_a_function_is_a_declared_setting(template: Mapping[str, Any]) -> None:
    declared = {each.name.upper() for each in fields(Settings)}
    functions = [template["Globals"]["Function"], *of_type(template["Resources"], "AWS::Serverless::Function").values()]
    given = {name for each in functions for name in each.get("Environment", {}).get("Variables", {})}
    container = template["Resources"]["RecorderTask"]["Properties"]["ContainerDefinitions"][0]
    assert given <= declared
    assert {each["Name"] for each in container["Environment"]} <= declared


@pytest.mark.parametrize("function", ["APIHandler", "FileReady"])
def test_who_wakes_the_tick_is_told_where_it_is_and_may(function: str, resources: Mapping[str, Any]) -> None:
    properties = resources[function]["Properties"]
    role = {"Fn::GetAtt": ["SchedulerRole", "Arn"]}
    told = {"SCHEDULE_TARGET_ARN": {"Fn::GetAtt": ["Tick", "Arn"]}, "SCHEDULE_ROLE_ARN": role}
    assert told.items() <= properties["Environment"]["Variables"].items()
    own = [each for owner, each in statements(resources) if owner == properties["Role"]["Fn::GetAtt"][0]]
    (making,) = [each["Resource"] for each in own if each["Action"] == "scheduler:CreateSchedule"]
    assert spelled(making).endswith(":schedule/${Schedules}/wake-*")
    assert role in [each["Resource"] for each in own if "scheduler.amazonaws.com" in str(each)]
    waking = [each for owner, each in statements(resources) if owner == "SchedulerRole"]
    assert [(each["Action"], each["Resource"]) for each in waking] == [
        ("lambda:InvokeFunction", {"Fn::GetAtt": ["Tick", "Arn"]})
    ]


def test_private_callback_urls_are_refused_unless_somebody_allows_them(template: Mapping[str, Any]) -> None:
    assert template["Parameters"]["CallbackAllowPrivate"]["Default"] == "false"


@pytest.mark.parametrize("function", ["FileReady", "CallbackDue"])
def test_a_queue_s_function_reports_single_failures_and_has_a_dead_letter_queue(
    resources: Mapping[str, Any], function: str
) -> None:
    properties = resources[function]["Properties"]
    ((_, source),) = properties["Events"].items()
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    queue = resources[source["Properties"]["Queue"]["Fn::Sub"].strip("${}").removesuffix(".Arn")]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * properties["Timeout"]
    dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    assert resources[dead_letters]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_dead_letter_is_an_alarm(resources: Mapping[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    watched = {each["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for each in alarms.values()}
    assert watched == {"FileReadyDeadLetters", "CallbackDueDeadLetters"}
    assert {(each["Threshold"], each["ComparisonOperator"]) for each in alarms.values()} == {
        (0, "GreaterThanThreshold")
    }


def test_ready_objects_and_reports_and_no_others_tell_the_queue(resources: Mapping[str, Any]) -> None:
    assert resources["Bucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"] == [
        {
            "Event": "s3:ObjectCreated:*",
            "Queue": {"Fn::GetAtt": ["FileReadyQueue", "Arn"]},
            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}},
        }
        for prefix in (READY_PREFIX, REPORT_PREFIX)
    ]


def test_reports_that_were_told_and_empty_objects_expire_and_nothing_else_does(resources: Mapping[str, Any]) -> None:
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = [rule for rule in rules if "ExpirationInDays" in rule]
    found = [(rule["Prefix"], rule.get("ObjectSizeLessThan"), rule["ExpirationInDays"]) for rule in expiring]
    assert found == [(REPORT_PREFIX, None, 7), (MEDIA_PREFIX, "1", 7)]


def test_an_upload_that_nobody_ends_is_swept_in_the_end(resources: Mapping[str, Any]) -> None:
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    sweeping = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert [(rule["Status"], rule.get("Prefix", "")) for rule in sweeping] == [("Enabled", "")]
    # Longer than a file may grow, and time enough for somebody to find out why recovery failed.
    assert sweeping[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_the_bucket_is_private(resources: Mapping[str, Any]) -> None:
    assert set(resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}


def test_what_api_gateway_refuses_has_the_form_of_the_wire(resources: Mapping[str, Any]) -> None:
    definition = resources["RestAPI"]["Properties"]["DefinitionBody"]
    responses = definition["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED"} <= set(responses)
    for kind, response in responses.items():
        body = json.loads(response["responseTemplates"]["application/json"])["Response"]
        assert (response["statusCode"], body["RequestId"]) == (200, "$context.requestId"), kind
        assert response["responseParameters"] == {"gatewayresponse.header.X-Tapedeck-Refused": "'true'"}, kind
        assert set(body["Error"]) == {"Code", "Message"}, kind
    throttled = json.loads(responses["THROTTLED"]["responseTemplates"]["application/json"])
    assert throttled["Response"]["Error"]["Code"] == "RequestLimitExceeded"  # the one code that SDKs try again


def test_only_tasks_of_our_cluster_reach_the_task_stopped_function(resources: Mapping[str, Any]) -> None:
    pattern = resources["TaskStopped"]["Properties"]["Events"]["TaskStoppedEvent"]["Properties"]["Pattern"]
    assert pattern["detail"] == {"lastStatus": ["STOPPED"], "clusterArn": [{"Fn::GetAtt": ["Cluster", "Arn"]}]}


@pytest.mark.parametrize(
    ("call", "query"),
    [
        pytest.param("() => 'a=1%2f&a=2'", "a=1%2f&a=2", id="a query as it was spelled"),
        pytest.param("() => undefined", "", id="no query"),
    ],
)
def test_cloudfront_hands_over_host_and_raw_query(resources: Mapping[str, Any], call: str, query: str) -> None:
    code = resources["HandOver"]["Properties"]["FunctionCode"]
    request = (
        "{headers: {host: {value: 'api.example.com'}, 'x-tapedeck-host': {value: 'forged'}}, "
        f"rawQueryString: {call}}}"
    )
    script = f"{code}\nconsole.log(JSON.stringify(handler({{request: {request}}}).headers))"
    printed = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == {
        "host": {"value": "api.example.com"},
        "x-tapedeck-host": {"value": "api.example.com"},
        "x-tapedeck-query": {"value": query},
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param("{'x-tapedeck-refused': {value: 'true'}}", 503, id="API Gateway refused it"),
        pytest.param("{}", 200, id="the function answered"),
    ],
)
def test_an_origin_does_not_take_a_refusal_of_api_gateway_for_a_yes(
    resources: Mapping[str, Any], headers: str, status: int
) -> None:
    code = resources["RefuseHooks"]["Properties"]["FunctionCode"]
    response = f"{{statusCode: 200, headers: {headers}}}"
    script = f"{code}\nconsole.log(handler({{response: {response}}}).statusCode)"
    assert subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout == f"{status}\n"
    behaviours = resources["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    (hooks,) = [each for each in behaviours if each["PathPattern"] == "/hooks/*"]
    assert hooks["FunctionAssociations"] == [
        {"EventType": "viewer-response", "FunctionARN": {"Fn::GetAtt": ["RefuseHooks", "FunctionARN"]}}
    ]


def test_the_zip_holds_what_the_functions_need_and_nothing_of_the_recorder(made: Package) -> None:
    check_zip(made.zip)
    with zipfile.ZipFile(made.zip) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {"app.py", "chalice", "chalicelib", "pydantic", "pydantic_core"} <= tops
    assert not tops & {"av", "boto3", "botocore", "recorder_task", "infra", "tests", "node_modules"}


def test_a_function_starts_without_compiling_anything(made: Package, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path)
    ours = [*tmp_path.glob("chalicelib/**/*.py"), tmp_path / "app.py"]
    for source in [*ours, *tmp_path.glob("pydantic/**/*.py")]:
        source.write_text("this is never read")
    program = "import app; print(len(app.app.routes) > 1)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        pytest.param([name for name in NEEDED if "core" not in name], "pydantic_core", id="a wheel is missing"),
        pytest.param([*NEEDED, "av/__init__.py"], "must not hold av/", id="the recorder's library is in"),
    ],
)
def test_a_zip_that_is_not_right_is_refused(tmp_path: Path, names: list[str], complaint: str) -> None:
    path = tmp_path / "deployment.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    with pytest.raises(PackageError, match=complaint):
        check_zip(path)


def test_a_package_of_the_same_sources_is_not_made_again(made: Package) -> None:
    before = made.zip.stat().st_mtime_ns
    assert package(made.zip.parent) == made
    assert made.zip.stat().st_mtime_ns == before
