"""The connection stands, and nothing comes over it any more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from truthline.aws import session
from truthline.aws.session import connect
from truthline.emulator import faults
from truthline.errors import CancelledError, OfflineError
from truthline.sync.push.push import push

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.conftest import Team
    from truthline.aws.connection import Connection

UPDATE, LIST, DESCRIBE = "UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset"
SECONDS = 0.3
"""In place of the 20 and 60 that a read and an update may take."""


@pytest.fixture
def impatient(edited: Team, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """The same workspace, at a connection whose calls end soon."""
    monkeypatch.setattr(session, "READ_SECONDS", SECONDS)
    monkeypatch.setattr(session, "SEND_SECONDS", SECONDS)
    with connect(connection) as aws:
        edited.aws = aws
        yield edited


def test_calls_end_although_nothing_ever_comes() -> None:
    """The limits that the tests below shorten are there, and botocore's minute is not waited for."""
    assert (session.CONNECT_SECONDS, session.READ_SECONDS) == (5, 20)
    assert 20 <= session.SEND_SECONDS <= 120


@pytest.mark.parametrize("operation", [DESCRIBE, LIST])
def test_a_read_that_hangs_ends_the_push_as_offline(impatient: Team, operation: str) -> None:
    impatient.emulator.faults.add(operation, faults.half_open(), times=None)
    result = push(impatient.workspace, impatient.aws, cancel=impatient.token())
    assert isinstance(result.error, OfflineError)
    impatient.assert_nothing_pushed()
    assert push(impatient.workspace, impatient.aws, cancel=impatient.token()).flawless
    impatient.assert_equal()


@pytest.mark.parametrize("operation", [DESCRIBE, LIST])
def test_a_read_that_hangs_once_is_tried_again(impatient: Team, operation: str) -> None:
    impatient.emulator.faults.add(operation, faults.half_open())
    assert push(impatient.workspace, impatient.aws, cancel=impatient.token()).flawless
    impatient.assert_equal()


def test_an_update_that_hangs_is_sent_once_at_a_time(impatient: Team) -> None:
    """Nobody knows whether it arrived, so the dataset is read before it is sent again."""
    impatient.emulator.faults.add(UPDATE, faults.half_open())
    result = push(impatient.workspace, impatient.aws, cancel=impatient.token())
    assert result.flawless
    assert impatient.asked(UPDATE) == 2
    operations = [one.operation for one in impatient.emulator.requests]
    first = operations.index(UPDATE)
    assert {DESCRIBE, LIST} <= set(operations[first : operations.index(UPDATE, first + 1)])
    impatient.assert_equal()


@pytest.mark.parametrize("operation", [DESCRIBE, LIST, UPDATE])
def test_a_cancelled_push_ends_when_its_call_does(impatient: Team, operation: str) -> None:
    """It begins no other call, and waits for nothing."""
    impatient.emulator.faults.add(operation, faults.half_open(), times=None)
    token = impatient.token()
    ended = []
    working = threading.Thread(
        target=lambda: ended.append(push(impatient.workspace, impatient.aws, cancel=token))
    )
    working.start()
    for _ in range(2_000):
        if impatient.asked(operation):
            break
        threading.Event().wait(0.01)
    token.cancel()
    working.join(30)
    assert not working.is_alive()
    (result,) = ended
    assert isinstance(result.error, CancelledError | OfflineError)
    operations = [one.operation for one in impatient.emulator.requests]
    assert set(operations[operations.index(operation) :]) == {operation}
    impatient.emulator.faults.clear()
    assert push(impatient.workspace, impatient.aws, cancel=impatient.token()).flawless
    impatient.assert_equal()
