"""Deploys the packaged template into an emulator, as CloudFormation, and keeps quiet where nothing has changed."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml
from botocore.exceptions import ClientError

from infra.local.emulator import Emulator
from infra.local.function_code import function_code
from infra.local.gateway_responses import add_gateway_responses
from infra.local.settings import LOOPBACK, LocalSettings, function_overrides
from infra.local.trouble import Trouble
from infra.package import Package

STACK = "tapedeck"
CODE_BUCKET = "tapedeck-deployments"
WORKERS = 2
LAST_DEPLOYED = "/tapedeck-deployments/last"
"""Parameter with a hash of what was deployed: kept by the emulator, so that it is lost with what it speaks of."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What the rest of the local stack needs to know of the deployed one."""

    api_id: str
    api_stage: str
    bucket: str
    table: str
    cluster: str
    parameter_prefix: str
    task_stopped_function: str
    functions: Mapping[str, str]
    """Names of the functions by logical id."""
    overrides: Mapping[str, str]
    """Settings the environment added to the template's: functions have them, recorders get them too."""


def deploy(
    emulator: Emulator, package: Package, settings: LocalSettings, environment: Mapping[str, str]
) -> tuple[Deployed, bool]:
    """The stack as the package and the settings say, and whether anything had to be done; raises Trouble."""
    cloudformation = emulator.client("cloudformation")
    parameters = _parameters(emulator, settings)
    body = _template(emulator, package)
    set_by_template = _set_by_template(package)
    overrides = function_overrides(environment, set_by_template)
    senders = {"CALLBACK_URL_SENDERS": str(WORKERS - 1)}  # one worker is left where a receiver hangs
    local = {"AWS_ENDPOINT_URL_ECS": f"http://{LOOPBACK}:{settings.ecs_port}", **senders, **overrides}
    wanted = hashlib.sha256(json.dumps([body, parameters, local], sort_keys=True).encode()).hexdigest()
    exists = _exists(cloudformation)
    ssm = emulator.client("ssm")
    changed = not exists or _last_deployed(ssm) != wanted
    if changed:
        _apply(cloudformation, body, parameters, update=exists)
    deployed = _deployed(cloudformation, overrides)
    if changed:
        _add_to_environments(emulator, deployed, set_by_template, local)
        _limit_workers(emulator)
        add_gateway_responses(emulator.client("apigateway"), package, api_id=deployed.api_id, stage=deployed.api_stage)
        ssm.put_parameter(Name=LAST_DEPLOYED, Value=wanted, Type="String", Overwrite=True)
    return deployed, changed


def _parameters(emulator: Emulator, settings: LocalSettings) -> dict[str, str]:
    """The template's parameters here: the emulator's default network, the front, the local origin."""
    ec2 = emulator.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return {
        "Stage": "local",
        "RecorderImage": "tapedeck-recorder:local",
        "Vpc": vpc,
        "RecorderSubnets": ",".join(sorted(each["SubnetId"] for each in subnets)),
        "PullBase": f"rtmp://{LOOPBACK}:{settings.rtmp_port}",
        "MediaBase": f"http://{LOOPBACK}:{settings.front_port}/media",
        "DefaultPushDomain": settings.push_domain,
        "OriginControlUrl": f"http://{LOOPBACK}:{settings.origin_api_port}",
        "CallbackAllowPrivate": "true",
    }


def _template(emulator: Emulator, package: Package) -> str:
    """The packaged template with its code in the emulator's S3, as `aws cloudformation package` would put it."""
    code = function_code(package.zip)
    key = f"{hashlib.sha256(code).hexdigest()}.zip"
    s3 = emulator.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=CODE_BUCKET)
    s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=code)
    return package.template.read_text().replace("./deployment.zip", f"s3://{CODE_BUCKET}/{key}")


def _set_by_template(package: Package) -> set[str]:
    """Names of the settings that the template gives the functions."""
    template = yaml.safe_load(package.template.read_text())
    functions = [
        template["Globals"]["Function"],
        *(each.get("Properties", {}) for each in template["Resources"].values()),
    ]
    return {name for each in functions for name in each.get("Environment", {}).get("Variables", {})}


def _last_deployed(ssm: Any) -> str:
    try:
        return str(ssm.get_parameter(Name=LAST_DEPLOYED)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return ""


def _exists(cloudformation: Any) -> bool:
    try:
        return bool(cloudformation.describe_stacks(StackName=STACK)["Stacks"])
    except ClientError:
        return False


def _apply(cloudformation: Any, body: str, parameters: Mapping[str, str], *, update: bool) -> None:
    call = cloudformation.update_stack if update else cloudformation.create_stack
    try:
        call(
            StackName=STACK,
            TemplateBody=body,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise Trouble(f"The template was refused: {error}. `make reset` starts from nothing.") from error
    while (status := _status(cloudformation)).endswith("IN_PROGRESS"):
        time.sleep(0.05)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Trouble(f"The template was not deployed ({status}): {_reasons(cloudformation)}")


def _status(cloudformation: Any) -> str:
    return str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def _reasons(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("FAILED")]
    return "; ".join(f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}" for each in failed)


def _deployed(cloudformation: Any, overrides: Mapping[str, str]) -> Deployed:
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    functions = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::Lambda::Function"
    }
    return Deployed(
        api_id=outputs["RestAPIId"],
        api_stage=outputs["EndpointURL"].rstrip("/").rpartition("/")[2],
        bucket=outputs["BucketName"],
        table=outputs["TableName"],
        cluster=outputs["ClusterName"],
        parameter_prefix=outputs["ParameterPrefix"],
        task_stopped_function=outputs["TaskStoppedFunction"],
        functions=functions,
        overrides=overrides,
    )


def _add_to_environments(
    emulator: Emulator, deployed: Deployed, set_by_template: set[str], variables: Mapping[str, str]
) -> None:
    """Give every function the local variables (where ECS is, settings somebody wants to try) and no earlier run's."""
    client = emulator.client("lambda")
    for name in deployed.functions.values():
        environment = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        kept = {variable: value for variable, value in environment.items() if variable in set_by_template}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {**kept, **variables}})


def _limit_workers(emulator: Emulator) -> None:
    """Few workers a queue: a recording's files are ready at once, and MiniStack would start a process for each."""
    client = emulator.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": WORKERS})
