"""Which endpoints may be asked, and what counts before what a workspace says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws.connection import Connection
from truthline.errors import UnknownEndpointError
from truthline.settings import ENDPOINTS, Settings
from truthline.sync.service.endpoints import Endpoints, Reach
from truthline.workspace.entry import WorkspaceInfo

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:rekognition:eu-west-1:123456789012:project/pond/dataset/train/1700000000000"


def info(url: str = "", **more: Any) -> WorkspaceInfo:
    return WorkspaceInfo("pond", endpoint_url=url, **more)


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints(Settings())


@pytest.mark.parametrize("url", ["", "https://rekognition.eu-west-1.amazonaws.com"])
def test_aws_is_asked_without_a_question(endpoints: Endpoints, url: str) -> None:
    assert Reach(endpoints).unknown(info(url)) == ""
    assert Reach(endpoints).connection(info(url)).endpoint_url == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000", "https://x.execute-api.eu-west-1.amazonaws.com", "x"]
)
def test_any_other_needs_to_be_chosen(endpoints: Endpoints, url: str) -> None:
    assert Reach(endpoints).unknown(info(url)) == url
    with pytest.raises(UnknownEndpointError) as caught:
        Reach(endpoints).connection(info(url))
    assert url in caught.value.title


def test_a_choice_is_of_scheme_host_and_port_and_is_remembered(endpoints: Endpoints) -> None:
    endpoints.choose("https://Storage.example:9000/base")
    again = Endpoints(Settings())
    assert again.allows("https://storage.example:9000")
    for other in ("http://storage.example:9000", "https://storage.example", "https://x.storage.example:9000"):
        assert not again.allows(other)


def test_what_is_no_address_is_never_chosen(endpoints: Endpoints) -> None:
    endpoints.choose("https://good.example@evil.example")
    assert not endpoints.allows("https://good.example@evil.example")
    assert Settings().get("endpoints") == []


def test_what_is_lent_is_not_remembered(endpoints: Endpoints) -> None:
    endpoints.lend("http://127.0.0.1:5000")
    endpoints.choose("http://127.0.0.1:5000")
    assert endpoints.allows("http://127.0.0.1:5000")
    assert not Endpoints(Settings()).allows("http://127.0.0.1:5000")


def test_two_programs_remember_what_both_chose(endpoints: Endpoints) -> None:
    window = Settings()
    endpoints.choose("http://one:1")
    Endpoints(window).choose("http://two:2")
    window.save()
    assert Settings().get("endpoints") == ["http://two:2", "http://one:1"]


def test_not_all_that_was_ever_chosen_is_kept(endpoints: Endpoints) -> None:
    for number in range(ENDPOINTS + 5):
        endpoints.choose(f"http://host:{number}")
    kept = Settings().get("endpoints")
    assert len(kept) == ENDPOINTS
    assert kept[0] == f"http://host:{ENDPOINTS + 4}"


def test_damaged_settings_choose_nothing(settings_folder: Path) -> None:
    file = settings_folder / "truthline" / "settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"endpoints": [1, None, "http://one:1"]}), encoding="utf-8")
    assert Settings().get("endpoints") == ["http://one:1"]


def test_what_was_given_counts_before_the_workspace_and_its_rest_stays(endpoints: Endpoints) -> None:
    known = info("http://old:1", dataset_arn=ARN, profile="old", region="")
    reach = Reach(endpoints, Connection(endpoint_url="https://s3.eu-west-1.amazonaws.com"))
    assert reach.unknown(known) == ""
    connection = reach.connection(known)
    assert connection == Connection("old", "eu-west-1", "https://s3.eu-west-1.amazonaws.com")
    assert Reach(endpoints, Connection("p", "r")).unknown(known) == "http://old:1"
