"""Callback templates: the URLs that are told of a stream's events, and the key that signs what they are told."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import LongText, Natural, Params, at_most_bytes, matching, refusal
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameter, NoSuchTemplate, TemplateInUse, UrlNotSafe
from chalicelib.live.names import TemplateLabel
from chalicelib.live.template_store import TemplateStore
from chalicelib.notify.safe_url import check_url

STORE = TemplateStore(
    partition=keys.CALLBACK_TEMPLATES,
    key=keys.callback_template,
    missing_at_delete=NoSuchTemplate,
    bound_at_delete=TemplateInUse,
)


def _safe(url: str) -> str:
    try:
        if url:
            check_url(url)
    except ValueError as reason:
        raise refusal(UrlNotSafe, str(reason)) from None
    return url


CallbackUrl = Annotated[str, at_most_bytes(2048), AfterValidator(_safe)]
Level = Annotated[str, matching(("error", "warning", "info").__contains__, "one of: error, warning, info")]
Levels = Annotated[list[Level], Field(max_length=3)]
Key = Annotated[str, at_most_bytes(255)]


class CreateLiveCallbackTemplate(Params):
    """Parameters of the action."""

    TemplateName: TemplateLabel
    Description: LongText = ""
    StreamBeginNotifyUrl: CallbackUrl = ""
    StreamEndNotifyUrl: CallbackUrl = ""
    RecordNotifyUrl: CallbackUrl = ""
    RecordStatusNotifyUrl: CallbackUrl = ""
    SnapshotNotifyUrl: CallbackUrl = ""
    PornCensorshipNotifyUrl: CallbackUrl = ""
    CallbackKey: Key = ""
    StreamMixNotifyUrl: CallbackUrl = ""
    PushExceptionNotifyUrl: CallbackUrl = ""
    AudioAuditNotifyUrl: CallbackUrl = ""
    RecordExceptionNotifyUrl: CallbackUrl = ""
    RecordExceptionLevels: Levels = Field(default_factory=list)


class ModifyLiveCallbackTemplate(Params):
    """Parameters of the action; a field left out keeps what the template has."""

    TemplateId: Natural
    TemplateName: TemplateLabel = ""
    Description: LongText = ""
    StreamBeginNotifyUrl: CallbackUrl = ""
    StreamEndNotifyUrl: CallbackUrl = ""
    RecordNotifyUrl: CallbackUrl = ""
    RecordStatusNotifyUrl: CallbackUrl = ""
    SnapshotNotifyUrl: CallbackUrl = ""
    PornCensorshipNotifyUrl: CallbackUrl = ""
    CallbackKey: Key = ""
    PushExceptionNotifyUrl: CallbackUrl = ""
    AudioAuditNotifyUrl: CallbackUrl = ""
    RecordExceptionNotifyUrl: CallbackUrl = ""
    RecordExceptionLevels: Levels = Field(default_factory=list)


class OneTemplate(Params):
    """Parameters that name a template."""

    TemplateId: Natural


class DescribeLiveCallbackTemplates(Params):
    """Parameters of the action: none."""


URLS = [name for name in CreateLiveCallbackTemplate.model_fields if name.endswith("NotifyUrl")]
ANSWERED_WHERE_SET = "RecordStatusNotifyUrl"
"""The vendor's answer has no such field, and its SDK warns of fields it does not know."""
ANSWERED = ("TemplateId", *(name for name in CreateLiveCallbackTemplate.model_fields if name != ANSWERED_WHERE_SET))


def create(params: CreateLiveCallbackTemplate, call: Call) -> Answer:
    """A new template; it needs at least one URL."""
    if not any(getattr(params, url) for url in URLS):
        raise InvalidParameter("RecordNotifyUrl: give at least one URL, this one or another.")
    return {"TemplateId": STORE.create(call.table, params.model_dump())}


def modify(params: ModifyLiveCallbackTemplate, call: Call) -> Answer:
    """Change the fields that were sent."""
    STORE.modify(call.table, params.TemplateId, params.model_dump(exclude_unset=True))
    return {}


def delete(params: OneTemplate, call: Call) -> Answer:
    """Remove a template that no rule uses."""
    STORE.delete(call.table, params.TemplateId)
    return {}


def describe(params: OneTemplate, call: Call) -> Answer:
    """One template."""
    return {"Template": _info(STORE.get(call.table, params.TemplateId))}


def describe_all(params: DescribeLiveCallbackTemplates, call: Call) -> Answer:
    """Every template."""
    return {"Templates": [_info(item) for item in STORE.all(call.table)]}


def _info(item: Item) -> dict[str, Any]:
    info = {name: item[name] for name in ANSWERED}
    return info | ({ANSWERED_WHERE_SET: item[ANSWERED_WHERE_SET]} if item[ANSWERED_WHERE_SET] else {})


ACTIONS: Actions = {
    "CreateLiveCallbackTemplate": Action(CreateLiveCallbackTemplate, create),
    "ModifyLiveCallbackTemplate": Action(ModifyLiveCallbackTemplate, modify),
    "DeleteLiveCallbackTemplate": Action(OneTemplate, delete),
    "DescribeLiveCallbackTemplate": Action(OneTemplate, describe),
    "DescribeLiveCallbackTemplates": Action(DescribeLiveCallbackTemplates, describe_all),
}
