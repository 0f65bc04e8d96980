"""The current entry's JSON line, laid out to be read; changed and wrong parts are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QGuiApplication,
    QHelpEvent,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.pretty_line import PrettyLine, changed_places, nearest_span, pretty_line
from truthline.ui.kit import theme
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.annotation import Finding, RemoteError
    from truthline.workspace.workspace import Entry


class JsonLinePanel(QWidget):
    """Read-only; what differs from the base line is shaded, what is wrong underlined."""

    copied = Signal()
    """The line's text, after it was copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._raw = b""
        self._pretty = PrettyLine("", {})
        self._marks: list[tuple[int, int, str]] = []
        self.text = _Text(self)
        self._summary = QLabel("Choose an image to see its line.")
        self._summary.setProperty("dim", True)
        self._summary.setProperty("small", True)
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self.copy_button = QToolButton()
        self.copy_button.setText("Copy as one line")
        self.copy_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.copy_button.clicked.connect(self._copy)
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 8, 4)
        top.addWidget(self._summary, 1)
        top.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.text, 1)
        self.show_entry(None)

    def show_entry(self, entry: Entry | None) -> None:
        """Show an entry's line; the scroll position stays while it is the same entry."""
        self.copy_button.setIcon(theme.icon("copy"))
        self.copy_button.setEnabled(entry is not None)
        if entry is None:
            self._raw, self._pretty, self._marks = b"", PrettyLine("", {}), []
            self.text.setPlainText("")
            self.text.setExtraSelections([])
            self._summary.setText("Choose an image to see its line.")
            return
        if entry.line != self._raw:
            scrolled = self.text.verticalScrollBar().value()
            self._raw, self._pretty = entry.line, pretty_line(entry.line)
            self.text.setPlainText(self._pretty.text)
            self.text.verticalScrollBar().setValue(scrolled)
        self._mark(entry)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.text.centerCursor()

    def go_to(self, pointer: str) -> None:
        """Scroll to the place that a JSON Pointer names, and select it."""
        span = nearest_span(self._pretty, pointer)
        if span is not None:
            cursor = self._cursor(*span)
            start = QTextCursor(cursor)
            start.setPosition(span[0])
            self.text.setTextCursor(start)
            self.text.centerCursor()
            self.text.setTextCursor(cursor)

    def tip_at(self, position: int) -> str:
        """What is wrong at a place of the text, "" if nothing is."""
        return "\n".join(text for start, end, text in self._marks if start <= position <= end)

    def _mark(self, entry: Entry) -> None:
        changed = changed_places(entry.line, entry.base) if entry.base is not None else frozenset()
        spans = [span for pointer in changed if (span := nearest_span(self._pretty, pointer)) is not None]
        wrong: Sequence[Finding | RemoteError] = [*entry.findings, *entry.remote_errors]
        self._marks = []
        for problem in wrong:
            span = nearest_span(self._pretty, problem.pointer)
            if span is not None and problem.pointer:
                self._marks.append((*span, f"{problem.message}\n{problem.code}"))
        selections = [self._selection(span, _changed_format()) for span in spans]
        selections += [self._selection((start, end), _wrong_format()) for start, end, _ in self._marks]
        self.text.setExtraSelections(selections)
        self._summary.setText(_summary(entry, len(spans), len(wrong)))

    def _selection(self, span: tuple[int, int], format_: QTextCharFormat) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        selection.cursor = self._cursor(*span)
        selection.format = format_
        return selection

    def _cursor(self, start: int, end: int) -> QTextCursor:
        # Qt counts UTF-16 units, Python characters
        cursor = QTextCursor(self.text.document())
        cursor.setPosition(_utf16(self._pretty.text, start))
        cursor.setPosition(_utf16(self._pretty.text, end), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _copy(self) -> None:
        text = self._raw.decode("utf-8", errors="replace")
        QGuiApplication.clipboard().setText(text)
        self.copied.emit()


class _Text(QPlainTextEdit):
    def __init__(self, panel: JsonLinePanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setReadOnly(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName("JSON line")
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        self.setFont(font)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            tip = self._panel.tip_at(self.cursorForPosition(event.pos()).position())
            if tip:
                QToolTip.showText(event.globalPos(), theme.plain_tip(tip), self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)


def _utf16(text: str, position: int) -> int:
    return len(text[:position].encode("utf-16-le")) // 2


def _changed_format() -> QTextCharFormat:
    made = QTextCharFormat()
    colour = QColor(theme.tokens().accent)
    colour.setAlpha(60)
    made.setBackground(colour)
    return made


def _wrong_format() -> QTextCharFormat:
    made = QTextCharFormat()
    made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    made.setUnderlineColor(QColor(theme.tokens().error))
    made.setForeground(QColor(theme.tokens().error))
    return made


def _summary(entry: Entry, changed: int, wrong: int) -> str:
    if entry.damaged:
        return f"Line {entry.position:,} · Damaged in the workspace file, and not shown"
    if entry.base is None:
        state = "The dataset does not hold this line yet"
    elif entry.changed:
        state = counted(changed, "place changed", "places changed")
    else:
        state = "As the dataset holds it"
    problems = f" · {counted(wrong, 'problem')}" if wrong else ""
    return f"Line {entry.position:,} · {state}{problems}"
