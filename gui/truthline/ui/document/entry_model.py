"""The list of entries that views show: ids with a full row count, everything else fetched row by row."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, Qt
from typing_extensions import override

from truthline.manifest.annotation import Annotation, ImageFacts, Level
from truthline.words import counted
from truthline.workspace.workspace import Entry, EntryId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from PySide6.QtGui import QColor

    from truthline.ui.document.document import Document
    from truthline.ui.document.palette import LabelColours

_CARDS = 3_000
"""Cards kept, a few screens full in any window; a card is about a kilobyte."""
_READ_AHEAD = 16
"""Cards read at once: one by one, a page took three times as long."""
_ROOT = QModelIndex()

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Card:
    """What a view draws of an entry.

    ``boxes`` are fractions of the image's width and height (0 to 1), each with its colour; ``labels`` are
    the image-level labels. ``problem`` is the worst level of its findings and remote errors.
    """

    entry_id: EntryId
    source_ref: str
    name: str
    labels: tuple[tuple[str, QColor], ...]
    boxes: tuple[tuple[QRectF, QColor], ...]
    box_labels: tuple[tuple[str, QColor], ...]
    changed: bool
    problem: Level | None
    remote: bool
    position: int
    conflict: bool = False
    damaged: bool = False

    @property
    def spoken(self) -> str:
        """The card in words, for tool tips and screen readers."""
        if self.damaged:
            return f"{self.source_ref or f'Line {self.position}'}\nDamaged in the workspace file"
        labels = ", ".join(name for name, _ in self.labels) or "no image-level label"
        boxes = counted(len(self.boxes), "box", "boxes")
        parts = [self.source_ref or f"Line {self.position}", f"{labels}; {boxes}"]
        if self.changed:
            parts.append("Not pushed yet")
        if self.conflict:
            parts.append("In conflict: somebody else changed it too")
        if self.remote:
            parts.append("The service reported errors")
        elif self.problem is not None:
            parts.append(f"Has a finding ({self.problem})")
        return "\n".join(parts)


class EntryModel(QAbstractListModel):
    """Entries by id, in position order. `card` reads an entry when a view needs it."""

    def __init__(self, document: Document, colours: LabelColours) -> None:
        super().__init__(document)
        self._document = document
        self._colours = colours
        self._ids: array[int] = array("q")
        self._cards: OrderedDict[int, Card] = OrderedDict()
        document.attributes_chosen.connect(lambda _info: self.refresh(None))

    @override
    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.card(index.row()).name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.card(index.row()).spoken
        return None

    def card(self, row: int) -> Card:
        """What to draw of the entry in ``row``."""
        entry_id = self._ids[row]
        card = self._cards.get(entry_id)
        if card is None:
            self._read_cards(row)
            card = self._cards[entry_id]
        return card

    def _read_cards(self, row: int) -> None:
        """Read the cards of this row and of those behind it that a view will ask for next."""
        missing = [one for one in self.ids_in(row, row + _READ_AHEAD - 1) if one not in self._cards]
        for entry_id, entry in zip(missing, self._document.entries(missing), strict=True):
            self._cards[entry_id] = self._make_card(entry)
        while len(self._cards) > _CARDS:
            self._cards.popitem(last=False)

    def id_at(self, row: int) -> EntryId:
        """The entry in ``row``."""
        return EntryId(self._ids[row])

    def ids_in(self, first: int, last: int) -> list[EntryId]:
        """The entries in these rows and between them."""
        return cast("list[EntryId]", self._ids[first : last + 1].tolist())

    def row_of(self, entry_id: EntryId) -> int | None:
        """Where an entry is listed, None if the filter hides it."""
        row = bisect_left(self._ids, entry_id)
        return row if row < len(self._ids) and self._ids[row] == entry_id else None

    def set_ids(self, ids: array[int]) -> None:
        """List other entries; ``ids`` ascend, as positions do."""
        self.beginResetModel()
        self._ids = ids
        self.endResetModel()

    @property
    def last_id(self) -> EntryId:
        """The last entry that is listed, 0 if none is."""
        return EntryId(self._ids[-1] if self._ids else 0)

    def append_ids(self, ids: array[int]) -> None:
        """List entries behind those that are listed; selection and current entry stay."""
        first = len(self._ids)
        self.beginInsertRows(_ROOT, first, first + len(ids) - 1)
        self._ids.extend(ids)
        self.endInsertRows()

    def refresh(self, entry_ids: Iterable[EntryId] | None) -> None:
        """Read these entries anew, all of them if None."""
        if entry_ids is None:
            self._cards.clear()
            if self._ids:
                self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))
            return
        for entry_id in entry_ids:
            self._cards.pop(entry_id, None)
            row = self.row_of(entry_id)
            if row is not None:
                self.dataChanged.emit(self.index(row), self.index(row))

    def _make_card(self, entry: Entry) -> Card:
        annotation = entry.annotation
        name = entry.source_ref.rsplit("/", 1)[-1] if entry.source_ref else f"Line {entry.position}"
        colour = self._colours.of
        info = self._document.info
        hidden = info.locked if info.hide_locked else ()
        boxes = _box_fractions(annotation, entry.facts, hidden)
        return Card(
            entry_id=entry.id,
            source_ref=entry.source_ref,
            name=name,
            labels=tuple(
                (label.name, colour(label.name))
                for label in annotation.class_labels
                if label.attribute not in hidden
            ),
            boxes=tuple((rectangle, colour(label)) for rectangle, label in boxes),
            box_labels=tuple((label, colour(label)) for label in dict.fromkeys(label for _, label in boxes)),
            changed=entry.changed,
            problem=_worst(entry),
            remote=bool(entry.remote_errors),
            position=entry.position,
            conflict=entry.theirs is not None,
            damaged=entry.damaged is not None,
        )


def _box_fractions(
    annotation: Annotation, facts: ImageFacts | None, hidden: Collection[str]
) -> list[tuple[QRectF, str]]:
    found = []
    for attribute in annotation.box_attributes:
        if attribute.name in hidden:
            continue
        size = attribute.image_size
        width = facts.width if facts is not None and facts.width else (size.width if size else 0)
        height = facts.height if facts is not None and facts.height else (size.height if size else 0)
        if width > 0 and height > 0:
            for box in attribute.boxes:
                fraction = QRectF(box.left / width, box.top / height, box.width / width, box.height / height)
                found.append((fraction, box.label))
    return found


def _worst(entry: Entry) -> Level | None:
    if entry.remote_errors:
        warnings_only = all(error.code.startswith("WARNING") for error in entry.remote_errors)
        if not warnings_only:
            return Level.ERROR
    levels = {finding.level for finding in entry.findings}
    if entry.remote_errors:
        levels.add(Level.WARNING)
    return next((level for level in (Level.ERROR, Level.WARNING) if level in levels), None)
