"""Settings of the local stack."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.prerequisites import check_ports
from infra.local.settings import ROOT, LocalSettings, free_ports, function_overrides, past_proxies
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


@pytest.mark.parametrize(
    ("environment", "exceptions"),
    [
        pytest.param({"http_proxy": "http://proxy:3128"}, "127.0.0.1,localhost", id="a proxy and no exceptions"),
        pytest.param(
            {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": ".corp", "NO_PROXY": "other"},
            ".corp,127.0.0.1,localhost",
            id="exceptions in small letters count",
        ),
        pytest.param(
            {"http_proxy": "http://proxy:3128", "NO_PROXY": "localhost, .corp"},
            "localhost,.corp,127.0.0.1",
            id="none is named twice",
        ),
    ],
)
def test_what_listens_on_loopback_is_reached_past_a_proxy(environment: dict[str, str], exceptions: str) -> None:
    assert past_proxies(environment) == {"no_proxy": exceptions, "NO_PROXY": exceptions}


@pytest.mark.parametrize(
    "environment",
    [{}, {"http_proxy": ""}, {"http_proxy": "http://proxy:3128", "no_proxy": "*"}],
    ids=["no proxy", "an empty one", "all are exceptions"],
)
def test_exceptions_from_a_proxy_stay_where_nothing_needs_one(environment: dict[str, str]) -> None:
    assert past_proxies(environment) == {}


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("infra.local.stack", ["down"]), ("infra.local.demo.__main__", [])],
    ids=["the stack", "the demo"],
)
def test_the_processes_that_ask_loopback_except_it_when_they_start(
    module: str, arguments: list[str], tmp_path: Path
) -> None:
    program = f"""
import os, sys, atexit
atexit.register(lambda: print(os.environ["no_proxy"]))
sys.argv = ["it", *{arguments!r}]
from {module} import main
main()
"""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    changes = {"http_proxy": "http://127.0.0.1:9", "TAPEDECK_STATE_DIR": str(tmp_path), "DURATION": "ten"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, **changes}, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "127.0.0.1,localhost", done.stderr
