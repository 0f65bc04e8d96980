"""What tests of several rooms share: the emulator in this process, and a look at leftover threads."""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING

import pytest

from truthline.aws.connection import Connection
from truthline.emulator import Emulator, ManualClock, Switches

if TYPE_CHECKING:
    from collections.abc import Iterator

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
