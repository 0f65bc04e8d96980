"""One place makes every client, and each says who it is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import truthline
from truthline import __version__
from truthline.aws.connection import Connection
from truthline.aws.session import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws.conftest import Script

HOUSE = Path(truthline.__file__).parent
OURS = [file for file in HOUSE.rglob("*.py") if "emulator" not in file.relative_to(HOUSE).parts]
MAKERS = {"client", "create_client", "Session", "get_session", "urlopen", "create_connection"}
ALLOWED = {
    "aws/session.py": {"client", "Session"},
    "aws/profiles.py": {"Session"},  # which only reads the files
}


def called(file: Path) -> Iterator[str]:
    """What is called in a file, by the last part of its name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in MAKERS:
                yield name


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_no_other_module_makes_clients_or_connects() -> None:
    found = {file.relative_to(HOUSE).as_posix(): set(called(file)) for file in OURS}
    assert {name: made for name, made in found.items() if made} == ALLOWED


ON_THIS_COMPUTER = {"display.py", "posix_signals.py"}
"""Whether the desktop answers, and the signals that end the process: no network."""


def test_no_module_opens_connections_of_its_own() -> None:
    ways = {"socket", "http", "urllib3", "requests", "ssl", "ftplib", "smtplib", "xmlrpc", "asyncio"}
    found = {file.name: set(imported(file)) & ways for file in OURS if set(imported(file)) & ways}
    assert {name for name in found if found[name] != {"socket"}} == set()
    assert found.keys() == ON_THIS_COMPUTER


def test_only_one_module_makes_a_connection_of_what_a_workspace_says() -> None:
    """It asks before it gives an address that stands in a file; see `truthline.sync.service.endpoints`."""

    def reads_an_endpoint(file: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute)
            and node.attr == "endpoint_url"
            and isinstance(node.value, ast.Name | ast.Attribute)
            and getattr(node.value, "id", getattr(node.value, "attr", "")) == "info"
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        )

    assert [file.relative_to(HOUSE).as_posix() for file in OURS if reads_an_endpoint(file)] == [
        "sync/service/endpoints.py"
    ]


@pytest.mark.usefixtures("credentials")
def test_every_request_names_truthline(script: Script) -> None:
    script.json('{"ProjectDescriptions": []}')
    script.error("ResourceNotFoundException")
    script.s3(b"abc")
    with connect(Connection(region="eu-west-1", endpoint_url=script.url)) as aws:
        aws.rekognition.describe_projects()
        with pytest.raises(Exception, match="not found"):
            aws.rekognition.delete_dataset("arn:aws:rekognition:eu-west-1:123456789012:project/pond/1/x/2")
        aws.s3.read("pond", "frog")
    agents = [headers["User-Agent"] for _, _, headers, _ in script.requests]
    assert len(agents) == 3
    assert all(f" Truthline/{__version__}" in f" {agent}" for agent in agents)
