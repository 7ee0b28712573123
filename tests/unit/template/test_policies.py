"""What each role of the packaged template allows: no more than is explained."""

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.template.reading import FUNCTIONS, as_list, of_type, spelled, statements

EXPLAINED_WILDCARDS = {
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*-*:*": (
        "a function's log group carries its generated name, which its role is made before"
    ),
    "${Table.Arn}/index/*": "every index belongs to the table",
    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/tapedeck/${AWS::StackName}/*": (
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
