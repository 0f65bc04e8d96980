"""Everything around one open workspace: its panels arranged and wired to each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from truthline.errors import TruthlineError
from truthline.images.source import FirstOf, FolderSource, ImageSource, S3Source
from truthline.ui.browser import Browser
from truthline.ui.dataset import Dataset, DatasetState
from truthline.ui.document import Document
from truthline.ui.gallery.model import EntryModel
from truthline.ui.gallery.view import ThumbnailGrid
from truthline.ui.image_page import ImagePage
from truthline.ui.jobs import Job, Jobs, Lane
from truthline.ui.labelling import Labeller
from truthline.ui.no_images import NoImages
from truthline.ui.palette import LabelColours
from truthline.ui.panels.dataset_bar import DatasetBar
from truthline.ui.panels.entry import BoxKey, EntryPanel
from truthline.ui.panels.filters import FilterPanel
from truthline.ui.panels.json_line import JsonLinePanel
from truthline.ui.panels.labels import LabelPanel
from truthline.ui.panels.problems import SHOWN_AT_MOST, ProblemsPanel
from truthline.ui.panels.toast import Toast
from truthline.ui.pictures import Pictures
from truthline.workspace.changes import Changes
from truthline.workspace.workspace import Counts, EntryId, Filter, Kind, Problem, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.aws.session import Aws
    from truthline.images.thumbnails import Thumbnails
    from truthline.manifest.annotation import ImageFacts

T = TypeVar("T")


class Workbench(QWidget):
    """One document with its panels. Gallery and image show the same list and keep the same current entry."""

    mode_changed = Signal(object)
    """True in image mode, False in the gallery."""
    counted = Signal(object)
    """The `Counts`, after they may have changed."""

    def __init__(
        self, workspace: Workspace, jobs: Jobs, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._queries: dict[str, Job] = {}
        self.document = Document(workspace, jobs, self)
        self.colours = LabelColours(self.document)
        self.browser = Browser(self.document, EntryModel(self.document, self.colours), self)
        self.pictures = Pictures(jobs, _source_of(workspace, None), thumbnails, self)
        self.labeller = Labeller(self.document, self)
        self.dataset = Dataset(self.document, self)
        self.counts: Counts | None = None
        self._build()
        self._arrange()
        self._wire()

    def start(self) -> None:
        """Fill the views and begin to watch the dataset."""
        self.browser.set_filter(Filter())
        self._refresh(Changes(everything=True))
        self._show_labels(self.colours.labels)
        self.dataset.start()
        self.gallery.setFocus()

    def close_document(self) -> None:
        """Carry out what is still to be saved, stop the rest and close the workspace."""
        self.image.canvas.finish_gesture()
        self.dataset.cancel()
        for lane in (Lane.WRITE, Lane.READ, Lane.NETWORK, Lane.WATCH, Lane.DECODE):
            self._jobs.finish(lane)
        self.dataset.close()
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
        self.bar = DatasetBar()

    def _arrange(self) -> None:
        self.pages = QStackedWidget()
        self.pages.addWidget(self.gallery)
        self.pages.addWidget(self.image)
        self.toast = Toast(self.pages)
        self.drawer = QTabWidget()
        self.drawer.setDocumentMode(True)
        self.drawer.addTab(self.problems, "Problems")
        self.drawer.addTab(self.json_line, "JSON Line")
        self.side = QSplitter(Qt.Orientation.Vertical)
        self.side.addWidget(self.labels)
        self.side.addWidget(self.entry)
        self.side.setSizes([300, 300])
        self.side.setMinimumWidth(200)
        self.filters.setMinimumWidth(140)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.addWidget(self.pages)
        self.middle.addWidget(self.drawer)
        self.middle.setStretchFactor(0, 1)
        self.middle.setSizes([600, 190])
        self.middle.setCollapsible(0, False)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for column in (self.filters, self.middle, self.side):
            self.columns.addWidget(column)
        self.columns.setStretchFactor(1, 1)
        self.columns.setCollapsible(1, False)
        self.columns.setSizes([180, 900, 250])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.columns, 1)
        layout.addWidget(self.bar)

    def save_layout(self) -> str:
        """The panels' sizes, for `restore_layout`."""
        states = (self.columns.saveState(), self.middle.saveState(), self.side.saveState())
        return ",".join(bytes(state.toBase64().data()).decode("ascii") for state in states)

    def restore_layout(self, saved: str) -> None:
        """Give the panels the sizes they had."""
        for splitter, state in zip((self.columns, self.middle, self.side), saved.split(","), strict=False):
            splitter.restoreState(QByteArray.fromBase64(state.encode("ascii")))

    def restyle(self) -> None:
        """Draw everything anew in another appearance."""
        self._show_labels(self.colours.labels)
        self.problems.show_problems(self.problems.problems)
        self.update()

    # who tells whom

    def _wire(self) -> None:
        document, browser = self.document, self.browser
        document.changed.connect(self._refresh)
        document.save_failed.connect(self._complain)
        document.applied.connect(self._offer_undo)
        document.working.connect(lambda _progress: self._show_counts(self.counts))
        self.colours.changed.connect(self._show_labels)
        self.pictures.facts_found.connect(self._keep_facts)
        browser.current_changed.connect(self._show_current)
        browser.listed.connect(self._show_listed)
        self.filters.filter_chosen.connect(self._filter_kind)
        self.gallery.activated.connect(lambda _index: self.show_image())
        self.image.boxes_selected.connect(lambda keys: self.entry.select_boxes(set(keys)))
        self.labels.label_chosen.connect(self.use_label)
        self.labels.label_added.connect(self._add_label)
        self.labeller.next_class_changed.connect(self.labels.show_next_class)
        self.entry.boxes_selected.connect(self._select_boxes)
        self.entry.boxes_deleted.connect(self._delete_boxes)
        self.entry.class_label_removed.connect(self._remove_class_label)
        self.problems.problem_chosen.connect(self.go_to_problem)
        self.json_line.copied.connect(lambda _text: self.toast.say("The line was copied."))
        self.bar.push_wanted.connect(lambda _: self.dataset.push())
        self.bar.cancel_wanted.connect(lambda _: self.dataset.cancel())
        self.dataset.state_changed.connect(self._show_state)
        self.dataset.failed.connect(self._complain)
        self.dataset.reachable.connect(self._read_from)

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
        self.pages.setCurrentWidget(self.image)
        self.image.become_current()
        self.image.filmstrip.scrollTo(self.browser.selection.currentIndex())
        self.mode_changed.emit(True)

    # labelling

    def use_label(self, name: str) -> None:
        """What a digit or a click on a label does: toggle it in the gallery, set the class on the canvas."""
        if not self.in_image_mode:
            self.labeller.toggle_class_label(name, self.browser.selected)
            return
        boxes = self.image.selected_boxes()
        current = self.browser.current
        if boxes and current is not None:
            self.labeller.set_box_class(current, boxes, name)
        self.labeller.choose_class(name)

    def toggle_label_here(self, name: str) -> None:
        """Toggle an image-level label on the selection, in the image mode on the current entry."""
        current = self.browser.current
        if self.in_image_mode and current is not None:
            self.labeller.toggle_class_label(name, [current])
        else:
            self.labeller.toggle_class_label(name, self.browser.selected)

    def go_to_problem(self, problem: Problem) -> None:
        """Show the image, the box and the place in the line that a problem is about."""
        self.browser.go_to(problem.entry_id)
        self.json_line.go_to(problem.pointer)
        parts = problem.pointer.split("/")
        if len(parts) >= 4 and parts[2] == "annotations" and parts[3].isdigit():
            self.show_image()
            key = (parts[1].replace("~1", "/").replace("~0", "~"), int(parts[3]))
            self.image.canvas.select_boxes([key])
            self.image.canvas.blink(key)

    def next_unlabelled(self) -> None:
        """Go to the next listed entry without any label, around the end."""
        model, browser = self.browser.model, self.browser
        listed = [model.id_at(row) for row in range(model.rowCount())]
        unlabelled = set(self.document.workspace.ids(Filter(kind=Kind.UNLABELLED)))
        here = browser.current or EntryId(0)
        after = [entry_id for entry_id in listed if entry_id in unlabelled]
        target = next((entry_id for entry_id in after if entry_id > here), after[0] if after else None)
        if target is None:
            self.toast.say("Every listed image has a label.")
        else:
            browser.go_to(target)

    def _add_label(self, name: str) -> None:
        if name in {label.name for label in self.colours.labels}:
            self.use_label(name)
            return
        self.document.add_label(name)
        self.labeller.choose_class(name)
        (self.image.canvas if self.in_image_mode else self.gallery).setFocus()

    def _delete_boxes(self, keys: Sequence[BoxKey]) -> None:
        current = self.browser.current
        boxes = self.image.boxes_of(keys)
        if current is not None and boxes:
            self.labeller.remove_boxes(current, boxes)

    def _select_boxes(self, keys: Sequence[BoxKey]) -> None:
        if keys and not self.in_image_mode:
            self.show_image()
        self.image.canvas.select_boxes(keys)

    def _remove_class_label(self, name: str) -> None:
        current = self.browser.current
        if current is not None:
            self.labeller.remove_class_label(name, [current])

    # showing

    def _refresh(self, changes: Changes) -> None:
        workspace = self.document.workspace
        self._query("counts", workspace.counts, self._show_counts)
        self._query("problems", lambda: list(workspace.problems(limit=SHOWN_AT_MOST)), self._show_problems)
        current = self.browser.current
        if current is not None and (changes.everything or current in changes.entries):
            self._show_current(current)

    def _query(self, name: str, ask: Callable[[], T], show: Callable[[T], None]) -> None:
        """Ask the workspace off the GUI thread; a newer question replaces one still waiting."""
        earlier = self._queries.get(name)
        if earlier is not None:
            earlier.drop()
        self._queries[name] = self._jobs.run(Lane.READ, lambda _token, _report: ask(), done=show)

    def _show_counts(self, counts: Counts | None) -> None:
        if counts is not None:
            self.counts = counts
            self.filters.show_counts(counts)
            self.bar.show_counts(counts, saving=self.document.saving)
            self.counted.emit(counts)

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        self.problems.show_problems(problems)
        count = len(self.problems.problems)
        more = "+" if len(problems) == SHOWN_AT_MOST else ""
        self.drawer.setTabText(0, f"Problems {count:,}{more}" if count else "Problems")

    def _show_labels(self, labels: Sequence[object]) -> None:
        self.labels.show_labels(self.colours.labels)
        self.filters.show_labels(self.colours.labels)
        self.browser.model.refresh(None)
        if not self.labeller.next_class and labels:
            self.labeller.choose_class(self.colours.labels[0].name)
        self._show_current(self.browser.current)

    def _show_current(self, entry_id: EntryId | None) -> None:
        entry = None if entry_id is None else self.document.entry(entry_id)
        self.entry.show_entry(entry)
        self.json_line.show_entry(entry)
        if self.in_image_mode:
            self.entry.select_boxes({box.key for box in self.image.selected_boxes()})

    def _show_listed(self, chosen: Filter) -> None:
        self.filters.show_filter(chosen)
        self.gallery.set_empty_text(_empty_text(chosen))
        self.counted.emit(self.counts)

    def _filter_kind(self, chosen: Filter) -> None:
        self.browser.set_filter(Filter(text=self.browser.filter.text, label=chosen.label, kind=chosen.kind))

    def _show_state(self, state: DatasetState) -> None:
        self.bar.show_state(state)

    def _keep_facts(self, found: tuple[EntryId, ImageFacts]) -> None:
        entry_id, facts = found
        readable = bool(facts.format or facts.size)  # of a missing image nothing is known
        if readable and self.document.workspace.entry(entry_id).facts != facts:
            self.document.store_facts(entry_id, facts)

    def _read_from(self, aws: Aws) -> None:
        self.pictures.set_source(_source_of(self.document.workspace, aws))
        if self.in_image_mode:
            self.image.show_entry(self.browser.current)

    def _offer_undo(self, applied: tuple[str, int]) -> None:
        text, _count = applied
        self.toast.say(f"{text}.", action="Undo", act=self.document.undo_stack.undo)

    def _complain(self, error: Exception) -> None:
        self.toast.complain(
            str(error) if isinstance(error, TruthlineError) else f"Something went wrong: {error}"
        )


def _source_of(workspace: Workspace, aws: Aws | None) -> ImageSource:
    info = workspace.info
    sources: list[ImageSource] = []
    if info.images_dir:
        sources.append(FolderSource(Path(info.images_dir), info.target))
    if aws is not None:
        sources.append(S3Source(aws.s3))
    if not sources:
        return NoImages()
    return sources[0] if len(sources) == 1 else FirstOf(*sources)


def _empty_text(chosen: Filter) -> str:
    if chosen.text:
        return f"No image's address contains “{chosen.text}”. Clear the search to see all images."
    if chosen.kind is Kind.UNLABELLED:
        return "Every image has a label. Choose All to see them."
    if chosen.kind is Kind.CHANGED:
        return "Nothing has changed since the last push."
    if chosen.kind is Kind.PROBLEMS:
        return "No problems: neither our rules nor the service found any."
    if chosen.label:
        return f"No image uses {chosen.label} any more."
    return "This workspace holds no images."
