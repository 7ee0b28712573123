"""API keys and the hooks' secret: `python -m infra.keys create | list | disable SECRET_ID | hook-secret`.

A key is an SSM SecureString named `{parameter_prefix}/keys/{SecretId}`; functions read it when a request names it, and
forget it after KEY_CACHE_SECONDS: the delay of `disable`.
"""

import argparse
import secrets
import string
import sys
from collections.abc import Sequence
from typing import Any

from chalicelib import aws
from chalicelib.api.credentials import parameter_name
from chalicelib.settings import settings

ALPHABET = string.ascii_letters + string.digits


def create(ssm: Any) -> tuple[str, str]:
    """A new key; returns its SecretId and SecretKey, which is shown nowhere again."""
    secret_id, secret_key = f"AKID{random_secret()}", random_secret()
    ssm.put_parameter(Name=parameter_name(secret_id), Value=secret_key, Type="SecureString")
    return secret_id, secret_key


def existing(ssm: Any) -> list[str]:
    """The SecretIds of every key, sorted."""
    pages = ssm.get_paginator("describe_parameters").paginate(
        ParameterFilters=[{"Key": "Path", "Option": "OneLevel", "Values": [parameter_name("").rstrip("/")]}]
    )
    return sorted(each["Name"].rsplit("/", 1)[1] for page in pages for each in page["Parameters"])


def disable(ssm: Any, secret_id: str) -> None:
    """Remove a key; requests that it signs are refused from then on."""
    ssm.delete_parameter(Name=parameter_name(secret_id))


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


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.keys", description="API keys of this deployment.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="make a key and print it once")
    commands.add_parser("list", help="print the SecretIds")
    commands.add_parser("disable", help="remove a key").add_argument("secret_id")
    commands.add_parser("hook-secret", help="print the secret of the hook URLs, made the first time")
    chosen = parser.parse_args(arguments)
    ssm = aws.client("ssm")
    match chosen.command:
        case "create":
            secret_id, secret_key = create(ssm)
            print(f"SecretId  {secret_id}\nSecretKey {secret_key}")
        case "list":
            print("\n".join(existing(ssm)))
        case "hook-secret":
            print(hook_secret(ssm, settings().parameter_prefix))
        case "disable":
            try:
                disable(ssm, chosen.secret_id)
            except ssm.exceptions.ParameterNotFound:
                print(f"there is no key {chosen.secret_id}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
