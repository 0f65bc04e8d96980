"""Dialogs about a label as a whole: each shows what it touches before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.check.limits import MAX_LABEL_CHARACTERS
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_width
from truthline.ui.kit.jobs import Lane
from truthline.ui.kit.raw_text import RawText
from truthline.words import counted
from truthline.workspace.label_uses import LabelUses, label_uses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.progress import Progress
    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import Label

_SHOWN_CHARACTERS = 48
"""A label may have 255 characters, and a title bar has room for fewer."""
_COLUMNS = 8
_SWATCH = 28


def shortened(name: str) -> str:
    """A label's name for a sentence: on one line, its middle left out if it is long."""
    line = " ".join(name.split())
    half = _SHOWN_CHARACTERS // 2
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:half]}…{line[-half:]}"


class LabelDialog(QDialog):
    """Looks for a label's uses when it is opened, and can be agreed to when they were counted."""

    agreed = Signal(RawText)
    """What was chosen: the other name, or the label's own where none is asked for."""

    def __init__(
        self, document: Document, name: str, verb: str, field: QWidget | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._counted = False
        fit_width(self, 420)
        self.setWindowTitle(f"{verb} Label")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.touches = _plain("")
        self.notice = _plain("")
        self.notice.hide()
        self.kept = _plain("")
        self.kept.setProperty("dim", True)
        self.kept.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: self.agreed.emit(self.chosen()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        self.question = _plain("")
        for widget in (self.question, field, self.notice, self.touches, self.kept):
            if widget is not None:
                layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        locked = document.locked
        workspace = document.workspace
        self._job = document.jobs.run(
            Lane.READ,
            lambda token, report: label_uses(workspace, name, locked, report=report, cancel=token),
            done=self._show_uses,
            failed=lambda error: self.touches.setText(str(error)),
            progress=self._show_progress,
        )
        self.finished.connect(lambda _result: self._job.drop())
        self.touches.setText("Counting its uses…")
        self._update()

    def chosen(self) -> str:
        """What is asked for."""
        return self._name

    def fine(self) -> bool:
        """Whether what is asked for makes sense."""
        return True

    def _update(self) -> None:
        self.go.setEnabled(self._counted and self.fine())

    def _show_progress(self, progress: Progress) -> None:
        self.touches.setText(f"Counting its uses… {progress.done:,} of {progress.total or 0:,} images")

    def _show_uses(self, uses: LabelUses) -> None:
        # a label that only locked attributes use cannot be changed at all
        self._counted = bool(uses.images or uses.listed or not uses.kept_images)
        self.touches.setText(told_uses(uses))
        self.kept.setText(told_kept(uses))
        self.kept.setVisible(bool(self.kept.text()))
        self._update()
        self._fit()

    def _fit(self) -> None:
        width = max(self.width(), self.minimumWidth())
        self.resize(width, max(self.heightForWidth(width), self.minimumSizeHint().height()))


class RenameDialog(LabelDialog):
    """Asks for a label's new name; that of another label makes both one."""

    def __init__(
        self, document: Document, name: str, names: Sequence[str], parent: QWidget | None = None
    ) -> None:
        self._names = set(names) - {name}
        self.field = QLineEdit(" ".join(name.split("\n")))
        self.field.setMaxLength(MAX_LABEL_CHARACTERS)
        self.field.setAccessibleName("New name")
        self.field.selectAll()
        super().__init__(document, name, "Rename", self.field, parent)
        self.question.setText(f"New name of “{shortened(name)}” in the whole dataset:")
        self.field.textChanged.connect(lambda _text: self._update())
        self.field.setFocus()

    @override
    def chosen(self) -> str:
        return self.field.text().strip()

    @override
    def fine(self) -> bool:
        return bool(self.chosen()) and self.chosen() != self._name

    @override
    def _update(self) -> None:
        super()._update()
        merging = self.chosen() in self._names
        self.notice.setText(
            f"There is a label “{shortened(self.chosen())}” already: the two become one." if merging else ""
        )
        if self.notice.isHidden() is merging:
            self.notice.setVisible(merging)
            self._fit()
        self.go.setText("Merge" if merging else "Rename")


class MergeDialog(LabelDialog):
    """Asks which label a label is merged into."""

    def __init__(
        self,
        document: Document,
        name: str,
        names: Sequence[str],
        into: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.choice = QComboBox()
        self.choice.setAccessibleName("Merge into")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for other in names:
            if other != name:
                self.choice.addItem(shortened(other), other)
        self.choice.setCurrentIndex(max(self.choice.findData(into), 0))
        super().__init__(document, name, "Merge", self.choice, parent)
        self.question.setText(f"Replace “{shortened(name)}” in the whole dataset by:")
        self.choice.setFocus()

    @override
    def chosen(self) -> str:
        return str(self.choice.currentData())

    @override
    def fine(self) -> bool:
        return self.choice.count() > 0


class DeleteDialog(LabelDialog):
    """Asks whether a label and all its boxes are to go."""

    def __init__(self, document: Document, name: str, parent: QWidget | None = None) -> None:
        super().__init__(document, name, "Delete", None, parent)
        self.question.setText(f"Delete “{shortened(name)}” from the whole dataset, with all its boxes?")

    @override
    def _show_uses(self, uses: LabelUses) -> None:
        super()._show_uses(uses)
        if self.go.isEnabled():
            self.go.setFocus()


class ColourDialog(QDialog):
    """The label colours to choose from; those that other labels have are marked."""

    agreed = Signal(int)
    """The index of a colour."""

    def __init__(self, label: Label, labels: Sequence[Label], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Label Colour")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question = _plain(f"Colour of “{shortened(label.name)}”:")
        grid = QGridLayout()
        grid.setSpacing(4)
        count = len(theme.LABEL_COLOURS)
        current = label.colour_index % count
        self.swatches: list[QToolButton] = []
        for index in range(count):
            users = [other.name for other in labels if other.colour_index % count == index and other != label]
            button = _swatch(index, chosen=index == current, users=users)
            button.clicked.connect(lambda _checked=False, index=index: self._choose(index))
            self.swatches.append(button)
            grid.addWidget(button, index // _COLUMNS, index % _COLUMNS)
        legend = _plain("A dot marks colours that other labels have.")
        legend.setProperty("dim", True)
        legend.setProperty("small", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(question)
        layout.addLayout(grid)
        layout.addWidget(legend)
        layout.addWidget(buttons)
        self.swatches[current].setFocus()

    def _choose(self, index: int) -> None:
        self.agreed.emit(index)
        self.accept()


def told_uses(uses: LabelUses) -> str:
    """What an edit of the whole label touches, in sentences."""
    if not uses.images and not uses.listed:
        return "No image that can be edited uses it." if uses.kept_images else "No image uses it."
    sentences = []
    if uses.images:
        parts = [
            *([counted(uses.class_labels, "image-level label")] if uses.class_labels else []),
            *([counted(uses.boxes, "box", "boxes")] if uses.boxes else []),
        ]
        sentences.append(f"This changes {counted(uses.images, 'image')}: {' and '.join(parts)}.")
    if uses.listed:
        more = "more " if uses.images else ""
        sentences.append(
            f"{counted(uses.listed, more + 'image')} only {'lists' if uses.listed == 1 else 'list'} it"
            " in a class-map; it is changed there too."
        )
    return " ".join(sentences)


def told_kept(uses: LabelUses) -> str:
    """What stays as it is, in sentences; "" if nothing does."""
    if not uses.kept_images:
        return ""
    parts = [
        *([counted(uses.kept_class_labels, "image-level label")] if uses.kept_class_labels else []),
        *([counted(uses.kept_boxes, "box", "boxes")] if uses.kept_boxes else []),
    ]
    names = sorted(uses.kept_attributes)
    attributes = shortened(names[0]) if len(names) == 1 else f"{len(names)} attributes"
    stay = "stays" if uses.kept_class_labels + uses.kept_boxes == 1 else "stay"
    return (
        f"{' and '.join(parts)} in {counted(uses.kept_images, 'image')} {stay}: {attributes}"
        f" {'is' if len(names) == 1 else 'are'} read-only (see Labels > Attributes)."
    )


def _plain(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _swatch(index: int, *, chosen: bool, users: Sequence[str]) -> QToolButton:
    button = QToolButton()
    button.setIcon(_swatch_icon(theme.label_colour(index), chosen=chosen, used=bool(users)))
    button.setIconSize(QSize(_SWATCH, _SWATCH))
    told = f"Colour {index + 1}" + (", chosen" if chosen else "")
    if users:
        told += f", also of {', '.join(map(shortened, users[:3]))}" + (" and others" if users[3:] else "")
    button.setAccessibleName(told)
    button.setToolTip(theme.plain_tip(told))
    return button


def _swatch_icon(colour: QColor, *, chosen: bool, used: bool) -> QIcon:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
    painter.setBrush(colour)
    painter.drawRoundedRect(1, 1, _SWATCH - 2, _SWATCH - 2, 3, 3)
    ink = theme.readable_on(colour)
    if chosen:
        painter.setPen(QPen(ink, 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline([_point(0.28, 0.52), _point(0.44, 0.68), _point(0.74, 0.34)])
    elif used:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(_point(0.5, 0.5), 3, 3)
    painter.end()
    return QIcon(pixmap)


def _point(x: float, y: float) -> QPointF:
    return QPointF(_SWATCH * x, _SWATCH * y)
