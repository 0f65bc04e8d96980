"""Qt's own tester on every model of ours, from the moment in which it is made."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtTest import QAbstractItemModelTester

import truthline.ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest


def models() -> list[type[QAbstractItemModel]]:
    """The classes of models in the package that are made as such."""
    for module in pkgutil.walk_packages(truthline.ui.__path__, "truthline.ui."):
        importlib.import_module(module.name)
    return [model for model in _below(QAbstractItemModel) if model.__module__.startswith("truthline.")]


def attach(monkeypatch: pytest.MonkeyPatch) -> set[type[QAbstractItemModel]]:
    """Have each model tested that is made from now on; what is wrong with one is a warning of Qt's.

    Returns the classes of which one was made, as they are made.
    """
    made: set[type[QAbstractItemModel]] = set()
    for model in models():
        monkeypatch.setattr(model, "__init__", _tested(model.__init__, made))
    return made


def _tested(init: Callable[..., None], made: set[type[QAbstractItemModel]]) -> Callable[..., None]:
    def __init__(self: QAbstractItemModel, *given: object, **named: object) -> None:  # noqa: N807
        init(self, *given, **named)
        if self.findChild(QAbstractItemModelTester) is None:  # else a base class's came by here already
            QAbstractItemModelTester(self, QAbstractItemModelTester.FailureReportingMode.Warning, self)
        made.add(type(self))

    return __init__


def _below(kind: type[QAbstractItemModel]) -> Iterator[type[QAbstractItemModel]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)
