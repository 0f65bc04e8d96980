"""What tests of several rooms share: the emulator in this process, and a look at leftover threads."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import platformdirs
import pytest
from typing_extensions import override

from truthline import log
from truthline.aws.connection import Connection
from truthline.emulator import Emulator, ManualClock, Switches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS_TO_END = 5.0

# Tests of the window need no screen; whoever wants to watch them names a platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the contract is checked, see ``tests/contract``; here, so that the whole suite takes them too."""
    group = parser.getgroup(
        "contract", "the contract suite, tests/contract, somewhere else than on the emulator"
    )
    group.addoption("--endpoint-url", default="", help="check this endpoint (default: our own emulators)")
    group.addoption(
        "--dataset", default="", help="run only what is safe on this existing dataset; it gains a few entries"
    )
    group.addoption("--profile", default="", help="the AWS profile to check with")
    group.addoption("--region", default="", help="the AWS region to check in (default: the dataset's)")


@pytest.fixture(autouse=True, scope="session")
def _logs_go_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the log of whoever runs the tests free of theirs, also of commands that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def running_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The log as it is in the program, at its most talkative and with all its hooks; gives its file."""
    monkeypatch.setattr(platformdirs, "user_log_dir", lambda _name: str(tmp_path / "log"))
    for place, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, name, getattr(place, name))
    log.start("debug")
    yield log.path()
    log.stop()
    faulthandler.enable(sys.__stderr__ or 2)


@pytest.fixture(autouse=True)
def _widgets_end_on_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect cycles with widgets here, before a thread of the emulator happens to."""
    if "qapp" not in request.fixturenames:
        yield
        return
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _no_leftover_threads() -> Iterator[None]:
    """Fail a test that leaves threads behind; those that are about to end get a moment."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(_SECONDS_TO_END)
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture(autouse=True)
def settings_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where this test's settings are kept, and no person's own."""
    folder = tmp_path / "settings-of-this-test"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda name: str(folder / name))
    return folder


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS settings of this test alone: credentials that mean nothing, no files, no metadata service."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)


class RoleService(ThreadingHTTPServer):
    """Gives out roles for the code 123456, as AWS's STS does; ``codes`` are those that it was shown."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RoleHandler)
        self.codes: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _RoleHandler(BaseHTTPRequestHandler):
    server: RoleService

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        code = asked.get("TokenCode", [""])[0]
        self.server.codes.append(code)
        until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        right = (
            "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId>"
            "<Arn>arn:aws:sts::123456789012:assumed-role/label/b</Arn></AssumedRoleUser><Credentials>"
            "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
            f"<SessionToken>quiet</SessionToken><Expiration>{until}</Expiration></Credentials>"
            "</AssumeRoleResult></AssumeRoleResponse>"
        )
        wrong = (
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with"
            " invalid MFA one time pass code.</Message></Error></ErrorResponse>"
        )
        fine = code == "123456"
        body = (right if fine else wrong).encode()
        self.send_response(200 if fine else 403)
        self.send_header("x-amzn-RequestId", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def roles(aws_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RoleService]:
    """The profile ``boss``, which takes a role with a code, and a home of its own for the AWS CLI's cache."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(
        "[profile keys]\naws_access_key_id=AKIDKEYS\naws_secret_access_key=hush\n"
        "[profile boss]\nregion=us-east-1\nsource_profile=keys\n"
        "role_arn=arn:aws:iam::123456789012:role/boss\nmfa_serial=arn:aws:iam::123456789012:mfa/<b>frog</b>\n",
        encoding="utf-8",
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / ".aws" / "config"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    with RoleService() as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield service
        service.shutdown()
        thread.join()


@pytest.fixture
def clock() -> ManualClock:
    """The emulator's clock, which stands still until a test advances it."""
    return ManualClock()


@pytest.fixture
def switches() -> Switches:
    """How the emulator behaves; a test parametrises it or overrides the fixture."""
    return Switches()


@pytest.fixture
def emulator(switches: Switches, clock: ManualClock, aws_environment: None) -> Iterator[Emulator]:
    """The emulator, running in this process by a clock that stands still."""
    with Emulator(switches, clock=clock) as running:
        yield running
        assert running.unplanned_errors == []


@pytest.fixture
def connection(emulator: Emulator) -> Connection:
    """How to reach the emulator."""
    return Connection(region="us-east-1", endpoint_url=emulator.endpoint_url)
