"""Recording templates through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.table import Write
from tests.fakes.table import FakeTable
from tests.known_key import made_in
from tests.sdk import Sdk
from tests.sdk_values import own_values

FORMAT = {
    "RecordInterval": 1800,
    "StorageTime": 0,
    "Enable": 0,
    "VodSubAppId": 0,
    "VodFileName": "",
    "Procedure": "",
    "StorageMode": "normal",
    "ClassId": 0,
    "CosBucketName": "",
    "CosBucketRegion": "",
    "CosBucketPath": "",
}
DEFAULTS: dict[str, Any] = {
    "Description": "",
    "FlvParam": FORMAT,
    "HlsParam": FORMAT,
    "Mp4Param": FORMAT,
    "AacParam": FORMAT,
    "Mp3Param": FORMAT,
    "IsDelayLive": 0,
    "HlsSpecialParam": {"FlowContinueDuration": 0},
    "RemoveWatermark": False,
    "CosStore": 0,
    "FlvSpecialParam": {"UploadInRecording": False},
}


def refusal(sdk: Sdk, action: str, /, **fields: Any) -> tuple[str, str]:
    """Code and field of the error that an action gives."""
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **fields)
    return refused.value.code, refused.value.message.partition(":")[0]


def created(sdk: Sdk, **fields: Any) -> int:
    template_id: int = sdk("CreateLiveRecordTemplate", **({"TemplateName": "t"} | fields))["TemplateId"]
    return template_id


def described(sdk: Sdk, template_id: int) -> dict[str, Any]:
    template: dict[str, Any] = sdk("DescribeLiveRecordTemplate", TemplateId=template_id)["Template"]
    return template


def test_a_template_lives_from_create_to_delete(any_sdk: Sdk) -> None:
    template_id = created(any_sdk, TemplateName="晚会-2026_a", FlvParam={"Enable": 1})
    expected = DEFAULTS | {"TemplateId": template_id, "TemplateName": "晚会-2026_a", "FlvParam": FORMAT | {"Enable": 1}}
    assert described(any_sdk, template_id) == expected

    any_sdk("ModifyLiveRecordTemplate", TemplateId=template_id, FlvParam={"RecordInterval": 60}, Description="d")
    expected |= {"FlvParam": FORMAT | {"Enable": 1, "RecordInterval": 60}, "Description": "d"}
    assert any_sdk("DescribeLiveRecordTemplates") == {"Templates": [expected]}

    any_sdk("DeleteLiveRecordTemplate", TemplateId=template_id)
    assert any_sdk("DescribeLiveRecordTemplates") == {"Templates": []}
    assert refusal(any_sdk, "DescribeLiveRecordTemplate", TemplateId=template_id)[0] == "FailedOperation.NotFound"


def test_every_field_of_create_is_given_back(sdk: Sdk) -> None:
    own = own_values("live", "CreateLiveRecordTemplate")
    template_id = sdk("CreateLiveRecordTemplate", **own)["TemplateId"]
    assert described(sdk, template_id) == own | {"TemplateId": template_id}


def test_every_field_of_modify_is_given_back(sdk: Sdk) -> None:
    template_id = created(sdk)
    own = own_values("live", "ModifyLiveRecordTemplate") | {"TemplateId": template_id}
    sdk("ModifyLiveRecordTemplate", **own)
    assert described(sdk, template_id) == DEFAULTS | own


@pytest.mark.parametrize("field", sorted(own_values("live", "ModifyLiveRecordTemplate").keys() - {"TemplateId"}))
def test_a_field_that_is_modified_alone_leaves_the_others(sdk: Sdk, field: str) -> None:
    own = own_values("live", "CreateLiveRecordTemplate")
    template_id = sdk("CreateLiveRecordTemplate", **own)["TemplateId"]
    fresh = {"TemplateName": "other", "Description": "other", "RemoveWatermark": False}.get(field, DEFAULTS.get(field))
    sdk("ModifyLiveRecordTemplate", TemplateId=template_id, **{field: fresh})
    assert described(sdk, template_id) == own | {"TemplateId": template_id, field: fresh}


def test_the_same_is_true_of_requests_by_get(endpoint: str) -> None:
    sdk = Sdk(endpoint, method="GET")
    own = own_values("live", "CreateLiveRecordTemplate")
    template_id = sdk("CreateLiveRecordTemplate", **own)["TemplateId"]
    assert described(sdk, template_id) == own | {"TemplateId": template_id}


def test_templates_of_slow_streams_are_listed_apart(sdk: Sdk) -> None:
    ordinary, slow = created(sdk), created(sdk, IsDelayLive=1)
    listed = [sdk("DescribeLiveRecordTemplates", **asked)["Templates"] for asked in ({}, {"IsDelayLive": 1})]
    assert [[template["TemplateId"] for template in templates] for templates in listed] == [[ordinary], [slow]]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("TemplateName", "", "InvalidParameterValue"),
        ("TemplateName", "a b", "InvalidParameterValue"),
        ("TemplateName", "a\n", "InvalidParameterValue"),
        ("TemplateName", "名" * 86, "InvalidParameterValue"),
        ("Description", "d" * 1025, "InvalidParameterValue"),
        ("IsDelayLive", 2, "InvalidParameterValue"),
        ("CosStore", 2, "InvalidParameterValue"),
        ("CosStore", 1, "FailedOperation.CosBucketNotExist"),
        ("HlsSpecialParam.FlowContinueDuration", 1801, "InvalidParameterValue"),
        ("HlsSpecialParam.FlowContinueDuration", -1, "InvalidParameterValue"),
        *((f"{name}.RecordInterval", 29, "InvalidParameterValue") for name in ("FlvParam", "Mp4Param", "AacParam")),
        ("FlvParam.RecordInterval", 43_201, "InvalidParameterValue"),
        ("Mp4Param.RecordInterval", 43_201, "InvalidParameterValue"),
        ("AacParam.RecordInterval", 7201, "InvalidParameterValue"),
        ("Mp3Param.RecordInterval", 7201, "InvalidParameterValue"),
        ("HlsParam.RecordInterval", -1, "InvalidParameterValue"),
        ("FlvParam.StorageTime", 129_600_001, "InvalidParameterValue"),
        ("FlvParam.StorageTime", -1, "InvalidParameterValue"),
        ("FlvParam.Enable", 2, "InvalidParameterValue"),
        ("FlvParam.VodSubAppId", -1, "InvalidParameterValue"),
        ("FlvParam.VodSubAppId", 2**63, "InvalidParameterValue"),
        ("FlvParam.VodFileName", "{Colour}", "InvalidParameter.InvalidVodFileName"),
        ("FlvParam.VodFileName", "x" * 256, "InvalidParameterValue"),
        ("FlvParam.Procedure", "p" * 256, "InvalidParameterValue"),
        ("FlvParam.StorageMode", "hot", "InvalidParameterValue"),
        ("FlvParam.ClassId", -1, "InvalidParameterValue"),
        ("FlvParam.CosBucketName", "b" * 256, "InvalidParameterValue"),
        ("FlvParam.CosBucketRegion", "r" * 256, "InvalidParameterValue"),
        ("FlvParam.CosBucketPath", "no/slash", "InvalidParameterValue"),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(
    sdk: Sdk, store: FakeTable, field: str, value: Any, code: str
) -> None:
    top, _, inner = field.partition(".")
    fields = {"TemplateName": "t"} | {top: {inner: value} if inner else value}
    assert refusal(sdk, "CreateLiveRecordTemplate", **fields) == (code, field)
    assert made_in(store) == {}


@pytest.mark.parametrize(
    ("name", "interval"),
    [("FlvParam", 30), ("FlvParam", 43_200), ("Mp4Param", 43_200), ("AacParam", 7200), ("Mp3Param", 30)],
)
def test_intervals_reach_their_limits(sdk: Sdk, name: str, interval: int) -> None:
    template = described(sdk, created(sdk, **{name: {"RecordInterval": interval}}))
    assert template[name]["RecordInterval"] == interval


def test_the_interval_of_hls_has_no_effect_and_no_range(sdk: Sdk) -> None:
    assert described(sdk, created(sdk, HlsParam={"RecordInterval": 0}))["HlsParam"]["RecordInterval"] == 0


def test_there_are_at_most_fifty_templates(any_sdk: Sdk) -> None:
    ids = [created(any_sdk) for _ in range(50)]
    assert refusal(any_sdk, "CreateLiveRecordTemplate", TemplateName="t")[0] == "InternalError.ConfOutLimit"
    any_sdk("DeleteLiveRecordTemplate", TemplateId=ids[7])
    assert created(any_sdk) not in ids
    assert refusal(any_sdk, "CreateLiveRecordTemplate", TemplateName="t")[0] == "InternalError.ConfOutLimit"


def test_of_two_clients_that_create_the_last_template_at_once_one_wins(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(49):
        created(sdk)
    transact = store.transact

    def overtaken(*writes: Write) -> None:
        monkeypatch.setattr(store, "transact", transact)
        assert created(sdk) == 51  # the other client has the number after ours, and is quicker
        transact(*writes)

    monkeypatch.setattr(store, "transact", overtaken)
    assert refusal(sdk, "CreateLiveRecordTemplate", TemplateName="t")[0] == "InternalError.ConfOutLimit"
    assert [each["TemplateId"] for each in sdk("DescribeLiveRecordTemplates")["Templates"]] == [*range(1, 50), 51]


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("DescribeLiveRecordTemplate", "FailedOperation.NotFound"),
        ("ModifyLiveRecordTemplate", "FailedOperation.NotFound"),
        ("DeleteLiveRecordTemplate", "InternalError.ConfNotFound"),
    ],
)
def test_a_template_that_does_not_exist_is_not_found(any_sdk: Sdk, action: str, code: str) -> None:
    assert refusal(any_sdk, action, TemplateId=7) == (code, "TemplateId")
    assert any_sdk("DescribeLiveRecordTemplates") == {"Templates": []}


def test_a_template_that_a_rule_uses_cannot_be_deleted(any_sdk: Sdk) -> None:
    template_id = created(any_sdk)
    address = {"DomainName": "push.example.com", "AppName": "live", "StreamName": ""}
    any_sdk("CreateLiveRecordRule", TemplateId=template_id, **address)
    assert refusal(any_sdk, "DeleteLiveRecordTemplate", TemplateId=template_id)[0] == "FailedOperation.ConfInUsed"
    any_sdk("DeleteLiveRecordRule", **address)
    any_sdk("DeleteLiveRecordTemplate", TemplateId=template_id)
