"""Who may push to a domain that asks for a key, how a push is ended from outside, what is told of its errors."""

import time
from collections.abc import Iterator

import av
import pytest

from chalicelib.ingest.push_signature import tx_secret_of
from infra.local.demo.customer import Customer, arranged
from infra.local.demo.publisher import Publisher
from infra.local.demo.receiver import Receiver
from infra.local.running import StackFacts
from tests.e2e.scene import ANNOUNCED_SECONDS, KEY, check, clip_of, customer_of, recorded
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import retimed

pytestmark = pytest.mark.e2e

DOMAIN, APP = "guarded.example.com", "guarded"
PUSH_KEY = "of-the-test"


@pytest.fixture
def customer(stack: StackFacts) -> Iterator[Customer]:
    """A customer whose push domain asks for a key."""
    customer = customer_of(stack)
    customer.live("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    customer.live("ModifyLivePushAuthKey", DomainName=DOMAIN, MasterAuthKey=PUSH_KEY)
    yield customer
    customer.live("DeleteLiveDomain", DomainName=DOMAIN, DomainType=0)


def push_url(stack: StackFacts, *, key: str = PUSH_KEY) -> str:
    tx_time = f"{int(time.time()) + 3600:X}"
    return f"{stack.rtmp}/{APP}/room?vhost={DOMAIN}&txSecret={tx_secret_of(key, 'room', tx_time)}&txTime={tx_time}"


def refusal(stack: StackFacts, receiver: Receiver, *, key: str = PUSH_KEY) -> str:
    """Why a push that must not be let in was refused, as its customer is told."""
    known = len(receiver.accepted(event_type=0, errcode=18))
    with pytest.raises(av.error.FFmpegError), Publisher(push_url(stack, key=key), clip_of(4)) as publisher:
        publisher.wait()
    told = receiver.wait_for(known + 1, timeout_seconds=ANNOUNCED_SECONDS, event_type=0, errcode=18)
    return str(told[-1]["errmsg"])


def test_a_push_is_let_in_by_its_key_dropped_forbidden_and_resumed_by_api(
    stack: StackFacts, customer: Customer
) -> None:
    address = {"DomainName": DOMAIN, "AppName": APP, "StreamName": "room"}
    with (
        Receiver(KEY) as receiver,
        arranged(customer, domain=DOMAIN, app=APP, callback_url=receiver.url, callback_key=KEY, formats={"mp4": {}}),
    ):
        assert refusal(stack, receiver, key="guessed").startswith("18.503 ")

        publisher = Publisher(push_url(stack), clip_of(40))
        publisher.start()
        publisher.wait_until_sent(3)
        assert customer.live("DescribeLiveStreamState", **address)["StreamState"] == "active"
        customer.live("DropLiveStream", **address)
        with pytest.raises(av.error.FFmpegError):
            publisher.wait()
        stopped = receiver.wait_for(1, timeout_seconds=ANNOUNCED_SECONDS, event_type=0, errcode=21)[0]
        assert stopped["errmsg"].startswith("21.100 ")
        started = receiver.wait_for(1, timeout_seconds=ANNOUNCED_SECONDS, event_type=1)[0]
        assert {name: started[name] == stopped[name] for name in ("sequence", "node", "user_ip", "stream_param")} == (
            dict.fromkeys(("sequence", "node", "user_ip", "stream_param"), True)
        )
        file = receiver.wait_for(1, timeout_seconds=ANNOUNCED_SECONDS, event_type=100)[0]
        assert file["duration"] >= 2

        customer.live("ForbidLiveStream", **address, Reason="a test")
        assert customer.live("DescribeLiveStreamState", **address)["StreamState"] == "forbid"
        assert refusal(stack, receiver).startswith("18.305 ")

        customer.live("ResumeLiveStream", **address)
        with Publisher(push_url(stack), clip_of(4)) as again:
            again.wait()
        check(receiver.wait_for(2, timeout_seconds=ANNOUNCED_SECONDS, event_type=100)[1], again)


def test_a_hole_in_a_push_is_told_as_an_error_of_it(stack: StackFacts) -> None:
    holed = retimed(clip(ClipOrder(seconds=4)), lambda tag: tag.milliseconds + 2000 * (tag.milliseconds >= 2000))
    with recorded(stack, "flv", told_of=["PushExceptionNotifyUrl"]) as scene:
        scene.publish(holed.content)
        told = scene.receiver.wait_for(1, timeout_seconds=ANNOUNCED_SECONDS, event_type=321)[0]
    assert (told["domain"], told["path"], told["stream_id"]) == (scene.arrangement.domain, scene.app, "room")
    assert {each["type"] for each in told["abnormal_event"]} <= {3, 4}
