"""Recording templates: what to write of a stream, in which formats."""

from collections.abc import Mapping
from typing import Any

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.params import Natural, Params, Switch
from chalicelib.attribute_values import Item
from chalicelib.errors import ConfInUsed, CosBucketNotExist, NoSuchTemplate
from chalicelib.live.template_params import CreateLiveRecordTemplate, ModifyLiveRecordTemplate
from chalicelib.live.template_store import TemplateStore
from chalicelib.recording.orders import FormatOrder, RecordFormat

STORE = TemplateStore(
    partition=keys.RECORD_TEMPLATES,
    key=keys.record_template,
    missing_at_delete=NoSuchTemplate,
    bound_at_delete=ConfInUsed,
)
FIELD_OF_FORMAT: Mapping[RecordFormat, str] = {
    RecordFormat.FLV: "FlvParam",
    RecordFormat.HLS: "HlsParam",
    RecordFormat.MP4: "Mp4Param",
    RecordFormat.AAC: "AacParam",
    RecordFormat.MP3: "Mp3Param",
}
ANSWERED = ("TemplateId", *CreateLiveRecordTemplate.model_fields)


def formats_of(template: Item) -> Mapping[RecordFormat, FormatOrder]:
    """The formats that a template's item switches on; none means: do not record."""
    return {
        format_: _order(format_, template[field])
        for format_, field in FIELD_OF_FORMAT.items()
        if template[field]["Enable"]
    }


def continue_seconds_of(template: Item) -> int:
    """How long HLS waits for the stream to return."""
    seconds: int = template["HlsSpecialParam"]["FlowContinueDuration"]
    return seconds


def _order(format_: RecordFormat, param: Mapping[str, Any]) -> FormatOrder:
    return FormatOrder(
        interval_seconds=0 if format_ is RecordFormat.HLS else param["RecordInterval"],
        storage_seconds=param["StorageTime"],
        file_name=param["VodFileName"],
        sub_app_id=param["VodSubAppId"],
        procedure=param["Procedure"],
        storage_mode=param["StorageMode"],
        class_id=param["ClassId"],
    )


class OneTemplate(Params):
    """Parameters that name a template."""

    TemplateId: Natural


class DescribeLiveRecordTemplates(Params):
    """Parameters of the action."""

    IsDelayLive: Switch = 0


def create(params: CreateLiveRecordTemplate, call: Call) -> Answer:
    """A new template."""
    if params.CosStore:
        raise CosBucketNotExist
    return {"TemplateId": STORE.create(call.table, params.model_dump())}


def modify(params: ModifyLiveRecordTemplate, call: Call) -> Answer:
    """Change the fields that were sent, at every depth; recordings that run keep what they began with."""
    STORE.modify(call.table, params.TemplateId, params.model_dump(exclude_unset=True))
    return {}


def delete(params: OneTemplate, call: Call) -> Answer:
    """Remove a template that no rule uses."""
    STORE.delete(call.table, params.TemplateId)
    return {}


def describe(params: OneTemplate, call: Call) -> Answer:
    """One template."""
    return {"Template": _info(STORE.get(call.table, params.TemplateId))}


def describe_all(params: DescribeLiveRecordTemplates, call: Call) -> Answer:
    """Every template of ordinary streams, or of slow ones."""
    return {"Templates": [_info(item) for item in STORE.all(call.table) if item["IsDelayLive"] == params.IsDelayLive]}


def _info(item: Item) -> dict[str, Any]:
    return {name: item[name] for name in ANSWERED}


ACTIONS: Actions = {
    "CreateLiveRecordTemplate": Action(CreateLiveRecordTemplate, create),
    "ModifyLiveRecordTemplate": Action(ModifyLiveRecordTemplate, modify),
    "DeleteLiveRecordTemplate": Action(OneTemplate, delete),
    "DescribeLiveRecordTemplate": Action(OneTemplate, describe, everywhere),
    "DescribeLiveRecordTemplates": Action(DescribeLiveRecordTemplates, describe_all, everywhere),
}
