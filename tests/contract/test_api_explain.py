"""ExplainRecording as docs/12-explain.md has it: by name, through the SDK's common client."""

import re
from pathlib import Path

import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from tests.conflicts import DOMAIN, RULE, STREAM
from tests.sdk import SECRET_ID, SECRET_KEY, Sdk

PAGE = Path(__file__).parents[2] / "docs" / "12-explain.md"


def test_the_common_client_is_told_which_rule_wins_and_what_is_written(any_sdk: Sdk) -> None:
    any_sdk("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Enable": 1})
    any_sdk("CreateLiveRecordTemplate", TemplateName="t", Mp4Param={"Enable": 1})
    any_sdk(RULE[0], **RULE[1])
    any_sdk("CreateLiveRecordRule", DomainName=DOMAIN, AppName="live", TemplateId=2)
    answer = any_sdk.raw("ExplainRecording", **STREAM)
    assert answer["Explanation"] == [
        "The rule push.example.com/live/* wins, by domain and app; its template is 2.",
        "The rule push.example.com/*/* with template 1 loses to it.",
        "Template 2 records MP4.",
        "A publish now would be recorded in 1 file at a time.",
    ]
    assert any_sdk.raw("ExplainRecording", **STREAM) | {"Recordings": []} == answer | {"Recordings": []}


def test_the_example_in_the_documents_runs(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    here = program.replace('HttpProfile(endpoint="api.example.com")', f'HttpProfile("http", "{endpoint}")')
    names = {
        "CommonClient": CommonClient,
        "Credential": Credential,
        "ClientProfile": ClientProfile,
        "HttpProfile": HttpProfile,
        "SECRET_ID": SECRET_ID,
        "SECRET_KEY": SECRET_KEY,
    }
    exec(here, names)  # the page's own text, with another address
    assert capsys.readouterr().out.endswith("A publish now would be recorded in no files at a time.\n")


def test_every_field_of_an_answer_is_in_the_documents(sdk: Sdk) -> None:
    text = PAGE.read_text()
    answer = sdk.raw("ExplainRecording", **STREAM)
    assert [field for field in answer if f"`{field}`" not in text] == []
