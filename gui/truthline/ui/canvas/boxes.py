"""The boxes on the image: shown, found under a point, selected; and told to screen readers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QVariantAnimation, Signal
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from truthline.ui.canvas.geometry import Frame, Handle, Key, Point, handle_at, nearest, stacked
from truthline.ui.canvas.items import HANDLE, BoxItem, CanvasBox, Handles
from truthline.ui.canvas.picture import PictureView

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_REACH = 3
"""How far beside a box it can still be clicked, in screen pixels."""
_CROWD = 200
"""With more boxes only the one pointed at and the selected ones have tags: nobody could read them, and they
are most of what a repaint costs. The service takes 50 boxes an image."""


class BoxView(PictureView):
    """Boxes on an image, some of them selected."""

    selection_changed = Signal(list)
    """``list[CanvasBox]``: all that are selected now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Key, BoxItem] = {}
        self._selected: frozenset[Key] = frozenset()
        self._hovered: Key | None = None
        self._handles = Handles(self._scene)
        self._blinking: Key | None = None
        self._blink = QVariantAnimation(self)
        self._blink.setDuration(900)
        self._blink.setStartValue(1.0)
        self._blink.setEndValue(0.0)
        self._blink.valueChanged.connect(self._flash)
        self.setAccessibleName("Image canvas")

    def set_boxes(self, boxes: Sequence[CanvasBox]) -> None:
        """Show these boxes, in this order; those of the same attribute and index stay selected."""
        items: dict[Key, BoxItem] = {}
        for box in boxes:
            kept = self._items.pop(box.key, None)
            items[box.key] = items.get(box.key) or kept or BoxItem(self._scene)
        for item in self._items.values():
            self._scene.removeItem(item)
        self._items = items
        self._fit_items()
        for box in boxes:
            items[box.key].show_box(box)
        self._select(self._selected & items.keys())

    def selected_boxes(self) -> list[CanvasBox]:
        """The selected boxes, in the order in which they were set."""
        return [item.box for key, item in self._items.items() if key in self._selected]

    def deletable_boxes(self) -> list[CanvasBox]:
        """The selected boxes that may be changed."""
        return [box for box in self.selected_boxes() if box.editable]

    def select_boxes(self, keys: Collection[Key]) -> None:
        """Select exactly these, as far as they exist, and bring them into view."""
        wanted = frozenset(keys) & self._items.keys()
        if wanted != self._selected:
            self._select(wanted)
            self._reveal(wanted)

    def select_all(self) -> None:
        """Select every box; the view stays where it is."""
        self._select(frozenset(self._items))

    def select_next(self, step: int) -> None:
        """Select the box ``step`` places after the selected one, round and round."""
        order = list(self._items)
        if not order:
            return
        chosen = [index for index, key in enumerate(order) if key in self._selected] or [
            -1 if step > 0 else 0
        ]
        start = chosen[-1] if step > 0 else chosen[0]
        self.select_boxes([order[(start + step) % len(order)]])

    def blink(self, key: Key) -> None:
        """Fill a box with its colour once and let it fade, to show where it is."""
        if key not in self._items:
            return
        self._reveal([key])
        self._blink.stop()
        self._flash(0.0)
        self._blinking = key
        self._flash(1.0)
        self._blink.start()

    def _flash(self, strength: float) -> None:
        item = self._items.get(self._blinking) if self._blinking else None
        if item is not None:
            item.set_flash(strength)

    def _select(self, keys: frozenset[Key]) -> None:
        changed = keys != self._selected
        self._selected = keys
        self._show_states()
        if changed:
            self.selection_changed.emit(self.selected_boxes())

    def _hover(self, key: Key | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self._show_states()

    def _show_states(self) -> None:
        for key, item in self._items.items():
            item.set_state(selected=key in self._selected, hovered=key == self._hovered)
        self._show_handles()
        self._describe()

    def _show_frames(self, frames: Mapping[Key, Frame]) -> None:
        for key, frame in frames.items():
            if key in self._items:
                self._items[key].set_frame(frame)
        self._show_handles()
        self._describe()

    def _fit_items(self) -> None:
        crowded = len(self._items) > _CROWD
        for item in self._items.values():
            item.set_view(self.zoom, self._size, crowded=crowded)

    def _show_handles(self) -> None:
        movable = self._movable()
        only = next(iter(movable.values())) if len(self._selected) == 1 and movable else None
        self._handles.show_on(only, self.zoom)

    def _reveal(self, keys: Collection[Key]) -> None:
        frames = [self._items[key].frame for key in keys]
        if not frames or not self.has_image:
            return
        left, top = min(frame.left for frame in frames), min(frame.top for frame in frames)
        right, bottom = max(frame.right for frame in frames), max(frame.bottom for frame in frames)
        a, b = self.view_point((left, top)), self.view_point((right, bottom))
        view = self.viewport().rect()
        if min(a.x(), a.y()) < 0 or b.x() > view.width() or b.y() > view.height():
            self.centre_on(((left + right) / 2, (top + bottom) / 2))

    def _movable(self) -> dict[Key, Frame]:
        """The selected boxes that a gesture may change, with their frames as shown."""
        if not self._selected:
            return {}
        chosen = [(key, item) for key, item in self._items.items() if key in self._selected]
        return {key: item.frame for key, item in chosen if item.box.editable}

    def _hits(self, point: Point) -> tuple[Key, ...]:
        keys = list(self._items)
        frames = [item.frame for item in self._items.values()]
        return tuple(keys[index] for index in stacked(frames, point, _REACH / self.zoom))

    def _handle_at(self, point: Point) -> Handle | None:
        movable = self._movable()
        if len(self._selected) != 1 or not movable:
            return None
        return handle_at(next(iter(movable.values())), point, HANDLE / self.zoom)

    @override
    def _view_moved(self) -> None:
        self._fit_items()
        self._show_handles()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._tool_tip(self.image_point(event.pos()))
            # Qt guesses what is rich text. Told so, and with the text escaped, it shows it as it is.
            QToolTip.showText(event.globalPos(), f"<qt>{escape(text)}</qt>" if text else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def _tool_tip(self, point: Point) -> str:
        for key in self._hits(point) if self.has_image else ():
            item = self._items[key]
            if item.box.wrong:
                return f"{item.box.label}: {item.box.wrong}" if item.box.label else item.box.wrong
            if item.tag and item.tag.text != item.box.label:
                return item.box.label
        return ""

    def _describe(self) -> None:
        chosen = [(index, item) for index, item in enumerate(self._items.values(), 1) if item.selected]
        total = len(self._items)
        if len(chosen) == 1:
            text = _told(*chosen[0], total)
        elif chosen:
            text = f"{len(chosen)} of {total} boxes selected."
        else:
            text = "1 box." if total == 1 else f"{total or 'No'} boxes."
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)


def _told(index: int, item: BoxItem, total: int) -> str:
    box, frame = item.box, item.frame
    where = f"{nearest(frame.width)} by {nearest(frame.height)} pixels"
    at = f"{nearest(frame.left)}, {nearest(frame.top)}"
    state = "" if box.editable else " Read-only."
    return f"Box {index} of {total}: {box.label or 'no label'}, {where} at {at}.{state} {box.wrong}".rstrip()
