"""Codes of MFA devices, asked for in the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox

from truthline.aws.connection import Connection
from truthline.ui.connect.code_question import CodeDialog
from truthline.ui.connect.connection import ConnectionDialog
from truthline.ui.projects.dialog import ProjectsDialog

if TYPE_CHECKING:
    from collections.abc import Iterator

DEVICE = "arn:aws:iam::123456789012:mfa/<b>frog</b>"
ROLE = "arn:aws:iam::123456789012:role/boss"


@pytest.fixture
def user(start: Any, service: Any, dataset: str, roles: Any) -> Iterator[Any]:
    """Somebody whose profile takes a role with a code."""
    given = Connection("boss", "us-east-1", service.connection.endpoint_url)
    with start(given) as somebody:
        yield somebody


def asked(user: Any) -> Any:
    return user.dialog(CodeDialog)


def answer(user: Any, code: str) -> None:
    dialog = asked(user)
    user.qtbot.keyClicks(dialog.field, code)
    user.click(dialog.go_button)
    user.wait(lambda: not user.window.findChildren(CodeDialog))
    user.activate()


def refuse(user: Any) -> None:
    user.qtbot.keyClick(asked(user), Qt.Key.Key_Escape)
    user.wait(lambda: not user.window.findChildren(CodeDialog))
    user.activate()


def test_a_code_is_asked_for_with_role_and_device_as_plain_text(user: Any, dataset: str, roles: Any) -> None:
    user.window.open(dataset)
    dialog = asked(user)
    assert dialog.explanation.textFormat() == Qt.TextFormat.PlainText
    assert DEVICE in dialog.explanation.text()
    assert ROLE in dialog.explanation.text()
    assert not dialog.go_button.isEnabled()
    user.qtbot.keyClicks(dialog.field, "12345x")
    assert not dialog.go_button.isEnabled()
    dialog.field.clear()
    answer(user, "123 456")
    bench = user.opened()
    user.wait(lambda: "17 images" in user.status)
    assert roles.codes == ["123456"]
    entry_id = user.go_to("fig.jpg")
    bench.gallery.setFocus()
    user.key(user.digit_of("outdoor"))
    user.settle()
    assert user.class_labels(entry_id) == ["outdoor"]
    user.trigger("push")
    user.wait(lambda: "1 line is stored." in user.toast())
    assert roles.codes == ["123456"]  # nobody is asked a second time


def test_a_cancelled_code_is_asked_for_again_when_work_is_asked_for(user: Any, dataset: str) -> None:
    user.window.open(dataset)
    refuse(user)
    user.wait(lambda: "Refresh Status" in user.toast())
    assert user.window.bench is None
    user.window.open(dataset)
    answer(user, "123456")
    user.opened()


def test_a_workspace_without_a_code_goes_on_offline_and_asks_no_more(user: Any, dataset: str) -> None:
    user.window.open(dataset)
    answer(user, "123456")
    user.opened()
    user.trigger("close")
    for file in Path("~/.aws/cli/cache").expanduser().glob("*.json"):
        file.unlink()
    user.window.open(dataset)
    refuse(user)
    bench = user.opened()
    user.wait(lambda: "needs the code of an MFA device" in user.status)
    for _ in range(3):  # as the window does by itself
        bench.dataset.refresh()
        user.settle()
    assert not user.window.findChildren(CodeDialog)
    user.trigger("refresh")
    answer(user, "123456")
    user.wait(lambda: "17 images" in user.status)


def test_a_wrong_code_is_told(user: Any, dataset: str, roles: Any) -> None:
    user.window.open(dataset)
    answer(user, "000000")
    user.wait(lambda: "was not accepted" in user.toast())
    assert roles.codes == ["000000"]


def test_a_check_and_the_projects_ask_over_their_dialog(user: Any, dataset: str, roles: Any) -> None:
    user.trigger("open_dataset")
    dialog = user.dialog(ConnectionDialog)
    dialog.address.setText(dataset)
    user.click(dialog.check_button)
    code = asked(user)
    assert code.parent() is dialog
    with user.qtbot.waitSignal(dialog.checked, timeout=20_000) as checked:
        code.reject()
    assert ROLE in checked.args[0]
    user.click(dialog.check_button)  # whoever checks again is asked again
    with user.qtbot.waitSignal(dialog.checked, timeout=20_000) as checked:
        answer(user, "123456")
    assert "17 images" in checked.args[0]
    user.click(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel))
    user.trigger("projects")
    projects = user.dialog(ProjectsDialog)
    user.wait(lambda: len(projects.tree.projects) == 1)
    projects.reject()
    assert roles.codes == ["123456"]


def test_the_window_may_be_closed_while_it_asks(user: Any, dataset: str) -> None:
    user.window.open(dataset)
    asked(user)
    user.window.close()
    user.wait(lambda: user.app.jobs.idle)


def test_a_dialog_that_goes_takes_the_question_with_it(user: Any, dataset: str) -> None:
    user.trigger("open_dataset")
    dialog = user.dialog(ConnectionDialog)
    dialog.address.setText(dataset)
    user.click(dialog.check_button)
    asked(user)
    dialog.reject()
    user.settle()
    user.wait(lambda: not user.window.findChildren(CodeDialog))
