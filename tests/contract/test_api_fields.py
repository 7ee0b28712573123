"""Every action has the fields of the vendor's contract: the tests walk the models of its SDK."""

import pytest
from pydantic import BaseModel
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.in_process import ACTIONS
from tests.sdk import Sdk
from tests.sdk_values import REQUIRED, SERVICES, paths, request_fields


def names_of(model: type[BaseModel]) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        found.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += [f"{name}.{inner}" for inner in names_of(field.annotation)]
    return found


def test_the_actions_are_those_that_are_promised() -> None:
    assert sorted(name for _, name in ACTIONS) == [
        "AddLiveDomain",
        "CreateLiveCallbackRule",
        "CreateLiveCallbackTemplate",
        "CreateLiveRecord",
        "CreateLiveRecordRule",
        "CreateLiveRecordTemplate",
        "CreateRecordTask",
        "DeleteLiveCallbackRule",
        "DeleteLiveCallbackTemplate",
        "DeleteLiveDomain",
        "DeleteLiveRecord",
        "DeleteLiveRecordRule",
        "DeleteLiveRecordTemplate",
        "DeleteRecordTask",
        "DescribeCallbackRecordsList",
        "DescribeConcurrentRecordStreamNum",
        "DescribeLiveCallbackRules",
        "DescribeLiveCallbackTemplate",
        "DescribeLiveCallbackTemplates",
        "DescribeLiveDomain",
        "DescribeLiveDomains",
        "DescribeLiveForbidStreamList",
        "DescribeLivePushAuthKey",
        "DescribeLiveRecordRules",
        "DescribeLiveRecordTemplate",
        "DescribeLiveRecordTemplates",
        "DescribeLiveStreamEventList",
        "DescribeLiveStreamOnlineList",
        "DescribeLiveStreamPublishedList",
        "DescribeLiveStreamState",
        "DescribeMediaInfos",
        "DescribeRecordTask",
        "DropLiveStream",
        "EnableLiveDomain",
        "ExplainRecording",
        "ForbidLiveDomain",
        "ForbidLiveStream",
        "ModifyLiveCallbackTemplate",
        "ModifyLivePushAuthKey",
        "ModifyLiveRecordTemplate",
        "RedriveCallbacks",
        "ResumeLiveStream",
        "SearchMedia",
        "StopLiveRecord",
        "StopRecordTask",
    ]


@pytest.mark.parametrize(("service", "action"), ACTIONS)
def test_an_action_has_exactly_the_fields_of_the_sdk_in_its_order(service: str, action: str) -> None:
    ours = SERVICES[service].actions[action].params
    assert names_of(ours) == [path for path, _ in paths(request_fields(service, action))]


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


def test_an_unknown_field_of_a_structure_is_named_by_its_path(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.raw("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Colour": "red"})
    assert (refused.value.code, refused.value.message.partition(":")[0]) == ("UnknownParameter", "FlvParam.Colour")
