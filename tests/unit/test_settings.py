"""Settings are declared once, with a meaning, and read by name."""

from dataclasses import fields

import pytest

from chalicelib.settings import Settings


def test_every_setting_says_what_it_means() -> None:
    assert [each.name for each in fields(Settings) if not each.metadata["meaning"].endswith(".")] == []


def test_values_are_read_by_their_kind_and_an_empty_one_is_the_default() -> None:
    read = Settings.read(
        {
            "APP_ID": "7",
            "HOLD_SECONDS": "1.5",
            "CALLBACK_ALLOW_PRIVATE": "true",
            "STAGE": "prod",
            "PULL_BASE": "",
            "PATH": "x",
        }
    )
    assert (read.app_id, read.hold_seconds, read.callback_allow_private, read.stage) == (7, 1.5, True, "prod")
    assert read.pull_base == Settings().pull_base


@pytest.mark.parametrize(
    ("name", "text"), [("APP_ID", "seven"), ("HOLD_SECONDS", "8s"), ("CALLBACK_ALLOW_PRIVATE", "perhaps")]
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings.read({name: text})
