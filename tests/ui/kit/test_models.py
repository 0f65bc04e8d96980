"""Qt's tester is at every model that a test of the window makes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    qInstallMessageHandler,
)
from PySide6.QtTest import QAbstractItemModelTester
from typing_extensions import override

import model_testers
from truthline.ui.kit.two_level_tree import TwoLevelTree

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

_ROOT = QModelIndex()


class Numbers(TwoLevelTree[str, int]):
    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return None


class Orphans(Numbers):
    """Its members know no group."""

    @override
    def parent(self, child: QModelIndex | QPersistentModelIndex = _ROOT) -> QModelIndex:  # type: ignore[override]
        return QModelIndex()


def test_every_model_of_the_package_is_tested() -> None:
    tested = set(model_testers.models())
    named = {
        one
        for name, module in sys.modules.items()
        if name.startswith("truthline.")
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, QAbstractItemModel)
    }
    assert {one for one in named if not one.__name__.startswith("QAbstract")} == tested


def test_a_wrong_model_is_told(qtbot: QtBot, qtlog: Any) -> None:
    parent, told = QObject(), list[str]()
    with qtlog.disabled():  # pytest-qt fails every test that the tester tells something of
        qInstallMessageHandler(lambda _kind, context, message: told.append(f"{context.category}: {message}"))
        Orphans(("A", "B"), parent).set_rows(["odd", "even"], [[1, 3], []])
    assert any(message.startswith("qt.modeltest: FAIL!") for message in told)


def test_a_made_model_has_its_tester(qtbot: QtBot) -> None:
    parent = QObject()
    tree = Numbers(("A", "B"), parent)
    assert tree.findChild(QAbstractItemModelTester) is not None
    tree.set_rows(["odd", "even"], [[1, 3], []])
    assert tree.member_at(tree.index(1, 0, tree.index(0, 0))) == 3
    assert tree.group_at(tree.index_of(3)) == "odd"
    assert tree.parent(tree.index(1, 1, tree.index(0, 0))) == tree.index(0, 0)
    assert not tree.index_of(7).isValid()
