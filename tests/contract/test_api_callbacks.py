"""Callback templates and rules through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import keys
from chalicelib.live.callbacks import template_of
from chalicelib.table import Update
from tests.fakes.table import FakeTable
from tests.known_key import made_in
from tests.sdk import Sdk
from tests.sdk_values import own_values

NOT_IN_THE_SDK = "RecordStatusNotifyUrl"
"""The vendor's answer lacks it; ours has it where it is set."""
URL = {"RecordNotifyUrl": "https://example.com/file"}
DEFAULTS: dict[str, Any] = {
    "Description": "",
    "StreamBeginNotifyUrl": "",
    "StreamMixNotifyUrl": "",
    "StreamEndNotifyUrl": "",
    "RecordNotifyUrl": "",
    "SnapshotNotifyUrl": "",
    "PornCensorshipNotifyUrl": "",
    "CallbackKey": "",
    "PushExceptionNotifyUrl": "",
    "AudioAuditNotifyUrl": "",
    "RecordExceptionNotifyUrl": "",
    "RecordExceptionLevels": [],
}


def refusal(sdk: Sdk, action: str, /, **fields: Any) -> tuple[str, str]:
    """Code and field of the error that an action gives."""
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **fields)
    return refused.value.code, refused.value.message.partition(":")[0]


def created(sdk: Sdk, **fields: Any) -> int:
    template_id: int = sdk("CreateLiveCallbackTemplate", **({"TemplateName": "t"} | URL | fields))["TemplateId"]
    return template_id


def test_a_template_lives_from_create_to_delete(any_sdk: Sdk) -> None:
    template_id = created(any_sdk, CallbackKey="k")
    expected = DEFAULTS | URL | {"TemplateId": template_id, "TemplateName": "t", "CallbackKey": "k"}
    assert any_sdk("DescribeLiveCallbackTemplates") == {"Templates": [expected]}
    any_sdk("ModifyLiveCallbackTemplate", TemplateId=template_id, RecordExceptionLevels=["info"], CallbackKey="")
    expected |= {"RecordExceptionLevels": ["info"], "CallbackKey": ""}
    assert any_sdk("DescribeLiveCallbackTemplate", TemplateId=template_id) == {"Template": expected}
    any_sdk("DeleteLiveCallbackTemplate", TemplateId=template_id)
    assert any_sdk("DescribeLiveCallbackTemplates") == {"Templates": []}


@pytest.mark.parametrize("action", ["CreateLiveCallbackTemplate", "ModifyLiveCallbackTemplate"])
def test_every_field_is_given_back(sdk: Sdk, action: str) -> None:
    template_id = created(sdk)
    own = own_values("live", action) | {"TemplateId": template_id}
    if action == "CreateLiveCallbackTemplate":
        own["TemplateId"] = sdk.raw(action, **{name: own[name] for name in own if name != "TemplateId"})["TemplateId"]
    else:
        sdk(action, **own)
    answer = sdk.raw("DescribeLiveCallbackTemplate", TemplateId=own["TemplateId"])
    assert answer == {"Template": DEFAULTS | own}
    assert NOT_IN_THE_SDK in own


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RecordNotifyUrl": ""}, ("InvalidParameter", "RecordNotifyUrl")),
        ({"RecordNotifyUrl": "ftp://example.com"}, ("InvalidParameter.UrlNotSafe", "RecordNotifyUrl")),
        ({"StreamEndNotifyUrl": "http://127.1/x"}, ("InvalidParameter.UrlNotSafe", "StreamEndNotifyUrl")),
        ({"StreamBeginNotifyUrl": "http://[::1]/"}, ("InvalidParameter.UrlNotSafe", "StreamBeginNotifyUrl")),
        ({"RecordNotifyUrl": "https://x.com/" + "x" * 2048}, ("InvalidParameterValue", "RecordNotifyUrl")),
        ({"TemplateName": "a b"}, ("InvalidParameterValue", "TemplateName")),
        ({"TemplateName": "录" * 86}, ("InvalidParameterValue", "TemplateName")),
        ({"Description": "d" * 1025}, ("InvalidParameterValue", "Description")),
        ({"CallbackKey": "k" * 256}, ("InvalidParameterValue", "CallbackKey")),
        ({"RecordExceptionLevels": ["fatal"]}, ("InvalidParameterValue", "RecordExceptionLevels.0")),
        ({"RecordExceptionLevels": ["info"] * 4}, ("InvalidParameterValue", "RecordExceptionLevels")),
    ],
    ids=[
        "no-url",
        "scheme",
        "loopback",
        "ipv6",
        "long-url",
        "name",
        "258-bytes",
        "description",
        "key",
        "level",
        "levels",
    ],
)
def test_a_wrong_value_is_refused(
    sdk: Sdk, store: FakeTable, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusal(sdk, "CreateLiveCallbackTemplate", **({"TemplateName": "t"} | URL | fields)) == expected
    assert made_in(store) == {}


def test_a_template_keeps_at_least_one_url(any_sdk: Sdk) -> None:
    template_id = created(any_sdk, StreamEndNotifyUrl="https://example.com/end")
    any_sdk("ModifyLiveCallbackTemplate", TemplateId=template_id, RecordNotifyUrl="")
    last = {"TemplateId": template_id, "StreamEndNotifyUrl": ""}
    assert refusal(any_sdk, "ModifyLiveCallbackTemplate", **last) == ("InvalidParameter", "RecordNotifyUrl")
    any_sdk("ModifyLiveCallbackTemplate", **last, SnapshotNotifyUrl="https://example.com/snapshot")
    missing = refusal(any_sdk, "ModifyLiveCallbackTemplate", TemplateId=template_id + 1, StreamEndNotifyUrl="")
    assert missing == ("FailedOperation.NotFound", "TemplateId")


def test_of_two_who_take_away_the_last_two_urls_one_is_refused(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    template_id = created(sdk, StreamEndNotifyUrl="https://example.com/end")
    read, key = store.get, keys.callback_template(template_id)

    def meanwhile(asked: keys.Key, *rest: Any) -> Any:
        found = read(asked, *rest)
        if asked == key:
            monkeypatch.setattr(store, "get", read)
            store.update(Update(key=key, set={"StreamEndNotifyUrl": ""}))
        return found

    monkeypatch.setattr(store, "get", meanwhile)
    answer = refusal(sdk, "ModifyLiveCallbackTemplate", TemplateId=template_id, RecordNotifyUrl="")
    assert answer == ("InvalidParameter", "RecordNotifyUrl")
    assert sdk("DescribeLiveCallbackTemplate", TemplateId=template_id)["Template"]["RecordNotifyUrl"] != ""


def test_there_are_at_most_fifty_templates(sdk: Sdk) -> None:
    for _ in range(50):
        created(sdk)
    assert refusal(sdk, "CreateLiveCallbackTemplate", TemplateName="t", **URL)[0] == "InternalError.ConfOutLimit"


def test_a_template_that_a_rule_uses_cannot_be_deleted(any_sdk: Sdk) -> None:
    template_id = created(any_sdk)
    address = {"DomainName": "push.example.com", "AppName": "live"}
    any_sdk("CreateLiveCallbackRule", TemplateId=template_id, **address)
    assert refusal(any_sdk, "DeleteLiveCallbackTemplate", TemplateId=template_id)[0] == "InternalError.ConfInUsed"
    any_sdk("DeleteLiveCallbackRule", **address)
    any_sdk("DeleteLiveCallbackTemplate", TemplateId=template_id)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("DescribeLiveCallbackTemplate", "FailedOperation.NotFound"),
        ("ModifyLiveCallbackTemplate", "FailedOperation.NotFound"),
        ("DeleteLiveCallbackTemplate", "InternalError.ConfNotFound"),
    ],
)
def test_a_template_that_does_not_exist_is_not_found(sdk: Sdk, action: str, code: str) -> None:
    assert refusal(sdk, action, TemplateId=7) == (code, "TemplateId")


def test_every_field_of_a_rule_is_given_back(sdk: Sdk, store: FakeTable) -> None:
    own = own_values("live", "CreateLiveCallbackRule") | {"TemplateId": created(sdk)}
    sdk("CreateLiveCallbackRule", **own)
    key = keys.callback_rule(own["DomainName"], own["AppName"])
    store.update(Update(key=key, set={"created_at": 1795163844, "updated_at": 1795163845}))
    times = {"CreateTime": "2026-11-20 16:37:24", "UpdateTime": "2026-11-20 16:37:25"}
    assert sdk("DescribeLiveCallbackRules") == {"Rules": [own | times]}


def test_a_rule_is_one_of_its_address_and_deleted_by_it(any_sdk: Sdk) -> None:
    template_id = created(any_sdk)
    address = {"DomainName": "push.example.com", "AppName": "live"}
    any_sdk("CreateLiveCallbackRule", TemplateId=template_id, **address)
    again = refusal(any_sdk, "CreateLiveCallbackRule", TemplateId=template_id, **address)
    assert again == ("FailedOperation.RuleAlreadyExist", "DomainName")
    other = refusal(any_sdk, "DeleteLiveCallbackRule", DomainName="push.example.com", AppName="")
    assert other == ("FailedOperation.NotFound", "DomainName")
    any_sdk("DeleteLiveCallbackRule", **address)
    assert any_sdk("DescribeLiveCallbackRules") == {"Rules": []}


def test_a_rule_needs_a_template_that_exists(sdk: Sdk) -> None:
    fields = {"DomainName": "push.example.com", "AppName": "live", "TemplateId": 7}
    assert refusal(sdk, "CreateLiveCallbackRule", **fields) == ("InvalidParameter.ConfNotFound", "TemplateId")


def test_the_rule_of_the_app_wins_over_that_of_the_domain(sdk: Sdk, store: FakeTable) -> None:
    of_app, of_domain = created(sdk), created(sdk)
    sdk("CreateLiveCallbackRule", DomainName="push.example.com", AppName="live", TemplateId=of_app)
    sdk("CreateLiveCallbackRule", DomainName="push.example.com", AppName="", TemplateId=of_domain)

    def decides(domain: str, app: str) -> int | None:
        template = template_of(store, domain, app)
        return template["TemplateId"] if template else None

    found = [decides(*stream) for stream in [("push.example.com", "live"), ("push.example.com", "x"), ("x", "live")]]
    assert found == [of_app, of_domain, None]
