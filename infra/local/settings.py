"""Settings of the local stack: name, meaning, default. Read once, from the environment."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from chalicelib.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"


def setting(default: Any, meaning: str) -> Any:
    """A field read from the environment variable TAPEDECK_ and its own name in capitals."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """One value per environment variable: TAPEDECK_ and the field's name in capitals. A port of 0 is any free one."""

    state_dir: str = setting(".local", "Where state, logs and stack.json live, within the repository or absolute.")
    front_port: int = setting(8080, "The front: the API at /, the origins' hooks at /hooks, the bucket at /media.")
    aws_port: int = setting(4566, "The emulator (LocalStack's port, where its tools expect it).")
    ecs_port: int = setting(4567, "The stand-in for ECS, which starts recorders as processes.")
    rtmp_port: int = setting(1935, "The origin: encoders push here, recorders pull from here.")
    origin_api_port: int = setting(1985, "The origin's HTTP API (SRS's port), by which a publisher is dropped.")
    push_domain: str = setting("push.example.com", "Push domain of a publish that names none.")
    region: str = setting("us-east-1", "Region of the emulated account.")
    stop_seconds: float = setting(
        120.0, "How long recorders may take to finish their files when the stack is told to stop (as on Fargate)."
    )

    emulator: str = ""
    """AWS_ENDPOINT_URL: an emulator that runs already; empty starts one."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "LocalSettings":
        """Settings from `environment`; raises ValueError naming the variable whose value is of the wrong kind."""
        values: dict[str, Any] = {"emulator": environment.get("AWS_ENDPOINT_URL", "").rstrip("/")}
        for each in fields(cls):
            if not each.metadata:
                continue
            name = f"TAPEDECK_{each.name.upper()}"
            kind: Callable[[str], Any] = type(each.default)
            text = environment.get(name)
            if text:
                try:
                    values[each.name] = kind(text)
                except ValueError:
                    raise ValueError(f"{name} must be of type {type(each.default).__name__}, not {text!r}") from None
        return cls(**values)

    @property
    def state(self) -> Path:
        """The state directory, absolute."""
        return ROOT / self.state_dir

    def with_free_ports(self) -> "LocalSettings":
        """Every port of 0 replaced by one that is free now."""
        wanted = [each.name for each in fields(self) if each.name.endswith("_port") and getattr(self, each.name) == 0]
        found: dict[str, Any] = dict(zip(wanted, free_ports(len(wanted)), strict=True))
        return replace(self, **found)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all are held until the last is found, so that they differ."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def function_overrides(environment: Mapping[str, str], set_by_template: set[str]) -> dict[str, str]:
    """Settings of chalicelib that the environment names and the template does not: for functions and recorders."""
    names = {each.name.upper() for each in fields(Settings)} - set_by_template - {"AWS_REGION"}
    return {name: environment[name] for name in sorted(names) if environment.get(name)}


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables to add where `environment` names a proxy, so that what listens on loopback is asked directly."""
    proxies = [name for name, value in environment.items() if value and name.lower().endswith("_proxy")]
    if not {name.lower() for name in proxies} - {"no_proxy"}:
        return {}
    before = environment.get("no_proxy") or environment.get("NO_PROXY") or ""  # who reads both prefers the small one
    if before.strip() == "*":
        return {}
    exceptions = [each.strip() for each in before.split(",") if each.strip()]
    exceptions += [each for each in (LOOPBACK, "localhost") if each not in exceptions]
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(exceptions))


def read_settings() -> LocalSettings:
    """The settings of this process."""
    return LocalSettings.read(os.environ).with_free_ports()
