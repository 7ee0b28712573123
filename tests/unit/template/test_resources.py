"""The packaged template: what goes to AWS, looked at before it goes."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from chalicelib.keys import INDEX_KEYS, PROJECTED
from chalicelib.recording.naming import MEDIA_PREFIX, READY_PREFIX, REPORT_PREFIX
from chalicelib.settings import Settings
from tests.unit.template.reading import as_list, of_type, spelled, statements

DEPLOYING = Path(__file__).parents[3] / "docs" / "06-deploy.md"
LONGEST_STACK_NAME = 35


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


def test_state_is_kept_when_the_stack_is_deleted_and_no_first_deployment_that_failed_leaves_any(
    resources: Mapping[str, Any],
) -> None:
    kept = {name: each["DeletionPolicy"] for name, each in resources.items() if "DeletionPolicy" in each}
    assert kept == dict.fromkeys(("Table", "Bucket"), "RetainExceptOnCreate")
    assert {resources[name]["UpdateReplacePolicy"] for name in kept} == {"Retain"}


def test_a_first_cluster_needs_nothing_that_a_new_account_lacks(resources: Mapping[str, Any]) -> None:
    assert "Properties" not in resources["Cluster"], "a capacity provider asks for a role that the cluster makes"


def test_recorders_run_on_what_their_image_is_built_for(resources: Mapping[str, Any]) -> None:
    platform = resources["RecorderTask"]["Properties"]["RuntimePlatform"]
    assert platform == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}


def test_two_stacks_share_no_name_in_an_account(template: Mapping[str, Any]) -> None:
    """CloudFront's names are an account's, the other names a region's."""
    resources = template["Resources"]
    access = resources["MediaAccess"]["Properties"]["OriginAccessControlConfig"]["Name"]
    functions = of_type(resources, "AWS::CloudFront::Function").values()
    for name in [access, *(each["Name"] for each in functions)]:
        assert spelled(name).startswith("${AWS::StackName}-${AWS::Region}-")
    prefix = template["Globals"]["Function"]["Environment"]["Variables"]["PARAMETER_PREFIX"]
    assert spelled(prefix) == "/tapedeck/${AWS::StackName}"
    assert template["Outputs"]["ParameterPrefix"]["Value"] == prefix
    parameters = [
        spelled(each)
        for _, statement in statements(resources)
        for each in as_list(statement["Resource"])
        if ":parameter/" in spelled(each)
    ]
    assert {each.rpartition(":parameter")[2].rpartition("/")[0] for each in parameters} == {spelled(prefix)}


@pytest.mark.parametrize("region", ["ap-southeast-1", "us-gov-west-1"])
def test_the_longest_name_of_a_stack_that_is_documented_fits(template: Mapping[str, Any], region: str) -> None:
    longest = {"${AWS::StackName}": "s" * LONGEST_STACK_NAME, "${AWS::AccountId}": "1" * 12, "${AWS::Region}": region}
    resources = template["Resources"]
    names = {resources["Bucket"]["Properties"]["BucketName"]["Fn::Sub"]: 63}
    names |= {each["Name"]["Fn::Sub"]: 64 for each in of_type(resources, "AWS::CloudFront::Function").values()}
    for name, most in names.items():
        for placeholder, value in longest.items():
            name = name.replace(placeholder, value)
        assert len(name) <= most, name
    assert f"at most {LONGEST_STACK_NAME} characters" in DEPLOYING.read_text()


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
