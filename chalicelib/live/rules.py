"""Recording rules: which template records which streams. `recording/matching.py` decides which rule wins."""

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.params import Natural, Params
from chalicelib.live.names import Domain, PathName
from chalicelib.live.rule_store import RuleStore, rule_times
from chalicelib.live.templates import STORE as TEMPLATES

STORE = RuleStore(partition=keys.RECORD_RULES, templates=TEMPLATES)


class CreateLiveRecordRule(Params):
    """Parameters of the action; an empty name means any."""

    DomainName: Domain
    TemplateId: Natural
    AppName: PathName = ""
    StreamName: PathName = ""


class DeleteLiveRecordRule(Params):
    """Parameters of the action: the exact triple, empty names included."""

    DomainName: Domain
    AppName: PathName
    StreamName: PathName


class DescribeLiveRecordRules(Params):
    """Parameters of the action: none."""


def create(params: CreateLiveRecordRule, call: Call) -> Answer:
    """A new rule; it holds from the next publish on."""
    key = keys.record_rule(params.DomainName, params.AppName, params.StreamName)
    STORE.bind(call.table, key, params.model_dump(exclude={"TemplateId"}), params.TemplateId, call.now)
    return {}


def delete(params: DeleteLiveRecordRule, call: Call) -> Answer:
    """Remove the rule of exactly this triple."""
    STORE.unbind(call.table, keys.record_rule(params.DomainName, params.AppName, params.StreamName))
    return {}


def describe_all(params: DescribeLiveRecordRules, call: Call) -> Answer:
    """Every rule of the push domains that the key is for."""
    answered = ("TemplateId", "DomainName", "AppName", "StreamName")
    seen = [rule for rule in STORE.all(call.table) if call.key.may_act_on(rule["DomainName"])]
    return {"Rules": [{**{name: rule[name] for name in answered}, **rule_times(rule)} for rule in seen]}


ACTIONS: Actions = {
    "CreateLiveRecordRule": Action(CreateLiveRecordRule, create),
    "DeleteLiveRecordRule": Action(DeleteLiveRecordRule, delete),
    "DescribeLiveRecordRules": Action(DescribeLiveRecordRules, describe_all, everywhere),
}
