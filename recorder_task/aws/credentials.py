"""Credentials of the recorder: from its environment, or from the container's credentials endpoint, renewed in time."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from recorder_task.aws.exchange import Connection

CONTAINER_HOST = "http://169.254.170.2"  # where ECS answers a relative credentials address
RENEW_SECONDS = 300.0
TIMEOUT_SECONDS = 5.0


class NoCredentials(Exception):
    """Neither the environment nor the container offers credentials."""


class CredentialsDelayed(NoCredentials, OSError):
    """The container's endpoint has none at the moment: worth another try."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A key pair; `expires_at` is unix seconds, None for ever."""

    access_key: str
    secret_key: str
    token: str = ""
    expires_at: float | None = None


class CredentialSource:
    """Credentials that are valid now, asked for again `RENEW_SECONDS` before they expire. Safe between threads.

    An endpoint that stumbles costs nothing while those that are held are still valid.
    """

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._environment = environment
        self._clock = clock
        self._lock = threading.Lock()
        self._current: Credentials | None = None

    def current(self) -> Credentials:
        """The credentials to sign with; raises NoCredentials, or OSError where the container does not give any."""
        with self._lock:
            held = self._current
            if held is not None and (held.expires_at is None or held.expires_at - self._clock() >= RENEW_SECONDS):
                return held
            try:
                self._current = self._fetch()
            except OSError:
                if held is None or held.expires_at is None or held.expires_at <= self._clock():
                    raise
                return held
            return self._current

    def reject(self, refused: Credentials) -> bool:
        """The service refuses these: ask for others. False where there is nobody to ask."""
        with self._lock:
            if self._current == refused and refused.expires_at is not None:
                self._current = None
            return refused.expires_at is not None

    def _fetch(self) -> Credentials:
        environment = self._environment
        if environment.get("AWS_ACCESS_KEY_ID"):
            return Credentials(
                access_key=environment["AWS_ACCESS_KEY_ID"],
                secret_key=environment.get("AWS_SECRET_ACCESS_KEY", ""),
                token=environment.get("AWS_SESSION_TOKEN", ""),
            )
        relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        url = CONTAINER_HOST + relative if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if not url:
            raise NoCredentials("no AWS credentials in the environment and no container endpoint to ask")
        return _from_container(url, _authorization(environment))


def _authorization(environment: Mapping[str, str]) -> str:
    token_file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if token_file:
        return Path(token_file).read_text().strip()
    return environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")


def _from_container(url: str, authorization: str) -> Credentials:
    server = urlsplit(url)
    head = [f"GET {server.path or '/'}{'?' if server.query else ''}{server.query} HTTP/1.1", f"host:{server.netloc}"]
    if authorization:
        head.append(f"authorization:{authorization}")
    with closing(Connection(server, None, TIMEOUT_SECONDS)) as connection:
        answer = connection.exchange("\r\n".join([*head, "", ""]).encode())
    if answer.status != 200:
        raise CredentialsDelayed(f"the container's credentials endpoint answered {answer.status}")
    try:
        facts = json.loads(answer.body)
        return Credentials(
            access_key=facts["AccessKeyId"],
            secret_key=facts["SecretAccessKey"],
            token=facts.get("Token", ""),
            expires_at=datetime.fromisoformat(facts["Expiration"]).timestamp() if "Expiration" in facts else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CredentialsDelayed(f"the container's credentials endpoint answered something else: {error!r}") from error
