"""Qt's own tester on every model of ours, from the moment in which it is made."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtGui import QStandardItemModel
from PySide6.QtTest import QAbstractItemModelTester

import truthline.ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest


def models() -> list[type[QAbstractItemModel]]:
    """The classes of models that the package makes: its own, and the one of Qt's that it fills itself."""
    for module in pkgutil.walk_packages(truthline.ui.__path__, "truthline.ui."):
        importlib.import_module(module.name)
    ours = [model for model in _below(QAbstractItemModel) if model.__module__.startswith("truthline.")]
    return [QStandardItemModel, *ours]


def attach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each model tested that is made from now on; what is wrong with one is a warning of Qt's."""
    for model in models():
        monkeypatch.setattr(model, "__init__", _tested(model.__init__))


def _tested(init: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: QAbstractItemModel, *given: object, **named: Any) -> None:  # noqa: N807
        init(self, *given, **named)
        if self.findChild(QAbstractItemModelTester) is None:  # else a base class's came by here already
            QAbstractItemModelTester(self, QAbstractItemModelTester.FailureReportingMode.Warning, self)

    return __init__


def _below(kind: type[QAbstractItemModel]) -> Iterator[type[QAbstractItemModel]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)
