"""Which label attributes are edited, where several jobs have left theirs in the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from truthline.manifest.attributes import AttributeKind, FoundAttribute, list_attributes
from truthline.manifest.edit import box_attribute_name
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Lane

if TYPE_CHECKING:
    from truthline.progress import CancelToken, Progress, Report
    from truthline.ui.document.document import Document

_NAME = Qt.ItemDataRole.UserRole
_GROUPS = {
    AttributeKind.BOXES: "Boxes",
    AttributeKind.CLASS_LABEL: "Image-level labels",
    AttributeKind.OTHER: "Others: never changed",
}
_NO_TICK = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_TICK = _NO_TICK | Qt.ItemFlag.ItemIsUserCheckable


class AttributesDialog(QDialog):
    """Lists the attributes of the workspace, and stores what is chosen when it is accepted."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._items: list[QTreeWidgetItem] = []
        self.setWindowTitle("Attributes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit_window(self, 680, 460)
        why = QLabel(
            "A line can hold the labels of several jobs, each in an attribute of its own. Ticked ones are"
            " edited here; the others are read-only, and their bytes stay as they are."
        )
        why.setWordWrap(True)
        why.setTextFormat(Qt.TextFormat.PlainText)
        why.setProperty("dim", True)
        self._build_tree()
        self.target = QComboBox()
        self.target.setAccessibleName("Attribute of new boxes")
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.currentIndexChanged.connect(lambda _index: self._update())
        self.shown = QCheckBox("&Show what is read-only on images and in lists")
        self.shown.setChecked(not document.info.hide_locked)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.status = QLabel("Looking for label attributes…")
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setProperty("primary", True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&New boxes go into", self.target)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(why)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.status)
        layout.addWidget(self.progress)
        layout.addLayout(form)
        layout.addWidget(self.shown)
        layout.addWidget(self.buttons)
        _outline_ticks(self.tree, self.shown)
        self._set_ready(ready=False)
        self._job = document.jobs.run(
            Lane.READ, self._look, done=self._show, failed=self._fail, progress=self._show_progress
        )
        self.finished.connect(lambda _result: self._job.drop())
        self.accepted.connect(self._store)

    def _build_tree(self) -> None:
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Attribute", "Job", "Images"])
        self.tree.setAccessibleName("Label attributes")
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.itemChanged.connect(lambda _item, _column: self._update())
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(1, 230)

    def _look(self, token: CancelToken, report: Report) -> list[FoundAttribute]:
        workspace = self._document.workspace
        total = workspace.counts().total
        lines = (line for line, _ in workspace.lines())
        return list_attributes(lines, total=total, report=report, cancel=token)

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)

    def _fail(self, error: Exception) -> None:
        self.progress.hide()
        self.status.setText(str(error))

    def _show(self, found: list[FoundAttribute]) -> None:
        locked = set(self._document.locked)
        self.tree.blockSignals(True)
        for kind, title in _GROUPS.items():
            ones = [one for one in found if one.kind is kind]
            if ones:
                self._add_group(kind, title, ones, locked)
        self.tree.blockSignals(False)
        self._fill_targets(found)
        self._set_ready(ready=True)
        self._update()

    def _add_group(
        self, kind: AttributeKind, title: str, found: list[FoundAttribute], locked: set[str]
    ) -> None:
        group = QTreeWidgetItem(self.tree, [title])
        group.setFlags(_NO_TICK if kind is AttributeKind.OTHER else _TICK | Qt.ItemFlag.ItemIsAutoTristate)
        group.setExpanded(True)
        for one in found:
            item = QTreeWidgetItem(group, [one.name, one.job, f"{one.entries:,}"])
            item.setData(0, _NAME, one.name)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, text in ((0, one.name), (1, one.job)):
                item.setToolTip(column, theme.plain_tip(text))
            item.setFlags(_NO_TICK if kind is AttributeKind.OTHER else _TICK)
            if kind is not AttributeKind.OTHER:
                ticked = one.name not in locked
                item.setCheckState(0, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
                self._items.append(item)

    def _fill_targets(self, found: list[FoundAttribute]) -> None:
        info = self._document.info
        usual = box_attribute_name(info.name)
        names = [one.name for one in found if one.kind is AttributeKind.BOXES]
        others = {one.name for one in found if one.kind is not AttributeKind.BOXES}
        names += [name for name in (info.box_attribute, usual) if name and name not in names]
        for name in names:
            if name not in others:
                self.target.addItem(name, name)
        self.target.setCurrentIndex(max(self.target.findData(info.box_attribute or usual), 0))

    def _set_ready(self, *, ready: bool) -> None:
        self.status.setVisible(not ready)
        self.progress.setVisible(not ready)
        for widget in (self.tree, self.target, self.shown):
            widget.setEnabled(ready)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(ready)

    def _update(self) -> None:
        """Keep the attribute of new boxes ticked: what is drawn must be editable."""
        self.tree.blockSignals(True)
        for item in self._items:
            wanted = item.data(0, _NAME) == self.target.currentData()
            item.setFlags(_NO_TICK if wanted else _TICK)
            if wanted:
                item.setCheckState(0, Qt.CheckState.Checked)
                item.setToolTip(0, theme.plain_tip(f"{item.text(0)}\nNew boxes go here, so it is edited."))
            else:
                item.setToolTip(0, theme.plain_tip(item.text(0)))
        self.tree.blockSignals(False)
        self.tree.viewport().update()

    def locked(self) -> list[str]:
        """The attributes that are not to be edited; those that no line has any more stay as they were."""
        listed = {item.data(0, _NAME) for item in self._items}
        unticked = [
            item.data(0, _NAME) for item in self._items if item.checkState(0) is Qt.CheckState.Unchecked
        ]
        kept = [name for name in self._document.locked if name not in listed]
        target = self.target.currentData()
        return [name for name in dict.fromkeys([*unticked, *kept]) if name != target]

    def _store(self) -> None:
        self._document.choose_attributes(
            self.target.currentData(), self.locked(), hide_locked=not self.shown.isChecked()
        )


def _outline_ticks(tree: QTreeWidget, box: QCheckBox) -> None:
    """Let empty boxes for ticks be seen on dark ground."""
    dim = theme.tokens().dim
    tree.setStyleSheet(f"QTreeView::indicator:unchecked {{ border: 1px solid {dim}; border-radius: 2px; }}")
    palette = box.palette()  # the style draws the outline in a darker shade of this role
    palette.setColor(QPalette.ColorRole.Window, QColor(dim))
    box.setPalette(palette)
