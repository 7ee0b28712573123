"""Settings of the local stack."""

import socket
from pathlib import Path

import pytest

from infra.local.prerequisites import check_ports
from infra.local.settings import ROOT, LocalSettings, free_ports, function_overrides
from infra.local.trouble import Trouble


def test_without_a_word_the_stack_listens_where_the_readme_says() -> None:
    settings = LocalSettings.read({})
    assert (settings.front_port, settings.aws_port, settings.rtmp_port) == (8080, 4566, 1935)
    assert settings.state == ROOT / ".local"


def test_settings_are_named_in_the_environment() -> None:
    settings = LocalSettings.read(
        {"TAPEDECK_FRONT_PORT": "18080", "TAPEDECK_STATE_DIR": "/elsewhere", "AWS_ENDPOINT_URL": "http://host:4566/"}
    )
    assert (settings.front_port, settings.state, settings.emulator) == (18080, Path("/elsewhere"), "http://host:4566")


def test_a_value_of_the_wrong_kind_is_named() -> None:
    with pytest.raises(ValueError, match="TAPEDECK_RTMP_PORT must be of type int, not 'many'"):
        LocalSettings.read({"TAPEDECK_RTMP_PORT": "many"})


def test_a_port_of_zero_is_a_free_one_and_others_stay() -> None:
    settings = LocalSettings(front_port=0, aws_port=0, ecs_port=0, rtmp_port=1935).with_free_ports()
    ports = {settings.front_port, settings.aws_port, settings.ecs_port}
    assert len(ports) == 3
    assert 0 not in ports
    assert settings.rtmp_port == 1935


def test_a_taken_port_is_told_in_one_sentence() -> None:
    front, ecs, rtmp, aws, api = free_ports(5)
    settings = LocalSettings(front_port=front, ecs_port=ecs, rtmp_port=rtmp, aws_port=aws, origin_api_port=api)
    check_ports(settings)
    with (
        socket.create_server(("127.0.0.1", rtmp)),
        pytest.raises(Trouble, match=f"^Port {rtmp} is taken: .* set TAPEDECK_RTMP_PORT to another.$"),
    ):
        check_ports(settings)


def test_the_port_of_an_emulator_that_runs_already_may_be_taken() -> None:
    front, ecs, rtmp, aws, api = free_ports(5)
    settings = LocalSettings(
        front_port=front,
        ecs_port=ecs,
        rtmp_port=rtmp,
        aws_port=aws,
        origin_api_port=api,
        emulator=f"http://127.0.0.1:{aws}",
    )
    with socket.create_server(("127.0.0.1", aws)):
        check_ports(settings)


def test_functions_get_the_settings_that_the_environment_names_and_the_template_does_not() -> None:
    environment = {"CALLBACK_RETRY_SECONDS": "1", "TABLE_NAME": "mine", "AWS_REGION": "eu-west-1", "HOME": "/root"}
    assert function_overrides(environment, {"TABLE_NAME"}) == {"CALLBACK_RETRY_SECONDS": "1"}


def test_two_parts_with_one_port_are_told_in_one_sentence() -> None:
    port = free_ports(1)[0]
    settings = LocalSettings(
        front_port=port, aws_port=port, ecs_port=0, rtmp_port=0, origin_api_port=0
    ).with_free_ports()
    with pytest.raises(Trouble, match=f"TAPEDECK_FRONT_PORT and TAPEDECK_AWS_PORT are both {port}"):
        check_ports(settings)
