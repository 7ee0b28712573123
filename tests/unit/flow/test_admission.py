"""Who may publish: the domain, its push keys, bans; what is told of those who may not, and what it costs."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.ingest.push_signature import tx_secret_of
from chalicelib.ingest.reception import receive
from chalicelib.settings import settings
from chalicelib.table import Write
from tests.fakes.world import BEGIN, GONE, HOOK, STREAM, World

TX_TIME = f"{int(BEGIN) + 3600:X}"
KEY = "of-the-test"


@pytest.fixture
def guarded(world: World) -> World:
    """The push domain was added and asks for a key; a customer wants to be told."""
    world.act("AddLiveDomain", DomainName=STREAM.domain, DomainType=0)
    world.act("ModifyLivePushAuthKey", DomainName=STREAM.domain, MasterAuthKey=KEY)
    world.callbacks()
    return world


@pytest.fixture
def known_domains_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ACCEPT_UNKNOWN_DOMAINS", "0")
    settings.cache_clear()
    yield
    settings.cache_clear()


def signed(key: str = KEY, tx_time: str = TX_TIME) -> str:
    return f"txSecret={tx_secret_of(key, STREAM.stream, tx_time)}&txTime={tx_time}"


def refused(world: World, param: str = "") -> str:
    with pytest.raises(NotAdmitted) as refusal:
        world.publish(replace(HOOK, param=param))
    return str(refusal.value)


def test_a_push_needs_a_url_that_a_key_of_its_domain_signed(guarded: World) -> None:
    assert refused(guarded) == "18.500 the push URL has no txTime"
    assert refused(guarded, f"txTime={TX_TIME}") == "18.502 the push URL has no txSecret"
    assert refused(guarded, signed("guessed")) == "18.503 the push URL's txSecret is wrong"
    assert refused(guarded, signed(tx_time=f"{int(BEGIN) - 61:X}")) == "18.501 the push URL has expired"
    assert guarded.sessions() == []
    guarded.publish(replace(HOOK, param=signed()))
    assert len(guarded.sessions()) == 1


def test_a_query_that_is_too_long_is_refused_and_told(guarded: World) -> None:
    guarded.publish(replace(HOOK, param=f"{signed()}&x=".ljust(4096, "y")))
    guarded.unpublish()
    reason = "18.504 the push URL's query is longer than 4096 bytes"
    assert refused(guarded, f"{signed()}&x=".ljust(500_000, "y")) == reason
    told = [event["payload"] for event in guarded.events() if event["payload"].get("errcode") == 18]
    assert [(each["errmsg"], len(each["stream_param"])) for each in told] == [(reason, 4096)]


def test_a_domain_spelled_otherwise_is_the_same_domain(guarded: World) -> None:
    stream = replace(STREAM, domain=STREAM.domain.upper())
    with pytest.raises(NotAdmitted):
        guarded.publish(replace(HOOK, stream=stream))


def test_a_domain_may_ask_for_no_key(guarded: World) -> None:
    guarded.act("ModifyLivePushAuthKey", DomainName=STREAM.domain, Enable=0)
    guarded.publish()
    assert len(guarded.sessions()) == 1


def test_a_domain_that_was_never_added_is_let_in_unless_a_setting_says_otherwise(world: World) -> None:
    world.publish()
    assert len(world.sessions()) == 1


def test_a_domain_that_was_never_added_is_refused_where_the_setting_says_so(
    world: World, known_domains_only: None
) -> None:
    assert refused(world) == "18.301 the push domain was never added"
    world.act("AddLiveDomain", DomainName=STREAM.domain, DomainType=1)
    assert refused(world) == "18.301 the push domain was never added"


def test_a_disabled_domain_refuses_every_push_until_it_is_enabled(guarded: World) -> None:
    guarded.act("ForbidLiveDomain", DomainName=STREAM.domain)
    assert refused(guarded, signed()) == "18.301 the push domain is disabled"
    guarded.act("EnableLiveDomain", DomainName=STREAM.domain)
    guarded.publish(replace(HOOK, param=signed()))
    assert len(guarded.sessions()) == 1


def address() -> dict[str, str]:
    return {"DomainName": STREAM.domain, "AppName": STREAM.app, "StreamName": STREAM.stream}


def test_a_forbidden_stream_is_refused_until_it_is_resumed_or_its_time_has_come(world: World) -> None:
    world.act("ForbidLiveStream", **address())
    assert refused(world) == "18.305 the stream is forbidden"
    world.publish(replace(HOOK, stream=replace(STREAM, stream="another")))
    world.act("ResumeLiveStream", **address())
    world.publish()
    world.unpublish()
    world.act("ForbidLiveStream", **address(), ResumeTime="2027-01-15T09:00:00Z")
    refused(world)
    world.now += 3601
    world.publish(replace(HOOK, client_id="c2"))
    assert len(world.listed(keys.ALL_ONLINE)) == 2


def test_a_stream_that_is_forbidden_while_it_is_let_in_is_refused(world: World) -> None:
    transact, bans = world.table.transact, [address()]

    def overtaken(*writes: Write) -> None:
        if bans:
            world.act("ForbidLiveStream", **bans.pop())
        transact(*writes)

    world.table.transact = overtaken  # type: ignore[method-assign]  # the ban comes between reading and writing
    assert refused(world) == "18.305 the stream is forbidden"
    assert world.sessions() == []


def test_a_refusal_is_told_once_a_minute_for_each_reason(guarded: World) -> None:
    for _ in range(3):
        refused(guarded)
    refused(guarded, signed("guessed"))
    guarded.now += 60
    refused(guarded)
    told = [event["payload"] for event in guarded.events()]
    assert sorted((each["event_type"], each["errcode"], each["errmsg"]) for each in told) == [
        (0, 18, "18.500 the push URL has no txTime"),
        (0, 18, "18.500 the push URL has no txTime"),
        (0, 18, "18.503 the push URL's txSecret is wrong"),
    ]
    assert {each["push_duration"] for each in told} <= {"0", "1"}
    assert {each["user_ip"] for each in told} == {"203.0.113.7"}
    assert len(guarded.sqs.take()) == 3
    assert [entry["facets"] for entry in guarded.listed(keys.ALL_HISTORY)] == ["refused"] * 3


def refused_in_every(world: World, domains_and_streams: list[tuple[str, str]]) -> list[str]:
    """A refused push of each; the reasons that are in the history, in the order of their end."""
    for domain, stream in domains_and_streams:
        with pytest.raises(NotAdmitted):
            world.publish(replace(HOOK, stream=replace(STREAM, domain=domain, stream=stream)))
    return [entry["reason"] for entry in world.listed(keys.ALL_HISTORY)]


def test_a_domain_is_told_of_sixty_refusals_a_minute_and_of_the_number_of_the_rest(guarded: World) -> None:
    no_time = "18.500 the push URL has no txTime"
    told = refused_in_every(guarded, [(STREAM.domain, f"guessed-{number}") for number in range(75)])
    assert told == [no_time] * 60
    assert len(guarded.events()) == 60
    guarded.now += 60
    told = refused_in_every(guarded, [(STREAM.domain, "next"), (STREAM.domain, "and-the-next")])
    assert sorted(told[60:]) == [no_time, f"{no_time}; 15 refused pushes before it were not told"]
    assert len(guarded.sqs.take()) == 62


def test_domains_that_may_be_guessed_are_told_of_together(guarded: World, known_domains_only: None) -> None:
    told = refused_in_every(guarded, [(f"{number}.example.com", "room") for number in range(75)])
    assert told == ["18.301 the push domain was never added"] * 60
    assert len(refused_in_every(guarded, [(STREAM.domain, "room")])) == 61


def test_refusals_told_at_one_moment_are_counted_each(guarded: World) -> None:
    transact, rivals = guarded.table.transact, ["rival"]

    def overtaken(*writes: Write) -> None:
        if rivals:
            refused_in_every(guarded, [(STREAM.domain, rivals.pop())])
        transact(*writes)

    guarded.table.transact = overtaken  # type: ignore[method-assign]  # the rival comes between reading and writing
    assert len(refused_in_every(guarded, [(STREAM.domain, "room")])) == 2
    assert (guarded.table.get(keys.refusals(STREAM.domain)) or {})["told"] == 2


def test_no_secret_is_in_the_log(guarded: World, capsys: pytest.CaptureFixture[str]) -> None:
    refused(guarded, signed("guessed"))
    guarded.publish(replace(HOOK, param=signed()))
    guarded.unpublish()
    written = "".join(capsys.readouterr())
    assert KEY not in written
    assert "txSecret=" not in written


def test_what_is_asked_of_a_domain_and_its_keys_is_asked_in_the_first_read(guarded: World) -> None:
    guarded.rule(guarded.template("Flv"))
    guarded.table.calls.clear()
    guarded.publish(replace(HOOK, param=signed()))
    assert guarded.table.calls[:4] == ["get_many", "query", "get_many", "transact"]
    assert guarded.table.calls.count("get_many") == 2


def test_a_refused_push_launches_nothing_and_asks_for_no_tasks(guarded: World) -> None:
    guarded.rule(guarded.template("Flv"))
    guarded.table.calls.clear()
    refused(guarded)
    assert guarded.table.calls == ["get_many", "get", "get_many", "get", "transact"]
    assert guarded.ecs.requests == []


def test_the_first_publisher_gets_its_stream_back_though_its_push_url_has_expired(guarded: World) -> None:
    guarded.publish(replace(HOOK, param=signed()))
    guarded.publish(replace(HOOK, param=signed(), client_id="c2"))
    guarded.now += 7200
    guarded.unpublish(replace(GONE, client_id="c2"))
    (online,) = guarded.listed(keys.ALL_ONLINE)
    assert online["client_id"] == "c1"
    assert "displaced_client" not in online


def test_the_first_publisher_does_not_get_a_forbidden_stream_back(guarded: World) -> None:
    guarded.publish(replace(HOOK, param=signed()))
    guarded.publish(replace(HOOK, param=signed(), client_id="c2"))
    ban = {"resume_at": guarded.now + 60}
    guarded.table.items[keys.forbidden(STREAM.domain, STREAM.app, STREAM.stream)] = ban
    guarded.unpublish(replace(GONE, client_id="c2"))
    assert guarded.listed(keys.ALL_ONLINE) == []


SRS_HOOK = {
    "client_id": "c1",
    "ip": "203.0.113.7",
    "vhost": STREAM.domain,
    "app": STREAM.app,
    "stream": STREAM.stream,
    "tcUrl": "rtmp://10.0.0.1/live",
}
NGINX_HOOK = (
    f"app={STREAM.app}&flashver=F&swfurl=&tcurl=rtmp://{STREAM.domain}/live&pageurl=&addr=203.0.113.7&clientid=1"
    f"&call=publish&name={STREAM.stream}&type=live"
)


@pytest.mark.parametrize(("key", "is_let_in"), [(KEY, True), ("guessed", False)], ids=["the key", "another key"])
def test_the_origin_is_told_in_its_own_way(guarded: World, key: str, is_let_in: bool) -> None:
    sent = {
        "srs": json.dumps(SRS_HOOK | {"param": f"?{signed(key)}"}).encode(),
        "nginx-rtmp": f"{NGINX_HOOK}&{signed(key)}".encode(),
    }
    answers = {
        dialect: receive(guarded.table, dialect, "on_publish", secret=World.SECRET, body=body, now=guarded.now)
        for dialect, body in sent.items()
    }
    assert (answers["srs"].status, answers["srs"].body) == (200, {"code": 0 if is_let_in else 403})
    assert answers["nginx-rtmp"].status == (200 if is_let_in else 403)
    assert bool(guarded.sessions()) == is_let_in
