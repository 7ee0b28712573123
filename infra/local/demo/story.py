"""The customer's story: configure, publish, be called back, find, open and check every file."""

import secrets
from collections.abc import Sequence
from typing import Any

from av.error import FFmpegError

from infra.local.demo.check import check_file
from infra.local.demo.clip import make_clip
from infra.local.demo.comparison import Difference
from infra.local.demo.customer import FORMATS, Customer, arranged
from infra.local.demo.progress import Progress
from infra.local.demo.publisher import Publisher, push_url
from infra.local.demo.receiver import Receiver
from infra.local.demo.report import CheckedFile, Outcome
from infra.local.running import StackFacts
from infra.local.trouble import Trouble

CALLBACK_SECONDS = 30.0
"""How long a callback is awaited after the unpublish; 3 s is the bound, more is for a machine under load."""
DURATION_TOLERANCE_SECONDS = 1.0
STREAM = "clip"


class DemoFailed(Trouble):
    """The story did not come true; the message says what is missing and what to do."""


def play(stack: StackFacts, seconds: int, progress: Progress) -> Outcome:
    """Live the story once on a running stack; raises DemoFailed, Difference, FFmpegError, TencentCloudSDKException."""
    customer = Customer(api=stack.api, secret_id=stack.secret_id, secret_key=stack.secret_key, region=stack.region)
    # An app of its own for each run: what an earlier one left behind is not in the way.
    app, key = f"demo-{secrets.token_hex(4)}", secrets.token_hex(8)
    clip = make_clip(seconds)
    with (
        Receiver(key) as receiver,
        arranged(
            customer,
            domain=stack.push_domain,
            app=app,
            callback_url=receiver.url,
            callback_key=key,
            formats={name: {} for name in FORMATS},
        ) as arrangement,
    ):
        progress.line(
            "customer",
            f"template {arrangement.template_id} ({', '.join(FORMATS)}), a rule for {arrangement.domain}/{app},"
            f" callbacks to {receiver.url}",
        )
        publisher = _publish(push_url(stack, app, STREAM), clip, seconds, progress)
        events = [
            receiver.wait_for(1, timeout_seconds=CALLBACK_SECONDS, event_type=100, file_format=name)[0]
            for name in FORMATS
        ]
        receiver.wait_for(1, timeout_seconds=CALLBACK_SECONDS, event_type=0)
        complaints = [each.complaint for each in receiver.received if each.complaint]
        if complaints:
            raise DemoFailed(f"A callback is {complaints[0]}.")
        progress.line("callbacks", f"{len(receiver.received)} received, every signature is right")
        files = _files(customer, events, publisher, progress)
        ready_at = max(each.at for each in receiver.received if each.event["event_type"] == 100)
    return Outcome(
        files=files,
        packets_sent=len(publisher.sent),
        last_callback_seconds=ready_at - publisher.ended_at,
    )


def _publish(url: str, clip: bytes, seconds: int, progress: Progress) -> Publisher:
    progress.line("publish", url)
    with Publisher(url, clip) as publisher:
        for second in range(1, seconds):
            publisher.wait_until_sent(second)
            progress.moving("publish", second, seconds)
        publisher.wait()
    progress.moving("publish", seconds, seconds)
    progress.line("publish", f"{len(publisher.sent)} packets sent, unpublished")
    return publisher


def _files(
    customer: Customer, events: Sequence[dict[str, Any]], publisher: Publisher, progress: Progress
) -> list[CheckedFile]:
    announced = {event["file_id"]: event for event in events}
    found = customer.vod("SearchMedia", StreamIds=[STREAM], FileIds=list(announced))["MediaInfoSet"]
    missing = announced.keys() - {media["FileId"] for media in found}
    if missing:
        raise DemoFailed(f"SearchMedia does not find {', '.join(sorted(missing))}, though a callback announced it.")
    described = customer.vod("DescribeMediaInfos", FileIds=list(announced))["MediaInfoSet"]
    by_format = {announced[media["FileId"]]["file_format"]: media for media in described}
    return [_checked(name, by_format[name], publisher, progress) for name in FORMATS]


def _checked(file_format: str, media: dict[str, Any], publisher: Publisher, progress: Progress) -> CheckedFile:
    url, facts = media["BasicInfo"]["MediaUrl"], media["MetaData"]
    try:
        measured = check_file(url, file_format, publisher.sent)
    except FFmpegError as error:
        raise DemoFailed(f"The {file_format} file does not open: {url}: {error}.") from error
    except Difference as error:
        raise DemoFailed(f"The {file_format} file is not what was sent: {error} ({url}).") from error
    if abs(facts["Duration"] - measured) > DURATION_TOLERANCE_SECONDS:
        raise DemoFailed(f"The {file_format} file is said to last {facts['Duration']} s and lasts {measured:.2f} s.")
    progress.line(
        "checked", f"{file_format}: {'by ear' if file_format == 'mp3' else 'packet by packet'}, as it was sent"
    )
    return CheckedFile(
        file_format=file_format,
        duration_seconds=facts["Duration"],
        size_bytes=facts["Size"],
        file_id=media["FileId"],
        url=url,
    )
