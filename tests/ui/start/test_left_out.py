"""The files that did not become entries, as they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from truthline.sync.opening.folder import LeftOut, LeftOutFiles, Reason
from truthline.ui.start.left_out import LeftOutDialog

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("total", [2, 5])
def test_each_file_is_listed_with_its_reason(qtbot: QtBot, hostile: str, total: int) -> None:
    reason = next(iter(Reason))
    dialog = LeftOutDialog(LeftOutFiles(total, (LeftOut(hostile, reason), LeftOut("b.gif", reason))))
    qtbot.addWidget(dialog)
    model = dialog.view.model()
    shown = [[model.index(row, column).data() for column in range(2)] for row in range(model.rowCount())]
    assert shown == [[hostile, reason.value], ["b.gif", reason.value]]
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in range(2)] == ["File", "Why"]
    assert ("the first 2" in dialog.summary.text()) is (total > 2)


def test_a_folder_that_was_taken_whole_has_no_list(qtbot: QtBot) -> None:
    dialog = LeftOutDialog(LeftOutFiles())
    qtbot.addWidget(dialog)
    assert dialog.view.isHidden()
    assert dialog.summary.text() == "No file of the folder was left out."
