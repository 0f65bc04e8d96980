"""Everything around one open workspace: its panels arranged and wired to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from truthline.images.workspace_source import source_of
from truthline.manifest.pointer import box_at
from truthline.ui.dataset.bar import DatasetBar
from truthline.ui.dataset.dataset import Dataset
from truthline.ui.dataset.history import History
from truthline.ui.document.browser import Browser
from truthline.ui.document.document import Document
from truthline.ui.document.entry_model import EntryModel
from truthline.ui.document.labelling import Labeller
from truthline.ui.document.palette import LabelColours
from truthline.ui.document.pictures import FoundFacts, Pictures
from truthline.ui.document.selection_commands import SelectionCommands
from truthline.ui.document.steps.undoing import Undoing
from truthline.ui.entry.json_line import JsonLinePanel
from truthline.ui.entry.panel import EntryPanel
from truthline.ui.gallery.filters import FilterPanel, empty_text
from truthline.ui.gallery.view import ThumbnailGrid
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.jobs import Jobs, Lane, Latest
from truthline.ui.kit.toast import Toast
from truthline.ui.labels.commands import LabelCommands
from truthline.ui.labels.current import CurrentLabel
from truthline.ui.labels.panel import LabelPanel
from truthline.ui.problems.fixing import Fixing
from truthline.ui.problems.panel import SHOWN_AT_MOST, ProblemsPanel
from truthline.ui.problems.readiness import ReadinessPanel
from truthline.ui.start.ahead import ThumbnailsAhead
from truthline.ui.start.filler import Filler
from truthline.ui.start.upkeep import Upkeep
from truthline.ui.window.image_page import ImagePage
from truthline.ui.window.room import Room
from truthline.ui.window.sight import Sight
from truthline.workspace.changes import Changes
from truthline.workspace.workspace import Counts, EntryId, Filter, Kind, Problem, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.aws.session import Aws
    from truthline.images.thumbnails import Thumbnails
    from truthline.progress import Progress
    from truthline.sync.service.endpoints import Reach
    from truthline.ui.canvas.geometry import BoxKey
    from truthline.workspace.workspace import WorkspaceInfo


class Workbench(QWidget):
    """One document with its panels. Gallery and image show the same list and keep the same current entry."""

    mode_changed = Signal(bool)
    """True in image mode, False in the gallery."""
    counted = Signal()
    """How many entries there are, are listed or selected may have changed."""
    commands_changed = Signal()
    """What the commands would act on, and so whether there is anything for them, may have changed."""

    def __init__(
        self, workspace: Workspace, jobs: Jobs, thumbnails: Thumbnails, reach: Reach, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._questions = Latest(jobs, Lane.READ)
        self.document = Document(workspace, jobs, self)
        self.colours = LabelColours(self.document)
        self.browser = Browser(self.document, EntryModel(self.document, self.colours), self)
        self._aws: Aws | None = None
        self.pictures = Pictures(jobs, source_of(workspace.info, None), thumbnails, self)
        self.labeller = Labeller(self.document, self)
        self.commands = LabelCommands(self.document, self.colours, self)
        self.selection = SelectionCommands(self.browser, self.labeller, self)
        self.current_label = CurrentLabel(
            self.document, self.colours, self.browser, self.labeller, self.selection, self.commands
        )
        self._sought: Problem | None = None
        self.ahead = ThumbnailsAhead(self.document, self.pictures, thumbnails, self)
        self.dataset = Dataset(self.document, reach, self)
        self.filler = Filler(self.document, reach, self)
        self.upkeep = Upkeep(self.document, self)
        self.counts: Counts | None = None
        self._build()

    def arrangement(self) -> tuple[Callable[[], None], ...]:
        """What puts the panels in their places, in steps: all of it at once would hold the window up."""
        return self._arrange, self._fill_pages, self._fill_drawer, self._wire

    def start(self) -> None:
        """Fill the views and begin to watch the dataset."""
        self.browser.set_filter(Filter())
        self._refresh(Changes(everything=True))
        self._show_labels(self.colours.labels)
        self._show_attributes(self.document.info)
        self.commands.propose_attributes(
            lambda text: self.toast.say(text, action="Attributes…", act=self.commands.ask_attributes)
        )
        self.dataset.start()
        self.filler.start()
        self.gallery.setFocus()

    def close_document(self) -> None:
        """Carry out what is still to be saved, stop the rest and close the workspace."""
        self.image.canvas.finish_gesture()
        self.dataset.close()
        self.filler.close()
        self._jobs.drop(Lane.DECODE)
        self._jobs.drop(Lane.UPKEEP)
        self._jobs.finish(Lane.WRITE)
        self._jobs.drop(Lane.READ)
        self.pictures.clear()
        self.document.workspace.close()

    # what is where

    def _build(self) -> None:
        self.filters = FilterPanel()
        self.gallery = ThumbnailGrid(self.pictures)
        self.gallery.setModel(self.browser.model)
        self.gallery.setSelectionModel(self.browser.selection)
        self.image = ImagePage(self.document, self.browser, self.pictures, self.labeller, self.colours)
        self.labels = LabelPanel()
        self.entry = EntryPanel(self.colours)
        self.problems = ProblemsPanel()
        self.json_line = JsonLinePanel()
        self.readiness = ReadinessPanel(self.document, lambda: self.pictures.source)
        self.history = History(self.document)
        self.bar = DatasetBar()

    def _arrange(self) -> None:
        # From the outside to the inside: each widget that gets another parent is styled anew with all that is
        # in it, which is most of the time that opening a workspace takes here.
        self.columns = QSplitter(Qt.Orientation.Horizontal, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.columns, 1)
        layout.addWidget(self.bar)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.side = QSplitter(Qt.Orientation.Vertical)
        for column in (self.filters, self.middle, self.side):
            self.columns.addWidget(column)
        images = QWidget()
        self.drawer = QTabWidget()
        self.middle.addWidget(images)
        self.middle.addWidget(self.drawer)
        self.edit_bar = EditBar()
        self.pages = QStackedWidget()
        rows = QVBoxLayout(images)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.filler.bar)
        rows.addWidget(self.upkeep.bar)
        rows.addWidget(self.edit_bar)
        rows.addWidget(self.pages, 1)

    def _fill_pages(self) -> None:
        self.pages.addWidget(self.gallery)
        self.pages.addWidget(self.image)
        self.toast = Toast(self.pages)
        self.pages.currentChanged.connect(lambda _page: self.toast.raise_())

    def _fill_drawer(self) -> None:
        self.drawer.setDocumentMode(True)
        self.drawer.addTab(self.problems, "Problems")
        self.drawer.addTab(self.json_line, "JSON Line")
        self.drawer.addTab(self.readiness, "Whole dataset")
        self.drawer.addTab(self.history, "History")
        self.side.addWidget(self.labels)
        self.side.addWidget(self.entry)
        self.room = Room(self.columns, self.middle, self.side, self.filters, self.drawer)
        self.room.share()

    def restyle(self) -> None:
        """Draw everything anew in another appearance."""
        self._show_attributes(self.document.info)
        self._show_labels(self.colours.labels)
        self.problems.show_problems(self.problems.problems)
        self.update()

    # who tells whom

    def _wire(self) -> None:
        document, browser = self.document, self.browser
        self.labels.field.fallback = self.problems.search.fallback = self.main_view
        document.changed.connect(self._refresh)
        document.save_failed.connect(self._complain)
        sight = Sight(browser, self.gallery, self.image, self.entry)
        self.undoing = Undoing(document, self.toast, sight.covers)
        self.undoing.place_wanted.connect(self._go_where_changed)
        self.fixing = Fixing(document, self, self._tell_fixed, self.toast.warn)
        document.working.connect(self._show_edit)
        document.worked.connect(self._show_edit)
        document.refused.connect(self.toast.warn)
        self.filler.grown.connect(self._grow)
        self.filler.ended.connect(self.upkeep.start)
        self.filler.ended.connect(self.ahead.start)
        self.filler.failed.connect(self._complain)
        self.upkeep.failed.connect(self._complain)
        document.attributes_chosen.connect(self._show_attributes)
        self.edit_bar.cancel_wanted.connect(document.cancel_long_edit)
        self.colours.changed.connect(self._show_labels)
        self.pictures.facts_found.connect(self._keep_facts)
        browser.current_changed.connect(self._show_current)
        browser.listed.connect(self._show_listed)
        browser.listed.connect(lambda _filter: self._show_sought())
        self.filters.filter_chosen.connect(self._filter_kind)
        self.gallery.activated.connect(lambda _index: self.show_image())
        self.image.boxes_selected.connect(lambda keys: self.entry.select_boxes(set(keys)))
        self.labels.label_chosen.connect(self.selection.give)
        self.labels.current_changed.connect(self.labeller.choose_class)
        self.labels.label_added.connect(self.current_label.add)
        self.labels.rename_wanted.connect(self.commands.ask_rename)
        self.labels.merge_wanted.connect(lambda wish: self.commands.ask_merge(wish.name, wish.into))
        self.labels.colour_wanted.connect(self.commands.ask_colour)
        self.labels.delete_wanted.connect(self.commands.ask_delete)
        self.labels.order_wanted.connect(self.commands.order)
        self.labels.attributes_wanted.connect(self.commands.ask_attributes)
        self.labeller.refused.connect(self.toast.warn)
        self.labeller.next_class_changed.connect(self.labels.show_current)
        self.entry.boxes_selected.connect(self._select_boxes)
        self.entry.boxes_deleted.connect(self.selection.delete_boxes)
        self.entry.class_label_removed.connect(self.selection.remove_class_label)
        self.problems.problem_chosen.connect(self.go_to_problem)
        self.readiness.entries_wanted.connect(browser.set_filter)
        self.problems.counted.connect(self._count_problems)
        self.problems.fix_wanted.connect(self.fixing.fix)
        self.problems.fix_all_wanted.connect(self.fixing.fix_all)
        self.problems.entries_wanted.connect(lambda code: browser.set_filter(Filter(code=code)))
        self.json_line.copied.connect(lambda: self.toast.say("The line was copied."))
        self.bar.cancel_wanted.connect(self.dataset.cancel)
        self.dataset.state_changed.connect(self.bar.show_state)
        self.dataset.failed.connect(self._complain)
        self.dataset.reachable.connect(self._read_from)
        self._wire_commands()

    def _wire_commands(self) -> None:
        self.browser.selection_changed.connect(self.counted)
        for changed in (
            self.mode_changed,
            self.browser.current_changed,
            self.browser.selection_changed,
            self.image.boxes_selected,
            self.image.canvas.drawing_changed,
            self.document.attributes_chosen,
            self.document.undo_stack.moved,
            self.labeller.next_class_changed,
            self.colours.changed,
        ):
            changed.connect(lambda *_: self.commands_changed.emit())

    # modes

    @property
    def in_image_mode(self) -> bool:
        """Whether the canvas is shown."""
        return self.pages.currentWidget() is self.image

    def show_gallery(self) -> None:
        """Show the gallery with the current entry in view."""
        self.image.canvas.finish_gesture()
        self.pages.setCurrentWidget(self.gallery)
        self.gallery.scrollTo(self.browser.selection.currentIndex())
        self.gallery.setFocus()
        self.mode_changed.emit(False)

    def show_image(self) -> None:
        """Show the current entry's image."""
        if self.browser.current is None:
            return
        self.browser.select_current()  # what is shown is what is selected
        self.pages.setCurrentWidget(self.image)
        self.image.become_current()
        self.image.filmstrip.scrollTo(self.browser.selection.currentIndex())
        self.mode_changed.emit(True)

    def zoom(self, direction: int) -> None:
        """Zoom the image in (1) or out (-1), in the gallery the thumbnails."""
        if self.in_image_mode:
            self.image.canvas.zoom_by(1.25 if direction > 0 else 0.8)
        else:
            self.gallery.set_side(self.gallery.side + 32 * direction)

    def show_panel(self, panel: QWidget) -> None:
        """Show a panel of the drawer, and the drawer if it is hidden."""
        self.drawer.setCurrentWidget(panel)
        self.drawer.show()
        self.commands_changed.emit()

    def main_view(self) -> QWidget:
        """Where a person works: the canvas, or the gallery."""
        return self.image.canvas if self.in_image_mode else self.gallery

    def selected_boxes(self) -> Sequence[BoxKey]:
        """The boxes selected on the image."""
        return self.image.selected_boxes()

    def visible_boxes(self, keys: Sequence[BoxKey]) -> Sequence[BoxKey]:
        """Those of these boxes that the current image has and shows."""
        return [box.key for box in self.image.boxes_of(keys)]

    def next_unlabelled(self) -> None:
        """Go to the next listed entry without any label, around the end."""
        self.browser.step_to(Kind.UNLABELLED, lambda: self.toast.say("Every listed image has a label."))

    def select_all(self) -> None:
        """Select all boxes of the image, in the gallery all images that are listed."""
        if self.in_image_mode:
            self.image.canvas.select_all()
        else:
            self.browser.select_all()

    # problems

    def go_to_problem(self, problem: Problem) -> None:
        """Show the image, the box and the place in the line that a problem is about."""
        if not problem.entry_id:
            return  # it is about the dataset as a whole
        self._sought = problem
        self.browser.go_to(problem.entry_id)
        self._show_sought()

    def _show_sought(self) -> None:
        """Show the place of the problem gone to, once its entry is current: the filter may have hidden it."""
        problem = self._sought
        if problem is None or self.browser.current != problem.entry_id:
            return
        self._sought = None
        self.json_line.go_to(problem.pointer)
        if (box := box_at(problem.pointer)) is not None:
            self.show_image()
            self.image.show_box(box)

    def _select_boxes(self, keys: Sequence[BoxKey]) -> None:
        if keys and not self.in_image_mode:
            self.show_image()
        self.image.canvas.select_boxes(keys)

    def _tell_fixed(self, entry_id: EntryId, sentence: str) -> None:
        self.browser.go_to(entry_id)
        self.undoing.offer(sentence)

    def _go_where_changed(self, changed: Sequence[EntryId]) -> None:
        """Show what was changed: one image in the view that is open, several as the list of the gallery."""
        if len(changed) > 1:
            self.show_gallery()
            self.browser.set_filter(Filter(entries=tuple(changed)))
            return
        self.browser.go_to(changed[0])
        if self.in_image_mode:
            self.image.canvas.fit()
        else:
            self.gallery.scrollTo(self.browser.selection.currentIndex())

    # showing

    def _refresh(self, changes: Changes) -> None:
        workspace = self.document.workspace
        self._questions.ask("counts", workspace.counts, self._show_counts)
        self._questions.ask("problem counts", workspace.problem_counts, self.problems.show_counts)
        self._questions.ask(
            "problems", lambda: list(workspace.problems(limit=SHOWN_AT_MOST)), self.problems.show_problems
        )
        current = self.browser.current
        if current is not None and (changes.everything or current in changes.entries):
            self._show_current()

    def _grow(self) -> None:
        self.browser.extend()
        self.document.absorb(Changes(info=True))
        self.commands_changed.emit()

    def _show_counts(self, counts: Counts | None) -> None:
        if counts is not None:
            self.counts = counts
            self.filters.show_counts(counts)
            document = self.document
            self.bar.show_counts(counts, saving=document.saving, growing=document.growing)
            self.counted.emit()

    def _count_problems(self, count: int) -> None:
        self.drawer.setTabText(0, f"Problems {count:,}" if count else "Problems")

    def _show_edit(self, progress: Progress | None = None) -> None:
        self.edit_bar.show_progress(progress, can_cancel=self.document.can_cancel)
        self._show_counts(self.counts)

    def _show_attributes(self, info: WorkspaceInfo) -> None:
        self.labels.show_attributes(info)
        self.entry.set_locked(info.locked, hide=info.hide_locked)
        self._show_current()

    def _show_labels(self, _labels: Sequence[object]) -> None:
        self.current_label.follow_list()
        self.labels.show_labels(self.colours.labels)
        self.filters.show_labels(self.colours.labels)
        self.browser.model.refresh(None)
        self._show_current()

    def _show_current(self) -> None:
        entry_id = self.browser.current
        entry = None if entry_id is None else self.document.entry(entry_id)
        self.entry.show_entry(entry)
        self.json_line.show_entry(entry)
        if self.in_image_mode:
            self.entry.select_boxes(set(self.image.selected_boxes()))

    def _show_listed(self, chosen: Filter) -> None:
        self.filters.show_filter(chosen)
        self.gallery.set_empty_text(empty_text(chosen))
        self.counted.emit()

    def _filter_kind(self, chosen: Filter) -> None:
        self.browser.set_filter(Filter(text=self.browser.filter.text, label=chosen.label, kind=chosen.kind))

    def _keep_facts(self, found: FoundFacts) -> None:
        entry_id, facts = found.entry_id, found.facts
        readable = bool(facts.format or facts.size)  # of a missing image nothing is known
        if readable and self.document.entry(entry_id).facts != facts:
            self.document.store_facts(entry_id, facts)

    def _read_from(self, aws: Aws) -> None:
        self._aws = aws
        self.read_anew()

    def read_anew(self) -> None:
        """Read images from where the workspace says that they are."""
        self.pictures.set_source(source_of(self.document.workspace.info, self._aws))
        if self.in_image_mode:
            self.image.show_entry(self.browser.current)

    def _complain(self, error: Exception) -> None:
        self.toast.complain(str(error))
