"""`sign` and `t`."""

from chalicelib.notify.signing import signature, signed


def test_the_vector_of_the_wire() -> None:
    assert signature("abcd1234", 1473126233) == "1e0b8cbd2524445c8376c4ce7697dfd3"


def test_a_payload_is_signed_beside_its_fields() -> None:
    assert signed({"a": 1}, "abcd1234", expires_at=1473126233) == {
        "a": 1,
        "t": 1473126233,
        "sign": "1e0b8cbd2524445c8376c4ce7697dfd3",
    }


def test_without_a_key_there_is_neither_t_nor_sign() -> None:
    assert signed({"a": 1}, "", expires_at=1473126233) == {"a": 1}
