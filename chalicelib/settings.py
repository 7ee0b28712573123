"""Every environment variable the project reads: name, meaning, unit, default. Read once, here and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any


def setting(default: Any, meaning: str) -> Any:
    """A field read from the environment variable of its own name in capitals; `meaning` says its unit and reason."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One value per environment variable; the variable is the field's name in capitals."""

    stage: str = setting("dev", "Name of the deployment.")
    aws_region: str = setting("us-east-1", "AWS region of the table, the bucket and the queues.")
    table_name: str = setting("tapedeck", "The one DynamoDB table.")
    bucket_name: str = setting("tapedeck", "The bucket of the recordings.")
    callback_queue_url: str = setting("", "SQS queue of callback events that are due.")
    parameter_prefix: str = setting("/tapedeck", "SSM path under which API keys and the hook secret lie.")
    ecs_cluster: str = setting("tapedeck", "ECS cluster the recorders run in.")
    ecs_task_definition: str = setting("tapedeck-recorder", "ECS task definition (family) of a recorder.")
    ecs_subnets: str = setting("", "Subnets of the recorders, comma-separated; empty where the launcher needs none.")
    ecs_security_groups: str = setting("", "Security groups of the recorders, comma-separated.")
    schedule_group: str = setting("tapedeck", "EventBridge Scheduler group of the one-time schedules.")
    schedule_target_arn: str = setting(
        "", "The function that a schedule wakes; empty makes none: the minute tick does."
    )
    schedule_role_arn: str = setting("", "The role by which a schedule may wake it.")
    launch_lead_seconds: float = setting(
        120.0, "How long before a task's start its recorder is launched: schedules are precise to a minute."
    )
    app_id: int = setting(1_250_000_000, "The `appid` in callbacks.")

    pull_base: str = setting(
        "rtmp://127.0.0.1:1935", "Where recorders pull streams from: `{pull_base}/{app}/{stream}`."
    )
    media_base: str = setting("http://127.0.0.1:8080/media", "Public base of playback URLs.")
    default_push_domain: str = setting(
        "", "Push domain of a publish whose origin names none; empty refuses such a publish."
    )
    accept_unknown_domains: bool = setting(
        True, "Accept a publish whose push domain was never added; else it is refused, as the vendor does."
    )
    origin_control_url: str = setting(
        "",
        "Where the origin is told to drop a publisher: SRS's HTTP API, or nginx-rtmp's `/control`; empty: it is not.",
    )
    origin_control_seconds: float = setting(5.0, "How long the origin may take to answer that.")
    hold_seconds: float = setting(
        8.0, "How long a publish waits for its recorder: nginx-rtmp gives up after 10 s, so stay below."
    )
    naming_utc_offset_hours: float = setting(8.0, "Time zone of the placeholders in VodFileName (the vendor's is +8).")

    request_window_seconds: int = setting(300, "How far a request's timestamp may lie from our clock, each way.")
    request_max_bytes: int = setting(1_000_000, "Largest request body accepted.")
    key_cache_seconds: int = setting(60, "How long a function remembers an API key: the delay of a revocation.")

    allow_unsigned_payload: bool = setting(
        False, "Accept requests whose body is not signed (`UNSIGNED-PAYLOAD`): whoever stands between may change it."
    )
    requests_per_second: int = setting(200, "Requests of one key and action in a second before it must slow down.")
    task_requests_per_second: int = setting(
        20, "The same for CreateRecordTask and StopRecordTask, each of which may start a recorder."
    )

    callback_timeout_seconds: float = setting(20.0, "No answer in this time counts as a failure (the vendor's figure).")
    callback_retry_seconds: int = setting(60, "Distance of the tries of a callback.")
    callback_max_tries: int = setting(13, "Tries of a callback before it is parked: the first and 12 more.")
    callback_url_senders: int = setting(
        4,
        "Deliveries to one URL at a time, 1 while it lets them time out. Lambda begins with 5 senders: stay below.",
    )
    callback_wait_seconds: int = setting(
        86_400, "How long a callback waits for a URL that takes no delivery before it is parked without a try."
    )
    callback_parked_seconds: int = setting(
        30 * 86_400, "How long a parked callback is kept to be sent again by RedriveCallbacks."
    )
    callback_allow_private: bool = setting(
        False, "Allow callback URLs on private and loopback addresses: for the local stack only."
    )
    callback_sign_seconds: int = setting(600, "How long a callback's signature (`t`) is valid.")

    hls_segment_seconds: float = setting(6.0, "Target length of an HLS segment; cut at the next key frame.")
    part_bytes: int = setting(8 * 1024 * 1024, "Size of an upload part; at least 5 MiB (S3), two are held per output.")
    upload_buffer_bytes: int = setting(
        64 * 1024 * 1024,
        "Bytes of one recorder that may wait to be uploaded; beyond it media is dropped, the oldest first.",
    )
    checkpoint_seconds: float = setting(10.0, "Media at risk when a recorder dies: the part in progress is uploaded.")
    orders_seconds: float = setting(1.0, "How often a recorder reads its orders.")
    lease_seconds: float = setting(30.0, "A recorder that has not renewed its lease for this long is dead.")
    source_open_seconds: float = setting(20.0, "How long a pull may take to bring its first tracks.")
    source_stall_seconds: float = setting(30.0, "A pull without a byte for this long has ended.")
    drain_seconds: float = setting(2.0, "After unpublish, how long a pull that brings nothing more is still read.")
    drain_limit_seconds: float = setting(
        10.0, "After unpublish, how long a pull that goes on bringing data is read: it may be another publisher's."
    )
    upload_retry_seconds: float = setting(
        600.0,
        "How long an upload is tried again before its file is left to recovery; the next key frame begins another.",
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Settings from `environment`; raises ValueError naming the variable whose value is of the wrong kind."""
        values = {}
        for each in fields(cls):
            text = environment.get(each.name.upper())
            if text is not None and text != "":
                values[each.name] = _parse(each.name.upper(), text, type(each.default))
        return cls(**values)


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in ("0", "1", "true", "false"):
            raise ValueError(f"{name} must be 0, 1, true or false, not {text!r}")
        return text.lower() in ("1", "true")
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{name} must be of type {kind.__name__}, not {text!r}") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read from its environment once."""
    return Settings.read(os.environ)
