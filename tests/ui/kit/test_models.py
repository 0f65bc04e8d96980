"""Qt's tester is at every model that a test of the window makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from typing_extensions import override

import model_testers
from truthline.ui.kit.two_level_tree import TwoLevelTree

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Numbers(TwoLevelTree[str, int]):
    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return None


def test_every_model_of_the_package_is_known() -> None:
    """A model that is made by another class than those would go untested."""
    names = {model.__name__ for model in model_testers.models()}
    assert names >= {"EntryModel", "ProblemTree", "HistoryTree", "ConflictModel", "_Files", "_Lines"}


def test_a_made_model_has_its_tester(qtbot: QtBot) -> None:
    parent = QObject()
    tree = Numbers(("A", "B"), parent)
    assert tree.findChild(QAbstractItemModelTester) is not None
    tree.set_rows(["odd", "even"], [[1, 3], []])
    assert tree.member_at(tree.index(1, 0, tree.index(0, 0))) == 3
    assert tree.group_at(tree.index_of(3)) == "odd"
    assert tree.parent(tree.index(1, 1, tree.index(0, 0))) == tree.index(0, 0)
    assert not tree.index_of(7).isValid()
