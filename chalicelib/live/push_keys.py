"""Push keys of a domain: by the main or the backup one a push URL is signed (ingest/push_signature.py)."""

import secrets
from typing import Annotated, Any

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import Params, Switch, at_most_bytes
from chalicelib.attribute_values import Item
from chalicelib.errors import DomainNotExist, InvalidParameterValue
from chalicelib.ingest.admission import PUSH_DOMAIN
from chalicelib.live.names import Domain
from chalicelib.table import Compare, ConditionFailed, Path, Update

FIRST_DELTA_SECONDS = 60
LONGEST_DELTA_SECONDS = 10 * 365 * 86_400
ANSWERED = ("Enable", "MasterAuthKey", "BackupAuthKey", "AuthDelta")

PushKey = Annotated[str, at_most_bytes(255)]


def first_keys() -> dict[str, Any]:
    """What a push domain begins with: authentication on, by a random main key."""
    return {
        "Enable": 1,
        "MasterAuthKey": secrets.token_hex(16),
        "BackupAuthKey": "",
        "AuthDelta": FIRST_DELTA_SECONDS,
    }


class DescribeLivePushAuthKey(Params):
    """Parameters of the action."""

    DomainName: Domain


class ModifyLivePushAuthKey(Params):
    """Parameters of the action; a field left out keeps what the domain has."""

    DomainName: Domain
    Enable: Switch = 0
    MasterAuthKey: PushKey = ""
    BackupAuthKey: PushKey = ""
    AuthDelta: Annotated[int, Field(ge=0, le=LONGEST_DELTA_SECONDS)] = 0


def describe(params: DescribeLivePushAuthKey, call: Call) -> Answer:
    """The keys of a push domain: whoever may read them may push."""
    domain = _push_domain(params.DomainName, call)
    info = {"DomainName": domain["Name"], **{name: domain[name] for name in ANSWERED}}
    return {"PushAuthKeyInfo": info}


def modify(params: ModifyLivePushAuthKey, call: Call) -> Answer:
    """Change the fields that were sent; who is live stays."""
    domain = _push_domain(params.DomainName, call)
    sent = params.model_dump(exclude_unset=True)
    changes: dict[Path, Any] = {name: sent[name] for name in ANSWERED if name in sent}
    after = {**domain, **sent}
    if after["Enable"] and not after["MasterAuthKey"] and not after["BackupAuthKey"]:
        raise InvalidParameterValue("MasterAuthKey: authentication needs a key, this one or the backup key.")
    if not changes:
        return {}
    is_push_domain = Compare("Type", "=", PUSH_DOMAIN)
    try:
        call.table.update(Update(key=keys.domain(params.DomainName), set=changes, when=[is_push_domain]))
    except ConditionFailed:
        raise DomainNotExist from None
    return {}


def _push_domain(name: str, call: Call) -> Item:
    domain = call.table.get(keys.domain(name))
    if domain is None or domain["Type"] != PUSH_DOMAIN:
        raise DomainNotExist
    return domain


ACTIONS: Actions = {
    "DescribeLivePushAuthKey": Action(DescribeLivePushAuthKey, describe),
    "ModifyLivePushAuthKey": Action(ModifyLivePushAuthKey, modify),
}
