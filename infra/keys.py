"""API keys and the hooks' secret: `python -m infra.keys --help`.

A key is an item of the table: what it may do, and the numbers of its secrets; each secret is an SSM SecureString named
`{parameter_prefix}/keys/{SecretId}/{number}`. Functions remember both for KEY_CACHE_SECONDS: the delay of a change.
"""

import argparse
import secrets
import string
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib import aws
from chalicelib.api.api_key import ApiKey, NumberedSecret
from chalicelib.api.credentials import parameter_name
from chalicelib.keys import API_KEYS, api_key
from chalicelib.settings import settings
from chalicelib.table import Compare, ConditionFailed, Put, Table, no_such_item

ALPHABET = string.ascii_letters + string.digits


class NoSuchKey(Exception):
    """There is no key with this SecretId, or it is disabled."""


class KeyChanged(Exception):
    """Somebody else changed the key at the same moment."""


class KeyStore:
    """The keys of a deployment, where the functions read them."""

    def __init__(self, table: Table, ssm: Any, prefix: str) -> None:
        self._table = table
        self._ssm = ssm
        self._prefix = prefix

    def create(
        self, *, now: float, is_read_only: bool = False, domains: Sequence[str] = (), note: str = ""
    ) -> tuple[str, str]:
        """A new key; returns its SecretId and SecretKey, which is shown nowhere again."""
        key = ApiKey(
            secret_id=f"AKID{random_secret()}",
            is_read_only=is_read_only,
            domains=frozenset(each.lower() for each in domains),
            note=note,
            created_at=now,
            secrets=(NumberedSecret(number=1),),
        )
        secret = self._put_secret(key)  # first: a key without its secret would be refused, and remembered as such
        self._table.put(Put(key=api_key(key.secret_id), item=key.as_item(), when=[no_such_item]))
        return key.secret_id, secret

    def all(self) -> list[ApiKey]:
        """Every key, disabled ones too, by SecretId."""
        return [ApiKey.from_item(item) for item in self._table.query(API_KEYS)]

    def rotate(self, secret_id: str, *, now: float, overlap_seconds: float) -> str:
        """A new secret for a key, the one before holds for the overlap; raises NoSuchKey, KeyChanged."""
        before = self._enabled(secret_id)
        after = before.rotated(now=now, overlap_seconds=overlap_seconds)
        self._replace(before, after)  # first: its number is then nobody else's
        secret = self._put_secret(after)
        self._drop_secrets({each.number for each in before.secrets} - {each.number for each in after.secrets}, before)
        return secret

    def disable(self, secret_id: str, *, now: float) -> None:
        """Refuse what a key signs, for good: its secrets are deleted. Raises NoSuchKey, KeyChanged."""
        before = self._enabled(secret_id)
        item = {**before.as_item(), "disabled_at": now, "secrets": []}
        self._replace(before, ApiKey.from_item(item))
        self._drop_secrets({each.number for each in before.secrets}, before)

    def _enabled(self, secret_id: str) -> ApiKey:
        item = self._table.get(api_key(secret_id))
        if item is None or item["disabled_at"]:
            raise NoSuchKey(f"there is no key {secret_id}, or it is disabled")
        return ApiKey.from_item(item)

    def _replace(self, before: ApiKey, after: ApiKey) -> None:
        unchanged = Compare("secrets", "=", before.as_item()["secrets"])
        try:
            self._table.put(Put(key=api_key(after.secret_id), item=after.as_item(), when=[unchanged]))
        except ConditionFailed:
            raise KeyChanged(f"{after.secret_id} was changed at the same moment: look at it and try again") from None

    def _put_secret(self, key: ApiKey) -> str:
        secret, name = random_secret(), parameter_name(self._prefix, key.secret_id, key.secrets[0].number)
        self._ssm.put_parameter(Name=name, Value=secret, Type="SecureString", Overwrite=True)
        return secret

    def _drop_secrets(self, numbers: set[int], key: ApiKey) -> None:
        if numbers:
            self._ssm.delete_parameters(Names=[parameter_name(self._prefix, key.secret_id, each) for each in numbers])


def hook_secret(ssm: Any, prefix: str) -> str:
    """What an origin says in its hook URLs to be believed: an SSM SecureString, made when it is first asked for."""
    name = f"{prefix}/hook-secret"
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        secret = random_secret()
        ssm.put_parameter(Name=name, Value=secret, Type="SecureString")
        return secret


def random_secret() -> str:
    """32 letters and digits, some 190 random bits; they need no escaping anywhere."""
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def told(key: ApiKey, now: float) -> str:
    """A key in one line; its secrets are not in it."""
    state = f"disabled {_day(key.disabled_at)}" if key.disabled_at else f"made {_day(key.created_at)}"
    limits = ["read-only"] if key.is_read_only else []
    limits += [f"only {', '.join(sorted(key.domains))}"] if key.domains else []
    limits += [f"older secret until {_minute(each.expires_at)}" for each in key.secrets[1:] if each.holds(now)]
    return "  ".join([key.secret_id, state, *limits, *([key.note] if key.note else [])])


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def _minute(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = argparse.ArgumentParser(
        prog="python -m infra.keys",
        description="API keys of a deployment: set TABLE_NAME, PARAMETER_PREFIX and AWS_REGION to it.",
    )
    commands = made.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key and print it; its secret is shown this once")
    create.add_argument("--read-only", action="store_true", help="only Describe, Search and Explain actions")
    create.add_argument("--domain", action="append", default=[], help="only this push domain; may be repeated")
    create.add_argument("--note", default="", help="what the key is for; `list` shows it")
    commands.add_parser("list", help="print every key in a line, without its secret")
    rotate = commands.add_parser("rotate", help="give a key a new secret and print it; the old one holds for a while")
    rotate.add_argument("secret_id")
    rotate.add_argument("--overlap-hours", type=float, default=24.0, help="how long both hold (24; 0: not at all)")
    commands.add_parser("disable", help="refuse a key from now on, for good").add_argument("secret_id")
    commands.add_parser("hook-secret", help="print the secret of the hook URLs, made the first time")
    return made


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code."""
    chosen, now = parser().parse_args(arguments), time.time()
    store = KeyStore(aws.table(), aws.client("ssm"), settings().parameter_prefix)
    try:
        match chosen.command:
            case "create":
                limits = {"is_read_only": chosen.read_only, "domains": chosen.domain, "note": chosen.note}
                secret_id, secret_key = store.create(now=now, **limits)
                print(f"SecretId  {secret_id}\nSecretKey {secret_key}")
            case "list":
                print("\n".join(told(key, now) for key in store.all()))
            case "rotate":
                overlap_seconds = chosen.overlap_hours * 3600
                print(f"SecretKey {store.rotate(chosen.secret_id, now=now, overlap_seconds=overlap_seconds)}")
            case "disable":
                store.disable(chosen.secret_id, now=now)
            case "hook-secret":
                print(hook_secret(aws.client("ssm"), settings().parameter_prefix))
    except (NoSuchKey, KeyChanged) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
