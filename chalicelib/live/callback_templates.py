"""Callback templates: the URLs that are told of a stream's events, and the key that signs what they are told."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import LongText, Natural, Params, at_most_bytes, matching, refusal
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameter, NoSuchTemplate, NotFound, TemplateInUse, UrlNotSafe
from chalicelib.live.names import TemplateLabel
from chalicelib.live.template_store import TemplateStore
from chalicelib.notify.safe_url import check_url
from chalicelib.table import Compare, Condition, Table

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


class NamesAndUrls(Params):
    """What a template is called, and where most events are told."""

    TemplateName: TemplateLabel = ""
    Description: LongText = ""
    StreamBeginNotifyUrl: CallbackUrl = ""
    StreamEndNotifyUrl: CallbackUrl = ""
    RecordNotifyUrl: CallbackUrl = ""
    RecordStatusNotifyUrl: CallbackUrl = ""
    SnapshotNotifyUrl: CallbackUrl = ""
    PornCensorshipNotifyUrl: CallbackUrl = ""
    CallbackKey: Key = ""


class MixUrl(Params):
    """The vendor has given it up, and asks for it no more when a template is changed."""

    StreamMixNotifyUrl: CallbackUrl = ""


class ExceptionUrls(Params):
    """Where is told what went wrong."""

    PushExceptionNotifyUrl: CallbackUrl = ""
    AudioAuditNotifyUrl: CallbackUrl = ""
    RecordExceptionNotifyUrl: CallbackUrl = ""
    RecordExceptionLevels: Levels = Field(default_factory=list)


class OneTemplate(Params):
    """Parameters that name a template."""

    TemplateId: Natural


class CreateLiveCallbackTemplate(ExceptionUrls, MixUrl, NamesAndUrls):  # fields of the last base come first
    """Parameters of the action."""

    TemplateName: TemplateLabel


class ModifyLiveCallbackTemplate(ExceptionUrls, NamesAndUrls, OneTemplate):
    """Parameters of the action; a field left out keeps what the template has."""


class DescribeLiveCallbackTemplates(Params):
    """Parameters of the action: none."""


URLS = [name for name in CreateLiveCallbackTemplate.model_fields if name.endswith("NotifyUrl")]
ANSWERED_WHERE_SET = "RecordStatusNotifyUrl"
"""The vendor's answer has no such field, and its SDK warns of fields it does not know."""
ANSWERED = ("TemplateId", *(name for name in CreateLiveCallbackTemplate.model_fields if name != ANSWERED_WHERE_SET))


def create(params: CreateLiveCallbackTemplate, call: Call) -> Answer:
    """A new template; it needs at least one URL."""
    _url_of(params.model_dump())
    return {"TemplateId": STORE.create(call.table, params.model_dump())}


def modify(params: ModifyLiveCallbackTemplate, call: Call) -> Answer:
    """Change the fields that were sent."""
    changes = params.model_dump(exclude_unset=True)
    while True:
        relied_on = _what_leaves_a_url(params.TemplateId, changes, call.table)
        try:
            STORE.modify(call.table, params.TemplateId, changes, when=relied_on)
        except NotFound:
            if not relied_on:
                raise
            continue  # deleted, or changed at the same moment: the next reading tells
        return {}


def _what_leaves_a_url(template_id: int, changes: Mapping[str, Any], table: Table) -> list[Condition]:
    """What must not have changed, so that `changes` leave the template a URL; raises InvalidParameter, NotFound."""
    if "" not in [changes.get(name) for name in URLS]:
        return []
    before = STORE.get(table, template_id)
    kept = _url_of({**before, **changes})
    return [] if kept in changes else [Compare(kept, "=", before[kept])]


def _url_of(fields: Mapping[str, Any]) -> str:
    """The name of a URL that a template has; raises InvalidParameter where it has none."""
    for name in URLS:
        if fields[name]:
            return name
    raise InvalidParameter("RecordNotifyUrl: give at least one URL, this one or another.")


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
