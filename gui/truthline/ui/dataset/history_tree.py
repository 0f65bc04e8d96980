"""The pushes as a model of two levels: each push, and in it its batches and its remarks on lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from typing_extensions import override

from truthline.ui.dataset.words import SEPARATOR
from truthline.ui.kit import theme
from truthline.ui.kit.times import clock_time
from truthline.ui.kit.two_level_tree import Index, TwoLevelTree
from truthline.words import counted, status_words
from truthline.workspace.journal import Batch, BatchState, Push, PushRemark, RemarkKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QObject

HEADINGS = ("When", "Lines", "Batches", "Result")
_NUMBERS = {1, 2}
"""The columns that hold numbers."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ICONS = {"good": "done", "warning": "warning", "error": "error", "busy": "push"}
_STATES = {
    BatchState.SENDING: ("busy", "Being sent; no answer yet"),
    BatchState.ACCEPTED: ("busy", "Taken by the service"),
    BatchState.ENDED: ("busy", "Update ended, not read back yet"),
    BatchState.VERIFIED: ("good", "Sent and read back"),
    BatchState.FAILED: ("error", "Failed"),
}
_KINDS = {
    RemarkKind.REFUSED: ("warning", "Not sent"),
    RemarkKind.NOT_STORED: ("error", "Not stored"),
    RemarkKind.STORED_DIFFERENTLY: ("warning", "Stored differently"),
    RemarkKind.CONFLICT: ("warning", "Conflict"),
    RemarkKind.REMOTE_ERROR: ("error", "Reported by the service"),
    RemarkKind.ERROR: ("error", "Broken off"),
}


@dataclass(frozen=True, slots=True)
class PushStory:
    """A push with all that is known of it."""

    push: Push
    batches: Sequence[Batch]
    remarks: Sequence[PushRemark]

    @property
    def parts(self) -> Sequence[Batch | PushRemark]:
        """What is listed below it: remarks first, since they are what somebody looks for."""
        return [*self.remarks, *self.batches]


class HistoryTree(TwoLevelTree[PushStory, Batch | PushRemark]):
    """Pushes, the newest first; ``running`` tells whether the unfinished one is under way now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(HEADINGS, parent)
        self.running = False

    def set_stories(self, stories: Sequence[PushStory], *, running: bool) -> None:
        """Show other pushes."""
        self.running = running
        self.set_rows(stories, [story.parts for story in stories])

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _NUMBERS:
            return _RIGHT if orientation == Qt.Orientation.Horizontal else None
        return super().headerData(section, orientation, role)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in _NUMBERS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and index.internalId() and index.column() < 3:
            return QColor(theme.tokens().dim)
        wanted = {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.DecorationRole,
            Qt.ItemDataRole.ToolTipRole,
        }
        if not index.isValid() or role not in wanted:
            return None
        kind, texts = self._told(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return theme.plain_tip(self._tip(index, texts))
        return theme.icon(_ICONS[kind], _colour(kind)) if index.column() == 3 else None

    def _told(self, index: Index) -> tuple[str, tuple[str, str, str, str]]:
        part = self.member_at(index)
        if isinstance(part, Batch):
            kind, result = batch_result(part)
            sent = f", {clock_time(part.sent_at)}" if part.sent_at else ""
            return kind, (f"Batch {part.number}{sent}", f"{part.lines:,}", "", result)
        if part is not None:
            kind, words = _KINDS[part.kind]
            return kind, (_place(part), "", "", f"{words}: {part.message}")
        story = self.group_at(index)
        if story is None:
            return "busy", ("", "", "", "")
        kind, result = push_result(story, running=self.running)
        push = story.push
        lines = f"{push.lines:,} of {push.planned:,}" if push.lines < push.planned else f"{_lines(push):,}"
        return kind, (clock_time(push.started), lines, f"{push.batches:,}", result)

    def _tip(self, index: Index, texts: tuple[str, ...]) -> str:
        part, story = self.member_at(index), self.group_at(index)
        if isinstance(part, PushRemark):
            return f"{texts[3]}\n{part.code}\n{part.source_ref}".strip()
        if part is None and story is not None:
            return f"{texts[3]}\nTo {story.push.dataset_arn}"
        return texts[3]


def push_result(story: PushStory, *, running: bool) -> tuple[str, str]:
    """How a push ended, as the kind of icon and in words."""
    push, kinds = story.push, {remark.kind for remark in story.remarks}
    if push.finished is None:
        if running:
            return "busy", "Under way"
        return "warning", "Broken off. The next push looks how far it came, and goes on from there."
    if RemarkKind.ERROR in kinds:
        return "error", f"Broken off{SEPARATOR}{push.outcome}"
    if push.broken_off:
        return "warning", f"Broken off{SEPARATOR}{push.outcome}"
    if kinds:
        remarks = counted(len(story.remarks), "remark")
        return "warning", f"Done, with {remarks}{SEPARATOR}{push.outcome}"
    return "good", f"Done{SEPARATOR}{push.outcome}"


def batch_result(batch: Batch) -> tuple[str, str]:
    """How far a batch came, as the kind of icon and in words."""
    kind, words = _STATES[batch.state]
    status = status_words(batch.status) if batch.status else ""
    parts = (words, status, _size(batch.size), batch.message or batch.code)
    return kind, SEPARATOR.join(part for part in parts if part)


def _place(remark: PushRemark) -> str:
    if remark.source_ref:
        return remark.source_ref.rsplit("/", 1)[-1]
    return f"Line {remark.line:,}" if remark.line is not None else "The whole push"


def _lines(push: Push) -> int:
    """Lines of the entries that were sent; those of a failed batch were sent again in smaller ones."""
    return push.planned or push.lines


def _size(size: int) -> str:
    if size < 1_000:
        return f"{size} bytes"
    return f"{size / 1e3:,.1f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _colour(kind: str) -> str:
    t = theme.tokens()
    return {"good": t.good, "warning": t.warning, "error": t.error, "busy": t.busy}[kind]
