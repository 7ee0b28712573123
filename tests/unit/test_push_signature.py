"""Push URLs: signed by a key of the domain, valid until a moment."""

import pytest

from chalicelib.ingest.push_signature import Fault, fault_of, tx_secret_of

KEY, BACKUP, STREAM = "secretkey", "reserve", "livetest"
UNTIL = 1_597_024_800
TX_TIME = "5F30AA20"
VALID = "7a713b88ef77eef09ce913a75d351b1b"


def fault(param: str, *, keys: tuple[str, ...] = (KEY, BACKUP), stream: str = STREAM, now: float = UNTIL) -> str | None:
    found = fault_of(param, stream, push_keys=keys, delta_seconds=60, now=now)
    return found.name if found is not None else None


def test_the_vendor_s_own_example_is_valid() -> None:
    assert tx_secret_of(KEY, STREAM, TX_TIME) == VALID
    assert fault(f"txSecret={VALID}&txTime={TX_TIME}") is None


@pytest.mark.parametrize(
    "param",
    [
        f"?txSecret={VALID}&txTime={TX_TIME}",
        f"record_type=audio&txTime={TX_TIME}&txSecret={VALID}&x=1",
        f"txSecret={VALID.upper()}&txTime={TX_TIME}",
        f"txSecret={VALID}&txTime={TX_TIME.lower()}",
        f"txSecret={tx_secret_of(KEY, STREAM, TX_TIME.lower())}&txTime={TX_TIME.lower()}",
        f"txSecret={tx_secret_of(BACKUP, STREAM, TX_TIME)}&txTime={TX_TIME}",
        f"txSecret={VALID}&txTime={TX_TIME}&txSecret=wrong",
    ],
    ids=["?", "among others", "capitals", "time in small", "both in small", "backup key", "the first counts"],
)
def test_a_url_signed_by_a_key_is_valid_in_every_spelling(param: str) -> None:
    assert fault(param) is None


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ("", "NO_TIME"),
        (f"txSecret={VALID}", "NO_TIME"),
        ("txTime=", "NO_TIME"),
        (f"txTime={TX_TIME}", "NO_SECRET"),
        (f"txSecret=&txTime={TX_TIME}", "NO_SECRET"),
        (f"txSecret={VALID[:-1]}0&txTime={TX_TIME}", "WRONG"),
        (f"txSecret={VALID}&txTime=5F30AA21", "WRONG"),
        (f"txSecret={VALID}&txTime=tomorrow", "WRONG"),
        (f"txSecret={VALID}&txTime={'F' * 17}", "WRONG"),
        (f"txSecret={VALID}&txTime=%EF%BC%95", "WRONG"),
        ("txSecret=%C3%A9&txTime=5F30AA20", "WRONG"),
        (f"txSecret={tx_secret_of('', STREAM, TX_TIME)}&txTime={TX_TIME}", "WRONG"),
    ],
)
def test_what_is_missing_or_wrong_is_told_apart(param: str, expected: str) -> None:
    assert fault(param) == expected


def test_a_url_is_for_one_stream() -> None:
    assert fault(f"txSecret={VALID}&txTime={TX_TIME}", stream="another") == "WRONG"


def test_an_empty_key_is_no_key() -> None:
    unsigned = f"txSecret={tx_secret_of('', STREAM, TX_TIME)}&txTime={TX_TIME}"
    assert fault(unsigned, keys=("", "")) == "WRONG"


def test_a_url_holds_until_its_time_and_the_domain_s_delta_have_passed() -> None:
    valid = f"txSecret={VALID}&txTime={TX_TIME}"
    assert [fault(valid, now=UNTIL + later) for later in (-86_400, 60, 60.5)] == [None, None, "EXPIRED"]


def test_who_holds_no_key_is_not_told_that_a_url_has_expired() -> None:
    assert fault(f"txSecret={'0' * 32}&txTime={TX_TIME}", now=UNTIL + 3600) == "WRONG"


def test_the_faults_are_the_wire_s() -> None:
    assert {fault.name: int(fault) for fault in Fault} == {
        "NO_TIME": 500,
        "EXPIRED": 501,
        "NO_SECRET": 502,
        "WRONG": 503,
    }
