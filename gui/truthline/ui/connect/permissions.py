"""The permissions that a check of the connection found, as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from truthline.sync.service.permissions import Permission, PermissionState
from truthline.ui.kit import theme
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROBLEMS = (PermissionState.MISSING, PermissionState.WRONG_REGION)
_WORST_FIRST = (*_PROBLEMS, PermissionState.GRANTED, PermissionState.NOT_CHECKED)
_HEIGHT = 232


class PermissionList(QTreeWidget):
    """Permissions, the missing ones first; a state has an icon and a word, never a colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(["Permission", "State", "What it is for"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(16, 16))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Permissions")
        self.setMinimumHeight(_HEIGHT)
        header = self.header()
        header.setStretchLastSection(True)
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def set_permissions(self, permissions: Sequence[Permission]) -> None:
        """Show other permissions."""
        self.clear()
        for one in sorted(permissions, key=lambda each: _WORST_FIRST.index(each.state)):
            problem = one.state in _PROBLEMS
            item = QTreeWidgetItem(self, [one.action, one.state.capitalize(), one.why])
            item.setIcon(1, _icon(one.state))
            if problem:
                item.setForeground(1, QColor(theme.tokens().error))
            tip = theme.plain_tip("\n".join(filter(None, (one.why + ".", one.detail, one.resource))))
            for column in range(3):
                item.setToolTip(column, tip)
        self.scrollToTop()


def in_words(permissions: Sequence[Permission]) -> tuple[str, bool]:
    """What a check found, in sentences, and whether all is well."""
    missing = [one.action for one in permissions if one.state is PermissionState.MISSING]
    sentences = [one.detail for one in permissions if one.state is PermissionState.WRONG_REGION]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        sentences.insert(
            0,
            f"{counted(len(missing), 'permission')} {are} missing: {', '.join(missing)}. Copy the policy for"
            " whoever looks after the AWS account.",
        )
    if sentences:
        return " ".join(sentences), False
    details = {one.action: one.detail for one in permissions}
    if "rekognition:DescribeDataset" in details:
        return f"The dataset can be read: {details['rekognition:DescribeDataset']}", True
    return details.get("s3:ListBucket", ""), True


def _icon(state: PermissionState) -> QIcon:
    t = theme.tokens()
    name, colour = {
        PermissionState.GRANTED: ("done", t.good),
        PermissionState.NOT_CHECKED: ("minus", t.dim),
        PermissionState.MISSING: ("close", t.error),
        PermissionState.WRONG_REGION: ("close", t.error),
    }[state]
    return theme.icon(name, colour)
