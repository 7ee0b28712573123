"""Every field of the vendor's contract: accepted, validated, stored, given back; the tests walk the SDK's models."""

from typing import Any

import pytest
from pydantic import BaseModel
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.handlers.api import LIVE, VOD
from tests.sdk import Sdk
from tests.sdk_values import REQUIRED, paths, request_fields, required_values

SERVICES = {"live": LIVE, "vod": VOD}
ACTIONS = [("live", name) for name in LIVE.actions] + [("vod", name) for name in VOD.actions]
FIELDS_OF_KIND = {
    "str": 7,
    "int": "seven",
    "bool": "yes",
    "list of str": "seven",
    "list of int": "seven",
    "struct": "seven",
}
"""For each kind of field a value of another."""


def names_of(model: type[BaseModel]) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        found.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += [f"{name}.{inner}" for inner in names_of(field.annotation)]
    return found


def test_the_actions_are_those_that_are_promised() -> None:
    assert sorted(name for _, name in ACTIONS) == [
        "CreateLiveCallbackRule",
        "CreateLiveCallbackTemplate",
        "CreateLiveRecordRule",
        "CreateLiveRecordTemplate",
        "CreateRecordTask",
        "DeleteLiveCallbackRule",
        "DeleteLiveCallbackTemplate",
        "DeleteLiveRecordRule",
        "DeleteLiveRecordTemplate",
        "DeleteRecordTask",
        "DescribeLiveCallbackRules",
        "DescribeLiveCallbackTemplate",
        "DescribeLiveCallbackTemplates",
        "DescribeLiveRecordRules",
        "DescribeLiveRecordTemplate",
        "DescribeLiveRecordTemplates",
        "DescribeLiveStreamOnlineList",
        "DescribeLiveStreamState",
        "DescribeMediaInfos",
        "DescribeRecordTask",
        "ModifyLiveCallbackTemplate",
        "ModifyLiveRecordTemplate",
        "SearchMedia",
        "StopRecordTask",
    ]


@pytest.mark.parametrize(("service", "action"), ACTIONS)
def test_an_action_has_exactly_the_fields_of_the_sdk_in_its_order(service: str, action: str) -> None:
    ours = SERVICES[service].actions[action].params
    assert names_of(ours) == [path for path, _ in paths(request_fields(service, action))]


WRONG_KINDS = [
    pytest.param(service, action, path, FIELDS_OF_KIND[field.kind], id=f"{action}-{path}")
    for service, action in ACTIONS
    for path, field in paths(request_fields(service, action))
]


@pytest.mark.parametrize(("service", "action", "path", "value"), WRONG_KINDS)
def test_a_value_of_the_wrong_kind_is_refused_by_the_name_of_its_field(
    sdk: Sdk, service: str, action: str, path: str, value: Any
) -> None:
    top, _, inner = path.partition(".")
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.raw(action, service, **(required_values(service, action) | {top: {inner: value} if inner else value}))
    assert refused.value.code.startswith("InvalidParameterValue")
    assert refused.value.message.startswith(f"{path}: ")


@pytest.mark.parametrize(("service", "action"), ACTIONS)
def test_the_fields_that_the_wire_requires_are_required(service: str, action: str) -> None:
    fields = SERVICES[service].actions[action].params.model_fields
    assert sorted(name for name, field in fields.items() if field.is_required()) == REQUIRED.get(action, [])


def test_a_missing_field_is_named(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("CreateLiveRecordRule", TemplateId=1)
    assert (refused.value.code, refused.value.message) == (
        "MissingParameter",
        "DomainName: this parameter is required.",
    )


@pytest.mark.parametrize(("service", "action"), ACTIONS)
def test_an_unknown_field_is_named(sdk: Sdk, service: str, action: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.raw(action, service, Colour="red", **required_values(service, action))
    assert (refused.value.code, refused.value.message) == ("UnknownParameter", "Colour: there is no such parameter.")


def test_an_unknown_field_of_a_structure_is_named_by_its_path(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.raw("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Colour": "red"})
    assert (refused.value.code, refused.value.message.partition(":")[0]) == ("UnknownParameter", "FlvParam.Colour")
