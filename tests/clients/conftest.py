"""AWS's own clients other than boto3, each told by the same two calls what to ask the emulator.

Nothing stands in for a client that is not installed: its tests are skipped, and say what to install.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from truthline.emulator import Emulator, Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SECONDS = 120.0
AT_ONCE = Switches(create_seconds=0.0, update_seconds=0.0, delete_seconds=0.0)
SDK = "@aws-sdk/client-rekognition"


class AnsweredError(Exception):
    """The service refused; ``code`` is the exception's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Client(Protocol):
    """One of AWS's clients."""

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Carry out an operation; gives the members of its answer. Raises `AnsweredError`."""

    def collect(self, operation: str, member: str, page_size: int, **params: Any) -> list[Any]:
        """Follow the pages of an operation by the client's own means; gives all of ``member``."""


class CommandLine:
    """``aws``, in version 1 or 2: parameters are given as options, as a person types them."""

    def __init__(self, command: list[str], endpoint_url: str, *options: str) -> None:
        self._command = command
        self._options = ["--endpoint-url", endpoint_url, "--output", "json", *options]

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._run(operation, params)

    def collect(self, operation: str, member: str, page_size: int, **params: Any) -> list[Any]:
        # Without --no-paginate, the command goes through all pages by itself.
        found = self._run(operation, params, "--page-size", str(page_size))[member]
        assert isinstance(found, list)
        return found

    def _run(self, operation: str, params: dict[str, Any], *more: str) -> dict[str, Any]:
        options = [text for name, value in params.items() for text in option(name, value)]
        command = [*self._command, "rekognition", kebab(operation), *options, *more, *self._options]
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=SECONDS)
        if done.returncode:
            refusal = re.search(
                r"An error occurred \((\w+)\) when calling the \w+ operation.*?: (.*)", done.stderr
            )
            assert refusal, done.stderr
            raise AnsweredError(*refusal.groups())
        answer = json.loads(done.stdout) if done.stdout.strip() else {}
        assert isinstance(answer, dict)
        return answer


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def option(name: str, value: Any) -> list[str]:
    """A parameter as an option of the command line."""
    if isinstance(value, bool):
        return [f"--{kebab(name)}" if value else f"--no-{kebab(name)}"]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [f"--{kebab(name)}", *value]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return [f"--{kebab(name)}", text]


class JavaScript:
    """The SDK for JavaScript, in a node process that answers until its input closes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        answer = self._ask({"operation": operation, "input": params})
        assert isinstance(answer, dict)
        return answer

    def collect(self, operation: str, member: str, page_size: int, **params: Any) -> list[Any]:
        pages = self._ask({"operation": operation, "input": params, "pageSize": page_size})
        assert all(len(page[member]) <= page_size for page in pages)
        return [one for page in pages for one in page[member]]

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "node ended; what it said stands on standard error"
        answer = json.loads(line)
        if "code" in answer:
            raise AnsweredError(answer["code"], answer["message"])
        return answer["output"]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AWS settings of this test alone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONUTF8": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["absent", "empty"])
def emulator(request: pytest.FixtureRequest, environment: None) -> Iterator[Emulator]:
    with Emulator(replace(AT_ONCE, last_page_token=request.param)) as emulator:
        yield emulator
        assert emulator.unplanned_errors == []


@pytest.fixture(params=["awscli-1", "awscli-2", "javascript"])
def client(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Client]:
    if request.param == "awscli-1":
        yield CommandLine([sys.executable, "-m", "awscli"], emulator.endpoint_url)
    elif request.param == "awscli-2":
        # Unless told that blobs come as they are, it wants them in base64.
        raw = ("--cli-binary-format", "raw-in-base64-out")
        yield CommandLine([second_command_line()], emulator.endpoint_url, *raw)
    else:
        yield from javascript(request.getfixturevalue("sdk_folder"), emulator.endpoint_url)


@pytest.fixture
def refusal(client: Client) -> Callable[..., str]:
    """Ask for something that must be refused; gives the exception's name."""

    def refusal(operation: str, **params: Any) -> str:
        with pytest.raises(AnsweredError) as caught:
            client.call(operation, **params)
        return caught.value.code

    return refusal


@cache
def second_command_line() -> str:
    """The program of the AWS CLI's version 2; there may be a version 1 of the same name before it."""
    for folder in os.get_exec_path():
        found = shutil.which("aws", path=folder)
        if found:
            version = subprocess.run([found, "--version"], check=False, capture_output=True, text=True).stdout
            if version.startswith("aws-cli/2."):
                return found
    pytest.skip("There is no AWS CLI of version 2; on Debian: apt-get install awscli")


@pytest.fixture(scope="session")
def sdk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK that ``package.json`` names, and the program that asks with it."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("There is no node, or no npm; on Debian: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("package.json", "ask.mjs"):
        shutil.copy(HERE / name, folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"npm cannot install {SDK}: {done.stderr.strip()[-300:]}")
    return folder


def javascript(folder: Path, endpoint_url: str) -> Iterator[JavaScript]:
    with subprocess.Popen(
        ["node", "ask.mjs"],
        cwd=folder,
        env=os.environ | {"AWS_ENDPOINT_URL_REKOGNITION": endpoint_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield JavaScript(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(SECONDS) == 0
