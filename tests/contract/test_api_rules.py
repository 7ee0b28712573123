"""Recording rules through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import keys
from chalicelib.table import Update
from tests.fakes.table import FakeTable
from tests.sdk import Sdk
from tests.sdk_values import own_values

ADDRESS = {"DomainName": "push.example.com", "AppName": "live", "StreamName": "room-7"}


def code_of(sdk: Sdk, action: str, /, **fields: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **fields)
    return str(refused.value.code)


@pytest.fixture
def template_id(any_sdk: Sdk) -> int:
    created: int = any_sdk("CreateLiveRecordTemplate", TemplateName="t")["TemplateId"]
    return created


def test_every_field_of_a_rule_is_given_back(sdk: Sdk, store: FakeTable) -> None:
    template = sdk("CreateLiveRecordTemplate", TemplateName="t")["TemplateId"]
    own = own_values("live", "CreateLiveRecordRule") | {"TemplateId": template}
    sdk("CreateLiveRecordRule", **own)
    key = keys.record_rule(own["DomainName"], own["AppName"], own["StreamName"])
    store.update(Update(key=key, set={"created_at": 1795163844, "updated_at": 1795163845}))
    times = {"CreateTime": "2026-11-20 16:37:24", "UpdateTime": "2026-11-20 16:37:25"}
    assert sdk("DescribeLiveRecordRules") == {"Rules": [own | times]}


def test_a_rule_is_deleted_by_its_exact_triple(any_sdk: Sdk, template_id: int) -> None:
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, **ADDRESS)
    for other in ({"AppName": ""}, {"StreamName": ""}, {"StreamName": "room-8"}, {"DomainName": "example.com"}):
        assert code_of(any_sdk, "DeleteLiveRecordRule", **(ADDRESS | other)) == "FailedOperation.NotFound"
    any_sdk("DeleteLiveRecordRule", **ADDRESS)
    assert any_sdk("DescribeLiveRecordRules") == {"Rules": []}


def test_an_address_has_one_rule(any_sdk: Sdk, template_id: int) -> None:
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, **ADDRESS)
    code = code_of(any_sdk, "CreateLiveRecordRule", TemplateId=template_id, **ADDRESS)
    assert code == "FailedOperation.RuleAlreadyExist"
    any_sdk("DeleteLiveRecordRule", **ADDRESS)
    any_sdk("DeleteLiveRecordTemplate", TemplateId=template_id)  # the refused rule left no trace


def test_a_rule_needs_a_template_that_exists(any_sdk: Sdk) -> None:
    assert code_of(any_sdk, "CreateLiveRecordRule", TemplateId=7, **ADDRESS) == "InvalidParameter.ConfNotFound"
    assert any_sdk("DescribeLiveRecordRules") == {"Rules": []}


def test_there_are_at_most_fifty_rules(any_sdk: Sdk, template_id: int) -> None:
    for number in range(50):
        any_sdk("CreateLiveRecordRule", TemplateId=template_id, **(ADDRESS | {"StreamName": f"s{number}"}))
    assert code_of(any_sdk, "CreateLiveRecordRule", TemplateId=template_id, **ADDRESS) == "InternalError.RuleOutLimit"
    any_sdk("DeleteLiveRecordRule", **(ADDRESS | {"StreamName": "s7"}))
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, **ADDRESS)


@pytest.mark.parametrize("name", ["../x", "a/b c+d", "直播" * 100, "x" * 255, "%2F", "#", "a\nb", "\0"])
def test_names_of_any_spelling_have_rules(any_sdk: Sdk, template_id: int, name: str) -> None:
    address = {"DomainName": "push.example.com", "AppName": name, "StreamName": name}
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, **address)
    (rule,) = any_sdk("DescribeLiveRecordRules")["Rules"]
    assert {field: rule[field] for field in address} == address
    any_sdk("DeleteLiveRecordRule", **address)


@pytest.mark.parametrize("domain", ["push.example.com", "localhost", "127.0.0.1", "__defaultVhost__", "5000.a-b.c"])
def test_a_domain_need_not_be_known(any_sdk: Sdk, template_id: int, domain: str) -> None:
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, DomainName=domain)
    (rule,) = any_sdk("DescribeLiveRecordRules")["Rules"]
    assert (rule["DomainName"], rule["AppName"], rule["StreamName"]) == (domain, "", "")


@pytest.mark.parametrize("domain", ["", "a b", "http://x", "a/b", ".a", "a.", "x" * 254, "域名", "a\n"])
def test_a_domain_has_the_form_of_one(sdk: Sdk, domain: str) -> None:
    code = code_of(sdk, "CreateLiveRecordRule", TemplateId=1, DomainName=domain)
    assert code == "InvalidParameter.DomainFormatError"


@pytest.mark.parametrize("field", ["AppName", "StreamName"])
def test_a_name_that_is_too_long_is_refused(sdk: Sdk, field: str) -> None:
    code = code_of(sdk, "CreateLiveRecordRule", TemplateId=1, **(ADDRESS | {field: "x" * 256}))
    assert code == "InvalidParameterValue"
